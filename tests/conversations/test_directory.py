"""The directory: every record has a page, every link leads somewhere, and no staff note is shown."""

from __future__ import annotations

import asyncio
import csv
import html
import json
import re
import time
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urldefrag

import pytest
import requests
from click.testing import CliRunner
from starlette.requests import Request

from bot.commands import main
from bot.pages import browse, directory
from bot.pages.records import path_of
from bot.settings import WORDING
from knowledge import published
from knowledge.search import KnowledgeBaseError
from knowledge.settings import CONTENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from knowledge.schema import Record
    from knowledge.search import KnowledgeBase
    from tests.running import App

pytestmark = pytest.mark.conversation

EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
HEADING = re.compile(r"h[1-6]")
NUNWELL = "01885 483412"


class Page(HTMLParser):
    """A page: its elements, the text that is read, and its structured data; fails where tags do not match."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.data = ""
        self._open: list[str] = []
        self.feed(source)
        assert not self._open, f"never closed: {self._open}"
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open and self._open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if "script" in self._open:
            self.data += data
        elif "main" in self._open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    @property
    def links(self) -> list[str]:
        return [a["href"] for a in self.all("a")]

    @property
    def headings(self) -> list[int]:
        return [int(tag[1]) for tag, _ in self.elements if HEADING.fullmatch(tag)]

    def check(self) -> None:
        """What must hold of every page of the directory."""
        assert self.all("html") == [{"lang": "en-GB"}]
        assert len(self.all("main")) == 1
        assert self.headings[0] == 1 and self.headings.count(1) == 1
        assert all(below <= above + 1 for above, below in zip(self.headings, self.headings[1:], strict=False))
        assert len(self.ids) == len(set(self.ids))
        assert {link[1:] for link in self.links if link.startswith("#")} <= set(self.ids)
        assert {"tel:999", "tel:111"} <= set(self.links)
        assert {script.get("type") for script in self.all("script")} <= {"application/ld+json"}
        assert not any("style" in attributes for _, attributes in self.elements)


class Reader:
    """Somebody who browses, without JavaScript; pages are kept, and how long each took."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.took: dict[str, float] = {}
        self._pages: dict[str, Page] = {}

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.address + path, allow_redirects=False, timeout=30)

    def page(self, path: str, status: int = 200) -> Page:
        if path not in self._pages:
            started = time.perf_counter()
            response = self.get(path)
            self.took[path] = time.perf_counter() - started
            assert response.status_code == status, path
            assert response.headers["content-type"] == "text/html; charset=utf-8"
            self._pages[path] = Page(response.text)
            self._pages[path].check()
        return self._pages[path]

    def find(self, words: str, status: int = 200) -> Page:
        return self.page(f"/directory?find={quote(words)}", status)


@pytest.fixture(scope="module")
def reader(app: App) -> Iterator[Reader]:
    reader = Reader(app.address)
    with reader.session:
        yield reader


@pytest.fixture(scope="module")
def records(base: KnowledgeBase) -> list[Record]:
    return [base.get(record_id) for record_id in base.ids()]


