"""The states that a page can be in, each reached as a resident reaches it: by real messages to the real app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.switch import switch

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import FrameLocator, Page

    from tests.running import App

    Reach = Callable[[Page, App], None]

MINOR_INJURY = "cut my hand in kidderminster"
CHEST_PAIN = "my chest hurts and my arm has gone numb"
TOO_LONG = "lovely weather " * 100
STATES: dict[str, Reach] = {}


def state(reach: Reach) -> Reach:
    """Brings a page, from nothing, to the state that it is named after."""
    STATES[reach.__name__.replace("_", "-")] = reach
    return reach


def arrive(page: Page, path: str, status: int = 200) -> None:
    response = page.goto(path)
    assert response is not None
    assert response.status == status, f"{path} answers {response.status}, not {status}"


def say(page: Page | FrameLocator, text: str) -> None:
    """Send a message with the form, and wait until it is answered."""
    answers = page.locator("#messages > .assistant[id]")
    before = answers.count()
    page.locator("#message").fill(text)
    page.locator("#ask button[type=submit]").click()
    answers.nth(before).wait_for()


def ask(page: Page, *texts: str) -> None:
    """Come to the chat, and say one thing after another."""
    arrive(page, "/")
    for text in texts:
        say(page, text)


@state
def start(page: Page, app: App) -> None:
    arrive(page, "/")


@state
def answer(page: Page, app: App) -> None:
    ask(page, MINOR_INJURY)


@state
def answer_about_the_ics(page: Page, app: App) -> None:
    ask(page, "what is the icb")


@state
def list_with_map(page: Page, app: App) -> None:
    ask(page, "dentist near ledbury")
    page.locator(".map-details summary").click()
    page.locator(".map-details svg").wait_for()


@state
def everything_unfolded(page: Page, app: App) -> None:
    ask(page, MINOR_INJURY)
    folded = page.locator("details:not([open]) > summary")
    for _ in range(folded.count()):
        folded.first.click()


@state
def clarify(page: Page, app: App) -> None:
    ask(page, "gp")


@state
def buttons_used(page: Page, app: App) -> None:
    clarify(page, app)
    page.locator("#messages .choices button").first.click()
    page.locator("#m4").wait_for()


@state
def long_conversation(page: Page, app: App) -> None:
    ask(page, "gp", "Hereford", "dentist near ledbury", "what is the icb", MINOR_INJURY)


@state
def emergency(page: Page, app: App) -> None:
    ask(page, CHEST_PAIN)


@state
def emergency_pinned(page: Page, app: App) -> None:
    ask(page, CHEST_PAIN, "dentist near ledbury")
    page.locator("#pinned section").wait_for()


@state
def violence(page: Page, app: App) -> None:
    """The reply that has the button to leave the page quickly."""
    ask(page, "my boyfriend is strangling me")


@state
def error(page: Page, app: App) -> None:
    """A message that is too long."""
    ask(page, MINOR_INJURY)
    page.locator("#message").fill(TOO_LONG)
    page.locator("#ask button[type=submit]").click()
    page.locator("#error").wait_for()


@state
def offline(page: Page, app: App) -> None:
    ask(page, MINOR_INJURY)
    page.context.set_offline(True)
    page.locator("#message").fill("and a chemist")
    page.locator("#ask button[type=submit]").click()
    page.locator("#offline").wait_for()


@state
def failed(page: Page, app: App) -> None:
    """The server cannot answer."""
    ask(page, MINOR_INJURY)
    page.context.route(f"{app.address}/", lambda route: route.fulfill(status=500, json={"error": "Sorry."}))
    page.locator("#message").fill("and a chemist")
    page.locator("#ask button[type=submit]").click()
    page.locator("#failed").wait_for()


@state
def rating_asked_why(page: Page, app: App) -> None:
    ask(page, MINOR_INJURY)
    page.locator(".rating button[value=no]").click()
    page.locator("#words").wait_for()


@state
def rating_thanked(page: Page, app: App) -> None:
    rating_asked_why(page, app)
    page.locator(".rating button[type=submit]").click()
    page.locator(".rating[role=status]").wait_for()


@state
def switched_off(page: Page, app: App) -> None:
    """The page stays as it was loaded, while the app is on again for whoever comes next."""
    ask(page, CHEST_PAIN)
    path = app.folder / "switch.jsonl"
    switch(path, off=True, who="a test", why="to see the page")
    try:
        arrive(page, "/")
    finally:
        switch(path, off=False, who="a test", why="seen")
    page.locator("#off").wait_for()


@state
def deleted(page: Page, app: App) -> None:
    ask(page, MINOR_INJURY)
    page.locator("form[action='/delete'] button").click()
    page.locator(".done").wait_for()


@state
def answer_to_keep(page: Page, app: App) -> None:
    ask(page, MINOR_INJURY)
    arrive(page, "/answer/2")


@state
def directory(page: Page, app: App) -> None:
    arrive(page, "/directory")


@state
def directory_town(page: Page, app: App) -> None:
    arrive(page, "/directory/town/ledbury")


@state
def directory_subject(page: Page, app: App) -> None:
    arrive(page, "/directory/subject/dementia")


@state
def directory_found(page: Page, app: App) -> None:
    arrive(page, "/directory?find=dentist+in+ledbury")


@state
def directory_nothing_found(page: Page, app: App) -> None:
    arrive(page, "/directory?find=zzyzx+quux")


@state
def directory_danger(page: Page, app: App) -> None:
    arrive(page, f"/directory?find={CHEST_PAIN.replace(' ', '+')}")


@state
def directory_record(page: Page, app: App) -> None:
    arrive(page, "/directory/service/svc-miu-kidderminster")


@state
def directory_record_closed(page: Page, app: App) -> None:
    arrive(page, "/directory/service/age-uk-hw-closed")


@state
def ics(page: Page, app: App) -> None:
    arrive(page, "/ics")


@state
def about(page: Page, app: App) -> None:
    arrive(page, "/about")


@state
def not_found(page: Page, app: App) -> None:
    arrive(page, "/nothing-here", 404)
    assert page.locator("h1").count() == 1, "it is no page of ours"


@state
def embedded_closed(page: Page, app: App) -> None:
    """Another site's page with the button that opens the chat."""
    arrive(page, "/embed-example")
    page.locator("local-help #open").wait_for()


@state
def embedded(page: Page, app: App) -> None:
    embedded_closed(page, app)
    page.locator("local-help #open").click()
    page.frame_locator("local-help iframe").locator("#message").wait_for()


@state
def embedded_answer(page: Page, app: App) -> None:
    embedded(page, app)
    say(page.frame_locator("local-help iframe"), MINOR_INJURY)
