"""Whole conversations in a real browser: with the keyboard alone, without JavaScript, offline, on a slow phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Request

    from tests.browser.conftest import OpenPage, Seen
    from tests.running import App

pytestmark = pytest.mark.conversation

LIGHT = 150_000  # bytes, compressed: the most that the first page may weigh
# Every text that a live region is given, whichever way it gets there.
LISTEN = """() => {
  window.heard = [];
  for (const id of ["live", "alarm"]) {
    new MutationObserver(() => {
      const text = document.getElementById(id).textContent.trim();
      if (text) window.heard.push([id, text]);
    }).observe(document.getElementById(id), { childList: true, characterData: true, subtree: true });
  }
}"""


def ask(page: Page, text: str) -> None:
    """Type a message, send it, and wait for the answer."""
    count = page.locator("#messages > li").count()
    page.fill("#message", text)
    page.click("#ask button[type=submit]")
    page.locator("#messages > li:not(.sending)").nth(count + 1).wait_for()


def focused(page: Page) -> str:
    found: str = page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
    return found


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press Tab until something has the focus."""
    for _ in range(60):
        if focused(page) == name:
            return
        page.keyboard.press(key)
    pytest.fail(f"{name} is not reached by {key}")


def heard(page: Page) -> list[tuple[str, str]]:
    return [(region, text) for region, text in page.evaluate("window.heard")]


