"""The page without JavaScript: a form, a redirect, and the conversation shown again."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
import requests
from sqlite_utils import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conversations.conftest import App

pytestmark = pytest.mark.conversation

EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
NOT_BREATHING = "my neighbour has collapsed in his garden and he isn't breathing"


class Page(HTMLParser):
    """A page's elements, with the text and attributes of each; fails where tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(text)
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open.pop() == tag, f"</{tag}> closes nothing"

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def ids(self) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get("id"))]


@pytest.fixture
def browser(app: App) -> Iterator[Browser]:
    with requests.Session() as session:
        yield Browser(app.address, session)


class Browser:
    """A browser without JavaScript."""

    def __init__(self, address: str, session: requests.Session) -> None:
        self.address = address
        self.session = session

    def get(self, path: str = "/") -> requests.Response:
        return self.session.get(self.address + path, timeout=30)

    def send(self, message: str, *, follow: bool = True) -> requests.Response:
        return self.session.post(self.address, data={"message": message}, allow_redirects=follow, timeout=30)


def test_the_first_page(browser: Browser) -> None:
    response = browser.get()
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(response.text)
    assert page.all("html") == [{"lang": "en-GB"}]
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert "<title>Ask – Local help for Herefordshire and Worcestershire</title>" in response.text
    [box] = page.all("textarea")
    assert box["id"] in [label["for"] for label in page.all("label")]
    assert set((box["aria-describedby"] or "").split()) <= set(page.ids())
    assert "maxlength" not in box, "what is too long is looked at for danger, and refused in words"
    assert {"href": "tel:999"} in page.all("a") and {"href": "tel:111"} in page.all("a")
    skip = page.all("a")[0]
    assert (skip["href"] or "")[1:] in page.ids()
    assert not response.cookies


def test_everything_the_page_asks_for_is_there(browser: Browser) -> None:
    page = Page(browser.get().text)
    for asked in [*page.all("link"), *page.all("script")]:
        response = browser.get(asked.get("href") or asked.get("src") or "")
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]


def test_a_message_is_answered_by_a_redirect_to_the_newest(browser: Browser) -> None:
    sent = browser.send("pharmacy in Redditch", follow=False)
    assert sent.status_code == 303
    assert sent.headers["location"] == "/#latest"
    response = browser.get()
    page = Page(response.text)
    assert len(page.ids()) == len(set(page.ids()))
    assert "latest" in page.ids()
    assert "pharmacy in Redditch" in response.text
    assert "The nearest to Redditch:" in response.text
    assert "Source: " in response.text
    for source in page.all("a"):
        assert (source["href"] or "").startswith(("#", "/", "tel:", "sms:", "mailto:", "https://", "http://"))


def test_the_whole_conversation_is_shown_in_order(browser: Browser) -> None:
    said = ["pharmacy in Redditch", "and an optician", "thank you"]
    for message in said:
        text = browser.send(message).text
    places = [text.index(f"<p>{message}</p>") for message in said]
    assert places == sorted(places)
    assert text.index("You&#39;re welcome") > places[-1] if "You&#39;re" in text else "You're welcome" in text


def test_phone_numbers_can_be_tapped(browser: Browser) -> None:
    text = browser.send("Nunwell Surgery").text
    assert 'href="tel:01885483412">Ring 01885 483412</a>' in text


def test_a_way_to_care_is_shown_step_by_step(browser: Browser) -> None:
    text = browser.send("how do i complain about a hospital in Worcestershire").text
    steps = re.findall(r"<li>(.*?)</li>", text.split('<ol class="steps">')[1].split("</ol>")[0])
    assert len(steps) == 3 and "ward" in steps[0]


def test_buttons_are_a_form_and_their_answer_is_an_answer(browser: Browser) -> None:
    page = Page(browser.send("pharmacy").text)
    towns = [button["value"] for button in page.all("button") if button.get("name") == "message"]
    assert len(towns) == 5
    answer = browser.send(towns[1] or "").text
    assert f"The nearest to {towns[1]}:" in answer
    assert not {button.get("value") for button in Page(answer).all("button")} & set(towns), "used, and still to be read"
    assert len([button for button in Page(answer).all("button") if button.get("aria-disabled") == "true"]) == 5
    assert f'<span class="chosen">You chose: </span>{towns[1]}' in answer