def values(node: Any, name: str) -> Iterator[Any]:
    """Every value of this name, however deep in structured data."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == name)
        for value in node.values():
            yield from values(value, name)
    elif isinstance(node, list):
        for item in node:
            yield from values(item, name)


# -- all of it ---------------------------------------------------------------------------------------------------------


def test_every_link_leads_somewhere_and_every_record_is_reached(
    reader: Reader, records: list[Record], figure: Callable[[str], None]
) -> None:
    waiting, seen = ["/directory"], {"/directory"}
    while waiting:
        for link in reader.page(waiting.pop()).links:
            path = urldefrag(link).url
            if path.startswith("/directory") and path not in seen:
                seen.add(path)
                waiting.append(path)
    assert {path_of(record) for record in records} <= seen
    milliseconds = sorted(1000 * reader.took[path] for path in seen)
    figure(
        f"directory: {len(seen)} pages, {len(records)} of them records; "
        f"{milliseconds[len(seen) // 2]:.0f} ms a page in the middle, {milliseconds[-1]:.0f} ms the slowest"
    )


def test_a_record_shows_all_that_residents_may_see(reader: Reader, records: list[Record]) -> None:
    for record in records:
        page = reader.page(path_of(record))
        assert record.name in page.text
        [title] = re.findall("<title>(.*?)</title>", page.source)
        assert html.unescape(title).startswith(record.name)
        if not record.open_for_use:
            continue
        said = [record.description, record.alert, record.other_sources_say, record.email, record.url]
        said += [source.name for source in record.sources]
        if record.kind != "fact":
            said += [record.address_1, record.opening_hours, record.application_process, *record.steps]
            said += [record.organization, record.eligibility_description, record.fees_description]
        assert [text for text in said if " ".join(text.split()) not in page.text] == [], record.id
        for phone in record.phones:
            scheme = "sms" if phone.type == "text" else "(?:tel|sms)"
            assert any(re.fullmatch(f"{scheme}:{phone.number.replace(' ', '')}", link) for link in page.links)


def test_no_staff_note_is_shown(reader: Reader, records: list[Record], base: KnowledgeBase) -> None:
    said = " ".join(base.texts())
    with (CONTENT / "note.csv").open(encoding="utf-8", newline="") as file:
        notes = [" ".join(row["note"].split()) for row in csv.DictReader(file) if row["note"].rstrip(".") not in said]
    assert len(notes) > 100
    for record in records:
        page = reader.page(path_of(record))
        assert not [note for note in notes if note in page.text or note in page.data]


def test_structured_data(reader: Reader, records: list[Record], base: KnowledgeBase) -> None:
    for record in records:
        page = reader.page(path_of(record))
        assert not re.search("[<>&]", page.data), "nothing in it can end the script"
        data = json.loads(page.data)
        assert data["@context"] == "https://schema.org"
        assert (data["name"], data["@id"]) == (record.name, path_of(record))
        assert data.get("dateModified", "") == (record.assured_date or record.source_date)
        thing = data.get("mainEntity", {})
        assert bool(thing) == (record.open_for_use and record.kind != "fact")
        if not thing:
            continue
        assert (thing["name"], thing["description"]) == (record.name, record.description)
        assert {phone.number for phone in record.phones} <= {n.split(" ext.")[0] for n in values(thing, "telephone")}
        assert list(values(thing, "postalCode")) == ([record.postal_code] if record.postal_code else [])
        assert all(None not in node.values() and "" not in node.values() for node in [data, thing])


def test_structured_data_of_a_place(reader: Reader, base: KnowledgeBase) -> None:
    thing = json.loads(reader.page("/directory/service/svc-miu-kidderminster").data)["mainEntity"]
    assert thing["@type"] == "MedicalClinic"
    assert thing["telephone"] == "01562 513039"
    assert thing["address"]["postalCode"] == "DY11 6RJ"
    [hours] = thing["openingHoursSpecification"]  # those of X-ray are not the unit's
    assert (hours["opens"], hours["closes"], len(hours["dayOfWeek"])) == ("08:00", "22:00", 7)
    assert thing["areaServed"] == [{"@type": "AdministrativeArea", "name": "Worcestershire"}]


def test_a_point_is_given_only_where_it_is_the_door(reader: Reader, records: list[Record], base: KnowledgeBase) -> None:
    middles = {(place.latitude, place.longitude) for place in base.places}
    points = [
        (point["latitude"], point["longitude"])
        for record in records
        for point in values(json.loads(reader.page(path_of(record)).data), "geo")
    ]
    assert len(points) > 100
    assert not middles & set(points)
    assert "The pin shows about where it is." in reader.page("/directory/service/gp-m81001").text


# -- the overview and the lists ----------------------------------------------------------------------------------------


def test_the_overview_has_each_subject_and_each_town_once(
    reader: Reader, records: list[Record], base: KnowledgeBase
) -> None:
    links = reader.page("/directory").links
    used = {term for record in records for term in record.taxonomy_terms}
    assert sorted(link for link in links if "/subject/" in link) == sorted(f"/directory/subject/{t}" for t in used)
    towns = [link.rsplit("/", 1)[1] for link in links if "/town/" in link]
    assert len(towns) == len(set(towns))
    for record in records:
        city = base.places.named(record.city.split(",")[0]) if record.city and record.open_for_use else None
        assert city is None or base.places.names()[city.name.lower()] in towns, record.city


def test_every_subject_has_a_heading_of_its_own(base: KnowledgeBase) -> None:
    grouped = [term for terms in directory.GROUPS.values() for term in terms.split()]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) <= set(base.terms)


def test_a_subject_that_nobody_put_under_a_heading_is_listed_all_the_same(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "GROUPS", {"Mind": "dementia"})
    (mind, [dementia]), (other, rest) = directory.Directory(base).subjects_by_heading()
    assert (mind, dementia.name, other) == ("Mind", "Dementia", directory.OTHER)
    assert "Dentists" in [link.name for link in rest]


def test_a_subject_lists_its_places_by_town_with_a_number_to_tap(reader: Reader) -> None:
    page = reader.page("/directory/subject/gp")
    assert {"in-ledbury", "in-bromyard", "what-to-do"} <= set(page.ids)
    assert f"tel:{NUNWELL.replace(' ', '')}" in page.links
    assert "Open day and night" in reader.page("/directory/subject/mental-health-crisis").text


def test_a_town_lists_what_is_there_by_subject(reader: Reader) -> None:
    page = reader.page("/directory/town/ledbury")
    assert {"pharmacies", "dentists"} <= set(page.ids)
    assert "Hereford County Hospital" not in page.text
    assert "/directory/town/herefordshire" in page.links
    whole = reader.page("/directory/town/herefordshire")
    assert "Samaritans" in whole.text
    assert "Adult Front Door" not in whole.text, "that is Worcestershire's"


def test_what_is_for_a_part_of_a_county_says_so(reader: Reader) -> None:
    assert "For people in Wyre Forest." in reader.page("/directory/town/worcestershire").text


def test_a_town_is_found_by_its_plain_name_too(reader: Reader) -> None:
    response = reader.get("/directory/town/worcester")
    assert (response.status_code, response.headers["location"]) == (308, "/directory/town/worcester-city")


# -- the page of a record ----------------------------------------------------------------------------------------------


def test_the_steps_of_a_route_are_an_ordered_list(reader: Reader) -> None:
    page = reader.page("/directory/route/route-nhs-111-mental-health")
    [steps] = re.findall(r'<ol class="steps">(.*?)</ol>', page.source, re.DOTALL)
    assert steps.count("<li>") == 4


def test_a_fact_says_as_of_when_and_what_others_say(reader: Reader) -> None:
    page = reader.page("/directory/fact/fact-ics-size")
    assert "As of 2025." in page.text
    assert page.text.index("Other sources say") < page.text.index("Papers say 79 or 80 GP practices")


def test_a_closed_record_says_what_to_do_instead(reader: Reader, records: list[Record], base: KnowledgeBase) -> None:
    closed = [record for record in records if not record.open_for_use]
    assert closed
    for record in closed:
        page = reader.page(path_of(record))
        assert page.text.index("Closed for good") < page.text.index("What to do instead")
        assert " ".join(record.alert.split()) in page.text
        for other in map(base.get, record.replaced_by):
            assert not other.open_for_use or path_of(other) in page.links


@pytest.mark.parametrize(
    "path, place",
    [
        ("/directory/location/more-hosp-worcestershire-royal", "/directory/location/loc-worcestershire-royal"),
        ("/directory/service/loc-worcestershire-royal", "/directory/location/loc-worcestershire-royal"),
    ],
    ids=["merged into another", "another kind"],
)
def test_an_old_address_leads_to_the_record(reader: Reader, path: str, place: str) -> None:
    response = reader.get(path)
    assert (response.status_code, response.headers["location"]) == (308, place)


@pytest.mark.parametrize(
    "path",
    [
        "/directory/subject/nothing",
        "/directory/subject/operations",  # a subject without records
        "/directory/town/nowhere",
        "/directory/town/birmingham",
        "/directory/service/nothing",
        "/directory/nothing/svc-miu-kidderminster",
        "/directory/fact/%3Cscript%3E",
        "/directory/fact/%00",
        "/directory/phone/gp-m81001",
    ],
)
def test_an_unknown_page_says_so_and_offers_a_way_on(reader: Reader, path: str) -> None:
    page = reader.page(path, 404)
    assert "We can't find that page" in page.text
    assert "/directory" in page.links and "/" in page.links
    assert page.all("input")


# -- finding -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, first",
    [
        ("dentist in Ledbury", "Ledbury Dental Care"),
        ("denist ledbery", "Ledbury Dental Care"),
        ("chemist WR142GP", "Malvern"),
        ("Nunwell Surgery", "Nunwell Surgery"),
        ("food bank", "Food"),
        ("reading glasses", ""),
    ],
)
def test_words_find_records(reader: Reader, words: str, first: str) -> None:
    page = reader.find(words)
    assert "We found nothing" not in page.text
    [entry, *_] = re.findall(r'<p class="entry-name"><a href="[^"]+">(.*?)</a>', page.source)
    found = page.text[page.text.index(html.unescape(entry)) :]
    assert first.lower() in found[:150].lower()


def test_what_was_typed_stays_and_is_text(reader: Reader) -> None:
    page = reader.find('dentist "><script>alert(1)</script>')
    assert not page.all("script")
    [box] = page.all("input")
    assert box["value"] == 'dentist "><script>alert(1)</script>'
    assert {"for": box["id"]} == {"for": page.all("label")[0]["for"]}


def test_nothing_found_says_so_with_numbers_to_ring(reader: Reader) -> None:
    page = reader.find("blorf snarg")
    assert "We found nothing that fits." in page.text
    assert "Ring 111, at any time." in page.text
    assert "By subject" in page.text


@pytest.mark.parametrize("words, place", [("Ledbury", "ledbury"), ("worcester", "worcester-city")])
def test_the_name_of_a_town_leads_to_its_page(reader: Reader, words: str, place: str) -> None:
    response = reader.get(f"/directory?find={words}")
    assert (response.status_code, response.headers["location"]) == (303, f"/directory/town/{place}")


@pytest.mark.parametrize("words", ["HR8", "HR8 1AA", "Abberley"])
def test_a_postcode_or_a_village_leads_to_the_towns_around(reader: Reader, words: str) -> None:
    page = reader.find(words)
    assert len([link for link in page.links if "/town/" in link]) == 5
    assert "mile" in page.text


def test_a_place_that_is_not_ours_is_said_to_be_so(reader: Reader) -> None:
    page = reader.find("dentist in Birmingham city centre")
    assert "is outside Herefordshire and Worcestershire" in page.text


@pytest.mark.parametrize(
    "words, status, said", [(" ", 400, WORDING["empty"]), ("x" * 1001, 413, "Your message is too long.")]
)
def test_an_error_stands_beside_the_box(reader: Reader, words: str, status: int, said: str) -> None:
    page = reader.find(words, status)
    assert said in page.text
    [box] = page.all("input")
    assert (box["aria-invalid"], box["aria-describedby"]) == ("true", "find-hint error")
    assert "<title>Error: " in page.source


@pytest.mark.parametrize("words", ["I want to kill myself", "my neighbour has collapsed and isn't breathing"])
def test_danger_comes_before_everything_else(reader: Reader, words: str) -> None:
    page = reader.find(words)
    assert "nhsuk-card--care--emergency" in page.source
    assert not page.all("h3") and "entry-name" not in page.source
    assert page.text.index("999") < page.text.index("Find a service")


def test_who_is_hurt_at_home_can_leave_the_page_quickly(reader: Reader) -> None:
    assert "Leave this page quickly" in reader.find("my husband hits me").text
    response = requests.post(f"{reader.address}/leave", allow_redirects=False, timeout=30)
    assert response.status_code == 303


# -- when there is nothing to show -------------------------------------------------------------------------------------


def test_while_it_is_switched_off_there_are_only_numbers_and_danger_is_answered(app: App) -> None:
    env = {"HELP_BUILD": str(app.folder), "HELP_OFF": ""}
    off = ("off", "--who", "Jo Quill", "--why", "wrong number for the dentists")
    assert CliRunner().invoke(main, off, env=env).exit_code == 0
    try:
        page = Reader(app.address).page("/directory/subject/dentist", 503)
        assert "Dental" not in page.text
        assert WORDING["off"].splitlines()[0] in page.text
        assert "nhsuk-card--care--emergency" in Reader(app.address).find("I want to kill myself").source
    finally:
        on = ("on", "--who", "Jo Quill")
        assert CliRunner().invoke(main, on, env=env).exit_code == 0


@pytest.mark.parametrize("page", ["overview", "subject", "town", "record"])
def test_without_knowledge_it_says_so(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> KnowledgeBase:
        raise KnowledgeBaseError("There is none.")

    monkeypatch.setattr(published, "current", missing)
    switch = SimpleNamespace(is_off=lambda: False)
    state = SimpleNamespace(state=SimpleNamespace(messages=SimpleNamespace(switch=switch)))
    scope = {"type": "http", "method": "GET", "path": "/directory", "query_string": b"", "headers": [], "app": state}
    response = asyncio.run(getattr(browse, page)(Request(scope)))
    assert response.status_code == 503
    shown = Page(bytes(response.body).decode())
    shown.check()
    assert WORDING["knowledge_unavailable"] in shown.text
