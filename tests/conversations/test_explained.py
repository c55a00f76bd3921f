"""The pages to read: how care is run, and about the assistant. Both say of the world what records say, and no more."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import requests
from starlette.requests import Request

from bot.pages import explained
from bot.pages.records import Card, path_of
from bot.settings import WORDING
from knowledge.schema import Record
from knowledge.settings import CONTENT, HOME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.responses import Response

    from knowledge.search import KnowledgeBase
    from tests.running import App

    Show = Callable[..., tuple[int, "Page"]]

pytestmark = pytest.mark.conversation

PATHS = ("/ics", "/about")
RECORD = re.compile(r"/directory/\w+/([\w-]+)")
NAMED = [
    *explained.WHAT,
    explained.VISION,
    *(record_id for pair in explained.OBJECTIVES for record_id in pair),
    explained.NATIONAL_AIMS,
    *(record_id for _, ids in explained.WHO for record_id in ids),
    *(box[3] for box in explained.BOXES),
    *explained.PARTS,
    *explained.HISTORY,
]
EMPTY = ("img", "input", "link", "meta", "path", "rect")


class Page(HTMLParser):
    """A page as a tree laid flat: each element with its attributes, and all text inside it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(text)
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside: list[str] = []
        self.elements.append((tag, dict(attrs), inside))
        if tag not in EMPTY:
            self._open.append((tag, inside))

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self._open and self._open.pop()[0] == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        for _, inside in self._open:
            inside.append(data)

    def texts(self, tag: str, with_class: str = "") -> list[str]:
        """What stands in each element of this tag, and class."""
        return [
            " ".join("".join(inside).split())
            for name, attributes, inside in self.elements
            if name == tag and (not with_class or with_class in (attributes.get("class") or "").split())
        ]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes, _ in self.elements if name == tag]

    @property
    def text(self) -> str:
        return self.texts("html")[0]

    @property
    def ids(self) -> list[str]:
        return [value for _, attributes, _ in self.elements if (value := attributes.get("id"))]

    @property
    def links(self) -> list[str]:
        return [attributes.get("href") or "" for attributes in self.all("a")]

    @property
    def records(self) -> set[str]:
        """The ids of the records that the page leads to."""
        return {found.group(1) for link in self.links if (found := RECORD.fullmatch(link))}


class Without:
    """A knowledge base that lacks some records, or has them otherwise."""

    def __init__(self, base: KnowledgeBase, *gone: str, changed: tuple[Record, ...] = ()) -> None:
        self._base = base
        self._gone = gone
        self._changed = {record.id: record for record in changed}

    def __getattr__(self, name: str) -> object:
        return getattr(self._base, name)

    def __contains__(self, record_id: str) -> bool:
        return record_id not in self._gone and record_id in self._base

    def get(self, record_id: str) -> Record:
        assert record_id not in self._gone
        return self._changed.get(record_id) or self._base.get(record_id)

    def ids(self) -> Iterator[str]:
        return (record_id for record_id in self._base.ids() if record_id not in self._gone)


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Show:
    """Makes a page from a knowledge base, or from none."""

    def make(endpoint: Callable[[Request], Response], base: object, *, off: bool = False) -> tuple[int, Page]:
        monkeypatch.setattr(explained, "published_base", lambda: base)
        messages = SimpleNamespace(switch=SimpleNamespace(is_off=lambda: off))
        app = SimpleNamespace(state=SimpleNamespace(messages=messages))
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "app": app}
        response = endpoint(Request(scope))
        return response.status_code, Page(bytes(response.body).decode())

    return make


def get(app: App, path: str) -> Page:
    response = requests.get(app.address + path, timeout=30)
    assert response.status_code == 200
    return Page(response.text)


# -- the real app ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_in_order(app: App, path: str) -> None:
    page = get(app, path)
    assert len(page.all("h1")) == len(page.all("main")) == 1
    levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    assert len(page.ids) == len(set(page.ids))
    pointed = [link[1:] for link in page.links if link.startswith("#")]
    pointed += [
        a[name] or "" for _, a, _ in page.elements for name in ("aria-labelledby", "aria-describedby") if name in a
    ]
    assert set(pointed) <= set(page.ids)
    assert {"aria-current": "page", "href": path} in page.all("a")
    assert not page.all("script")
    assert not [a for _, a, _ in page.elements if "style" in a]


