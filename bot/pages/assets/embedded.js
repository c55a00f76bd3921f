// The chat in another site's page. Browsers keep no cookie of ours there: the forms say which conversation it is, and
// this keeps that for as long as the tab is open. It also tells the page around it, which widget.js has made, what that
// cannot see for itself: that Escape was pressed in here, and that it is us who are shown.

const KEY = "conversation";
const fields = () => [...document.querySelectorAll("input[name=conversation]")];
const store = (() => {
  try {
    return sessionStorage;
  } catch {
    return null; // a browser that keeps nothing in other sites' pages: a conversation lasts as long as the page
  }
})();

// ---- the conversation, over a reload of the page around it

// As the forms have it: none once it is deleted or started again.
function remember() {
  const conversation = fields().find((field) => field.value)?.value;
  if (conversation) store?.setItem(KEY, conversation);
  else if (fields().length) store?.removeItem(KEY);
}

function restore(conversation) {
  store.removeItem(KEY); // the page that comes puts it back; where none comes, the next one begins anew and works
  const form = document.createElement("form");
  form.method = "post";
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: KEY, value: conversation });
  form.append(field);
  document.body.append(form);
  form.submit();
}

const kept = store?.getItem(KEY);
const isFirst = location.pathname.endsWith("/embedded") && !fields().some((field) => field.value);
if (kept && isFirst) {
  restore(kept);
} else {
  remember();
  new MutationObserver(() => {
    remember();
    leadOut();
  }).observe(document.body, { subtree: true, childList: true, attributeFilter: ["value"] });
}

addEventListener("submit", ({ target }) => {
  if (/\/(delete|forget|leave)$/.test(target.action)) store?.removeItem(KEY);
  if (target.action.endsWith("/leave")) addEventListener("pagehide", wipe);
});

// Who left quickly may have their phone looked at: Back must not bring the conversation to light again.
function wipe() {
  document.body.replaceChildren();
  addEventListener("pageshow", () => {
    tell("close");
    location.replace("/embedded");
  });
}

// ---- links to other pages, which may not be shown in a frame: in a tab of their own

function leadOut() {
  for (const link of document.querySelectorAll('a[href]:not([target], [href^="#"])')) {
    if (link.protocol.startsWith("http")) link.target = "_blank";
  }
}

leadOut();

// ---- what the page around it is told; there is nothing private in it, whoever that page is

const tell = (what) => parent !== window && parent.postMessage(`local-help:${what}`, "*");

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing) tell("close");
});
addEventListener("message", ({ data, source }) => {
  if (source === parent && data === "local-help:there?") tell("here");
});
