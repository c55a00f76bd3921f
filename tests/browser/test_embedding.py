"""The chat on a council's page, which is at another origin than ours, with a style and a security policy of its own."""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.browser.states import CHEST_PAIN, MINOR_INJURY, say
from tests.running import ANSWERING, CHROMIUM, CHROMIUM_FLAGS, NO_CHROMIUM, App

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, FrameLocator, Locator, Page

    from tests.browser.conftest import OpenPage, Seen

pytestmark = pytest.mark.browser

LABEL = "Ask about local health and care"
FOCUS = """() => {
  const holder = document.activeElement;
  const active = holder.shadowRoot?.activeElement ?? holder;
  return active.id || (active.localName === "button" ? active.innerText : active.localName);
}"""
STYLES = """parts => [...parts].map((part) => {
  const style = getComputedStyle(part);
  return Object.fromEntries([...style].map((name) => [name, style.getPropertyValue(name)]));
})"""
FORGETS = {"Delete my chat": ".done", "Start again": "#hint"}


class Council(ThreadingHTTPServer):
    """A site that holds our script. Its page is the example's, `?plain` without its style, `?bare` without our script.

    Its policy allows what docs/embedding.md says that it must, and nothing more.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CouncilPage)
        self.origin = f"http://localhost:{self.server_address[1]}"
        self.ours = ""  # the address of the assistant
        self.example = ""

    def embed(self, ours: str) -> None:
        self.ours = ours
        self.example = requests.get(f"{ours}/embed-example", timeout=ANSWERING).text


class CouncilPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Council)
        ours = self.server.ours
        wish = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        script = f'src="{ours}/chat.js"' + "".join(f' data-label="{label}"' for label in wish.get("label", ()))
        page = self.server.example.replace('href="/static/', f'href="{ours}/static/')
        page = page.replace('src="/chat.js"', "" if "bare" in wish else script)
        page = page.replace('rel="stylesheet"', 'rel="nothing"') if "plain" in wish else page
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header(
            "content-security-policy",
            f"default-src 'none'; style-src {ours}; script-src {ours}; frame-src {ours}; "
            "require-trusted-types-for 'script'",
        )
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def councils() -> Iterator[tuple[Council, Council]]:
    """A site that may show the chat, and one that may not."""
    both = Council(), Council()
    for council in both:
        threading.Thread(target=council.serve_forever, daemon=True).start()
    yield both
    for council in both:
        council.shutdown()
        council.server_close()


@pytest.fixture(scope="module")
def site(councils: tuple[Council, Council], start_app: Callable[..., App], published_in: Callable[[str], Path]) -> App:
    app = start_app(published_in("embedding"), HELP_EMBED_ORIGINS=f"https://other.example {councils[0].origin}")
    for council in councils:
        council.embed(app.address)
    return app


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as residents have it: Playwright turns off what it keeps for frames, and for the Back button."""
    from playwright.sync_api import sync_playwright

    program = shutil.which(os.environ.get("CHROMIUM", "") or CHROMIUM)
    if program is None:
        pytest.fail(NO_CHROMIUM)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=program,
            args=[*CHROMIUM_FLAGS, "--disable-features=Translate"],  # in place of Playwright's list
            ignore_default_args=["--disable-back-forward-cache"],
        )


@dataclass
class Host:
    """A resident on the council's page."""

    page: Page
    origin: str

    @property
    def button(self) -> Locator:
        return self.page.locator("local-help #open")

    @property
    def dialog(self) -> Locator:
        return self.page.locator("local-help dialog")

    @property
    def chat(self) -> FrameLocator:
        return self.page.frame_locator("local-help iframe")

    @property
    def focus(self) -> str:
        return str(self.page.evaluate(FOCUS))

    def go(self, wish: str = "") -> Host:
        self.page.goto(f"{self.origin}/{wish}")
        return self

    def open(self) -> FrameLocator:
        """Open the chat by keyboard, and wait until it can be typed in."""
        self.button.press("Enter")
        self.chat.locator("#message").wait_for()
        return self.chat

    def styles(self, parts: str) -> list[dict[str, str]]:
        """How elements are styled in the end; `parts` says in JavaScript which ones."""
        styles: list[dict[str, str]] = self.page.evaluate(f"({STYLES})({parts})")
        return styles

    def kept(self) -> dict[str, str]:
        """What the browser keeps for the frame."""
        [frame] = self.page.frames[1:]
        kept: dict[str, str] = frame.evaluate("({ ...sessionStorage })")
        return kept