def test_a_list_offers_more_of_it_and_one_record_its_details(browser: Browser) -> None:
    def offered(text: str) -> list[str | None]:
        return [button.get("value") for button in Page(text).all("button") if button.get("name") == "message"]

    listed = browser.send("pharmacy in Redditch").text
    assert offered(listed) == ["more"] and "Say “more”" not in listed
    more = browser.send("more").text
    assert "That is all we have" not in more
    browser.session.cookies.clear()
    one = browser.send("cut my hand in Kidderminster").text
    assert "what are the opening times" in offered(one)
    assert "8am to 10pm" in browser.send("what are the opening times").text


def test_a_message_sent_twice_is_answered_once(browser: Browser) -> None:
    for _ in range(2):
        sent = {"message": "pharmacy in Redditch", "known": "0"}
        text = browser.session.post(browser.address, data=sent, timeout=30).text
    assert text.count("<p>pharmacy in Redditch</p>") == 1
    sent = {"message": "pharmacy in Redditch", "known": "2"}
    text = browser.session.post(browser.address, data=sent, timeout=30).text
    assert text.count("<p>pharmacy in Redditch</p>") == 2, "asked again, by somebody who has seen the answer"


@pytest.mark.parametrize(
    "message",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</p></li></ol><h1>Hello</h1>",
        "<!-- & --> &lt;b&gt; javascript:alert(1)",
        "{{ 7*7 }} {% raw %}",
    ],
)
def test_what_was_said_is_text_and_never_html(browser: Browser, message: str) -> None:
    text = browser.send(message).text
    assert html.escape(message, quote=False) in text.replace("&#34;", '"').replace("&#39;", "'")
    page = Page(text)
    assert not page.all("img") and all(script.get("src") for script in page.all("script"))
    assert len(page.all("h1")) == 1


@pytest.mark.parametrize(
    "message, status, said",
    [("", 400, "type your question"), ("   ", 400, "type your question"), ("lovely weather " * 334, 413, "too long")],
)
def test_an_error_stands_beside_the_box_and_what_was_typed_is_kept(
    browser: Browser, message: str, status: int, said: str
) -> None:
    browser.send("pharmacy in Redditch")
    response = browser.send(message)
    assert response.status_code == status
    page = Page(response.text)
    assert "<title>Error: " in response.text
    [box] = page.all("textarea")
    assert box["aria-invalid"] == "true"
    assert "error" in (box["aria-describedby"] or "").split()
    [error] = re.findall(r'id="error"[^>]*>(.*?)\n', response.text, re.DOTALL)
    assert said in error
    assert message.strip() in response.text
    assert "The nearest to Redditch:" in response.text


def test_danger_is_shown_as_what_it_is(browser: Browser) -> None:
    text = browser.send(NOT_BREATHING).text
    page = Page(text)
    assert any("danger" in (item.get("class") or "").split() for item in page.all("li"))
    assert 'Immediate action required: </span>Call <a href="tel:999">999</a> or go to A&amp;E now.</h2>' in text
    assert text.count("or go to A&amp;E now") == 1
    assert "Leave this page quickly" not in text


def test_who_is_hurt_at_home_can_leave_the_page_quickly(app: App, browser: Browser) -> None:
    text = browser.send("my boyfriend is strangling me").text
    assert "Leave this page quickly" in text
    assert "Leave this page quickly" in pinned(browser.send("pharmacy in Redditch").text)
    name = browser.session.cookies["conversation"]
    response = browser.session.post(f"{browser.address}/leave", allow_redirects=False, timeout=30)
    assert response.status_code == 303
    place = response.headers["location"]
    policy = response.headers["content-security-policy"]
    assert place.startswith("https://") and "/".join(place.split("/")[:3]) in policy, "or the browser does not go there"
    assert not browser.session.cookies
    assert name.encode() not in in_the_files(app)
    assert "strangling" not in browser.get().text


