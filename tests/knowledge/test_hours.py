"""Opening hours: the day that somebody asks about however it is put, and whether a service is open then."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import content
from knowledge.hours import (
    LONDON,
    Opening,
    When,
    asked_when,
    bank_holiday,
    now,
    opening,
    round_the_clock,
    say_time,
    without_when,
)
from knowledge.schema import BANK_HOLIDAY, DAYS, Schedule
from knowledge.settings import CONTENT

WEDNESDAY = datetime(2026, 11, 25, 10, 0, tzinfo=LONDON)  # an ordinary day

# -- the day that is asked about ---------------------------------------------------------------------------------------


def days(text: str, at: datetime = WEDNESDAY) -> list[str]:
    return [when.day.isoformat() for when in asked_when(text, at)]


@pytest.mark.parametrize(
    "text, day, name",
    [
        ("is the library open today", "2026-11-25", "today"),
        ("are they open tonight", "2026-11-25", "today"),
        ("r u open 2nite", "2026-11-25", "today"),
        ("open this afternoon?", "2026-11-25", "today"),
        ("open this evening", "2026-11-25", "today"),
        ("is it open tomorrow", "2026-11-26", "tomorrow"),
        ("IS IT OPEN TOMORROW MORNING", "2026-11-26", "tomorrow"),
        ("what are tomorrow's hours", "2026-11-26", "tomorrow"),
        ("on Wednesday", "2026-11-25", "Wednesday"),
        ("on thursdays", "2026-11-26", "Thursday"),
        ("thurs", "2026-11-26", "Thursday"),
        ("Friday night", "2026-11-27", "Friday"),
        ("open sat morning", "2026-11-28", "Saturday"),
        ("do they do sundays", "2026-11-29", "Sunday"),
        ("Sunday's hours", "2026-11-29", "Sunday"),
        ("next monday", "2026-11-30", "Monday"),
        ("on a tues", "2026-12-01", "Tuesday"),
        ("weds", "2026-11-25", "Wednesday"),
        ("Christmas Eve", "2026-12-24", "Christmas Eve"),
        ("at xmas", "2026-12-25", "Christmas Day"),
        ("CHRISTMAS DAY", "2026-12-25", "Christmas Day"),
        ("open over Christmas?", "2026-12-25", "Christmas Day"),
        ("boxing day", "2026-12-26", "Boxing Day"),
        ("new years eve", "2026-12-31", "New Year's Eve"),
        ("New Year's Eve", "2026-12-31", "New Year's Eve"),
        ("New Year’s Eve", "2026-12-31", "New Year's Eve"),
        ("at new year", "2027-01-01", "New Year's Day"),
        ("new years day", "2027-01-01", "New Year's Day"),
        ("good friday", "2027-03-26", "Good Friday"),
        ("Easter Sunday", "2027-03-28", "Easter Sunday"),
        ("easter monday", "2027-03-29", "Easter Monday"),
        ("at Easter", "2027-03-29", "Easter Monday"),
        ("on bank holidays", "2026-12-25", "Christmas Day"),
        ("bank hol", "2026-12-25", "Christmas Day"),
    ],
)
def test_a_day_is_known_by_what_it_is_called(text: str, day: str, name: str) -> None:
    assert asked_when(text, WEDNESDAY) == (When(date.fromisoformat(day), name),)


@pytest.mark.parametrize(
    "written", ["tomorrow", "tomorow", "tommorow", "tommorrow", "tomorro", "tomorrrow", "2moro", "tmrw", "2morrow"]
)
def test_tomorrow_is_understood_however_it_is_spelt(written: str) -> None:
    """The commonest of all misspelt days: the knowledge base need not know the word."""
    assert days(f"is it open {written}") == ["2026-11-26"]


@pytest.mark.parametrize("text", ["at the weekend", "weekends", "this week end", "is it open weekends?"])
@pytest.mark.parametrize(
    "at, saturday, sunday",
    [("2026-11-25", "2026-11-28", "2026-11-29"), ("2026-11-28", "2026-11-28", "2026-11-29")],
)
def test_a_weekend_is_two_days(text: str, at: str, saturday: str, sunday: str) -> None:
    asked = asked_when(text, datetime.fromisoformat(at).replace(hour=9, tzinfo=LONDON))
    assert [(when.day.isoformat(), when.name) for when in asked] == [(saturday, "Saturday"), (sunday, "Sunday")]


def test_several_days_are_asked_about_at_once() -> None:
    asked = asked_when("open saturdays and sundays? or just sat", WEDNESDAY)
    assert [when.name for when in asked] == ["Saturday", "Sunday"]


@pytest.mark.parametrize(
    "at, text, day",
    [
        ("2026-12-25", "christmas day", "2026-12-25"),
        ("2026-12-26", "christmas day", "2027-12-25"),
        ("2026-12-28", "boxing day", "2027-12-26"),
        ("2026-12-31", "new years day", "2027-01-01"),
        ("2027-01-01", "new years day", "2027-01-01"),
        ("2026-12-31", "tomorrow", "2027-01-01"),
        ("2026-12-31", "saturday", "2027-01-02"),
        ("2026-12-27", "bank holiday", "2026-12-28"),
        ("2026-12-29", "bank holiday", "2027-01-01"),
        ("2027-01-02", "bank holiday", "2027-03-26"),
        ("2027-12-28", "bank holiday", "2027-12-28"),
        ("2027-12-29", "bank holiday", "2028-01-01"),
        ("2026-04-04", "good friday", "2027-03-26"),
        ("2026-04-05", "easter sunday", "2026-04-05"),
        ("2026-04-06", "easter", "2026-04-06"),
        ("2026-04-07", "easter", "2027-03-29"),
    ],
)
def test_it_is_the_next_one_over_a_years_end(at: str, text: str, day: str) -> None:
    assert days(text, datetime.fromisoformat(at).replace(hour=23, tzinfo=LONDON)) == [day]


@pytest.mark.parametrize(
    "text, clock",
    [
        ("are you open at 9pm", "21:00"),
        ("at 9 pm", "21:00"),
        ("open past 9PM?", "21:00"),
        ("8am", "08:00"),
        ("after 6.30pm", "18:30"),
        ("6:30 pm", "18:30"),
        ("at 18:30", "18:30"),
        ("at 08:15", "08:15"),
        ("12pm", "12:00"),
        ("12am", "00:00"),
        ("at noon", "12:00"),
        ("round midday", "12:00"),
        ("till midnight", "23:59"),
        ("at 8 a.m.", "08:00"),
        ("at 8 p.m. today", "20:00"),
    ],
)
def test_a_time_is_understood(text: str, clock: str) -> None:
    [asked] = asked_when(text, WEDNESDAY)
    assert asked.at == time.fromisoformat(clock)
    assert (asked.day, asked.name) == (WEDNESDAY.date(), "today")


@pytest.mark.parametrize(
    "text, day, clock",
    [
        ("is it open at 7pm on Friday", "2026-11-27", "19:00"),
        ("tomorrow at 10am", "2026-11-26", "10:00"),
        ("Boxing Day at noon", "2026-12-26", "12:00"),
        ("tonight at 9pm", "2026-11-25", "21:00"),
        ("at 8 p.m. on Monday", "2026-11-30", "20:00"),
    ],
)
def test_a_day_and_a_time_go_together(text: str, day: str, clock: str) -> None:
    [asked] = asked_when(text, WEDNESDAY)
    assert (asked.day, asked.at) == (date.fromisoformat(day), time.fromisoformat(clock))


@pytest.mark.parametrize("text", ["is it open now", "are they open right now?", "open yet", "currently", "still open"])
def test_now_is_this_very_minute(text: str) -> None:
    assert asked_when(text, WEDNESDAY) == (When(WEDNESDAY.date(), "now", time(10)),)


@pytest.mark.parametrize(
    "text, day",
    [
        ("is it still open tomorrow", "2026-11-26"),
        ("are they still open at weekends", "2026-11-28"),
        ("is the surgery still open on Boxing Day", "2026-12-26"),
        ("are you currently open on sundays", "2026-11-29"),
    ],
)
def test_a_day_counts_for_more_than_still(text: str, day: str) -> None:
    assert days(text)[:1] == [day]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "what are the opening hours",
        "is there a chemist in Ledbury",
        "I am 9",
        "my 9 year old",
        "am I eligible",
        "nowhere to go",
        "sunny bank surgery",
        "Monkton",
        "the friary",
        "ring 111",
        "24/7",
        "0:99",
        "25:00",
        "I am known there",
        "good afternoon, where do I get a hearing test",
    ],
)
def test_where_no_time_is_said_none_is_taken(text: str) -> None:
    assert asked_when(text, WEDNESDAY) == ()


@pytest.mark.parametrize(
    "text, right",
    [
        ("the day after tomorrow", ["2026-11-27"]),
        ("bank holiday Monday", ["2026-12-28"]),
        ("on the May bank holiday", ["2027-05-03"]),
        ("august bank holiday", ["2027-08-30"]),
        ("easter saturday", ["2027-03-27"]),
        ("postcode for the sat nav, and is it open", []),
        ("I've sat here an hour, is it open now", ["2026-11-25"]),
    ],
)
def test_what_is_not_understood_is_not_taken_for_another_day(text: str, right: list[str]) -> None:
    """Nothing may be said then, but never the hours of a day that nobody asked about."""
    assert days(text) in ([], right)


# When the clocks go forward, and back: 01:00 UTC on 29 March and on 25 October 2026.
@pytest.mark.parametrize(
    "utc, today, clock",
    [
        ("2026-03-28T23:30", "2026-03-28", "23:30"),
        ("2026-03-29T00:59", "2026-03-29", "00:59"),
        ("2026-03-29T01:00", "2026-03-29", "02:00"),
        ("2026-03-29T23:30", "2026-03-30", "00:30"),
        ("2026-10-24T23:30", "2026-10-25", "00:30"),
        ("2026-10-25T00:30", "2026-10-25", "01:30"),
        ("2026-10-25T01:30", "2026-10-25", "01:30"),
        ("2026-10-25T23:30", "2026-10-25", "23:30"),
    ],
)
def test_days_and_times_are_those_of_london_when_the_clocks_change(utc: str, today: str, clock: str) -> None:
    at = datetime.fromisoformat(utc).replace(tzinfo=timezone.utc).astimezone(LONDON)
    [this] = asked_when("is it open now", at)
    assert (this.day.isoformat(), this.at) == (today, time.fromisoformat(clock))
    [following] = asked_when("is it open tomorrow", at)
    assert following.day == this.day + timedelta(1)
    always = [Schedule(",".join(DAYS), "00:00", "23:59")]
    assert opening(always, this).open


def test_the_time_now_is_londons() -> None:
    assert now().tzinfo is LONDON
    assert abs(now() - datetime.now(timezone.utc)) < timedelta(minutes=1)


any_text = st.text(max_size=60) | st.lists(
    st.sampled_from(
        "open now at 9pm 25:99 12am tomorrow weekend sat sun christmas easter monday new year's eve bank holiday 6.30 "
        "p.m. midnight noon still today on and".split()
    ),
    max_size=10,
).map(" ".join)
# All that a conversation may happen at, and some years more.
moments = st.datetimes(datetime(2024, 1, 1), datetime(2040, 12, 31)).map(lambda at: at.replace(tzinfo=LONDON))  # noqa: DTZ001


@given(text=any_text, at=moments)
def test_no_text_asks_about_the_past_or_about_more_than_two_years_ahead(text: str, at: datetime) -> None:
    asked = asked_when(text, at)
    assert all(at.date() <= when.day <= at.date() + timedelta(days=731) for when in asked)
    assert all(when.name for when in asked)
    assert len({when.day for when in asked}) == len(asked)


@pytest.mark.parametrize(
    "text, left",
    [
        ("is the library open on Boxing Day", "is the library open on"),
        ("Nunwell Surgery tomorrow at 9am", "Nunwell Surgery"),
        ("what time does the minor injuries unit open", "what time does the minor injuries unit open"),
        ("saturdays", ""),
    ],
)
def test_what_is_left_without_the_time_names_the_service(text: str, left: str) -> None:
    assert without_when(text) == left


# -- bank holidays -----------------------------------------------------------------------------------------------------

# As the government lists them for England.
LISTED = {
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
}


@pytest.mark.parametrize("year", LISTED)
def test_bank_holidays_are_those_of_england(year: int) -> None:
    listed = {f"{year}-{day}" for day in LISTED[year].split()}
    found = {
        day.isoformat() for n in range(365) if bank_holiday(day := date(year, 1, 1) + timedelta(n)) and day.year == year
    }
    assert listed <= found
    # Christmas Day stays one where another day is taken for it.
    assert found - listed <= {f"{year}-12-25", f"{year}-12-26"}


def test_bank_holidays_have_names_to_say() -> None:
    assert bank_holiday(date(2026, 12, 25)) == "Christmas Day"
    assert bank_holiday(date(2026, 12, 28)) == "Boxing Day bank holiday"
    assert bank_holiday(date(2027, 3, 26)) == "Good Friday"
    assert bank_holiday(date(2026, 11, 25)) == ""


# -- open or closed ----------------------------------------------------------------------------------------------------

OFFICE = [Schedule("MO,TU,WE,TH,FR", "09:00", "17:00")]
OFFICE_CLOSED_ON_BANK_HOLIDAYS = [*OFFICE, Schedule("PH", "", "")]
OFFICE_SHORT_ON_BANK_HOLIDAYS = [*OFFICE, Schedule("SA,PH", "10:00", "14:00")]
TWICE_A_DAY = [Schedule("WE", "13:30", "17:00"), Schedule("WE", "09:00", "12:30")]
OUT_OF_HOURS = [
    Schedule("MO,TU,WE,TH,FR", "00:00", "08:30"),
    Schedule("MO,TU,WE,TH,FR", "17:00", "23:59"),
    Schedule("SA,SU,PH", "00:00", "23:59"),
]
ALL_NIGHT_ON_SATURDAY = [Schedule("SA", "00:00", "23:59"), Schedule("SU", "00:00", "08:00")]
ALWAYS = [Schedule(",".join(DAYS), "00:00", "23:59")]


def on(day: str, clock: str = "") -> When:
    return When(date.fromisoformat(day), "then", time.fromisoformat(clock) if clock else None)


@pytest.mark.parametrize(
    "schedules, when, is_open, until",
    [
        (OFFICE, on("2026-11-25", "10:00"), True, "17:00"),
        (OFFICE, on("2026-11-25", "09:00"), True, "17:00"),
        (OFFICE, on("2026-11-25", "08:59"), False, ""),
        (OFFICE, on("2026-11-25", "17:01"), False, ""),
        (OFFICE, on("2026-11-28", "10:00"), False, ""),
        (TWICE_A_DAY, on("2026-11-25", "12:00"), True, "12:30"),
        (TWICE_A_DAY, on("2026-11-25", "13:00"), False, ""),
        (TWICE_A_DAY, on("2026-11-25", "16:00"), True, "17:00"),
        (OUT_OF_HOURS, on("2026-11-25", "03:00"), True, "08:30"),
        (OUT_OF_HOURS, on("2026-11-25", "12:00"), False, ""),
        (OUT_OF_HOURS, on("2026-11-25", "20:00"), True, "08:30"),  # on Thursday
        (OUT_OF_HOURS, on("2026-11-29", "20:00"), True, "08:30"),  # on Monday
        (OUT_OF_HOURS, on("2026-11-27", "20:00"), True, ""),  # all through Saturday
        (OUT_OF_HOURS, on("2026-12-24", "20:00"), True, ""),  # all through Christmas Day
        (OUT_OF_HOURS, on("2026-12-25", "12:00"), True, ""),  # on a Friday, but no ordinary one
        (OUT_OF_HOURS, on("2026-12-28", "12:00"), True, "08:30"),  # Boxing Day is kept on the Monday
        (ALL_NIGHT_ON_SATURDAY, on("2026-11-28", "20:00"), True, "08:00"),
        (ALL_NIGHT_ON_SATURDAY, on("2026-11-28", "08:00"), True, ""),  # "until 8am" would sound like now
        (ALL_NIGHT_ON_SATURDAY, on("2026-11-28", "07:00"), True, ""),  # and like today's 8am
        (ALWAYS, on("2026-11-25", "00:00"), True, ""),
        (ALWAYS, on("2026-12-25", "03:00"), True, ""),
        (OFFICE, on("2026-12-25", "10:00"), None, ""),
        (OFFICE_CLOSED_ON_BANK_HOLIDAYS, on("2026-12-25", "10:00"), False, ""),
        (OFFICE_SHORT_ON_BANK_HOLIDAYS, on("2026-12-25", "11:00"), True, "14:00"),
        (OFFICE_SHORT_ON_BANK_HOLIDAYS, on("2026-12-25", "15:00"), False, ""),
        ([], on("2026-11-25", "10:00"), None, ""),
    ],
)
def test_open_at_a_time(schedules: list[Schedule], when: When, is_open: bool | None, until: str) -> None:
    found = opening(schedules, when)
    assert found.open is is_open
    assert found.until == (time.fromisoformat(until) if until else None)


@pytest.mark.parametrize(
    "schedules, day, spans",
    [
        (OFFICE, "2026-11-25", "09:00-17:00"),
        (OFFICE, "2026-11-29", ""),
        (TWICE_A_DAY, "2026-11-25", "09:00-12:30 13:30-17:00"),
        (OFFICE_CLOSED_ON_BANK_HOLIDAYS, "2027-03-26", ""),
        (OFFICE_SHORT_ON_BANK_HOLIDAYS, "2027-03-26", "10:00-14:00"),
        (OFFICE_SHORT_ON_BANK_HOLIDAYS, "2026-11-28", "10:00-14:00"),
        (ALWAYS, "2026-12-25", "00:00-23:59"),
    ],
)
def test_the_hours_of_a_day(schedules: list[Schedule], day: str, spans: str) -> None:
    found = opening(schedules, on(day))
    assert " ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in found.spans) == spans
    assert found.open is bool(spans)
    assert (found.until, found.opens, found.opens_on) == (None, None, None)


@pytest.mark.parametrize("day", ["2026-12-25", "2026-12-28", "2027-01-01", "2027-03-26", "2027-08-30"])
def test_what_weekly_hours_mean_on_a_bank_holiday_is_not_guessed(day: str) -> None:
    assert opening(OFFICE, on(day)) == Opening(None)


@pytest.mark.parametrize(
    "schedules, when, opens_on, opens",
    [
        (OFFICE, on("2026-11-25", "07:00"), "2026-11-25", "09:00"),
        (OFFICE, on("2026-11-25", "18:00"), "2026-11-26", "09:00"),
        (OFFICE, on("2026-11-27", "18:00"), "2026-11-30", "09:00"),
        (TWICE_A_DAY, on("2026-11-25", "13:00"), "2026-11-25", "13:30"),
        (TWICE_A_DAY, on("2026-11-25", "18:00"), "2026-12-02", "09:00"),
        (OUT_OF_HOURS, on("2026-11-25", "12:00"), "2026-11-25", "17:00"),
        # Christmas is Friday, Boxing Day Saturday and kept on Monday too.
        (OFFICE_CLOSED_ON_BANK_HOLIDAYS, on("2026-12-24", "18:00"), "2026-12-29", "09:00"),
        (OFFICE_CLOSED_ON_BANK_HOLIDAYS, on("2026-12-25", "10:00"), "2026-12-29", "09:00"),
        (OFFICE_SHORT_ON_BANK_HOLIDAYS, on("2026-12-24", "18:00"), "2026-12-25", "10:00"),
        (OFFICE, on("2026-12-24", "18:00"), "", ""),  # what holds on Christmas Day nobody says
        (OFFICE_CLOSED_ON_BANK_HOLIDAYS[1:], on("2026-12-25", "10:00"), "", ""),
    ],
)
def test_when_it_opens_next(schedules: list[Schedule], when: When, opens_on: str, opens: str) -> None:
    found = opening(schedules, when)
    assert found.open is False
    assert (found.opens_on, found.opens) == (
        (date.fromisoformat(opens_on), time.fromisoformat(opens)) if opens_on else (None, None)
    )


def test_at_closing_time_it_is_closed() -> None:
    found = opening(OFFICE, on("2026-11-25", "17:00"))
    assert found.open is False
    assert found.opens_on == date(2026, 11, 26)


@pytest.mark.parametrize("clock", ["23:59:00", "23:59:01", "23:59:59.999999"])
@pytest.mark.parametrize("schedules", [ALWAYS, OUT_OF_HOURS])
def test_the_last_minute_before_midnight_is_open_too(schedules: list[Schedule], clock: str) -> None:
    """Whoever asks for the Samaritans "now" may ask in any second."""
    assert opening(schedules, on("2026-11-25", clock)).open


def test_round_the_clock_is_every_day_all_day() -> None:
    assert round_the_clock(ALWAYS)
    assert round_the_clock([Schedule("MO,TU,WE", "00:00", "23:59"), Schedule("TH,FR,SA,SU", "00:00", "23:59")])
    assert not round_the_clock([Schedule("MO,TU,WE,TH,FR,SA", "00:00", "23:59")])
    assert not round_the_clock(OUT_OF_HOURS)
    assert not round_the_clock([])


# -- any hours at all --------------------------------------------------------------------------------------------------

clocks = st.times().map(lambda at: at.replace(second=0, microsecond=0))
some_days = st.sets(st.sampled_from((*DAYS, BANK_HOLIDAY)), min_size=1).map(",".join)


@st.composite
def weekly_hours(draw: st.DrawFn) -> list[Schedule]:
    """Hours as content has them: for each day up to two spans with a gap between, some up to or from midnight."""
    rows = []
    # In order: the order of a set differs from run to run, and with it what a run tries.
    for day in sorted(draw(st.sets(st.sampled_from((*DAYS, BANK_HOLIDAY))))):
        ends = sorted(draw(st.sets(clocks | st.sampled_from([time(0), time(23, 59)]), max_size=4)))
        spans = [(f"{a:%H:%M}", f"{b:%H:%M}") for a, b in zip(ends[::2], ends[1::2], strict=False)]
        rows += [Schedule(day, *span) for span in spans]
        if day == BANK_HOLIDAY and not spans:
            rows.append(Schedule(day, "", ""))
    return rows


any_day = st.dates(date(2025, 1, 1), date(2030, 12, 31))
any_when = st.builds(When, any_day, st.just("then"), st.none() | clocks)


@given(
    rows=st.lists(st.builds(lambda days, span: Schedule(days, *span), some_days, st.tuples(clocks, clocks).map(
        lambda span: (f"{min(span):%H:%M}", f"{max(span):%H:%M}"))), max_size=6),
    when=any_when,
)  # fmt: skip
def test_no_hours_make_it_fail(rows: list[Schedule], when: When) -> None:
    found = opening(rows, when)
    assert found.open in (True, False, None)
    assert (found.opens is None) == (found.opens_on is None)


@given(rows=weekly_hours(), when=any_when)
def test_what_is_said_of_a_day_is_consistent(rows: list[Schedule], when: When) -> None:
    found = opening(rows, when)
    if found.open is None:
        assert not rows or bank_holiday(when.day)
        assert found == Opening(None)
    if when.at is None:
        assert bool(found.spans) is bool(found.open)
        return
    if found.open:
        assert any(start <= when.at <= end for start, end in found.spans)
        assert found.opens is None
    if found.until is not None and found.until > when.at:
        assert opening(rows, When(when.day, "then", found.until)).open is not None
        after = _a_minute_after(found.until)
        if after is not None:
            assert not opening(rows, When(when.day, "then", after)).open
    if found.until is not None and found.until < when.at:  # over midnight
        assert found.spans[-1][1] == time(23, 59)
        assert opening(rows, When(when.day + timedelta(1), "then", time(0))).open
        after = _a_minute_after(found.until)
        assert after is not None
        assert not opening(rows, When(when.day + timedelta(1), "then", after)).open


@given(rows=weekly_hours(), when=any_when)
def test_the_next_opening_is_one_and_there_is_none_before_it(rows: list[Schedule], when: When) -> None:
    found = opening(rows, when)
    if found.opens is None or found.opens_on is None:
        return
    assert found.open is False and when.at is not None
    assert (found.opens_on, found.opens) > (when.day, when.at)
    assert opening(rows, When(found.opens_on, "then", found.opens)).open
    between = (found.opens_on - when.day).days
    starts = [
        (day, start)
        for day in (when.day + timedelta(n) for n in range(between + 1))
        for start, _ in opening(rows, When(day, "then")).spans
    ]
    assert min(start for start in starts if start > (when.day, when.at)) == (found.opens_on, found.opens)


def _a_minute_after(clock: time) -> time | None:
    return None if clock == time(23, 59) else (datetime.combine(date(2026, 1, 1), clock) + timedelta(minutes=1)).time()


def test_the_hours_in_the_content_say_whether_it_is_open_on_every_day_of_a_year() -> None:
    owners: dict[tuple[str, str], list[Schedule]] = {}
    for row in content.read(CONTENT)["schedule"]:
        fields = {column: row[column] for column in ("byday", "opens_at", "closes_at", "description")}
        owners.setdefault((row["record_id"], row["description"]), []).append(Schedule(**fields))
    assert owners
    for schedules in owners.values():
        for n in range(365):
            day = date(2026, 11, 25) + timedelta(n)
            found = opening(schedules, When(day, "then"))
            assert found.open is not None or bank_holiday(day)
            spans = found.spans
            assert all(start < end for start, end in spans)
            assert all(spans[i][1] < spans[i + 1][0] for i in range(len(spans) - 1)), "spans that touch are one"


# -- times as people say them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "clock, said",
    [
        ("08:00", "8am"),
        ("09:05", "9.05am"),
        ("11:59", "11.59am"),
        ("12:00", "midday"),
        ("12:30", "12.30pm"),
        ("13:00", "1pm"),
        ("18:30", "6.30pm"),
        ("23:30", "11.30pm"),
        ("00:00", "midnight"),
        ("00:30", "12.30am"),
        ("23:59", "midnight"),
    ],
)
def test_a_time_is_said_as_people_say_it(clock: str, said: str) -> None:
    assert say_time(time.fromisoformat(clock)) == said


@given(clock=clocks, other=clocks)
def test_every_time_has_a_saying_of_its_own_that_is_understood(clock: time, other: time) -> None:
    said = say_time(clock)
    assert re.fullmatch(r"midday|midnight|(1[0-2]|[1-9])(\.[0-5]\d)?(am|pm)", said)
    midnight = {time(0), time(23, 59)}
    if clock not in midnight:
        [asked] = asked_when(f"open at {said}", WEDNESDAY)
        assert asked.at == clock
    if clock != other and not {clock, other} <= midnight:
        assert said != say_time(other)