class Visit(Protocol):
    """Goes to the council's page; `look` is for `open_page`."""

    def __call__(self, wish: str = "", **look: Any) -> Host: ...


@pytest.fixture
def visit(councils: tuple[Council, Council], open_page: OpenPage, seen: Seen) -> Visit:
    origin = councils[0].origin
    seen.origins.add(origin)

    def go(wish: str = "", **look: Any) -> Host:
        return Host(open_page(**look), origin).go(wish)

    return go


def test_the_script_may_be_loaded_by_any_site_and_is_kept_for_an_hour(site: App) -> None:
    response = requests.get(f"{site.address}/chat.js", timeout=ANSWERING)
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cache-control"] == "public, max-age=3600"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert len(response.content) < 12_000


def test_only_the_embedded_chat_may_be_framed_and_by_the_sites_in_the_settings(
    site: App, councils: tuple[Council, Council]
) -> None:
    def framed_by(path: str) -> str:
        policy = requests.get(site.address + path, timeout=ANSWERING).headers["content-security-policy"]
        return policy.split("frame-ancestors ")[1].split(";")[0]

    assert framed_by("/embedded") == f"'self' https://other.example {councils[0].origin}"
    assert framed_by("/") == framed_by("/embed-example") == "'none'"


def test_the_chat_opens_is_asked_and_closes_by_keyboard_alone(visit: Visit) -> None:
    host = visit()
    assert host.button.inner_text() == LABEL
    assert host.page.locator("iframe").count() == 0, "nothing is loaded until it is wanted"
    host.button.press("Enter")
    assert host.page.get_by_role("dialog", name="Local help assistant").is_visible()
    assert host.focus == "Close"
    box = host.chat.locator("#message")
    for _ in range(20):
        host.page.keyboard.press("Tab")
        host.page.wait_for_timeout(50)
        if box.evaluate("box => box === document.activeElement"):
            break
    host.page.keyboard.type(MINOR_INJURY)
    host.page.keyboard.press("Enter")
    host.chat.locator("#m2").get_by_text("Kidderminster Minor Injuries Unit").first.wait_for()
    assert host.page.frame_locator('iframe[title="Local help assistant"]').locator("h1").count() == 1
    host.page.keyboard.press("Escape")
    host.dialog.wait_for(state="hidden")
    assert host.focus == "open"


def test_escape_and_close_both_close_it_and_focus_returns(visit: Visit) -> None:
    host = visit()
    host.open()
    host.page.get_by_role("button", name="Close").press("Escape")
    host.dialog.wait_for(state="hidden")
    assert host.focus == "open"
    host.open()
    host.page.get_by_role("button", name="Close").click()
    host.dialog.wait_for(state="hidden")
    assert host.focus == "open"


def test_escape_goes_from_an_answer_to_the_box_before_it_closes(visit: Visit) -> None:
    host = visit()
    say(host.open(), MINOR_INJURY)
    host.chat.locator("#m2").focus()
    host.page.keyboard.press("Escape")
    assert host.chat.locator("#message").evaluate("box => box === document.activeElement")
    assert host.dialog.is_visible()
    host.page.keyboard.press("Escape")
    host.dialog.wait_for(state="hidden")


def test_the_page_behind_is_out_of_reach_only_while_the_dialog_is_open(visit: Visit) -> None:
    host = visit()
    host.open()
    reached = [host.focus]
    while reached.count("Close") < 3 and len(reached) < 100:
        host.page.keyboard.press("Tab")
        host.page.wait_for_timeout(50)  # the frame is another process: the focus takes its time to go there and back
        reached.append(host.focus)
    assert set(reached) <= {"Close", "iframe", "body"}
    assert reached.count("Close") == 3
    host.page.keyboard.press("Escape")
    host.page.get_by_role("button", name="Close").wait_for(state="hidden")
    host.page.locator("#day").focus()
    host.page.keyboard.press("Tab")
    assert host.focus == "Find my bin day"