def test_a_conversation_with_the_keyboard_alone(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to your question"
    page.keyboard.press("Enter")
    page.keyboard.type("pharmacy")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Malvern").wait_for()
    assert focused(page) == "message", "the focus stays where it was"
    tab_to(page, "Malvern", "Shift+Tab")
    page.keyboard.press("Space")
    page.locator("#messages").get_by_text("The nearest to Malvern:").wait_for()
    assert focused(page).endswith("Malvern"), "on the button that was used"
    assert "You chose: Malvern" in page.locator("#m2").inner_text()
    tab_to(page, "m4")
    for key, message in (("Home", "m1"), ("ArrowDown", "m2"), ("End", "m4"), ("ArrowUp", "m3")):
        page.keyboard.press(key)
        assert focused(page) == message
    page.keyboard.press("Escape")
    assert focused(page) == "message"
    tab_to(page, "Delete my chat")
    page.keyboard.press("Enter")
    page.get_by_text("Your chat is deleted.").wait_for()
    assert page.locator("#messages > li").count() == 0


def test_a_conversation_without_javascript(open_page: OpenPage) -> None:
    page = open_page(width=320, javascript=False)
    page.goto("/")
    for text in ("pharmacy", "my chest hurts and my left arm has gone numb", "thank you"):
        page.fill("#message", text)
        page.click("#ask button[type=submit]")
        page.wait_for_url("**/#latest")
    assert page.locator("#messages > li").count() == 6
    assert page.locator("#pinned").get_by_role("link", name="999").first.is_visible()
    page.click("text=Delete my chat")
    assert page.get_by_text("Your chat is deleted.").is_visible()


def test_each_message_is_read_out_once_and_the_region_emptied(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/")
    page.evaluate(LISTEN)
    ask(page, "pharmacy in Redditch")
    ask(page, "my chest hurts and my left arm has gone numb")
    ask(page, "thank you")
    (first, answer), (second, danger), (third, thanks) = heard(page)
    assert (first, second, third) == ("live", "alarm", "live")
    assert answer.count("The nearest to Redditch:") == 1 and "Was this helpful" not in answer
    assert "999" in danger and "Redditch" not in danger
    assert "999" not in thanks
    page.wait_for_timeout(3_500)
    assert page.locator("#live").inner_text() == page.locator("#alarm").inner_text() == ""


def test_an_error_is_read_out_and_the_words_stay(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/")
    page.evaluate(LISTEN)
    page.fill("#message", "lovely weather " * 80)
    page.click("#ask button[type=submit]")
    page.locator("#error").wait_for()
    assert [region for region, _ in heard(page)] == ["alarm"]
    assert page.locator("#message").get_attribute("aria-invalid") == "true"
    assert page.locator("#message").input_value().startswith("lovely weather")
    assert page.title().startswith("Error: ")
    ask(page, "thank you")
    assert page.locator("#error").count() == 0 and page.locator("#message").get_attribute("aria-invalid") is None


def test_offline_the_message_is_kept_with_who_to_ring(open_page: OpenPage) -> None:
    page = open_page(width=320)
    page.goto("/")
    page.context.set_offline(True)
    page.fill("#message", "dentist in Ledbury")
    page.click("#ask button[type=submit]")
    page.locator("#offline").wait_for()
    assert page.locator("#offline").get_by_role("link", name="999").is_visible()
    assert page.locator("#message").input_value() == "dentist in Ledbury"
    assert page.locator("#messages > li").count() == 0
    page.context.set_offline(False)
    page.reload()
    assert page.locator("#message").input_value() == "dentist in Ledbury", "over a reload too"
    page.click("#ask button[type=submit]")
    page.locator("#messages").get_by_text("The nearest to Ledbury:").wait_for()
    assert page.locator("#message").input_value() == ""
    page.reload()
    assert page.locator("#message").input_value() == ""
    assert page.locator("#messages").get_by_text("The nearest to Ledbury:").is_visible(), "the conversation is kept"


def test_what_breaks_on_the_way_is_said_and_the_message_kept(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/")
    page.route("**/", lambda route: route.fulfill(status=502, content_type="text/plain", body="bad gateway"))
    page.fill("#message", "dentist in Ledbury")
    page.click("#ask button[type=submit]")
    page.locator("#failed").wait_for()
    assert page.locator("#message").input_value() == "dentist in Ledbury"


def test_send_pressed_twice_sends_once(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/")
    page.fill("#message", "pharmacy in Redditch")
    page.evaluate("for (let i = 0; i < 3; i++) document.querySelector('#ask button').click()")
    page.locator("#messages").get_by_text("The nearest to Redditch:").wait_for()
    page.reload()
    assert page.locator("#messages > li").count() == 2


def test_two_tabs_are_one_conversation(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/")
    ask(page, "pharmacy in Redditch")
    other = page.context.new_page()
    other.goto("/")
    ask(other, "and in Malvern")
    page.fill("#message", "thank you")
    page.click("#ask button[type=submit]")
    page.locator("#m6").wait_for()
    assert page.locator("#messages > li").count() == 6
    assert "and in Malvern" in page.locator("#m3").inner_text()


def test_who_reads_further_up_is_not_moved(open_page: OpenPage) -> None:
    page = open_page(width=320)
    page.goto("/")
    ask(page, "pharmacy in Redditch")
    held: list[Callable[[], None]] = []
    page.route("**/", lambda route: held.append(route.continue_))
    page.fill("#message", "dentist in Ledbury")
    page.click("#ask button[type=submit]")
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(300)
    for go_on in held:
        go_on()
    page.unroute("**/")
    page.get_by_role("button", name="New answer below").wait_for()
    assert page.evaluate("window.scrollY") < 50
    page.click("text=New answer below")
    assert focused(page) == "m4"
    assert page.get_by_role("button", name="New answer below").is_hidden()


def test_was_it_helpful(open_page: OpenPage) -> None:
    page = open_page(width=320)
    page.goto("/")
    ask(page, "pharmacy in Redditch")
    page.get_by_role("button", name="No", exact=True).click()
    page.locator("#messages").get_by_text("What was wrong?").wait_for()
    page.get_by_label("It was hard to understand").check()
    page.locator(".rating").get_by_role("button", name="Send").click()
    page.locator("#messages").get_by_text("Thank you. It helps us").wait_for()
    ask(page, "thank you")
    assert page.get_by_text("Was this helpful?").count() == 0


def test_an_answer_is_printed(open_page: OpenPage) -> None:
    page = open_page()
    page.goto("/")
    ask(page, "pharmacy in Redditch")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save this answer").click()
    assert "The nearest to Redditch:" in saved.value.path().read_text(encoding="utf-8")
    page.get_by_role("link", name="Print this answer").click()
    page.get_by_role("heading", name="An answer to keep").wait_for()
    page.evaluate("window.print = () => { window.printed = true }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")


def test_who_is_hurt_at_home_leaves_quickly(open_page: OpenPage, seen: Seen) -> None:
    seen.origins.add("https://www.bbc.co.uk")
    page = open_page(width=320)
    page.context.route("https://www.bbc.co.uk/**", lambda route: route.fulfill(body="weather"))
    page.goto("/")
    ask(page, "my boyfriend is strangling me")
    page.get_by_role("button", name="Leave this page quickly").click()
    page.wait_for_url("https://www.bbc.co.uk/weather")
    page.goto("/")
    assert page.locator("#messages > li").count() == 0


def test_the_first_page_is_light(open_page: OpenPage, site: App, figure: Callable[[str], None]) -> None:
    page = open_page(width=320)
    sizes: list[int] = []

    def weigh(request: Request) -> None:
        if request.url.startswith(site.address):
            sizes.append(request.sizes()["responseBodySize"] + request.sizes()["responseHeadersSize"])

    page.on("requestfinished", weigh)
    slow = page.context.new_cdp_session(page)  # a slow phone: Lighthouse's network and processor
    slow.send("Network.enable")
    slow.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8},
    )
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.goto("/", wait_until="networkidle")
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    shifted = page.evaluate(
        """() => new Promise((say) => new PerformanceObserver((list) =>
          say(list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))
          .observe({ type: "layout-shift", buffered: true }) || setTimeout(() => say(0), 500))"""
    )
    figure(f"first page: {sum(sizes) / 1000:.0f} kB in {len(sizes)} requests")
    figure(f"first page on a slow phone: painted after {painted:.0f} ms, loaded {loaded:.0f} ms, shift {shifted:.3f}")
    assert len(sizes) >= 3, "page, style and script"
    assert sum(sizes) < LIGHT
