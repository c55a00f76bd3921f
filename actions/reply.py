"""What is said: records and phrases put together into one reply that keeps the contract (docs/reply-contract.md).

All wording comes from the knowledge base: the records themselves, and the table of phrases with {blanks}.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from knowledge.hours import DAY_NAMES, When, bank_holiday, now, opening, round_the_clock, say_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rasa_sdk.executor import CollectingDispatcher

    from knowledge.hours import Opening
    from knowledge.schema import Phone, Record, Schedule
    from knowledge.search import Hit, KnowledgeBase

Button = dict[str, str]

OLD = timedelta(days=3 * 365)  # details older than this are shown with "check before you go"
SHOWN_AT_ONCE = 3
PHONES_SHOWN = 4


class About(str):
    """A line that tells of a record, in whose place a page can show the record's card; `miles` is how far it is."""

    record_id: str
    miles: float | None

    def __new__(cls, line: str, record: Record, miles: float | None = None) -> About:
        """The line, and the record that it is about."""
        about = super().__new__(cls, line)
        about.record_id, about.miles = record.id, miles
        return about


@dataclass(slots=True)
class Reply:
    """One reply: lines of text, what it was made from, and buttons. `send` says it as the contract has it."""

    outcome: str
    lines: list[str] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    card: str | None = None

    def send(self, dispatcher: CollectingDispatcher) -> None:
        """Say it: one message with the whole text, the buttons and `custom`."""
        lines = [line for line in self.lines if line]
        custom = {
            "outcome": self.outcome,
            "card": self.card,
            "records": [{"id": r.id, "kind": r.kind, "name": r.name} for r in self.records],
            "sources": list(self._sources()),
        }
        told = [line for line in lines if isinstance(line, About)]
        dispatcher.utter_message(
            text="\n".join(lines),
            buttons=self.buttons or None,
            json_message=custom,
            # Rasa keeps these with the event, and sends them to nobody: they are for our own page.
            about=[line.record_id if isinstance(line, About) else "" for line in lines],
            miles={line.record_id: round(line.miles, 2) for line in told if line.miles is not None},
        )

    def _sources(self) -> Iterable[dict[str, str]]:
        seen = set()
        for record in self.records:
            for source in record.sources:
                if (source.name, source.url) not in seen:
                    seen.add((source.name, source.url))
                    checked = record.assured_date or record.source_date
                    yield {"name": source.name, "url": source.url, "checked_on": checked}


