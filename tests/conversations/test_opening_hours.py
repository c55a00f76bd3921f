"""Whether it is open: at any time, on a day, on a bank holiday, and where we do not know."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from knowledge.hours import DAY_NAMES, When, bank_holiday, now, opening, say_time

if TYPE_CHECKING:
    from knowledge.search import KnowledgeBase
    from tests.conversations.conftest import Chat

pytestmark = pytest.mark.conversation


@pytest.mark.parametrize(
    "words, record, name",
    [
        ("is hereford a&e open tonight", "loc-hereford-county", "A&E at Hereford County Hospital"),
        ("is hereford hospital a&e open on christmas day", "loc-hereford-county", "A&E at Hereford County Hospital"),
        ("is Worcestershire Royal A&E open at midnight", "loc-worcestershire-royal", "A&E at Worcestershire Royal"),
        ("is the samaritans line open at 3am", "route-samaritans", "This service"),
        ("is samaritans open on boxing day", "route-samaritans", "This service"),
        ("is childline open now", "route-childline", "This service"),
        ("is nhs 111 open at 3am", "route-nhs-111", "This service"),
        ("is 111 open on christmas day", "route-nhs-111", "This service"),
        ("can i ring the samaritans at 4 in the morning", "route-samaritans", "This service"),
    ],
)
def test_what_never_closes_is_open_whenever_it_is_asked(chat: Chat, words: str, record: str, name: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "answer"
    assert reply.records[0] == record
    assert reply.lines[0].startswith(f"Yes. {name}")
    assert reply.lines[0].endswith("is open day and night.")


@pytest.mark.parametrize(
    "words, line",
    [
        (
            "is pals at the health and care trust open on sunday",
            "No. PALS at the Health and Care Trust is closed on Sunday.",
        ),
        (
            "is the emergency duty team open on sunday",
            "Yes. Emergency Duty Team (out of hours children's social care) is open on Sunday, all day and all night.",
        ),
        (
            "is kidderminster miu open on sunday",
            "Yes. X-ray at Kidderminster Minor Injuries Unit is open on Sunday, 9am to 5pm.",
        ),
    ],
)
def test_weekly_hours_on_a_sunday(chat: Chat, words: str, line: str) -> None:
    """Of services whose hours on bank holidays are known: the next Sunday may be one."""
    assert line in chat.say(words).lines[:2]


def test_weekly_hours_on_the_next_working_day(chat: Chat) -> None:
    days = (now().date() + timedelta(ahead) for ahead in range(1, 7))
    day = next(day for day in days if day.weekday() < 5 and not bank_holiday(day))
    name = DAY_NAMES[day.weekday()]
    closes = "8pm" if name == "Wednesday" else "5pm"
    reply = chat.say(f"is the worcestershire carers hub open on {name}")
    assert reply.lines[0] == f"Yes. Worcestershire Carers Hub is open on {name}, 9am to {closes}."


@pytest.mark.parametrize(
    "words, name",
    [
        ("is the worcestershire carers hub open on boxing day", "Worcestershire Carers Hub"),
        ("is Carers UK helpline open on boxing day", "Carers UK helpline"),
        ("is kidderminster minor injuries open on boxing day", "Kidderminster Minor Injuries Unit"),
    ],
)
def test_on_a_bank_holiday_without_known_hours_ring_first(chat: Chat, words: str, name: str) -> None:
    assert (
        chat.say(words).lines[0]
        == f"Boxing Day is a bank holiday. We don't know if {name} is open then, so ring first."
    )


@pytest.mark.parametrize(
    "words, line",
    [
        (
            "is pals at the health and care trust open on boxing day",
            "No. PALS at the Health and Care Trust is closed on Boxing Day.",
        ),
        ("is out of hours gp open on boxing day", "Yes. This service is open on Boxing Day, all day and all night."),
        (
            "is x-ray at kidderminster minor injuries open on boxing day",
            "Yes. X-ray at Kidderminster Minor Injuries Unit is open on Boxing Day, 9am to 5pm.",
        ),
    ],
)
def test_on_a_bank_holiday_with_known_hours(chat: Chat, words: str, line: str) -> None:
    assert line in chat.say(words).lines[:2]


def test_open_now_is_by_the_clock(chat: Chat, base: KnowledgeBase) -> None:
    schedules = [row for row in base.get("svc-miu-kidderminster").schedules if not row.description]
    before, reply, after = now(), chat.say("is the miu in kidderminster open now"), now()
    at = [opening(schedules, When(moment.date(), "now", moment.time())) for moment in (before, after)]
    expected = {
        f"Yes. Kidderminster Minor Injuries Unit is open now, until {say_time(found.until)}."
        if found.open and found.until
        else "No. Kidderminster Minor Injuries Unit is closed now."
        if found.open is False
        else f"{bank_holiday(now().date())} is a bank holiday."
        for found in at
    }
    assert reply.lines[0].startswith(tuple(expected))


def test_a_day_may_be_asked_about_after_the_service(chat: Chat) -> None:
    chat.say("where is the worcestershire carers hub")
    reply = chat.say("is it open on boxing day")
    assert reply.records == ["carers-hub-worcestershire"]
    assert reply.lines[0].startswith("Boxing Day is a bank holiday. We don't know if Worcestershire Carers Hub is open")


@pytest.mark.parametrize(
    "words, record, name",
    [
        ("is Nunwell Surgery open on saturday", "gp-m81048", "Nunwell Surgery"),
        ("Kitsons Pharmacy opening hours", "pharmacy-ff122", "Kitsons Pharmacy, Worcester"),
        ("when is boots in ledbury open", "pharmacy-fq478", "Boots, Ledbury"),
        ("what time does the pharmacy in Tenbury shut", "pharmacy-fnn38", "Rowlands Pharmacy, Tenbury Wells"),
        (
            "is the chemist on pickersleigh road malvern open sat afternoons",
            "pharmacy-ft381",
            "Murrays Pharmacy, Prospect View, Malvern",
        ),
    ],
)
def test_without_hours_that_is_said_first(chat: Chat, words: str, record: str, name: str) -> None:
    reply = chat.say(words)
    assert reply.records == [record]
    assert reply.lines[0].startswith(f"We don't have confirmed opening hours for {name}.")
    assert not [line for line in reply.lines if line.startswith(("Yes.", "No."))]


def test_without_hours_for_a_list_that_is_said_once_and_the_places_are_given(chat: Chat, base: KnowledgeBase) -> None:
    reply = chat.say("are chemists in Ledbury open on sunday")
    assert reply.lines[1] == "We don't have confirmed opening hours for these. Ring before you go."
    assert reply.text.count("confirmed opening hours") == 1
    assert base.get(reply.records[0]).city == "Ledbury"


def test_old_hours_are_said_to_be_old(chat: Chat) -> None:
    chat.say("where is the Hive")
    reply = chat.say("is it open on sunday")
    assert reply.lines[0] == "We don't have confirmed opening hours for The Hive, Worcester. Ring before you go."
    assert reply.lines[1].startswith("In about 2019 it was open") and reply.lines[1].endswith("Check before you go.")
