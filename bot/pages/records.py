"""A record as a page shows it: what it is for, whether it is open now, its numbers to tap, how to get there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from actions.reply import Speaker
from bot.pages.site import dial
from knowledge.schema import SITES

if TYPE_CHECKING:
    from knowledge.schema import Record, Source
    from knowledge.search import KnowledgeBase

MAP = "https://www.openstreetmap.org/search?query="


@dataclass(frozen=True)
class Ring:
    """A number to tap: what it says, where it leads, and what it is for, or ""."""

    number: str
    href: str
    what: str
    verb: str


class Card:
    """What the templates ask about one record; every sentence comes from the record or the table of phrases."""

    def __init__(self, base: KnowledgeBase, record: Record, miles: float | None = None) -> None:
        """A record of a knowledge base, and how far away it is."""
        self._base = base
        self._speaker = Speaker(base)
        self.record = record
        self.id = record.id
        self.name = record.name
        self.path = path_of(record)
        self.away = f"{self._speaker.say_miles(miles)} away" if miles is not None else ""

    @property
    def rings(self) -> list[Ring]:
        """Its numbers, the one to ring first before the others."""
        return [
            Ring(
                phone.number + (f", extension {phone.extension}" if phone.extension else ""),
                f"sms:{phone.number.replace(' ', '')}" if phone.type == "text" else dial(phone.number),
                self._speaker.what_for(phone, self.record),
                {"text": "Text", "textphone": "Textphone"}.get(phone.type, "Ring"),
            )
            for phone in self.record.phones
        ]

    @property
    def address(self) -> str:
        """Its address in one line, or ""."""
        record = self.record
        if not (record.address_1 or record.postal_code):
            return ""
        return ", ".join(dict.fromkeys(filter(None, (record.address_1, record.city, record.postal_code))))

    @property
    def map_url(self) -> str:
        """A page elsewhere that shows the address on a map."""
        return MAP + quote_plus(self.record.postal_code or f"{self.record.address_1}, {self.record.city}")

    @property
    def open_now(self) -> list[tuple[bool | None, str]]:
        """Whether it is open now, in a few words for each part of it."""
        return self._speaker.open_now(self.record)

    @property
    def hours(self) -> str:
        """Its opening hours in words: confirmed or old ones; of what people go to, that we have none; or ""."""
        record = self.record
        if record.opening_hours:
            return record.opening_hours
        if record.old_hours:
            return self._speaker.phrase("hours_old", hours=record.old_hours)
        if record.kind not in SITES or record.schedules:
            return ""
        return self._speaker.phrase("card_hours_unknown" if record.phones else "card_hours_unknown_alone")

    @property
    def who(self) -> list[str]:
        """Who can use it."""
        return self._told("eligibility")

    @property
    def how(self) -> str:
        """How to get it: whether somebody else must ask for you."""
        return self.record.application_process

    @property
    def cost(self) -> str:
        """What it costs."""
        return self.record.fees_description

    @property
    def steps(self) -> list[str]:
        """What to do, in order, as far as the description does not say it."""
        return [step for step in self.record.steps if step not in self.record.description]

    @property
    def instead(self) -> list[Card]:
        """What to use instead of one that is closed."""
        others = (self._base.get(other) for other in self.record.replaced_by)
        return [Card(self._base, other) for other in others if other.open_for_use]

    @property
    def sources(self) -> list[Source]:
        """Who says it, each once."""
        return list({source.name: source for source in reversed(self.record.sources)}.values())[::-1]

    @property
    def checked(self) -> str:
        """How old the details are."""
        return str(self._speaker.origin(self.record)[0])

    def _told(self, detail: str) -> list[str]:
        return self._speaker.detail(self.record, detail) if self._speaker.knows(self.record, detail) else []


def path_of(record: Record) -> str:
    """The address of a record's own page, which stays the same."""
    return f"/directory/{record.kind}/{record.id}"
