"""Finding a place to go: by what it is, where it is, both, its postcode, its name, misspelt, or closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from knowledge.search import KnowledgeBase
    from tests.conversations.conftest import Chat

pytestmark = pytest.mark.conversation


@pytest.mark.parametrize("town", ["Hereford", "Leominster", "Ross-on-Wye", "Malvern", "Evesham", "Kidderminster"])
@pytest.mark.parametrize(
    "words, subject",
    [
        ("Whereabouts is there a chemist in {}?", "pharmacy"),
        ("any doctors in {}", "gp"),
        ("{} dentist please", "dentist"),
        ("I could do with an optician round {}", "optician"),
    ],
)
def test_what_and_where(chat: Chat, base: KnowledgeBase, words: str, subject: str, town: str) -> None:
    reply = chat.say(words.format(town))
    assert reply.outcome == "answer"
    first = base.get(reply.records[0])
    assert subject in first.taxonomy_terms
    assert first.city == town
    assert first.name.split(",")[0] in reply.text


def test_the_nearest_come_first_with_how_far_they_are(chat: Chat) -> None:
    reply = chat.say("I'm in Bromyard and need to see a doctor, which surgeries are close")
    assert reply.records[0] == "gp-m81048"
    assert reply.lines[0] == "The nearest to Bromyard:"
    assert "Nunwell Surgery, Bromyard. 10 Pump Street, Bromyard, HR7 4BZ: less than a mile away." in reply.lines[1]
    assert "Ring 01885 483412" in reply.lines[1]
    assert "about 5 miles away" in reply.lines[2]


@pytest.mark.parametrize("words", ["chemist near HR9 7AA", "chemist near hr97aa", "which chemists are in HR9"])
def test_a_postcode_is_a_place(chat: Chat, base: KnowledgeBase, words: str) -> None:
    reply = chat.say(words)
    assert [base.get(record).city for record in reply.records] == ["Ross-on-Wye"] * 3


def test_a_nickname_is_a_place(chat: Chat, base: KnowledgeBase) -> None:
    assert base.get(chat.say("doctors round kiddy").records[0]).city == "Kidderminster"


@pytest.mark.parametrize(
    "words, town",
    [
        ("farmacy in Evesham", "Evesham"),
        ("pharmasy in Pershor", "Pershore"),
        ("any chemist in Lemster", "Leominster"),
        ("dentist Bromsgrov", "Bromsgrove"),
        ("GP in Droitwhich", "Droitwich Spa"),
    ],
)
def test_misspelt_words_are_understood(chat: Chat, base: KnowledgeBase, words: str, town: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "answer"
    assert base.get(reply.records[0]).city == town


@pytest.mark.parametrize(
    "words, record",
    [
        ("have you got a number for Nunwell Surgery", "gp-m81048"),
        ("Barbourne Health Centre, what street is it on", "gp-m81049"),
        ("whereabouts is the Alexandra Hospital", "loc-alexandra-redditch"),
        ("is the Kidderminster minor injuries unit any good for a sprain", "svc-miu-kidderminster"),
        ("I want to get in touch with Healthwatch Worcestershire", "org-healthwatch-worcestershire"),
        ("Kidderminster Medical Centre", "gp-m81010"),
    ],
)
def test_a_name_finds_that_very_one(chat: Chat, words: str, record: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "answer"
    assert reply.records[0] == record


def test_the_detail_that_was_asked_for_is_said_first(chat: Chat) -> None:
    assert chat.say("what is the phone number of Nunwell Surgery").lines[0] == "Ring 01885 483412 (surgery)."
    assert chat.say("what's the address of Barbourne Health Centre").lines[0].startswith("Barbourne House, 44 ")
    assert chat.say("email for Healthwatch Worcestershire").lines[0] == "Email info@healthwatchworcestershire.co.uk."


def test_the_place_is_asked_for_where_it_matters_and_then_used(chat: Chat, base: KnowledgeBase) -> None:
    asked = chat.say("I'm looking for a pharmacy")
    assert asked.outcome == "clarify"
    assert asked.text == "Which town or postcode are you in?"
    assert len(asked.buttons) == 5
    assert not asked.records
    answered = chat.say("Ledbury")
    assert answered.outcome == "answer"
    assert base.get(answered.records[0]).city == "Ledbury"
    assert "pharmacy" in base.get(answered.records[0]).taxonomy_terms


def test_a_button_answers_the_question_back(chat: Chat, base: KnowledgeBase) -> None:
    asked = chat.say("GP surgery")
    answered = chat.say(asked.buttons[-1]["payload"])
    assert base.get(answered.records[0]).city == asked.buttons[-1]["title"]


def test_a_place_alone_is_asked_what_for(chat: Chat, base: KnowledgeBase) -> None:
    asked = chat.say("Pershore")
    assert asked.outcome == "clarify"
    assert asked.text == "What do you need near Pershore?"
    answered = chat.say("a chemist")
    assert base.get(answered.records[0]).city == "Pershore"


@pytest.mark.parametrize(
    "words, record, said",
    [
        ("can I walk in to the minor injuries at Ross", "fact-herefordshire-miu-closed", "closed in November 2019"),
        ("Is the walk in centre in Hereford still going", "fact-hereford-walk-in-closed", "closed at the end of"),
        ("how do I get hold of Redditch Citizens Advice", "citizens-advice-redditch-closed", "0808 278 7890"),
        ("I want the NRS Healthcare equipment people", "more-nrs-healthcare-ended", "went into liquidation"),
    ],
)
def test_what_is_closed_is_said_to_be_before_anything_else(
    chat: Chat, base: KnowledgeBase, words: str, record: str, said: str
) -> None:
    reply = chat.say(words)
    assert reply.records[0] == record
    assert not base.get(record).open_for_use
    assert reply.lines[0].startswith(base.get(record).name)
    assert said in reply.lines[1]


def test_a_unit_that_may_be_closed_is_not_said_to_be_open(chat: Chat) -> None:
    reply = chat.say("is Tenbury minor injuries unit open")
    assert reply.records[0] == "svc-miu-tenbury"
    assert "may be closed" in reply.text
    assert "Ring 111" in reply.text


def test_unknown_hours_are_said_to_be_unknown(chat: Chat) -> None:
    reply = chat.say("what are the opening times of Kitsons Pharmacy in Worcester")
    assert reply.lines[0].startswith("We don't have confirmed opening hours for Kitsons Pharmacy")


def test_details_that_are_old_say_so(chat: Chat) -> None:
    assert "We last saw these details in February 2020, so check before you go." in chat.say("chemist in Upton").lines
