// The chat on another site's page: <script src="https://…/chat.js" defer></script> adds a button, and the button opens
// the chat in a dialog. All of it is in a shadow root, where the page's own style does not reach, and no style of ours
// gets out. See docs/embedding.md.

(() => {
  const script = document.currentScript;
  const NAME = "local-help"; // of the element that holds it all
  const CHAT = new URL("embedded", script.src);
  const PAGE = new URL("./", script.src);
  const SLOW = 10_000; // ms until it is said that the chat does not come
  const STYLE = `
    :host {
      --brand: #00524f; --on-brand: #fff; --paper: #fff; --text: #212b32; --link: #005eb8; --edge: #fff;
      all: initial !important;
      color-scheme: light dark !important;
      direction: ltr !important;
      display: block !important;
      font-family: arial, sans-serif !important;
      height: 5em !important; /* room at the end of the page, so that the button hides nothing for good */
      line-height: 1.4 !important;
    }
    button {
      background: var(--brand);
      border: 2px solid var(--edge);
      border-radius: 4px;
      color: var(--on-brand);
      cursor: pointer;
      font: inherit;
      font-weight: 600;
      margin: 0;
      min-height: max(44px, 2.75em);
      min-width: 44px;
      padding: 0.5em 1em;
    }
    button:hover { text-decoration: underline; }
    button:focus-visible, a:focus-visible { outline: 4px solid #ffeb3b; box-shadow: 0 0 0 8px #212b32; }
    #open {
      bottom: calc(1em + env(safe-area-inset-bottom, 0px));
      position: fixed;
      right: calc(1em + env(safe-area-inset-right, 0px));
      z-index: 1000; /* over the page, under what it asks about cookies */
    }
    dialog {
      background: var(--paper);
      border: 2px solid var(--brand);
      border-radius: 8px;
      box-sizing: border-box;
      color: var(--text);
      height: min(54em, 100vh - 2em);
      height: min(54em, 100dvh - 2em);
      margin: auto 1em 1em auto;
      max-height: none;
      max-width: none;
      overflow: hidden;
      overscroll-behavior: contain;
      padding: 0;
      width: 34em;
    }
    dialog[open] { display: flex; flex-direction: column; }
    dialog::backdrop { background: rgb(0 0 0 / 50%); }
    #top {
      align-items: center;
      background: var(--brand);
      color: var(--on-brand);
      display: flex;
      flex: none;
      gap: 1em;
      justify-content: space-between;
      padding: 0.4em 0.75em;
    }
    h2 { font-size: 1.125em; line-height: 1.2; margin: 0; }
    #top button:focus-visible { outline-offset: -2px; box-shadow: none; background: #ffeb3b; color: #212b32; }
    iframe { border: 0; display: block; flex: 1; min-height: 0; width: 100%; }
    #trouble { flex: none; margin: 0; overflow: auto; padding: 1em; }
    #trouble p { margin: 0 0 0.75em; }
    #trouble a { color: var(--link); display: inline-block; padding: 0.6em 0; }
    [hidden] { display: none !important; }

    /* A phone, or a page made much larger: the whole window, and the button along its foot. */
    @media (max-width: 40em), (max-height: 30em) {
      dialog { border: 0; border-radius: 0; height: 100vh; height: 100dvh; margin: 0; width: 100%; }
    }
    @media (max-width: 30em) {
      #open {
        border-radius: 0;
        border-width: 2px 0 0;
        bottom: 0;
        left: 0;
        padding-bottom: calc(0.5em + env(safe-area-inset-bottom, 0px));
        right: 0;
        width: 100%;
      }
    }
    /* No room to spare: the button stands at the end of the page, over nothing. */
    @media (max-height: 30em) {
      :host { height: auto !important; }
      #open { display: block; margin-left: auto; position: static; }
    }
    @media (prefers-color-scheme: dark) {
      :host { --brand: #003735; --edge: #8ec9c4; --paper: #212b32; --text: #f0f4f5; --link: #8ec9ff; }
    }
    @media (forced-colors: active) {
      button:focus-visible, a:focus-visible { outline-color: Highlight; }
      #top { border-bottom: 2px solid CanvasText; }
    }
    @media print {
      :host { display: none !important; }
    }`;
  // Where the button is a bar, what gets the focus must not stop under it. The page's own rule, if it has one, wins.
  const ROOM = `@media (max-width: 30em) and (min-height: 30em) {
    :where(html) { scroll-padding-bottom: max(4rem, 64px); }
  }`;

  function make(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  // A policy against inline styles does not forbid these. Where a browser does not know them, it is plain, and works.
  function dress(root, css) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    } catch {
      // plain
    }
  }

  function build() {
    if (document.querySelector(NAME)) return; // the script stands there twice
    const label = script.dataset.label?.trim() || "Ask about local health and care";
    const button = make("button", { id: "open", type: "button", textContent: label });
    button.setAttribute("aria-haspopup", "dialog");
    const close = make("button", { type: "button", textContent: "Close" });
    const elsewhere = { href: PAGE.href, target: "_blank", rel: "noopener", textContent: "Ask on our own page (new tab)" };
    const trouble = make(
      "div",
      { id: "trouble", hidden: true },
      make("p", { textContent: "Sorry, we can't show the chat on this page." }),
      make("p", {}, make("a", elsewhere)),
      make("p", {}, "Life in danger? Call ", make("a", { href: "tel:999", textContent: "999" }), "."),
      make("p", {}, "Urgent or not sure? Call ", make("a", { href: "tel:111", textContent: "111" }), "."),
    );
    trouble.setAttribute("role", "alert");
    const title = make("h2", { id: "title", textContent: "Local help assistant" });
    const dialog = make("dialog", {}, make("div", { id: "top" }, title, close), trouble);
    dialog.setAttribute("aria-labelledby", "title");
    const holder = document.createElement(NAME);
    const root = holder.attachShadow({ mode: "open" });
    dress(root, STYLE);
    dress(document, ROOM);
    root.append(button, dialog);
    document.body.append(holder);

    let frame; // made when it is first wanted, and kept: so is the conversation in it
    let isThere = false; // whether the page in the frame is ours, and not the browser's word that it cannot be shown

    const look = () => (trouble.hidden = isThere);

    function ask() {
      isThere = false;
      frame.contentWindow.postMessage("local-help:there?", CHAT.origin);
      setTimeout(look, 1000);
    }

    function open() {
      if (!dialog.showModal) {
        location.assign(PAGE); // a browser of before 2022
        return;
      }
      if (!frame) {
        frame = make("iframe", { title: "Local help assistant", referrerPolicy: "no-referrer", src: CHAT.href });
        frame.addEventListener("load", ask);
        setTimeout(look, SLOW);
        dialog.append(frame);
      }
      dialog.showModal();
    }

    // What the page in the frame says; see embedded.js. Nobody else is listened to.
    addEventListener("message", (event) => {
      if (!frame || event.source !== frame.contentWindow || event.origin !== CHAT.origin) return;
      if (event.data === "local-help:close") dialog.close();
      if (event.data === "local-help:here") trouble.hidden = isThere = true;
    });
    button.addEventListener("click", open);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => button.focus());
  }

  if (document.body) build();
  else addEventListener("DOMContentLoaded", build);
})();
