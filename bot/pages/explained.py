"""Two pages to read: how care is run in the two counties (`/ics`), and what this assistant is (`/about`).

What they say of the world is said by published records, which stand here by their ids alone. A record that is not there
any more, or is closed, is left out together with its place in the picture or the timeline.
"""

from __future__ import annotations

import calendar
import re
import textwrap
from collections import Counter
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.routing import Route

from actions.reply import say_date
from bot import settings
from bot.pages.chat import published_base
from bot.pages.records import Card
from bot.pages.site import show
from knowledge.hours import now
from knowledge.settings import postcodes_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from knowledge.schema import Record
    from knowledge.search import KnowledgeBase

WHAT = ("ics-what-it-is", "ics-population-806000")
VISION = "ics-vision"
OBJECTIVES = tuple((f"ics-objective-{number}", f"ics-ambitions-objective-{number}") for number in range(1, 5))
NATIONAL_AIMS = "ics-national-aims-four"
WHO = (
    (
        "The NHS board and the three NHS trusts",
        ("org-icb-hw", "org-worcestershire-acute-hospitals", "org-wye-valley", "org-hw-health-and-care-trust"),
    ),
    ("Councils", ("council-herefordshire", "council-worcestershire-county", "district-councils-list")),
    ("GP surgeries, pharmacies, dentists and opticians", ("fact-ics-size",)),
    ("Charities and community groups", ("ics-vcse-2000", "vcse-alliance-worcestershire")),
    ("Your voice", ("ics-healthwatch-two",)),
)
PARTS = ("ics-two-bodies", "ics-places-two", "district-collaboratives", "ics-neighbourhood-definition")
HISTORY = (
    "ics-stp-2016",
    "ccg-four-merged-april-2020",
    "district-collaborative-origin",
    "ics-announced-march-2021",
    "ics-accredited-1-april-2021",
    "district-collaborative-worcester-start",
    "ccg-closed-30-june-2022",
    "ics-statutory-1-july-2022",
    "icb-dental-pharmacy-optometry",
    "integrated-care-strategy-2023",
    "healthwatch-abolition-plan",
    "icb-cost-cut-2025",
    "icb-cluster-coventry-warwickshire",
    "local-government-reorganisation-worcestershire",
)
PEOPLE = ("route-nhs-111", "route-nhs-111-mental-health", "council-herefordshire", "council-worcestershire-county")
# Public lists that are under the Open Government Licence, as their names begin in the records' sources.
OPEN_LISTS = ("NHS Organisation Data Service", "NHS Business Services Authority", "NHS pharmacy list")

DATE = re.compile(rf"\b(?:(?:(\d{{1,2}}) )?({'|'.join(calendar.month_name[1:])}) )?(20\d\d)\b")
COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
COUNTED = re.compile(rf"\b({'|'.join(COUNTS)})\b", re.IGNORECASE)
SENTENCE_END = re.compile(r"(?<=[.?]) +")


@dataclass(frozen=True)
class Moment:
    """Something that happened, or is planned: its ISO date, as exact as known, and the record that tells of it."""

    date: str
    title: str
    card: Card
    ahead: bool

    @property
    def said(self) -> str:
        """The date in words."""
        return say_date(self.date)


@dataclass(frozen=True)
class Box:
    """A part of the system as the picture shows it: where it is, its name, what it does, and whose record says so."""

    level: str
    name: str
    note: str
    card: Card
    left: float = 0
    right: float = 1  # both as shares of the picture's width


@dataclass(frozen=True)
class Drawn:
    """A box with its place in the picture, and its lines of text as (height, kind, words)."""

    x: int
    y: int
    width: int
    height: int
    lines: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True)
class Picture:
    """A drawing from the whole area at the top down to the neighbourhoods, and the same boxes to be said in words."""

    boxes: tuple[Box, ...]
    drawn: tuple[Drawn, ...]
    joins: tuple[tuple[int, int, int], ...]  # upright lines: x, from y, to y
    height: int
    width: int

    @property
    def levels(self) -> list[tuple[str, list[Box]]]:
        """The boxes of each level, the biggest area first."""
        return [(level, list(boxes)) for level, boxes in groupby(self.boxes, key=lambda box: box.level)]


