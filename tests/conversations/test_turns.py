"""From one message to the next: several questions, near me, waiting, put right, somebody else, again and again."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from knowledge.search import KnowledgeBase
    from tests.conversations.conftest import Chat

pytestmark = pytest.mark.conversation

ASK_PLACE = "Which town or postcode are you in?"


def where_and_what(base: KnowledgeBase, records: list[str]) -> set[tuple[str, str]]:
    """The towns and first subjects of records."""
    return {(base.get(record).city, base.get(record).taxonomy_terms[0]) for record in records}


@pytest.mark.parametrize(
    "words, other, town, subject",
    [
        ("where is the nearest chemist in Evesham and", "how do I get a wheelchair", "Evesham", "pharmacy"),
        ("pharmacy in Malvern? and", "how do I complain about a hospital?", "Malvern", "pharmacy"),
        ("hi can you help me. nearest optician to Ross?", "how many dentists are there", "Ross-on-Wye", "optician"),
        ("chemist in ledbury, also", "how do i get a carers assessment", "Ledbury", "pharmacy"),
    ],
)
def test_of_two_questions_the_first_is_answered_and_the_other_is_a_button(
    chat: Chat, base: KnowledgeBase, words: str, other: str, town: str, subject: str
) -> None:
    reply = chat.say(f"{words} {other}")
    assert reply.outcome == "answer"
    assert (town, subject) in where_and_what(base, reply.records[:1])
    assert [button["payload"] for button in reply.buttons] == [other]
    assert f"You also asked: “{other}”" in reply.lines
    offered = reply.records[-1]
    assert chat.say(reply.buttons[0]["payload"]).records[0] == offered


@pytest.mark.parametrize(
    "words, town, subject, other",
    [
        ("is there a dentist and who do i ring about my bins", "Pershore", "dentist", "who do i ring about my bins"),
        (
            "I need a chemist and also where can I get a wheelchair",
            "Malvern",
            "pharmacy",
            "where can I get a wheelchair",
        ),
        ("i need an optician and how do i stop smoking", "Ledbury", "optician", "how do i stop smoking"),
        ("need a chemist and also where can I get a wheelchair", "Malvern", "pharmacy", "where can I get a wheelchair"),
    ],
)
def test_the_other_question_waits_until_the_town_is_said(
    chat: Chat, base: KnowledgeBase, words: str, town: str, subject: str, other: str
) -> None:
    asked = chat.say(words)
    assert asked.text == ASK_PLACE
    reply = chat.say(town)
    assert (town, subject) in where_and_what(base, reply.records[:1])
    assert [button["payload"] for button in reply.buttons] == [other]
    offered = reply.records[-1]
    assert chat.say(other).records[0] == offered


def test_a_number_that_was_also_asked_for_is_said_at_once(chat: Chat) -> None:
    reply = chat.say("how many dentists are there? and how many gps?")
    assert "96 dentists" in reply.lines[0]
    assert "78 open GP practices" in reply.lines[-1]
    assert chat.say(reply.buttons[0]["payload"]).records[0] == "ics-gp-practices-80"


@pytest.mark.parametrize(
    "words, said, town, subject",
    [
        ("is there a dentist near me", "Evesham", "Evesham", "dentist"),
        ("is there a chemist near me?", "kiddy", "Kidderminster", "pharmacy"),
        ("dentist close to me pls", "Lemster", "Leominster", "dentist"),
        ("any opticians round here", "Kington", "Kington", "optician"),
        ("doctor close to where i live", "HR8", "Ledbury", "gp"),
        ("which doctor is closest to my house", "droitwitch", "Droitwich Spa", "gp"),
        ("closest doctor to my house", "droitwitch", "Droitwich Spa", "gp"),
    ],
)
def test_near_me_asks_where_and_the_town_answers_it(
    chat: Chat, base: KnowledgeBase, words: str, said: str, town: str, subject: str
) -> None:
    asked = chat.say(words)
    assert (asked.outcome, asked.text) == ("clarify", ASK_PLACE)
    assert (town, subject) in where_and_what(base, chat.say(said).records[:1])


@pytest.mark.parametrize(
    "turns",
    [
        ("i need some advice about housing", "dunno", "dunno"),
        ("housing advice", "not sure"),
        ("dentist", "i dont know"),
        ("GP surgery", "what", "hm", "er"),
        ("docter", "chemist", "optician"),
        ("Pershore", "Evesham", "Malvern"),
        ("what time do they open", "the surgery", "that one"),
        ("pharmacy", "near me", "close by"),
    ],
)
def test_there_are_no_two_questions_back_in_a_row(chat: Chat, turns: tuple[str, ...]) -> None:
    outcomes = [chat.say(words).outcome for words in turns]
    assert outcomes[0] == "clarify"
    assert ("clarify", "clarify") not in pairwise(outcomes)


@pytest.mark.parametrize("turns", [("i need some advice about housing", "dunno"), ("housing advice", "not sure")])
def test_who_does_not_say_where_is_not_told_of_something_else(
    chat: Chat, base: KnowledgeBase, turns: tuple[str, str]
) -> None:
    reply = chat.say(*turns)
    assert reply.outcome == "fallback" or "housing" in base.get(reply.records[0]).taxonomy_terms


def test_who_does_not_say_where_may_say_it_later(chat: Chat, base: KnowledgeBase) -> None:
    told = chat.say("pharmacy", "dunno")
    assert told.records == ["route-pharmacy-first"]
    assert told.lines[-1] == "Tell me your town or postcode, and I can give you the nearest."
    assert where_and_what(base, chat.say("ledbury").records[:2]) == {("Ledbury", "pharmacy")}


def test_a_place_and_then_another_gives_what_most_people_need_there(chat: Chat, base: KnowledgeBase) -> None:
    assert chat.say("Pershore").outcome == "clarify"
    reply = chat.say("Evesham")
    assert where_and_what(base, reply.records) == {
        ("Evesham", subject) for subject in ("gp", "pharmacy", "minor-injuries")
    }


def test_a_question_waits_for_its_town_while_another_is_answered(chat: Chat, base: KnowledgeBase) -> None:
    assert chat.say("dentist").text == ASK_PLACE
    assert chat.say("whats the number for pals worcester hospital").records[0] == "svc-pals-worcs-acute"
    reply = chat.say("Evesham")
    assert where_and_what(base, reply.records) == {("Evesham", "dentist")}


def test_a_question_that_was_answered_does_not_wait(chat: Chat, base: KnowledgeBase) -> None:
    chat.say("dentist", "Evesham", "chemist in Evesham")
    assert where_and_what(base, chat.say("what about Pershore").records[:1]) == {("Pershore", "pharmacy")}


def test_what_was_meant_instead_needs_a_town_too(chat: Chat) -> None:
    chat.say("miu")
    assert chat.say("no i meant a&e").outcome == "answer"
    assert chat.say("hereford").records[0] == "loc-hereford-county"


@pytest.mark.parametrize(
    "before, words, town, subject",
    [
        ("gp in ledbury", "no i meant ross not ledbury", "Ross-on-Wye", "gp"),
        ("pharmacy in Worcester", "no, Evesham", "Evesham", "pharmacy"),
        ("chemist in Ross", "its for hereford actually", "Hereford", "pharmacy"),
        ("dentist upton upon severn", "not a dentist a doctor", "Upton-upon-Severn", "gp"),
        ("pharmacy in Malvern", "sorry i meant dentist", "Malvern", "dentist"),
    ],
)
def test_what_was_wrong_is_put_right_and_the_rest_is_kept(
    chat: Chat, base: KnowledgeBase, before: str, words: str, town: str, subject: str
) -> None:
    chat.say(before)
    reply = chat.say(words)
    assert (town, subject) in where_and_what(base, reply.records[:1])
    number = chat.say("their number?")
    assert number.records[:1] == reply.records[:1], "what was put right is what is spoken of"


@pytest.mark.parametrize(
    "before, words, age",
    [
        ("counselling worcester", "im 15 actually", 15),
        ("counselling worcester", "it's for my 12 year old", 12),
        ("talking therapies", "its for my 14 year old", 14),
    ],
)
def test_for_somebody_else_another_service(chat: Chat, base: KnowledgeBase, before: str, words: str, age: int) -> None:
    assert chat.say(before).records[0] == "svc-talking-therapies"
    first = base.get(chat.say(words).records[0])
    assert (first.minimum_age or 0) <= age <= (first.maximum_age or age)
    assert "mental-health" in first.taxonomy_terms


def test_whether_somebody_else_can_use_it_is_a_question_about_it(chat: Chat) -> None:
    chat.say("talking therapies")
    reply = chat.say("can my 14 year old use it")
    assert reply.records == ["svc-talking-therapies"]
    assert "People over 16" in reply.text


@pytest.mark.parametrize("words", ["same in Ross", "what about Ross?", "and in ross on wye", "is there one in HR9"])
def test_the_same_elsewhere(chat: Chat, base: KnowledgeBase, words: str) -> None:
    chat.say("chemist in Ledbury")
    assert where_and_what(base, chat.say(words).records) == {("Ross-on-Wye", "pharmacy")}


def test_one_of_three_by_its_number_however_it_is_written(chat: Chat) -> None:
    shown = chat.say("GPs in Kidderminster").records
    for words, which in {"the 2nd one": 1, "number three": 2, "1st": 0, "the last one": 2, "two": 1}.items():
        assert chat.say(words).records == [shown[which]], words


def test_of_two_the_other_one(chat: Chat) -> None:
    shown = chat.say("nearest a&e in leominster").records
    assert len(shown) == 2
    assert chat.say("the second one").records == shown[1:]
    assert chat.say("the other one").records == shown[:1]
    assert chat.say("what about the other one").records == shown[1:]


def test_of_three_the_other_one_is_still_one_of_them(chat: Chat) -> None:
    shown = chat.say("GPs in Kidderminster").records
    chat.say("the 2nd one")
    assert set(chat.say("the other one").records) <= set(shown)


@pytest.mark.parametrize("words", ["start again", "start over", "lets start again", "forget all that"])
def test_starting_again_forgets_the_town(chat: Chat, words: str) -> None:
    chat.say("GP", "Worcester")
    assert chat.say(words).outcome == "chitchat"
    assert chat.say("gp").text == ASK_PLACE


def test_after_two_failures_people_to_ring_and_not_in_the_same_words_again(chat: Chat) -> None:
    first, second, third = (chat.say(words) for words in ("blorp fleegle", "wobble quux", "snargle frob"))
    assert [reply.outcome for reply in (first, second, third)] == ["fallback"] * 3
    assert "sorry" not in first.text
    for number in ("111", "01905 768053", "01432 260101"):
        assert number in second.text
    assert "sorry" not in third.text or third.text != second.text