class Speaker:
    """Puts records into words with the phrases of one knowledge base; `asked` are the days that were asked about."""

    def __init__(self, base: KnowledgeBase, asked: Sequence[When] = ()) -> None:
        """Take the phrases from `base`."""
        self._base = base
        self._asked = asked

    def phrase(self, phrase_id: str, **blanks: object) -> str:
        """The phrase with its blanks filled; KeyError where the knowledge base has no such phrase."""
        return self._base.phrases[phrase_id].format(**blanks)

    def full(self, record: Record, miles: float | None = None, first: str = "") -> list[str]:
        """A record in full, one idea a line; `first` names the detail that was asked for and is said first."""
        if not record.open_for_use:
            gone = [About(line, record) for line in (record.name + ".", record.alert) if line]
            return [*gone, *self._instead(record), *self.origin(record)]
        details = {name: say() for name, say in self._details(record, miles).items()}
        details["hours"] = self._hours(record)
        asked = self.detail(record, first, miles) if first and record.kind != "fact" else []
        about = [self._introduction(record), *self._steps(record)]
        alert = [record.alert] if record.alert else []
        # What it is comes first, unless it may not be there at all.
        about = [*about, *alert] if record.status == "active" else [*alert, *about]
        rest = [line for name, lines in details.items() if name != first for line in lines]
        lines = [*about, *rest, record.other_sources_say if record.kind == "fact" else ""]
        told = [About(line, record, miles) for line in lines if line and line not in asked]
        return _each_once([*asked, *told, *self.origin(record)])

    def only(self, record: Record, detail: str) -> list[str]:
        """One detail of a record that was just shown, with its name and number, and how old it is."""
        lines = self.detail(record, detail)
        if detail in ("eligibility", "referral"):  # who can use it and how are asked about in the same words
            lines += [*self._eligibility(record), record.application_process]
        lines.append(record.alert if record.status != "active" else "")
        if not any(record.name in line for line in lines) and record.kind != "route":
            lines.append(self._named(record))  # after the answer
        phones = self._phones(record)
        return _each_once([*lines, *(phones if detail == "hours" else phones[:1]), *self.origin(record)])

    def brief(self, record: Record, miles: float | None = None) -> About:
        """A site in one line of a list: name, where, phone; for a closed one, what to do instead."""
        if not record.open_for_use:
            return About(f"{record.name}: {record.alert}", record, miles)
        parts = [*self._address(record, miles), *self._phones(record)[:1]] or [record.description]
        return About(" ".join([self._named(record), *parts]), record, miles)

    def short(self, record: Record) -> About:
        """A further record in one line: name, what it is, and the number to ring where the text does not have it."""
        if not record.open_for_use:
            return About(f"{record.name}: {record.alert}", record)
        ring = [line for line in self._phones(record)[:1] if record.phones[0].number not in record.description]
        return About(" ".join([self._named(record), record.description, *ring]), record)

    def knows(self, record: Record, name: str) -> bool:
        """Whether we have this detail of a record."""
        return bool(record.opening_hours) if name == "hours" else bool(self._details(record, None)[name]())

    def detail(self, record: Record, name: str, miles: float | None = None) -> list[str]:
        """One detail of a record in words; where we don't have it, that is said."""
        lines = self._details(record, miles)[name]()
        if self.knows(record, name):
            return lines
        unknown = f"{name}_unknown"
        if name == "hours" and not record.phones:
            unknown = "hours_unknown_alone"
        return [self.phrase(unknown, name=record.name), *lines]

    def _details(self, record: Record, miles: float | None) -> dict[str, Callable[[], list[str]]]:
        """How to say each detail; nothing where we don't have it."""
        return {
            "phone": lambda: self._phones(record),
            "address": lambda: self._address(record, miles),
            "hours": lambda: [*self._open_then(record), *self._hours(record)],
            "eligibility": lambda: self._eligibility(record),
            "referral": lambda: [record.application_process] if record.application_process else [],
            "cost": lambda: self._cost(record),
            "email": lambda: self._contact(record),
            "website": lambda: self._contact(record) if record.url else [],
        }

    def _introduction(self, record: Record) -> str:
        if record.kind in ("fact", "route") or record.name.lower() in record.description.lower():
            return record.description
        return f"{self._named(record)} {record.description}"

    @staticmethod
    def _named(record: Record) -> str:
        name = record.name
        if record.city and record.city.lower() not in name.lower() and record.kind != "fact":
            name = f"{name}, {record.city}"
        return name if name.endswith((".", "?")) else name + "."

    def _steps(self, record: Record) -> list[str]:
        fresh = [step for step in record.steps if step not in record.description]
        return [f"{number}. {step}" for number, step in enumerate(fresh, 1)] if len(fresh) > 1 else fresh

    def _phones(self, record: Record) -> list[str]:
        lines = []
        for order, phone in enumerate(record.phones[:PHONES_SHOWN]):
            what = self.what_for(phone, record)
            number = phone.number
            if phone.extension:
                number += self.phrase("extension", extension=phone.extension)
            if phone.type == "text":
                lines.append(self.phrase("text_to", number=number, what=what))
            elif phone.type == "textphone":
                lines.append(self.phrase("textphone", number=number, what=what))
            elif not what:
                lines.append(self.phrase("ring", number=number))
            else:
                lines.append(self.phrase("ring_also" if order else "ring_for", number=number, what=what))
        return lines

    def what_for(self, phone: Phone, record: Record) -> str:
        """What a number is for, and as of when it was listed where that is older than the record; or ""."""
        parts = [phone.description]
        if phone.source_date and phone.source_date != record.source_date and is_old(phone.source_date):
            parts.append(self.phrase("number_as_of", date=say_date(phone.source_date)))
        return ", ".join(part for part in parts if part)

    def _address(self, record: Record, miles: float | None) -> list[str]:
        parts = [part for part in (record.address_1, record.city, record.postal_code) if part]
        if not record.address_1 and not record.postal_code:
            return []
        address = ", ".join(dict.fromkeys(parts))
        if miles is None:
            return [self.phrase("address", address=address)]
        return [self.phrase("address_miles", address=address, miles=self.say_miles(miles))]

    def say_miles(self, miles: float) -> str:
        """A distance as people say it, to the whole mile."""
        if miles < 0.75:
            return self.phrase("under_a_mile")
        return self.phrase("about_one_mile") if miles < 1.5 else self.phrase("about_miles", miles=round(miles))

    def _hours(self, record: Record) -> list[str]:
        if record.opening_hours:
            return [self.phrase("hours", hours=record.opening_hours.rstrip("."))]
        return [self.phrase("hours_old", hours=record.old_hours)] if record.old_hours else []

    def hours_of_all(self, records: Sequence[Record]) -> list[str]:
        """What is known of the hours of several places: a line for each that has some, or that we have none."""
        lines = [line for record in records for line in (self._open_then(record) or self._hours(record)[:1])]
        return lines or [self.phrase("hours_unknown_all")]

    def _open_then(self, record: Record) -> list[str]:
        """Whether it is open at the time that was asked about, for each part that has hours of its own."""
        # What a way to care is called is often no name ("When your GP surgery is closed").
        name = self.phrase("this_service") if record.kind == "route" else record.name
        return [
            self._open_at(self.phrase("part_of", part=part, name=name) if part else name, schedules, when)
            for part, schedules in _by_part(record).items()
            for when in self._asked
        ]

    def open_now(self, record: Record) -> list[tuple[bool | None, str]]:
        """For each part with hours of its own: whether it is open now (None: not known), and that in a few words."""
        at = now()
        found = [
            (part, schedules, opening(schedules, When(at.date(), "now", at.time())))
            for part, schedules in _by_part(record).items()
        ]
        said = [(part, one.open, self._few_words(schedules, one)) for part, schedules, one in found]
        return [(is_open, f"{part}: {words}" if part else words) for part, is_open, words in said]

    def _few_words(self, schedules: Sequence[Schedule], found: Opening) -> str:
        if found.open is None:
            return self.phrase("card_bank_holiday")
        if not found.open:
            if found.opens is None or found.opens_on is None:
                return self.phrase("card_closed")
            time, following = self._opens_next(found)
            return self.phrase("card_closed_opens", time=time, next=following)
        if round_the_clock(schedules):
            return self.phrase("card_open_always")
        return self.phrase("card_open_until", time=say_time(found.until)) if found.until else self.phrase("card_open")

    def _open_at(self, name: str, schedules: list[Schedule], when: When) -> str:
        found, day = opening(schedules, when), self._say_day(when)
        if found.open is None:
            return self.phrase("bank_holiday_unknown", day=bank_holiday(when.day), name=name)
        if not found.open:
            if found.opens is None or found.opens_on is None:
                return self.phrase("closed_then", name=name, when=day)
            time, following = self._opens_next(found)
            return self.phrase("closed_opens", name=name, when=day, time=time, next=following)
        if round_the_clock(schedules):
            return self.phrase("open_now_always", name=name)
        if when.name == "now" and found.until is not None:
            return self.phrase("open_now", name=name, time=say_time(found.until))
        if when.at is not None and when.name != "now":
            return self.phrase("open_at", name=name, time=say_time(when.at), when=day)
        spans = [
            self.phrase("all_day")
            if (say_time(start), say_time(end)) == ("midnight", "midnight")
            else self.phrase("span", opens=say_time(start), closes=say_time(end))
            for start, end in found.spans
        ]
        return self.phrase("open_then", name=name, when=day, hours=", ".join(spans))

    def _opens_next(self, found: Opening) -> tuple[str, str]:
        """The time and the day of the next opening, as people say them."""
        assert found.opens is not None  # the caller looked
        assert found.opens_on is not None
        ahead = (found.opens_on - now().date()).days
        name = ("today", "tomorrow")[ahead] if ahead < 2 else DAY_NAMES[found.opens_on.weekday()]
        return say_time(found.opens), self._say_day(When(found.opens_on, name))

    def _say_day(self, when: When) -> str:
        spoken = f"when_{when.name}"
        return (
            self.phrase(spoken) if when.name in ("now", "today", "tomorrow") else self.phrase("when_on", day=when.name)
        )

    def _eligibility(self, record: Record) -> list[str]:
        lines = [record.eligibility_description] if record.eligibility_description else []
        low, high = record.minimum_age, record.maximum_age
        said = record.eligibility_description + record.description
        if low and high and not (str(low) in said and str(high) in said):
            lines.append(self.phrase("age_between", low=low, high=high))
        elif low and not high and str(low) not in said:
            lines.append(self.phrase("age_from", age=low))
        elif high and not low and str(high) not in said:
            lines.append(self.phrase("age_to", age=high))
        return lines

    def _cost(self, record: Record) -> list[str]:
        return [self.phrase("cost", cost=record.fees_description)] if record.fees_description else []

    def _contact(self, record: Record) -> list[str]:
        lines = [self.phrase("email_is", email=record.email)] if record.email else []
        return lines + ([self.phrase("website_is", url=record.url)] if record.url else [])

    def _instead(self, record: Record) -> list[About]:
        others = [self._base.get(other) for other in record.replaced_by]
        return [self.short(other) for other in others if other.open_for_use][:SHOWN_AT_ONCE]

    def origin(self, record: Record) -> list[About]:
        """How old the details are, and who said so."""
        when = record.assured_date or record.source_date
        if record.kind == "fact":
            certainty = self.phrase("as_of", date=say_date(when)) if when else self.phrase("undated")
        elif not when:
            certainty = self.phrase("undated")
        elif record.confidence == "low" or is_old(when):
            certainty = self.phrase("old", date=say_date(when[:7]))
        else:
            certainty = self.phrase("checked", date=say_date(when[:7]))
        names = "; ".join(dict.fromkeys(source.name for source in record.sources[:2]))
        return [About(line, record) for line in (certainty, self.phrase("source", names=names.rstrip(".")))]