@pytest.mark.parametrize("path", PATHS)
def test_what_is_shown_is_a_record_with_its_date_and_source(app: App, base: KnowledgeBase, path: str) -> None:
    page = get(app, path)
    assert page.records
    for record_id in page.records:
        record = base.get(record_id)
        assert path_of(record) in page.links
        assert Card(base, record).checked in page.text
        assert record.sources[0].name in page.text
    shown = [*page.texts("div", "statement"), *page.texts("ol", "timeline")]
    assert shown
    assert all("Source: " in text for text in shown)
    assert len(page.texts("p", "origin")) >= len(page.records)


def test_everything_that_the_page_names_is_there(app: App) -> None:
    assert set(NAMED) == get(app, "/ics").records, "the content has changed: name other records in explained.py"
    assert set(explained.PEOPLE) <= get(app, "/about").records


def test_no_fact_stands_in_a_template() -> None:
    with (CONTENT / "fact.csv").open(encoding="utf-8", newline="") as file:
        said = [explained.first_sentence(row["description"]) for row in csv.DictReader(file)]
    for name in ("ics.html", "ics_picture.html", "about.html"):
        template = (HOME / "bot" / "pages" / "templates" / name).read_text(encoding="utf-8")
        assert not [sentence for sentence in said if sentence in template]


def test_the_ambitions_are_listed_under_each_objective(app: App, base: KnowledgeBase) -> None:
    page = get(app, "/ics")
    items = page.texts("li")
    for objective, ambitions in explained.OBJECTIVES:
        assert base.get(objective).name in page.texts("h3")
        _, listed, rest = explained.counted(base.get(ambitions).description)
        assert len(listed) == 4
        assert set(listed) <= set(items)
        assert rest in page.text


def test_the_picture_can_be_read_without_seeing_it(app: App) -> None:
    page = get(app, "/ics")
    [picture] = page.all("svg")
    assert picture["role"] == "img"
    assert page.texts("title")[1] and page.texts("desc")[0]
    assert picture["aria-labelledby"] in page.ids and picture["aria-describedby"] in page.ids
    [in_words] = page.texts("ol", "levels")
    drawn = " ".join(page.texts("text")).lower()
    for box in explained.BOXES:
        level, name, note, *_ = box
        for words in filter(None, (level, name, note)):
            assert words.lower() in drawn, "the content says it in other words now: say it so in BOXES"
            assert words.lower() in in_words.lower()


def test_the_timeline_goes_from_2016_to_now(app: App) -> None:
    page = get(app, "/ics")
    dates = [time["datetime"] or "" for time in page.all("time")]
    assert dates == sorted(dates)
    assert len(dates) == len(explained.HISTORY)
    assert dates[0] == "2016" and "2022-07-01" in dates and dates[-1] >= "2025-07"
    assert "1 July 2022" in page.texts("time")


def test_about_says_what_the_settings_are(app: App) -> None:
    page = get(app, "/about")
    assert "We delete your chat 30 days after" in page.text
    assert WORDING["privacy_contact"] in page.text
    assert "postcodes.io" not in page.text, "nobody is asked here"


def test_about_counts_the_records_of_each_source(app: App) -> None:
    with (CONTENT / "source.csv").open(encoding="utf-8", newline="") as file:
        pairs = {(row["name"], row["record_id"]) for row in csv.DictReader(file)}
    items = get(app, "/about").texts("li")
    for name in {name for name, _ in pairs}:
        count = sum(pair[0] == name for pair in pairs)
        assert f"{' '.join(name.split())}: {count} record{'s' if count != 1 else ''}" in items


# -- other knowledge, and none -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", sorted(set(NAMED)))
def test_a_record_that_is_gone_is_left_out(show: Show, base: KnowledgeBase, gone: str) -> None:
    status, page = show(explained.ics, Without(base, gone))
    assert status == 200
    assert page.records == set(NAMED) - {gone}
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_a_record_that_is_closed_is_left_out(show: Show, base: KnowledgeBase) -> None:
    closed = replace(base.get("ics-healthwatch-two"), status="defunct")
    _, page = show(explained.ics, Without(base, changed=(closed,)))
    assert closed.id not in page.records
    assert "Your voice" not in page.text


