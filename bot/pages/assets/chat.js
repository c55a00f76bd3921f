// The chat without loading the page anew. The server draws every page; this sends the form, and takes over from the page
// that comes back what has changed. All works without it.

const list = document.querySelector("#messages");
const form = document.querySelector("#ask"); // not there while the assistant is switched off
const box = document.querySelector("#message");
const newBelow = document.querySelector("#to-new");
const notices = { offline: document.querySelector("#offline"), failed: document.querySelector("#failed") };
const regions = { live: document.querySelector("#live"), alarm: document.querySelector("#alarm") };
const DRAFT = "draft"; // kept for as long as the tab is open: what was typed and not sent
const READ = 3000; // ms until a live region is emptied, so that nobody comes across it again
const IN_PAGE = ["/", "/embedded", "/rate", "/embedded/rate"]; // what these answer is taken over; the rest is loaded
const LEAVING = /\/(delete|forget|leave)$/; // after these nothing of what was typed is left
let busy = false;

// ---- saying what is new, to those who don't see it

function announce(text, region = regions.live) {
  region.textContent = text;
  setTimeout(() => {
    if (region.textContent === text) region.textContent = "";
  }, READ);
}

const spoken = (message) =>
  [...message.children]
    .filter((part) => !part.matches("form, .keep"))
    .map((part) => part.innerText.trim().replace(/\s*\n+\s*/g, "\n"))
    .filter(Boolean)
    .join("\n");

// ---- taking over a page that came back

function take(page) {
  const seen = new Set([...list.children].filter((item) => item.id).map((item) => item.id));
  for (const item of list.querySelectorAll(".sending")) item.remove();
  const items = [...page.querySelectorAll("#messages > li")];
  for (const old of [...list.children]) {
    if (!items.some((item) => item.id === old.id)) old.remove();
  }
  for (const item of items) {
    const old = document.getElementById(item.id);
    if (!old) list.append(item);
    else if (old.innerHTML !== item.innerHTML || old.tabIndex !== item.tabIndex) replace(old, item);
  }
  for (const id of ["pinned", "after", "privacy"]) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (old && fresh && old.textContent !== fresh.textContent) old.replaceChildren(...fresh.childNodes);
  }
  takeForm(page);
  document.title = page.title;
  return [...list.children].filter((item) => !seen.has(item.id) && item.matches(".assistant"));
}

// A message that has changed; whoever is in it stays at the same place.
function replace(old, item) {
  const stops = "a, button, input:not([type=hidden]), summary";
  const place = [...old.querySelectorAll(stops)].indexOf(document.activeElement);
  const within = old.contains(document.activeElement);
  const open = [...old.querySelectorAll("details")].map((details) => details.open);
  old.replaceWith(item);
  item.querySelectorAll("details").forEach((details, i) => (details.open = open[i] ?? details.open));
  if (within) (item.querySelectorAll(stops)[place] ?? item).focus({ preventScroll: true });
}

// The box is never replaced: somebody may be writing in it.
function takeForm(page) {
  const fresh = page.querySelector("#ask");
  if (!fresh || !form) return;
  const group = form.querySelector(".nhsuk-form-group");
  group.className = fresh.querySelector(".nhsuk-form-group").className;
  for (const part of group.querySelectorAll(".nhsuk-hint, .nhsuk-error-message")) part.remove();
  group.querySelector("label").textContent = fresh.querySelector("label").textContent;
  group.querySelector("label").after(...fresh.querySelectorAll(".nhsuk-hint, .nhsuk-error-message"));
  const freshBox = fresh.querySelector("textarea");
  box.className = freshBox.className;
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (freshBox.hasAttribute(name)) box.setAttribute(name, freshBox.getAttribute(name));
    else box.removeAttribute(name);
  }
  form.elements.known.value = fresh.elements.known.value;
  const conversation = fresh.elements.conversation?.value;
  if (conversation !== undefined) {
    for (const input of document.querySelectorAll("input[name=conversation]")) input.value = conversation;
  }
}

// ---- sending

function item(className, ...children) {
  const made = document.createElement("li");
  made.className = `message sending ${className}`;
  made.append(...children);
  return made;
}

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