def ics(request: Request) -> Response:
    """How care is run here, from the records; the numbers to ring where there are none to be had."""
    base, instead = _knowledge(request)
    if base is None:
        return show(request, "ics.html", 503, instead=instead)
    return show(
        request,
        "ics.html",
        instead=[],
        what=_cards(base, WHAT),
        vision=_card(base, VISION),
        objectives=[pair for pair in ((_card(base, a), _card(base, b)) for a, b in OBJECTIVES) if any(pair)],
        national=_card(base, NATIONAL_AIMS),
        who=[(title, cards) for title, ids in WHO if (cards := _cards(base, ids))],
        picture=picture(base),
        parts=_cards(base, PARTS),
        history=timeline(base),
        counted=counted,
        first_sentence=first_sentence,
    )


def about(request: Request) -> Response:
    """What the assistant is, what it keeps and where its content comes from."""
    base, instead = _knowledge(request)
    contact = settings.privacy_contact()
    return show(
        request,
        "about.html",
        instead=instead,
        people=_cards(base, PEOPLE) if base else [],
        sources=sources(base) if base else [],
        records_held=len(list(base.ids())) if base else 0,
        published=say_date(base.built_at[:10]) if base and base.built_at else "",
        open_lists=OPEN_LISTS,
        days=settings.keep_days(),
        contact=contact,
        own_contact=contact if contact != settings.WORDING["privacy_contact"] else "",
        postcodes=urlsplit(postcodes_url()).hostname or "",
    )


def _knowledge(request: Request) -> tuple[KnowledgeBase | None, list[str]]:
    """What may be told from; where that is nothing, the lines to show in its place."""
    if request.app.state.messages.switch.is_off():  # what is wrong may be what we know
        return None, settings.WORDING["off"].splitlines()
    base = published_base()
    return base, [] if base else settings.WORDING["knowledge_unavailable"].splitlines()


def _card(base: KnowledgeBase, record_id: str) -> Card | None:
    if record_id not in base:
        return None
    record = base.get(record_id)
    return Card(base, record) if record.open_for_use else None


def _cards(base: KnowledgeBase, ids: Iterable[str]) -> list[Card]:
    return [card for card in (_card(base, record_id) for record_id in ids) if card]


def counted(text: str) -> tuple[str, list[str], str]:
    """A text that counts what it lists ("There are two aims. One. Two. …"): its opening, the list, and the rest."""
    opening, *others = SENTENCE_END.split(text)
    number = COUNTED.search(opening)
    count = COUNTS[number.group(1).lower()] if number else 0
    if not count or len(others) < count:
        return text, [], ""
    return opening, others[:count], " ".join(others[count:])


def first_sentence(text: str) -> str:
    """What a text says first, where the record's own page says the rest."""
    return SENTENCE_END.split(text)[0]


def timeline(base: KnowledgeBase) -> list[Moment]:
    """What happened, the oldest first; a record without a date is left out."""
    today = now().date().isoformat()
    moments = [
        Moment(date, card.name.removesuffix(f": {say_date(date)}"), card, ahead=date > today)
        for card in _cards(base, HISTORY)
        if (date := told_date(card.record))
    ]
    return sorted(moments, key=lambda moment: moment.date)


def told_date(record: Record) -> str:
    """The ISO date that a record tells of, as exact as it says it, or "": the name's before the description's."""
    for_name, for_text = list(_dates(record.name)), list(_dates(record.description))
    if for_name:
        return max((date for date in [for_name[0], *for_text] if date.startswith(for_name[0])), key=len)
    return for_text[0] if for_text else ""


def _dates(text: str) -> Iterator[str]:
    for day, month, year in DATE.findall(text):
        parts = [year]
        if month:
            parts.append(f"{list(calendar.month_name).index(month):02}")
        if day:
            parts.append(f"{int(day):02}")
        yield "-".join(parts)


