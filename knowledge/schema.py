"""The words of the knowledge base: which records there are, their columns, and what may stand in them.

Names are Open Referral UK's (HSDS 3) wherever HSDS has the thing; `route`, `fact`, `place`, `question`, `step` and
`phrase` are ours (docs/decisions/0003-content-tables.md). The same tables are read from CSV and written to SQLite.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

KINDS: Final = ("organization", "service", "location", "route", "fact")
SITES = ("service", "organization", "location")  # the kinds that somebody can go to

STATUSES: Final = ("active", "defunct", "temporarily closed", "unknown")
CONFIDENCES: Final = ("high", "medium", "low")
URGENCIES: Final = ("", "immediate", "urgent", "non-urgent")
REFERRALS: Final = ("", "self_referral", "professional", "both", "through_111", "walk_in", "none_needed")
PHONE_TYPES: Final = ("voice", "text", "textphone")
PLACE_TYPES: Final = ("county", "district", "city", "town", "village", "suburb", "area", "postcode_district", "outside")
DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
BANK_HOLIDAY: Final = "PH"  # beside the days in `byday`; without times it means closed on bank holidays

# Every record, of whatever kind, has these. Lists are written "one; two; three".
_EVERY = ("id", "name", "alternate_name", "description", "status", "alert", "replaced_by", "area", "taxonomy_terms")
_ORIGIN = ("url", "email", "related", "confidence", "source_date", "assured_date", "review_date", "merged_from")
_ADDRESS = ("address_1", "city", "postal_code", "latitude", "longitude", "opening_hours", "old_hours")
_USE = (
    "organization",
    "urgency",
    "eligibility_description",
    "minimum_age",
    "maximum_age",
    "application_process",
    "referral",
    "fees_description",
)

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "organization": (*_EVERY, *_ADDRESS, *_USE, *_ORIGIN),
    "service": (*_EVERY, *_ADDRESS, "location_id", *_USE, *_ORIGIN),
    "location": (*_EVERY, *_ADDRESS, *_USE, *_ORIGIN),
    "route": (*_EVERY, "opening_hours", "old_hours", *_USE, *_ORIGIN),
    "fact": (*_EVERY, "other_sources_say", *_ORIGIN),
    "phone": ("record_id", "number", "extension", "type", "description", "source_date"),
    "schedule": ("record_id", "byday", "opens_at", "closes_at", "description"),
    "step": ("record_id", "step"),
    "source": ("record_id", "name", "url", "date"),
    "question": ("record_id", "question"),
    "taxonomy_term": ("id", "name", "alternate_name", "by_place", "description"),
    "place": ("id", "name", "place_type", "county", "district", "latitude", "longitude", "alternate_name"),
    "phrase": ("id", "text", "note"),
    "note": ("record_id", "note"),
}

# The columns of a record that residents are told as they stand.
SAID: Final = (
    "name",
    "description",
    "alert",
    "address_1",
    "city",
    "postal_code",
    "opening_hours",
    "old_hours",
    "organization",
    "eligibility_description",
    "application_process",
    "fees_description",
    "other_sources_say",
)

# Staff notes are kept beside the content, and never published.
UNPUBLISHED: Final = ("note",)
LISTS: Final = ("alternate_name", "replaced_by", "area", "taxonomy_terms", "related", "merged_from")
NUMBERS: Final = ("latitude", "longitude")
AGES: Final = ("minimum_age", "maximum_age")


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as dialled, what it is for, and as of when it was listed (ISO date, as exact as known, or "")."""

    number: str
    extension: str = ""
    type: str = "voice"
    description: str = ""
    source_date: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Weekly hours: days as "MO,TU", times as "HH:MM" in Europe/London; the part they are for ("A&E"), or ""."""

    byday: str
    opens_at: str
    closes_at: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Who said it: the publisher in plain words, the page (or ""), and its date in words (or "")."""

    name: str
    url: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing the knowledge base knows, with everything that belongs to it.

    Dates are ISO, as exact as known ("2025", "2025-03", "2025-03-06"), or "" when unknown; latitude and longitude are
    WGS84 degrees, or None.
    """

    id: str
    kind: str
    name: str
    alternate_name: tuple[str, ...] = ()
    description: str = ""
    status: str = "active"
    alert: str = ""
    replaced_by: tuple[str, ...] = ()
    area: tuple[str, ...] = ()
    taxonomy_terms: tuple[str, ...] = ()
    address_1: str = ""
    city: str = ""
    postal_code: str = ""
    latitude: float | None = None
    longitude: float | None = None
    opening_hours: str = ""
    old_hours: str = ""
    location_id: str = ""
    organization: str = ""
    urgency: str = ""
    eligibility_description: str = ""
    minimum_age: int | None = None
    maximum_age: int | None = None
    application_process: str = ""
    referral: str = ""
    fees_description: str = ""
    other_sources_say: str = ""
    url: str = ""
    email: str = ""
    related: tuple[str, ...] = ()
    confidence: str = "low"
    source_date: str = ""
    assured_date: str = ""
    review_date: str = ""
    merged_from: tuple[str, ...] = ()
    phones: tuple[Phone, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    steps: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    @property
    def open_for_use(self) -> bool:
        """Whether residents can still be sent there."""
        return self.status != "defunct"


@dataclass(frozen=True, slots=True)
class Place:
    """A county, district, town, village, suburb or postcode district, or a place outside the two counties."""

    id: str
    name: str
    place_type: str
    county: str
    district: str
    latitude: float | None
    longitude: float | None
    alternate_name: tuple[str, ...] = field(default=())

    @property
    def outside(self) -> bool:
        """Whether it lies outside Herefordshire and Worcestershire."""
        return self.place_type == "outside"

    @property
    def narrow(self) -> bool:
        """Whether it is a village or a part of a town, and so says more than a town's name beside it."""
        return self.place_type in ("suburb", "village")

    @property
    def wide(self) -> bool:
        """Whether it is too wide for "nearest": a whole county."""
        return self.place_type == "county"


def split_list(cell: str) -> tuple[str, ...]:
    """The parts of a "one; two; three" cell."""
    return tuple(part.strip() for part in cell.split(";") if part.strip())
