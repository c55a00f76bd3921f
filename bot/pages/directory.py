"""The records sorted for people who would rather browse: by subject, by town, and what fits some words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from actions.nearby import NEAR_BORDER
from actions.reply import Speaker
from bot.pages.records import Card
from knowledge.places import POSTCODE, Spot, area_id, miles_between, serves
from knowledge.search import Hit, Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from knowledge.schema import Place, Record
    from knowledge.search import KnowledgeBase

URGENT = ("immediate", "urgent")
MOST_FOUND = 10
NEAREST_TOWNS = 5
WORD = re.compile(r"[\w'-]+")
WIDE = frozenset({"herefordshire", "worcestershire", "national"})  # areas that hold a whole county
LONGEST_NAME = 5  # words of a place's name
OTHER = "Other subjects"  # for subjects that the content team adds and nobody put under a heading yet
# The headings of the overview, and the subjects (ids of taxonomy terms) under each, in this order.
GROUPS = {
    "Urgent and everyday care": "accident-and-emergency minor-injuries nhs-111 out-of-hours gp pharmacy prescriptions "
    "dentist community-dental orthodontist optician hospital community-hospital operations vaccination screening "
    "records-and-app",
    "Mind": "mental-health-crisis mental-health children-mental-health drugs-and-alcohol autism-adhd dementia "
    "loneliness bereavement",
    "Living with an illness or disability": "cancer diabetes heart stroke long-term-conditions physiotherapy "
    "speech-therapy feet eyes sight-loss hearing deaf learning-disability community-health equipment end-of-life",
    "Staying well": "healthy-lifestyle stop-smoking work",
    "Pregnancy and sexual health": "maternity contraception sexual-health abortion",
    "Children and families": "families young-people children-social-care special-needs",
    "Older people, care and carers": "older-people adult-social-care carers",
    "Staying safe": "domestic-abuse sexual-assault safeguarding-adults safeguarding-children",
    "Money, food and home": "advice money food energy housing homelessness flooding bins-and-roads",
    "Getting there": "community-transport patient-transport travel-costs",
    "Groups and communities": "veterans farmers lgbt migrants volunteering voluntary-sector libraries",
    "Have your say": "complaints patient-voice",
    "How health and care is run": "ics icb council pcn procurement",
}


class Entry(Card):
    """A record in a list; `only_for` are the districts that somebody has to live in to use it."""

    def __init__(self, directory: Directory, record: Record, miles: float | None = None) -> None:
        """A record of the directory, and how far away it is."""
        super().__init__(directory.base, record, miles)
        narrow = WIDE.isdisjoint(record.area) and directory.town_of(record) is None
        self.only_for = directory.areas(record) if narrow else []


@dataclass(frozen=True)
class Section:
    """A part of a list: its heading and the entries under it; `described` where each says what it is for."""

    heading: str
    entries: Sequence[Entry]
    described: bool = False

    @property
    def id(self) -> str:
        """What links on the page lead to."""
        return "-".join(WORD.findall(self.heading.lower().replace("'", "")))


@dataclass(frozen=True)
class Link:
    """Where to go on: a name, an address, how many records are there (0 is not said), and what is said beside it."""

    name: str
    path: str
    count: int = 0
    more: str = ""


@dataclass
class Directory:
    """The records of one version of the knowledge, sorted for browsing."""

    base: KnowledgeBase
    records: list[Record] = field(init=False)
    subjects: dict[str, list[Record]] = field(init=False)  # by the id of the taxonomy term
    towns: dict[str, list[Record]] = field(init=False)  # by the id of the place: what is there
    anywhere: list[Record] = field(init=False)  # services that are in no one town

    def __post_init__(self) -> None:
        """Sort all records, by name within each list."""
        self.records = sorted((self.base.get(record_id) for record_id in self.base.ids()), key=_by_name)
        self._names = self.base.places.names()
        self.subjects, self.towns, self.anywhere = {}, {}, []
        for record in self.records:
            for term in record.taxonomy_terms:
                self.subjects.setdefault(term, []).append(record)
            town = self.town_of(record)
            if not record.open_for_use or record.kind == "fact":
                continue
            if town:
                self.towns.setdefault(town.id, []).append(record)
            else:
                self.anywhere.append(record)

    def town_of(self, record: Record) -> Place | None:
        """The town or village that a record is in, where we know the place."""
        place_id = self._names.get(record.city.split(",")[0].strip().lower()) if record.city else None
        return self.base.places[place_id] if place_id else None

    def entries(self, records: Iterable[Record]) -> list[Entry]:
        """Records as lists show them."""
        return [Entry(self, record) for record in records]

    def name_of(self, term: str) -> str:
        """What a subject is called."""
        return str(self.base.terms[term]["name"])

    def subjects_by_heading(self) -> list[tuple[str, list[Link]]]:
        """The subjects that have records, under the headings of the overview."""
        listed = {heading: terms.split() for heading, terms in GROUPS.items()}
        known = {term for terms in listed.values() for term in terms}
        listed[OTHER] = [term for term in self.base.terms if term not in known]
        links = {
            heading: [
                Link(self.name_of(term), f"/directory/subject/{term}", len(self.subjects[term]))
                for term in terms
                if term in self.subjects
            ]
            for heading, terms in listed.items()
        }
        return [(heading, found) for heading, found in links.items() if found]

    def towns_by_county(self) -> list[tuple[str, list[Link]]]:
        """What is for all of a county, and its towns that have services; those just outside come last."""
        places = sorted((self.base.places[place_id] for place_id in self.towns), key=lambda place: place.name)
        found = []
        for county in (place for place in self.base.places if place.place_type == "county"):
            whole = Link(f"For all of {county.name}", town_path(county), len(self.for_all_of(county)))
            towns = [self._town(place) for place in places if place.county == county.name and not place.outside]
            found.append((county.name, [whole, *towns]))
        outside = [self._town(place) for place in places if place.outside]
        return [*found, ("Just outside", outside)] if outside else found

    def _town(self, place: Place) -> Link:
        return Link(place.name, town_path(place), len(self.towns[place.id]))

    def for_all_of(self, county: Place) -> list[Record]:
        """The services that are in no one town, for people who live in a county or in a part of it."""
        return [record for record in self.anywhere if serves(record, Spot.of(county))]

    def just_for(self, town: Place) -> list[Record]:
        """The services that are in no one town, for people of a town's district rather than of all the county."""
        district, county = area_id(town.district), area_id(town.county)
        return [r for r in self.anywhere if district and district in r.area and county not in r.area]

    def place(self, name_or_id: str) -> Place | None:
        """The place of a town's or a county's page, by its id or by any of its names; None where it has no page."""
        by_name = self._names.get(name_or_id.replace("-", " ").lower()) or self._names.get(name_or_id.lower())
        for place_id in (name_or_id, by_name):
            place = next((place for place in self.base.places if place.id == place_id), None)
            if place and (place.id in self.towns or place.place_type == "county"):
                return place
        return None

    def towns_near(self, words: str) -> list[Link]:
        """The nearest towns that have a page, where the words are nothing but a place or a postcode of ours."""
        spot, rest = _where(self.base, words)
        if spot is None or rest or spot.outside or spot.latitude is None or spot.longitude is None:
            return []
        away = []
        for place_id in self.towns:
            place = self.base.places[place_id]
            if place.latitude is not None and place.longitude is not None:
                miles = miles_between(spot.latitude, spot.longitude, place.latitude, place.longitude)
                away.append((miles, self._town(place)))
        say = Speaker(self.base).say_miles
        return [replace(link, more=f"{say(miles)} away") for miles, link in sorted(away, key=_first)[:NEAREST_TOWNS]]

    def here(self, record: Record) -> list[Record]:
        """The services that are at a location."""
        return [r for r in self.records if r.location_id == record.id and r.open_for_use]

    def organization(self, name: str) -> Record | None:
        """The record of an organisation, by its name."""
        return next((r for r in self.records if r.kind == "organization" and r.name == name), None) if name else None

    def areas(self, record: Record) -> list[str]:
        """Where somebody has to live to use it, in words; nothing is said of what everybody can use."""
        if "national" in record.area or not record.area:
            return []
        return [self.base.places[area].name for area in record.area]