function showSending(text) {
  const dots = element("p", "", "waiting");
  dots.append(element("span", ""), element("span", ""), element("span", ""));
  dots.setAttribute("aria-hidden", "true");
  const asked = item("you", element("p", "You asked", "by"), ...text.split("\n").map((line) => element("p", line)));
  list.append(asked, item("assistant", dots));
  asked.scrollIntoView({ block: "start" });
}

const isInView = (thing) => {
  const { top, bottom } = thing.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
};

async function send(sent, button) {
  const data = new FormData(sent);
  if (button?.name) data.append(button.name, button.value);
  const text = data.get("message")?.trim();
  busy = true;
  for (const notice of Object.values(notices)) notice.hidden = true;
  if (text) showSending(text);
  let page;
  try {
    const response = await fetch(sent.action, { method: "POST", body: new URLSearchParams(data) });
    if (!response.headers.get("content-type")?.startsWith("text/html")) throw new Error(`status ${response.status}`);
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    for (const left of list.querySelectorAll(".sending")) left.remove();
    giveBack(text);
    return;
  } finally {
    busy = false;
  }
  const watching = list.querySelector(".sending:last-child") ?? sent;
  const inView = isInView(watching);
  const fresh = take(page);
  const error = form.querySelector(".nhsuk-error-message");
  if (error) announce(error.innerText, regions.alarm);
  else if (sent === form) {
    if (box.value.trim() === text) box.value = "";
    keepDraft();
  }
  for (const message of fresh) announce(spoken(message), message.matches(".danger") ? regions.alarm : regions.live);
  if (!fresh.length) return;
  if (inView) (fresh[0].previousElementSibling ?? fresh[0]).scrollIntoView({ block: "start" });
  else offerNew(fresh[0]);
}

// Not sent: the words are back in the box, with who to ring.
function giveBack(text) {
  const notice = navigator.onLine ? notices.failed : notices.offline;
  if (text && !box.value.trim()) box.value = text;
  keepDraft();
  notice.hidden = false;
  announce(notice.innerText, regions.alarm);
}

document.addEventListener("submit", (event) => {
  const sent = event.target;
  const path = new URL(sent.action).pathname;
  if (!form) return;
  if (LEAVING.test(path)) {
    box.value = "";
    keepDraft();
  }
  if (!IN_PAGE.includes(path)) return;
  event.preventDefault();
  if (!busy) send(sent, event.submitter);
});

// ---- what is typed is not lost

function keepDraft() {
  try {
    if (box.value) sessionStorage.setItem(DRAFT, box.value);
    else sessionStorage.removeItem(DRAFT);
  } catch {
    // A browser that keeps nothing: the words are still in the box.
  }
}

function draft() {
  try {
    return sessionStorage.getItem(DRAFT) ?? "";
  } catch {
    return "";
  }
}

if (form) {
  box.value ||= draft();
  box.addEventListener("input", keepDraft);
  box.addEventListener("keydown", (event) => {
    const typed = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (!typed || !matchMedia("(pointer: fine)").matches) return; // on a phone Enter is a new line
    event.preventDefault();
    form.requestSubmit();
  });
  addEventListener("online", () => (notices.offline.hidden = true));
}

// ---- an answer that came while somebody read further up

function offerNew(message) {
  newBelow.hidden = false;
  newBelow.onclick = () => {
    newBelow.hidden = true;
    message.scrollIntoView({ block: "start" });
    message.focus({ preventScroll: true });
  };
  new IntersectionObserver(([seen], observer) => {
    if (!seen.isIntersecting) return;
    newBelow.hidden = true;
    observer.disconnect();
  }).observe(message);
}

// ---- from message to message with the arrow keys, back to the box with Escape

document.querySelector("#conversation").addEventListener("keydown", (event) => {
  if (event.key === "Escape" && box) {
    box.focus();
    event.stopPropagation();
    return;
  }
  const items = [...list.children];
  const at = items.indexOf(event.target);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (at < 0 || to === undefined || !items[to]) return;
  event.preventDefault();
  for (const message of items) message.tabIndex = message === items[to] ? 0 : -1;
  items[to].focus();
});
