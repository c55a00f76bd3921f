"""Opening hours: which day or time somebody asks about, and whether a service is open then.

All times are those of Europe/London. Bank holidays are those of England, from the `holidays` package. What weekly hours
mean on a bank holiday is never guessed: only a row for bank holidays (day PH), or hours round the clock, says it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import holidays

from knowledge.schema import BANK_HOLIDAY, DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from knowledge.schema import Schedule

LONDON: Final = ZoneInfo("Europe/London")
MIDNIGHT: Final = "23:59"  # how the end of the day is written in the content
DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Every way a day is written: Rasa hands us whatever people type.
_WEEKDAY = re.compile(
    r"\b(?:(mon)|(tues?)|(wed|weds|wednes)|(thu|thurs?)|(fri)|(satur|sat(?! (?:nav|here|in|at|on|down|up)\b))|(sun))"
    r"(?:days?)?(?:'?s)?\b",
    re.IGNORECASE,
)
_SPOKEN_DAY = (
    ("christmas_eve", r"(?:christmas|xmas) eve"),
    ("christmas_day", r"(?:christmas|xmas)(?: day)?"),
    ("boxing_day", r"boxing day"),
    ("new_years_eve", r"new year'?s? eve"),
    ("new_years_day", r"new year'?s?(?: day)?"),
    ("good_friday", r"good friday"),
    ("easter_saturday", r"easter saturday"),
    ("easter_sunday", r"easter sunday"),
    ("easter_monday", r"easter(?: monday)?"),
    ("bank_holiday", r"(?:(?P<month>may|august) )?bank (?:holidays?|hols?)(?P<monday> mondays?)?"),
    ("day_after_tomorrow", r"day after (?:tomorrow|tomorow|tommorow)"),
    ("tomorrow", r"to+m+or+ow|tomor+o|2morrow|2moro|tmrw|tmw|tomoz"),
    ("weekend", r"week ?ends?"),
    ("today", r"today|tonight|tonite|this (?:morning|afternoon|evening)|2day|2nite"),
    ("now", r"(?:right |just )?now|at the moment|currently|still open|open yet"),
)
_SPOKEN = re.compile("|".join(rf"(?P<{name}>\b(?:{words})\b)" for name, words in _SPOKEN_DAY), re.IGNORECASE)
_CLOCK = re.compile(
    r"\b(?:(?:at|after|before|until|till|til|past|by|around|about)\s+)?"
    r"(?:(?P<hour>1[0-2]|0?[1-9])(?:[.:](?P<minute>[0-5]\d))?"
    r"\s*(?P<half>[ap]m|[ap]\.m\.|(?:o'?clock )?(?:in the (?:morning|afternoon|evening)|at night))"
    r"|(?P<hours>[01]\d|2[0-3]):(?P<minutes>[0-5]\d)|(?P<midday>midday|noon)|(?P<midnight>midnight))(?!\w)",
    re.IGNORECASE,
)
LATE = 5  # "4 at night" is before the morning, from this hour on it is before midnight
_FIXED = {
    "christmas_eve": ("Christmas Eve", 12, 24),
    "christmas_day": ("Christmas Day", 12, 25),
    "boxing_day": ("Boxing Day", 12, 26),
    "new_years_eve": ("New Year's Eve", 12, 31),
    "new_years_day": ("New Year's Day", 1, 1),
}
_AFTER_GOOD_FRIDAY = {
    "good_friday": ("Good Friday", 0),
    "easter_saturday": ("Easter Saturday", 1),
    "easter_sunday": ("Easter Sunday", 2),
    "easter_monday": ("Easter Monday", 3),
}


@dataclass(frozen=True, slots=True)
class When:
    """The day that is asked about, by the name it was called, and the time where one was said."""

    day: date
    name: str
    at: time | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a service is open: `open` is None where we don't know. `spans` are the day's hours as (from, to).

    `until` is the time it closes, or `opens` when it opens next on the day `opens_on`, where known.
    """

    open: bool | None
    spans: tuple[tuple[time, time], ...] = ()
    until: time | None = None
    opens_on: date | None = None
    opens: time | None = None


def now() -> datetime:
    """The time in Europe/London."""
    return datetime.now(LONDON)


def asked_when(text: str, at: datetime) -> tuple[When, ...]:
    """The days that a question asks about ("on Boxing Day", "this weekend", "at 9pm"), none where it says none."""
    text = text.replace("’", "'")
    clock = _asked_clock(text)
    spoken = [(_name_of(match), match) for match in _SPOKEN.finditer(text)]
    for name_of_day, match in spoken:
        if name_of_day != "now":
            return tuple(When(day, name, clock) for name, day in _days(name_of_day, at.date(), match))
    weekdays = [number for match in _WEEKDAY.finditer(text) for number, said in enumerate(match.groups()) if said]
    if weekdays:
        ahead = [(number, (number - at.weekday()) % 7) for number in dict.fromkeys(weekdays)]
        return tuple(When(at.date() + timedelta(days), DAY_NAMES[number], clock) for number, days in ahead)
    if spoken or clock is not None:
        return (When(at.date(), "now" if clock is None else "today", clock or at.time()),)
    return ()


def _name_of(match: re.Match[str]) -> str:
    return next(name for name, _ in _SPOKEN_DAY if match[name])


