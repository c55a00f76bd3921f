"""How to get care: the next step, who it is for, what it costs, and whether a referral is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conversations.conftest import Chat

pytestmark = pytest.mark.conversation


@pytest.mark.parametrize(
    "words, record, said",
    [
        (
            "my knee has been bad for weeks, can I get physio without seeing the doctor? I'm in Worcestershire",
            "svc-physio-worcestershire",
            "You can refer yourself",
        ),
        ("I need counselling for anxiety, can I refer myself", "svc-talking-therapies", "0300 013 5727"),
        ("surgery's shut and it won't keep till Monday, who do I ring", "route-gp-out-of-hours", "Ring 111"),
        ("how can I pack in smoking, I live in Leominster", "healthy-lifestyles-herefordshire", "01432 383567"),
        ("does my prescription cost anything", "route-prescription-charges", "£9.90"),
        ("which problems can a pharmacist deal with instead of the doctor", "route-pharmacy-first", "earache"),
        ("terrible toothache and I haven't got a dentist", "route-urgent-dental", "Ring 111"),
        ("dad can't manage at home, we're in Bromsgrove, how is he assessed", "wcc-adult-front-door", "01905 768053"),
        ("carers assessment in Herefordshire", "herefordshire-carers-route", "01432 260101"),
        ("where do I get the morning after pill in Hereford", "route-emergency-contraception-pharmacy", "free"),
        ("I want to give up drinking, Worcester", "svc-cranstoun-worcestershire", "0300 303 8200"),
        ("I have no fixed address and I need to join a GP", "route-gp-register", "proof of address"),
    ],
)
def test_a_need_is_answered_with_the_next_step(chat: Chat, words: str, record: str, said: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "answer"
    assert reply.records[0] == record
    assert said in reply.text


@pytest.mark.parametrize(
    "words, record",
    [
        ("my GP was rude to me and I want to make a complaint", "route-complaint-nhs"),
        ("I'm unhappy with my mother's care on the ward at Worcestershire Royal", "route-complaint-worcs-acute"),
    ],
)
def test_a_complaint_goes_to_who_hears_it(chat: Chat, words: str, record: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "answer"
    assert record in reply.records


def test_a_complaint_about_nobody_in_particular_is_answered_too(chat: Chat) -> None:
    assert chat.say("who do I complain to").records[0].startswith("route-complaint")


def test_whether_a_referral_is_needed_what_it_costs_and_who_may_come(chat: Chat) -> None:
    referral = chat.say("do I have to be referred for talking therapies")
    assert referral.lines[0].startswith("Ring 0300 013 5727, use the online form, or ask your GP")
    cost = chat.say("and what does it cost")
    assert cost.lines[:2] == ["Cost: Free.", "NHS Herefordshire and Worcestershire Talking Therapies."]
    assert chat.say("who can use it").lines[0].startswith("People over 16")


def test_how_old_one_must_be(chat: Chat) -> None:
    assert "aged 11 to 18" in chat.say("how old do you have to be for Kooth").lines[0]


def test_what_is_urgent_has_the_urgent_card_and_what_is_not_does_not(chat: Chat) -> None:
    assert chat.say("awful toothache, no dentist").card == "urgent"
    assert chat.say("I want to register with a doctor").card == "non-urgent"


def test_the_card_for_now_belongs_to_danger_alone(chat: Chat) -> None:
    assert chat.say("where is the nearest A&E to Malvern").card != "immediate"


def test_no_referral_or_cost_that_we_do_not_know_is_made_up(chat: Chat) -> None:
    chat.say("Nunwell Surgery")
    assert "We don't know" in chat.say("how much does it cost").lines[0]


def test_the_county_decides_between_two_of_a_kind(chat: Chat) -> None:
    assert "01905 822666" in chat.say("a child next door is neglected, who do I tell in Worcestershire").text
    assert "01432 260800" in chat.say("a child next door is neglected, who do I tell in Herefordshire").text


def test_a_person_can_be_asked_for(chat: Chat) -> None:
    reply = chat.say("can I speak to somebody real please")
    assert reply.outcome == "answer"
    assert {"111", "01905 768053", "01432 260101"} <= {number for number in NUMBERS if number in reply.text}


NUMBERS = ("111", "01905 768053", "01432 260101")


@pytest.mark.parametrize("words", ["hello there", "ta very much", "cheerio then", "what can you help me with"])
def test_small_talk(chat: Chat, words: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "chitchat"
    assert not reply.records


def test_it_says_that_it_is_not_a_person(chat: Chat) -> None:
    reply = chat.say("are you a real person or a computer")
    assert reply.text.startswith("No, I'm not a person.")