def _by_name(record: Record) -> str:
    return record.name.lower().removeprefix("the ")


def _first(pair: tuple[float, Link]) -> float:
    return pair[0]


def town_path(place: Place) -> str:
    """The address of a town's page."""
    return f"/directory/town/{place.id}"


@lru_cache(maxsize=1)
def directory_of(base: KnowledgeBase) -> Directory:
    """The directory of a knowledge base, sorted once."""
    return Directory(base)


@dataclass(frozen=True)
class Found:
    """What was found for some words: records, nearest or best first, the subjects that the words name, and more.

    `outside` is the place that they name where that is not ours, or "".
    """

    hits: Sequence[Hit] = ()
    terms: Sequence[str] = ()
    nearest: bool = False
    outside: str = ""


def find(base: KnowledgeBase, words: str) -> Found:
    """What fits some words best; nothing where nothing is believable."""
    words = base.spelling.corrected(words)
    spot, rest = _where(base, words)
    terms = base.terms_in(rest)
    sited = next((term for term in terms if base.terms[term]["by_place"]), "")
    if spot and spot.outside:
        near = base.nearest(sited, spot, MOST_FOUND) if sited else []
        return Found([hit for hit in near if (hit.miles or 0.0) <= NEAR_BORDER], terms, nearest=True, outside=spot.name)
    if spot and sited:
        near = base.nearest(sited, spot, 2 * MOST_FOUND)
        return Found([hit for hit in near if hit.record.open_for_use][:MOST_FOUND], terms, nearest=True)
    found = base.search(Query(words, spot, terms=terms, placeless=rest if spot else ""), MOST_FOUND)
    return Found(found.hits if found.believable else [], terms)


def _where(base: KnowledgeBase, words: str) -> tuple[Spot | None, str]:
    """The place or postcode that is named, by its longest name, and the words without it."""
    names = base.places.names()
    spans = [match.span() for match in WORD.finditer(words)]
    for length in range(min(LONGEST_NAME, len(spans)), 0, -1):
        for (start, _), (_, end) in zip(spans, spans[length - 1 :], strict=False):
            name = words[start:end].lower()
            spot = base.places.named(name) if name in names else None
            if spot:
                return spot, f"{words[:start]} {words[end:]}".strip()
    known = base.places.postcode(words)
    if known is None:
        return None, words
    match = next(match for match in POSTCODE.finditer(words) if match.group(1).upper() == known[0])
    return known[1], f"{words[: match.start()]} {words[match.end() :]}".strip()