def _by_part(record: Record) -> dict[str, list[Schedule]]:
    parts: dict[str, list[Schedule]] = {}
    for schedule in record.schedules:
        parts.setdefault(schedule.description, []).append(schedule)
    return parts


def _each_once(lines: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(line for line in lines if line))


def say_date(iso: str) -> str:
    """An ISO date, as exact as known, as people say it: "6 March 2025", "March 2025", "2025"."""
    parts = [int(part) for part in iso.split("-")]
    month = calendar.month_name[parts[1]] if len(parts) > 1 else ""
    day = str(parts[2]) if len(parts) > 2 else ""
    return " ".join(part for part in (day, month, str(parts[0])) if part)


def is_old(iso: str) -> bool:
    """Whether a date, taken at the latest it can mean, lies more than three years back."""
    parts = [int(part) for part in iso.split("-")]
    month = parts[1] if len(parts) > 1 else 12
    day = parts[2] if len(parts) > 2 else calendar.monthrange(parts[0], month)[1]
    return date(parts[0], month, day) < now().date() - OLD


def answer(
    speaker: Speaker, hits: Sequence[Hit], detail: str = "", also: Sequence[Hit] = (), only: bool = False
) -> Reply:
    """An answer from the first hit in full, or `only` the detail of it, with `also` in one line each."""
    best = hits[0]
    reply = Reply("answer", card=_card(best.record))
    short = only and best.record.open_for_use
    reply.lines = speaker.only(best.record, detail) if short else speaker.full(best.record, best.miles, detail)
    reply.records = [best.record]
    if also:
        reply.lines.append(speaker.phrase("also"))
        for hit in also:
            reply.lines.append(speaker.short(hit.record))
            reply.records.append(hit.record)
    return reply


def _card(record: Record) -> str | None:
    """The care card of an ordinary answer; the immediate card belongs to danger alone."""
    return record.urgency if record.urgency in ("urgent", "non-urgent") else None