def test_nobody_but_the_chat_in_the_frame_can_close_it(visit: Visit) -> None:
    host = visit()
    host.open()
    host.page.evaluate("postMessage('local-help:close', '*')")
    host.page.evaluate("""() => {
      const other = document.createElement("iframe");
      document.body.append(other);
      other.contentWindow.parent.postMessage("local-help:close", "*");
    }""")
    host.page.wait_for_timeout(300)
    assert host.dialog.is_visible()
    host.chat.locator("body").evaluate("parent.postMessage('local-help:close', '*')")
    host.dialog.wait_for(state="hidden")


def test_opened_again_the_conversation_is_still_there(visit: Visit) -> None:
    host = visit()
    say(host.open(), MINOR_INJURY)
    host.chat.locator("#message").fill("half a ques")
    host.page.get_by_role("button", name="Close").click()
    host.open()
    assert host.chat.locator("#m2").is_visible()
    assert host.chat.locator("#message").input_value() == "half a ques"
    assert host.page.locator("local-help iframe").count() == 1


def test_the_conversation_is_still_there_on_the_councils_next_page_but_not_in_another_tab(visit: Visit) -> None:
    host = visit()
    say(host.open(), CHEST_PAIN)
    name = host.kept()["conversation"]
    host.go("?next")
    host.open().locator("#m2.danger").wait_for()
    assert host.kept()["conversation"] == name
    say(host.chat, MINOR_INJURY)
    host.chat.locator("#m4").wait_for()
    assert host.chat.locator("#pinned section").is_visible()
    other = Host(host.page.context.new_page(), host.origin).go()
    assert other.open().locator("#messages > li").count() == 0


@pytest.mark.parametrize("how", FORGETS)
def test_deleted_or_started_again_it_is_forgotten(how: str, visit: Visit) -> None:
    host = visit()
    say(host.open(), MINOR_INJURY)
    assert "conversation" in host.kept()
    host.chat.get_by_role("button", name=how).click()
    host.chat.locator(FORGETS[how]).wait_for()
    assert "conversation" not in host.kept()
    host.go()
    assert host.open().locator("#messages > li").count() == 0


def test_who_leaves_quickly_finds_nothing_with_the_back_button(visit: Visit, site: App) -> None:
    host = visit()
    say(host.open(), "my boyfriend is strangling me")
    # The server forgets it and leads to another site, which is not there for tests: another page of ours stands for it.
    host.page.route(
        f"{site.address}/embedded/leave",
        lambda route: route.fulfill(
            content_type="text/html", body=f"<title>Elsewhere</title>{route.request.post_data}"
        ),
    )
    name = host.kept()["conversation"]
    host.chat.get_by_role("button", name="Leave this page quickly").click()
    host.page.wait_for_url(f"{site.address}/embedded/leave")
    assert name in host.page.content()
    host.page.evaluate("() => void setTimeout(() => history.back())")
    host.page.wait_for_url(f"{host.origin}/", wait_until="commit")  # as it was left, where the browser has kept it
    host.dialog.wait_for(state="hidden")  # which the frame asks for once it is empty
    host.go()
    assert host.open().locator("#messages > li").count() == 0


def test_the_councils_style_does_not_change_ours_nor_ours_theirs(visit: Visit) -> None:
    loud, plain, bare = visit(), visit("?plain"), visit("?bare")
    theirs = "document.querySelectorAll('h1, h2, p, input, button')"
    assert len(loud.styles(theirs)) > 10
    assert loud.styles(theirs) == bare.styles(theirs) != plain.styles(theirs)
    ours = "document.querySelector('local-help').shadowRoot.querySelectorAll('button, dialog, #top, h2, iframe')"
    loud.open()
    plain.open()
    assert len(loud.styles(ours)) == 6
    assert loud.styles(ours) == plain.styles(ours)