def test_both_pages_stand_without_any_record(show: Show, base: KnowledgeBase) -> None:
    for endpoint in (explained.ics, explained.about):
        status, page = show(endpoint, Without(base, *base.ids()))
        assert status == 200
        assert len(page.all("h1")) == 1
        assert not page.records and not page.all("svg")


def test_without_knowledge_there_are_numbers_to_ring(show: Show) -> None:
    status, page = show(explained.ics, None)
    assert status == 503
    assert WORDING["knowledge_unavailable"] in page.text
    status, page = show(explained.about, None)
    assert status == 200, "what is kept can be read at any time"
    assert WORDING["knowledge_unavailable"] in page.text and "What we keep" in page.text
    assert "tel:111" in page.links


def test_switched_off_nothing_of_the_content_is_shown(show: Show, base: KnowledgeBase) -> None:
    for endpoint, expected in ((explained.ics, 503), (explained.about, 200)):
        status, page = show(endpoint, base, off=True)
        assert status == expected
        assert not page.records
        assert all(line in page.text for line in WORDING["off"].splitlines())


def test_the_picture_says_nothing_that_its_record_does_not(base: KnowledgeBase) -> None:
    changed = replace(base.get("icb-role"), description="The board meets in public.")
    picture = explained.picture(Without(base, changed=(changed,)))  # type: ignore[arg-type]
    assert picture is not None
    assert [box.note for box in picture.boxes if box.name == "Board (ICB)"] == [""]
    assert all(box.note for box in picture.boxes if box.card.id not in ("icb-role", "ics-places-two"))


def test_no_line_of_the_picture_is_wider_than_its_box(base: KnowledgeBase) -> None:
    picture = explained.picture(base)
    assert picture is not None
    for box in picture.drawn:
        assert box.x >= 0 and box.x + box.width <= picture.width and box.y + box.height <= picture.height
        for y, kind, words in box.lines:
            assert box.y < y < box.y + box.height
            assert len(words) * explained.LINES[kind][1] <= box.width + 8, words  # names of counties can't be broken


def test_about_names_who_runs_it_and_the_postcode_server(
    show: Show, base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELP_PRIVACY_CONTACT", "our data protection officer on 01234 567890")
    monkeypatch.setenv("HELP_POSTCODES", "https://postcodes.example")
    monkeypatch.setenv("HELP_KEEP_DAYS", "1")
    _, page = show(explained.about, base)
    assert page.text.count("our data protection officer on 01234 567890") == 2
    assert "tel:01234567890" in page.links
    assert "we ask postcodes.example where it is" in page.text
    assert "We delete your chat 1 day after" in page.text


# -- reading records ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, description, date",
    [
        ("It ended: 30 June 2022", "It began on 1 May 2013.", "2022-06-30"),
        ("It changed (2025)", "They said so in July 2025, and on 3 June 2024.", "2025-07"),
        ("It began", "From 2016 on. In May 2017 it grew.", "2016"),
        ("It began", "Somebody began it in 1999.", ""),
        ("It began", "On 9 April 2021.", "2021-04-09"),
    ],
)
def test_the_date_that_a_record_tells_of(name: str, description: str, date: str) -> None:
    assert explained.told_date(Record("x", "fact", name, description=description)) == date


@pytest.mark.parametrize(
    "text, first, listed, rest",
    [
        ("There are two. One. Another? Since 2021.", "There are two.", ["One.", "Another?"], "Since 2021."),
        ("There are three of them. One. Two.", "There are three of them. One. Two.", [], ""),
        ("They want more. One. Two.", "They want more. One. Two.", [], ""),
        ("Our aim has two parts. One. Two.", "Our aim has two parts.", ["One.", "Two."], ""),
    ],
)
def test_a_text_that_counts_what_it_lists(text: str, first: str, listed: list[str], rest: str) -> None:
    assert explained.counted(text) == (first, listed, rest)