def _asked_clock(text: str) -> time | None:
    match = _CLOCK.search(text)
    if match is None:
        return None
    if match["midday"] or match["midnight"]:
        return time(12) if match["midday"] else time(23, 59)
    if match["hours"]:
        return time(int(match["hours"]), int(match["minutes"]))
    half, hour = match["half"].lower(), int(match["hour"]) % 12
    at_night = half.endswith("night") and hour >= LATE
    afternoon = half.startswith("p") or half.endswith(("noon", "evening")) or at_night
    return time(hour + 12 * afternoon, int(match["minute"] or 0))


def _days(spoken: str, today: date, match: re.Match[str]) -> Iterator[tuple[str, date]]:
    """The next days that a name stands for, with how to call them."""
    if spoken in _FIXED:
        name, month, day = _FIXED[spoken]
        yield name, next(d for d in (date(year, month, day) for year in _this_and_next(today)) if d >= today)
    elif spoken in _AFTER_GOOD_FRIDAY:
        name, after = _AFTER_GOOD_FRIDAY[spoken]
        yield (
            name,
            next(d + timedelta(after) for d in _all_named("Good Friday", today) if d + timedelta(after) >= today),
        )
    elif spoken == "bank_holiday":
        named = {"may": 5, "august": 8}.get((match["month"] or "").lower())
        coming = (day for day in (today + timedelta(days) for days in range(2 * 366)) if bank_holiday(day))
        wanted = (d for d in coming if named in (None, d.month) and (not match["monday"] or d.weekday() == 0))
        holiday = next(wanted)
        yield bank_holiday(holiday), holiday
    elif spoken == "day_after_tomorrow":
        following = today + timedelta(2)
        yield DAY_NAMES[following.weekday()], following
    elif spoken == "weekend":
        for number in (5, 6):
            yield DAY_NAMES[number], today + timedelta((number - today.weekday()) % 7)
    else:
        yield spoken, today + timedelta(spoken == "tomorrow")


def _this_and_next(today: date) -> tuple[int, int]:
    return today.year, today.year + 1


def _all_named(name: str, today: date) -> list[date]:
    return [day for year in _this_and_next(today) for day, called in _bank_holidays(year).items() if called == name]


@lru_cache(maxsize=16)
def _bank_holidays(year: int) -> dict[date, str]:
    return dict(holidays.country_holidays("GB", subdiv="ENG", years=year))


def bank_holiday(day: date) -> str:
    """The name of the bank holiday in England on this day, or ""."""
    return _bank_holidays(day.year).get(day, "").replace("(observed)", "bank holiday")


def opening(schedules: Sequence[Schedule], when: When) -> Opening:
    """Whether a service with these weekly hours is open on that day, and at that time where one was asked."""
    spans = _spans(schedules, when.day)
    if spans is None:
        return Opening(None)
    if when.at is None:
        return Opening(bool(spans), spans)
    for start, end in spans:
        if start <= when.at < end or (start <= when.at and end.strftime("%H:%M") == MIDNIGHT):
            return Opening(True, spans, until=_until(schedules, when.day, when.at, end))
    opens_on, opens = _next_opening(schedules, when)
    return Opening(False, spans, opens_on=opens_on, opens=opens)


def _spans(schedules: Sequence[Schedule], day: date) -> tuple[tuple[time, time], ...] | None:
    """The day's hours in order, none where it is closed; None where nothing says."""
    if not schedules:
        return None
    if bank_holiday(day) and not round_the_clock(schedules):
        rows = [row for row in schedules if BANK_HOLIDAY in row.byday.split(",")]
        if not rows:
            return None
    else:
        rows = [row for row in schedules if DAYS[day.weekday()] in row.byday.split(",")]
    spans = ((time.fromisoformat(row.opens_at), time.fromisoformat(row.closes_at)) for row in rows if row.opens_at)
    return tuple(sorted(spans))


def round_the_clock(schedules: Sequence[Schedule]) -> bool:
    """Whether it never closes."""
    always = {
        day for row in schedules if (row.opens_at, row.closes_at) == ("00:00", MIDNIGHT) for day in row.byday.split(",")
    }
    return always >= set(DAYS)


def _until(schedules: Sequence[Schedule], day: date, at: time, end: time) -> time | None:
    """When it closes: over midnight where it opens again at once.

    None where that is a day or more away: "open until 8am", said at 7 in the morning, would be read as today's 8am.
    """
    if end.strftime("%H:%M") != MIDNIGHT:
        return end
    following = _spans(schedules, day + timedelta(1)) or ()
    if not following or following[0][0] != time(0):
        return end
    end = following[0][1]
    return end if end < at else None


def _next_opening(schedules: Sequence[Schedule], when: When) -> tuple[date | None, time | None]:
    """The day and time of the next opening within a week; none where a day is unknown before it."""
    for days in range(8):
        day = when.day + timedelta(days)
        spans = _spans(schedules, day)
        if spans is None:
            break
        for start, _ in spans:
            if days or when.at is None or start > when.at:
                return day, start
    return None, None


def without_when(text: str) -> str:
    """A question without the words that say when: what is left names the service."""
    for pattern in (_SPOKEN, _WEEKDAY, _CLOCK):
        text = pattern.sub(" ", text)
    return " ".join(text.split())


def say_time(at: time) -> str:
    """A time as people say it: 8am, 6.30pm, midday, midnight."""
    if at in (time(0), time(23, 59)):
        return "midnight"
    if at == time(12):
        return "midday"
    minutes = f".{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"