# What stands in the picture: level, name, what it does in words of the record, the record, left and right edge.
BOTH, HALF_LEFT, HALF_RIGHT, MOST_RIGHT = (0, 1), (0, 0.49), (0.51, 1), (0.3, 1)
BOXES = (
    ("Both counties", "Board (ICB)", "plans and pays for NHS services", "icb-role", BOTH),
    ("Both counties", "Partnership (ICP)", "agrees a plan for health and social care", "icp-role", BOTH),
    ("A place", "Herefordshire", "", "ics-places-two", HALF_LEFT),
    ("A place", "Worcestershire", "", "ics-places-two", HALF_RIGHT),
    (
        "Each Worcestershire district",
        "District Collaborative",
        "councils, the NHS and charities",
        "district-collaboratives",
        MOST_RIGHT,
    ),
    ("Your neighbourhood", "Primary care network (PCN)", "GP practices that work together", "ics-pcn-definition", BOTH),
)
WIDTH, MARGIN, GAP, TOGETHER = 300, 10, 26, 8  # units of the drawing
# Of each kind of line: how high it is, and how wide a letter with room for letters that are spaced out.
LINES = {"level": (20, 9.0), "name": (22, 10.5), "note": (20, 9.0)}


def picture(base: KnowledgeBase) -> Picture | None:
    """The parts of the system as far as there are records of them, or None where there is none."""
    boxes = tuple(
        Box(level, name, note if _says(card.record, note) else "", card, left, right)
        for level, name, note, record_id, (left, right) in BOXES
        if (card := _card(base, record_id))
    )
    return _draw(boxes) if boxes else None


def _says(record: Record, note: str) -> bool:
    """Whether a record still says what the picture says: it has every word of it."""
    said = re.findall(r"\w+", record.description.lower())
    return set(re.findall(r"\w+", note.lower())) <= set(said)


def _draw(boxes: Sequence[Box]) -> Picture:
    drawn: list[Drawn] = []
    foot = 0
    for number, box in enumerate(boxes):
        beside = number > 0 and box.left >= boxes[number - 1].right
        if number and not beside:
            foot = max(other.y + other.height for other in drawn)
            foot += TOGETHER if box.level == boxes[number - 1].level else GAP
        drawn.append(_place(box, drawn[-1].y if beside else foot))
    return Picture(tuple(boxes), tuple(drawn), _joins(drawn), max(b.y + b.height for b in drawn), WIDTH)


def _place(box: Box, y: int) -> Drawn:
    x, width = round(box.left * WIDTH), round((box.right - box.left) * WIDTH)
    lines: list[tuple[int, str, str]] = []
    at = y + MARGIN // 2
    for kind, words in (("level", box.level), ("name", box.name), ("note", box.note)):
        height, letter = LINES[kind]
        for line in textwrap.wrap(words, int((width - 2 * MARGIN) / letter), break_long_words=False):
            at += height
            lines.append((at, kind, line))
    return Drawn(x, y, width, at + MARGIN - y, tuple(lines))


def _joins(drawn: Sequence[Drawn]) -> tuple[tuple[int, int, int], ...]:
    """For the middle of each half, a line from each box to the next one below it."""
    joins = []
    for x in (WIDTH // 4, WIDTH * 3 // 4):
        under = [box for box in drawn if box.x <= x <= box.x + box.width]
        joins += [(x, a.y + a.height, b.y) for a, b in pairwise(under) if b.y - a.y - a.height >= GAP]
    return tuple(joins)


def sources(base: KnowledgeBase) -> list[tuple[str, int]]:
    """Who the content comes from, with the number of records from each, the most first."""
    counts: Counter[str] = Counter()
    for record_id in base.ids():
        counts.update({source.name for source in base.get(record_id).sources})
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0].lower()))


ROUTES = [Route("/ics", ics), Route("/about", about)]