def test_danger_in_a_message_that_is_too_long_is_shown_too(browser: Browser) -> None:
    filler = "We went to the shops and then we came home and had a cup of tea and sat outside for a bit. " * 56
    response = browser.send(filler + NOT_BREATHING)
    assert response.status_code == 200
    assert "or go to A&amp;E now.</h2>" in response.text
    assert not re.search('id="error"', response.text)


def test_the_cookie_is_for_this_site_alone(browser: Browser) -> None:
    cookie = browser.send("hello", follow=False).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie  # this is plain HTTP
    [name_and_value, *_] = cookie.split(";")
    assert len(name_and_value.split("=", 1)[1]) >= 32


def test_two_browsers_have_two_conversations(app: App, browser: Browser) -> None:
    browser.send("pharmacy in Redditch")
    with requests.Session() as session:
        other = Browser(app.address, session)
        assert "Redditch" not in other.get().text
        other.send("optician in Malvern")
        assert "Redditch" not in other.get().text
    assert "optician" not in browser.get().text


@pytest.mark.parametrize("path", ["/", "/health", "/static/site.css", "/static/chat.js", "/embedded", "/nothing-here"])
def test_every_response_has_the_security_headers(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "form-action 'self'" in policy
    assert policy.endswith("frame-ancestors 'self'" if path == "/embedded" else "frame-ancestors 'none'")
    assert "unsafe" not in policy and "*" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_start_again_leaves_the_conversation_behind(browser: Browser) -> None:
    browser.send("pharmacy in Redditch")
    response = browser.session.post(f"{browser.address}/forget", timeout=30)
    assert response.status_code == 200
    assert "Redditch" not in response.text
    assert not browser.session.cookies
    assert "Which town or postcode are you in?" in browser.send("pharmacy").text


def pinned(text: str) -> str:
    """The reply to danger that stays in sight, or nothing."""
    found = re.findall(r'<section class="pinned[^>]*>(.*?)</section>', text, re.DOTALL)
    assert len(found) <= 1
    return "".join(found)


def test_a_danger_card_stays_in_sight_until_start_again(browser: Browser) -> None:
    assert not pinned(browser.send(NOT_BREATHING).text), "it is the latest, and in sight"
    text = browser.send("pharmacy in Redditch").text
    assert 'href="tel:999"' in pinned(text)
    assert text.index('class="pinned') < text.index("The nearest to Redditch:") < text.index('class="ask"')
    assert 'href="tel:999"' in pinned(browser.send("").text)
    browser.send("there's a smell of gas in the kitchen")
    assert "Get out now" in pinned(browser.send("thank you").text), "the latest"
    assert not pinned(browser.send("start again").text)
    browser.send(NOT_BREATHING)
    assert not pinned(browser.session.post(f"{browser.address}/forget", timeout=30).text)


def test_danger_in_a_message_that_is_too_long_stays_in_sight_too(app: App, browser: Browser) -> None:
    filler = "We saw Quixote at the shops and then we came home and sat outside for a bit. " * 56
    browser.send(filler + NOT_BREATHING)
    assert 'href="tel:999"' in pinned(browser.send("pharmacy in Redditch").text)
    assert "The nearest to Malvern:" in browser.send("pharmacy in Malvern").text
    assert b"Quixote" not in in_the_files(app)


def in_the_files(app: App) -> bytes:
    files = [app.conversations, *app.conversations.parent.glob(f"{app.conversations.name}-*")]
    return b"".join(file.read_bytes() for file in files)


def test_a_deleted_chat_is_gone_from_the_page_and_the_file(app: App, browser: Browser) -> None:
    browser.send("hello, my dog is called Zzyzxwoof")
    text = browser.send("pharmacy in Redditch").text
    assert "Delete my chat" in text and "Start again" in text
    name = browser.session.cookies["conversation"]
    assert b"Zzyzxwoof" in in_the_files(app) and name.encode() in in_the_files(app)
    response = browser.session.post(f"{browser.address}/delete", timeout=30)
    assert response.status_code == 200
    assert "Your chat is deleted" in response.text
    assert "Redditch" not in response.text and "Delete my chat" not in response.text
    Page(response.text)
    assert not browser.session.cookies
    assert b"Zzyzxwoof" not in in_the_files(app) and name.encode() not in in_the_files(app)
    assert "Your chat is deleted" not in browser.get().text


def test_without_the_cookie_nothing_is_deleted(app: App, browser: Browser) -> None:
    """As when another site sends the form: SameSite keeps the cookie from it."""
    browser.send("pharmacy in Redditch")
    assert "Your chat is deleted" not in requests.post(f"{app.address}/delete", timeout=30).text
    assert "Redditch" in browser.get().text


def test_what_is_kept_is_said_before_the_first_message(browser: Browser) -> None:
    text = browser.get().text
    assert text.index("We delete your chat after 30 days.</p>") < text.index("What we keep") < text.index("<textarea")
    assert '<a href="tel:03031231113">' in text
    assert {"class": "nhsuk-details privacy"} in Page(browser.send("thank you").text).all("details"), "later too"


def test_there_is_one_cookie_and_the_page_asks_no_other_site_for_anything(browser: Browser) -> None:
    text = browser.send("pharmacy in Redditch").text
    assert list(browser.session.cookies.keys()) == ["conversation"]
    for _, attributes in Page(text).elements:
        assert not attributes.get("style")
        for loaded in (attributes.get("src"), attributes.get("action")):
            assert (loaded or "/").startswith("/")
    assert all((link["href"] or "").startswith("/static/") for link in Page(text).all("link"))
    css = browser.get("/static/site.css").text
    assert "//" not in css and "@import" not in css and "@font-face" not in css


def test_start_again_in_words_forgets_the_place_too(browser: Browser) -> None:
    browser.send("pharmacy in Redditch")
    browser.send("start again")
    assert "Which town or postcode are you in?" in browser.send("pharmacy").text


def test_a_full_postcode_is_not_shown_or_kept(app: App, browser: Browser) -> None:
    text = browser.send("chemist near WR14 2GP please").text
    assert "WR14 2GP please" not in text
    assert "chemist near WR14 *** please" in text
    files = [app.conversations, *app.conversations.parent.glob(f"{app.conversations.name}-*")]
    assert not any(b"near WR14 2GP please" in file.read_bytes() for file in files)


@pytest.mark.parametrize(
    "request_",
    [
        {"data": b"\x00\xff" * 100, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"data": b"--x\r\nnonsense", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"data": b"nonsense", "headers": {"Content-Type": "multipart/form-data"}},
        {"files": {"message": ("a.txt", b"hello")}},
        {"data": {"other": "hello"}},
        {"data": [("message", "hello")] * 100},
        {"data": {"message": "x" * 3_000_000}},
    ],
    ids=["binary", "multipart", "no boundary", "a file", "no message", "a hundred", "huge"],
)
def test_a_form_that_is_not_ours_gets_no_trace(browser: Browser, request_: dict[str, object]) -> None:
    response = browser.session.post(browser.address, timeout=30, **request_)  # type: ignore[arg-type]
    assert response.status_code in (200, 400, 413)
    assert "Traceback" not in response.text
    assert len(response.content) < 500_000
    assert "optician" not in browser.send("pharmacy in Redditch").text


def rate(browser: Browser, **form: str) -> requests.Response:
    return browser.session.post(f"{browser.address}/rate", data=form, timeout=30)


def opinions(app: App) -> list[dict[str, object]]:
    file = app.folder / "feedback.db"
    return list(Database(file).table("feedback").rows) if file.exists() else []


def test_whether_it_helped_is_kept_without_who_said_it(app: App, browser: Browser) -> None:
    before = len(opinions(app))
    assert "Was this helpful?" in browser.send("pharmacy in Redditch").text
    assert "Thank you." in rate(browser, answer="2", helped="yes").text
    asked = rate(browser, answer="2", helped="no").text
    assert "What was wrong?" in asked and len(opinions(app)) == before + 1, "a no is asked why"
    why = "the number has changed, tell me the new one on 07700 900123"
    assert "Thank you." in rate(browser, answer="2", helped="no", why="out-of-date", words=why).text
    yes, no = opinions(app)[before:]
    assert (yes["helped"], no["helped"], no["why"]) == (1, 0, "out-of-date")
    assert "07700" not in str(no["words"]) and "number has changed" in str(no["words"])
    assert str(no["records"]).startswith("pharmacy-")
    name = browser.session.cookies["conversation"]
    assert name.encode() not in (app.folder / "feedback.db").read_bytes()


def test_who_was_in_danger_is_never_asked_whether_it_helped(app: App, browser: Browser) -> None:
    browser.send("pharmacy in Redditch")
    before = len(opinions(app))
    assert "Was this helpful?" not in browser.send(NOT_BREATHING).text
    assert "Was this helpful?" not in browser.send("pharmacy in Redditch").text
    rate(browser, answer="2", helped="yes")
    assert len(opinions(app)) == before


def test_danger_in_what_was_wrong_is_answered(app: App, browser: Browser) -> None:
    browser.send("pharmacy in Redditch")
    before = len(opinions(app))
    text = rate(browser, answer="2", helped="no", why="other", words="I don't want to be here any more").text
    assert "116 123" in text
    assert len(opinions(app)) == before


@pytest.mark.parametrize("form", [{}, {"answer": "99"}, {"answer": "1", "helped": "yes"}, {"answer": "x" * 99}])
def test_an_opinion_about_nothing_is_not_kept(app: App, browser: Browser, form: dict[str, str]) -> None:
    browser.send("pharmacy in Redditch")
    before = len(opinions(app))
    assert rate(browser, **form).status_code == 200
    assert len(opinions(app)) == before


def test_an_answer_can_be_printed_and_saved(browser: Browser) -> None:
    browser.send("pharmacy in Redditch")
    page = browser.get("/answer/2")
    assert page.status_code == 200 and "The nearest to Redditch:" in page.text
    assert "pharmacy in Redditch" not in page.text, "the answer alone"
    saved = browser.get("/answer/2.txt")
    assert saved.headers["content-disposition"].startswith("attachment")
    assert "The nearest to Redditch:" in saved.text and "<" not in saved.text
    for nothing in ("/answer/1", "/answer/9.txt"):
        gone = browser.get(nothing)
        assert gone.status_code == 404 and "That answer is not here any more" in gone.text
    assert "Redditch" not in requests.get(f"{browser.address}/answer/2", timeout=30).text


def test_the_embedded_chat_needs_no_cookie(browser: Browser) -> None:
    def send(**form: str) -> str:
        response = browser.session.post(f"{browser.address}/embedded", data=form, timeout=30)
        assert not browser.session.cookies and response.status_code == 200
        return response.text

    text = send(message="pharmacy in Redditch")
    [name] = {field["value"] for field in Page(text).all("input") if field.get("name") == "conversation"}
    assert name and len(name) >= 32
    text = send(message="and in Malvern", conversation=name)
    assert "The nearest to Malvern:" in text
    assert text.index("pharmacy in Redditch") < text.index("and in Malvern")
    assert "and in Malvern" in send(conversation=name), "as when the page around it is loaded anew"
    assert "and in Malvern" not in browser.get("/embedded").text
    deleted = browser.session.post(f"{browser.address}/embedded/delete", data={"conversation": name}, timeout=30).text
    assert "Your chat is deleted" in deleted
    assert "and in Malvern" not in send(conversation=name)


def test_a_cookie_that_is_none_of_ours_gets_a_page_that_says_so(browser: Browser) -> None:
    response = requests.get(browser.address, cookies={"conversation": "x" * 300}, timeout=30)
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("text/html")
    assert "shorter than" in response.text and 'href="tel:999"' in response.text
