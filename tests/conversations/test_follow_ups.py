"""What is said next: their number, the second one, somewhere else, never mind, more, and starting again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from knowledge.search import KnowledgeBase
    from tests.conversations.conftest import Chat

pytestmark = pytest.mark.conversation


@pytest.mark.parametrize("words", ["their number?", "have you got a phone number for them", "how do I ring it"])
def test_their_number(chat: Chat, words: str) -> None:
    chat.say("where is Nunwell Surgery")
    reply = chat.say(words)
    assert reply.records == ["gp-m81048"]
    assert reply.lines[0] == "Ring 01885 483412 (surgery)."


@pytest.mark.parametrize("words", ["when does it open", "what time do they shut", "is it open on Sundays"])
def test_their_opening_hours(chat: Chat, words: str) -> None:
    chat.say("tell me about Healthwatch Worcestershire")
    reply = chat.say(words)
    assert reply.records == ["org-healthwatch-worcestershire"]
    assert reply.lines[0].startswith("Open: Weekday office hours.")
    assert reply.lines[1] == "Healthwatch Worcestershire, Pershore."


def test_their_address_and_email(chat: Chat) -> None:
    chat.say("tell me about Healthwatch Worcestershire")
    assert chat.say("what's the address").lines[0].startswith("Civic Centre, Queen Elizabeth Drive, Pershore")
    assert chat.say("can I email them").lines[0] == "Email info@healthwatchworcestershire.co.uk."


def test_one_of_a_list_can_be_picked_by_its_number_again_and_again(chat: Chat) -> None:
    shown = chat.say("GP surgeries in Kidderminster").records
    assert len(shown) == 3
    assert chat.say("the second one").records == [shown[1]]
    assert chat.say("and the third one").records == [shown[2]]
    assert chat.say("the first").records == [shown[0]]
    assert chat.say("what's the phone number of the last one").records == [shown[2]]


def test_the_one_that_was_picked_is_the_one_spoken_of(chat: Chat, base: KnowledgeBase) -> None:
    shown = chat.say("GP surgeries in Kidderminster").records
    chat.say("the second one")
    reply = chat.say("what's their number")
    assert reply.records == [shown[1]]
    assert base.get(shown[1]).phones[0].number in reply.lines[0]
    assert reply.lines[1] == f"{base.get(shown[1]).name}, Kidderminster."


def test_one_of_a_list_can_be_picked_by_its_street_or_name(chat: Chat) -> None:
    chat.say("pharmacies in Worcester")
    assert chat.say("the one on Broad Street").records == ["pharmacy-ff122"]
    chat.say("doctors in Bromyard")
    assert chat.say("Knightwick").records[0] == "gp-m81045"


def test_the_same_somewhere_else(chat: Chat, base: KnowledgeBase) -> None:
    chat.say("dentist in Evesham")
    elsewhere = {"is there one in Ledbury": "Ledbury", "what about Malvern?": "Malvern", "HR6": "Leominster"}
    for words, town in elsewhere.items():
        reply = chat.say(words)
        assert base.get(reply.records[0]).city == town, words
        assert "dentist" in base.get(reply.records[0]).taxonomy_terms, words


def test_a_correction(chat: Chat, base: KnowledgeBase) -> None:
    chat.say("pharmacy in Redditch")
    reply = chat.say("sorry, I meant Bromsgrove")
    assert base.get(reply.records[0]).city == "Bromsgrove"
    assert "pharmacy" in base.get(reply.records[0]).taxonomy_terms


def test_a_change_of_subject_keeps_the_place(chat: Chat, base: KnowledgeBase) -> None:
    chat.say("pharmacy in Malvern")
    reply = chat.say("and an optician")
    assert base.get(reply.records[0]).city == "Malvern"
    assert "optician" in base.get(reply.records[0]).taxonomy_terms


def test_a_change_of_subject_in_the_middle_of_a_question_back(chat: Chat) -> None:
    assert chat.say("I need a chemist").outcome == "clarify"
    reply = chat.say("actually, how do I complain about a hospital")
    assert reply.outcome == "answer"
    assert any(record.startswith("route-complaint") for record in reply.records)


def test_yes_and_no_to_a_question_back(chat: Chat) -> None:
    assert chat.say("pharmacy").outcome == "clarify"
    told = chat.say("yes")
    assert told.outcome == "answer"
    assert told.lines[-1] == "Tell me your town or postcode, and I can give you the nearest."
    assert chat.say("start again", "Pershore", "no").outcome == "chitchat"


def test_yes_to_an_answer_says_it_in_full(chat: Chat) -> None:
    shown = chat.say("pharmacy in Tenbury").records
    assert chat.say("yes please").records == shown[:1]


def test_yes_to_nothing_asks_what_is_meant(chat: Chat) -> None:
    reply = chat.say("yes")
    assert reply.outcome == "fallback"
    assert reply.buttons


def test_more_goes_on_where_the_list_ended(chat: Chat) -> None:
    first = chat.say("Which doctors are in Malvern").records
    second = chat.say("show me more").records
    third = chat.say("more").records
    assert len({*first, *second, *third}) == 9


def test_more_goes_on_after_one_was_looked_at(chat: Chat) -> None:
    first = chat.say("Which doctors are in Malvern").records
    chat.say("the third one")
    chat.say("what's their number")
    second = chat.say("show more").records
    assert len({*first, *second}) == 6
    assert chat.say("the second one").records == second[1:2]


def test_more_leaves_none_out_after_a_closed_one(chat: Chat, base: KnowledgeBase) -> None:
    shown = chat.say("minor injuries in Leominster").records
    while more := chat.say("more").records:
        shown += more
    leominster = base.places.named("Leominster")
    assert leominster is not None
    units = [hit.record for hit in base.nearest("minor-injuries", leominster, 40)]
    assert {unit.id for unit in units if unit.open_for_use} <= set(shown)
    assert len(set(shown)) == len(shown)


def test_the_end_of_the_list_is_said(chat: Chat) -> None:
    reply = chat.say("minor injuries in Kidderminster", *["more"] * 6)
    assert reply.text == "That is all we have."
    assert not reply.records


def test_starting_again_forgets_the_place_and_what_was_shown(chat: Chat) -> None:
    chat.say("pharmacy in Redditch")
    assert chat.say("start again").outcome == "chitchat"
    assert chat.say("pharmacy").outcome == "clarify"
    chat.say("start again")
    assert chat.say("what's their number").text.startswith("Which service do you mean?")


def test_a_detail_of_nothing_asks_which_and_takes_a_name(chat: Chat) -> None:
    asked = chat.say("what time do they open")
    assert asked.outcome == "clarify"
    assert chat.say("Barbourne Health Centre").records[0] == "gp-m81049"


def test_the_second_time_that_nothing_is_found_there_are_people_to_ring(chat: Chat) -> None:
    first = chat.say("blorp fleegle wibbertigibbet")
    assert first.outcome == "fallback"
    assert first.buttons
    second = chat.say("frobnicate quux")
    assert second.outcome == "fallback"
    assert "111" in second.text and "01905 768053" in second.text and "01432 260101" in second.text
    assert chat.say("pharmacy in Redditch").outcome == "answer"


def test_two_conversations_do_not_mix(chat: Chat, base: KnowledgeBase) -> None:
    other = chat.app.chat()
    chat.say("pharmacy in Redditch")
    assert other.say("and a dentist in Malvern").records
    assert base.get(chat.say("is there a dentist").records[0]).city != "Malvern"
    assert other.say("their number?").records