def test_the_text_of_the_button_can_be_set(visit: Visit) -> None:
    host = visit("?label=Find+local+care")
    assert host.button.inner_text() == "Find local care"
    assert visit("?label=").button.inner_text() == LABEL


def test_a_script_that_stands_there_twice_gives_one_button(visit: Visit, site: App) -> None:
    host = visit("?plain")
    host.page.evaluate(
        """address => new Promise((done) => {
          const policy = trustedTypes.createPolicy("test", { createScriptURL: (url) => url });
          const script = document.createElement("script");
          script.onload = done;
          script.src = policy.createScriptURL(`${address}/chat.js`);
          document.head.append(script);
        })""",
        site.address,
    )
    assert host.page.locator("local-help").count() == 1


def test_on_a_phone_it_fills_the_window_and_its_button_hides_nothing_for_good(visit: Visit) -> None:
    host = visit(width=320)
    host.page.set_viewport_size({"width": 320, "height": 640})
    host.page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    button, footer = host.button.bounding_box(), host.page.locator("footer").bounding_box()
    assert button and footer
    assert button["height"] >= 44 and button["width"] >= 44
    assert footer["y"] + footer["height"] <= button["y"]
    host.open()
    assert host.dialog.bounding_box() == {"x": 0, "y": 0, "width": 320, "height": 640}
    close = host.page.get_by_role("button", name="Close").bounding_box()
    assert close and close["height"] >= 44 and close["width"] >= 44
    say(host.chat, MINOR_INJURY)
    for frame in host.page.frames:
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_in_a_very_low_window_the_button_stands_at_the_end_of_the_page(visit: Visit) -> None:
    """As on a desktop at 400%."""
    host = visit(width=320)
    host.page.set_viewport_size({"width": 320, "height": 256})
    button, footer = host.button.bounding_box(), host.page.locator("footer").bounding_box()
    assert button and footer
    assert button["y"] >= footer["y"] + footer["height"] > 256


@pytest.mark.parametrize(
    "look", [{}, {"width": 320}, {"dark": True}, {"forced": True}], ids=["desktop", "phone", "dark", "forced colours"]
)
def test_axe_finds_nothing_wrong_on_another_site(
    look: dict[str, Any], visit: Visit, axe: Callable[[Page], list[str]], seen: Seen
) -> None:
    host = visit(**look)
    closed = axe(host.page)
    say(host.open(), MINOR_INJURY)
    assert not closed + axe(host.page)
    seen.violations = [
        said for said in seen.violations if "embed_example.css" not in said
    ]  # axe's own, who reads styles


def test_a_link_opens_in_a_tab_of_its_own(visit: Visit) -> None:
    host = visit()
    say(host.open(), MINOR_INJURY)
    link = host.chat.locator("#messages .own-page a").first
    assert link.evaluate("link => getComputedStyle(link, '::after').content") == '" (new tab)"'
    with host.page.context.expect_page() as opened:
        link.click()
    assert "/directory/" in opened.value.url
    assert host.chat.locator("#m2").is_visible()


def test_a_site_that_may_not_show_it_says_so_and_who_to_ring(
    councils: tuple[Council, Council], open_page: OpenPage, seen: Seen, site: App
) -> None:
    seen.origins.add(councils[1].origin)
    host = Host(open_page(), councils[1].origin).go()
    host.button.click()
    trouble = host.page.get_by_role("alert")
    trouble.wait_for()
    assert [link.get_attribute("href") for link in trouble.get_by_role("link").all()] == [
        f"{site.address}/",
        "tel:999",
        "tel:111",
    ]
    seen.violations.clear()  # that it is forbidden is what this is about
    seen.errors.clear()


def test_when_the_chat_goes_offline_the_dialog_says_who_to_ring(visit: Visit) -> None:
    host = visit()
    say(host.open(), MINOR_INJURY)
    assert host.page.get_by_role("alert").count() == 0
    host.page.context.set_offline(True)
    host.chat.get_by_role("button", name="Start again").click()
    host.page.get_by_role("alert").get_by_role("link", name="999").wait_for()
