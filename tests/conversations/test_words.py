"""One message as people write it: misspelt, by nickname or an old name, in another language, several asks at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from knowledge.search import KnowledgeBase
    from tests.conversations.conftest import Chat

pytestmark = pytest.mark.conversation

TOWNS = ("Hereford", "Worcester", "Redditch", "Kidderminster", "Malvern")
YOUNG_CARERS = {"young-carers-worcestershire", "more-young-carers-herefordshire"}


@pytest.mark.parametrize(
    "words, subject, town",
    [
        ("optishun in stourport", "optician", "Stourport-on-Severn"),
        ("docters in tenbry wells", "gp", "Tenbury Wells"),
        ("docter in kidderminister", "gp", "Kidderminster"),
        ("farmacy worster", "pharmacy", "Worcester"),
        ("hospitle in herefod", "hospital", "Hereford"),
        ("dentust in redich", "dentist", "Redditch"),
        ("chemist in Brommie", "pharmacy", "Bromsgrove"),
        ("optition in brommie", "optician", "Bromsgrove"),
        ("dentist lemster", "dentist", "Leominster"),
        ("opticians in Kiddy", "optician", "Kidderminster"),
        ("Ross dentist", "dentist", "Ross-on-Wye"),
        ("GP upton", "gp", "Upton-upon-Severn"),
    ],
)
def test_a_misspelt_subject_or_a_nickname_of_a_town(
    chat: Chat, base: KnowledgeBase, words: str, subject: str, town: str
) -> None:
    reply = chat.say(words)
    assert reply.outcome == "answer"
    first = base.get(reply.records[0])
    assert first.city == town
    assert subject in first.taxonomy_terms


@pytest.mark.parametrize(
    "words, record",
    [
        ("corbet medical droitwich", "gp-m81091"),
        ("where is the Alex", "loc-alexandra-redditch"),
        ("the alex hospital phone number", "loc-alexandra-redditch"),
        ("Worcs royal", "loc-worcestershire-royal"),
        ("WRH address", "loc-worcestershire-royal"),
        ("county hospital hereford", "loc-hereford-county"),
        ("A and E in worcester", "loc-worcestershire-royal"),
        ("minor injurys tenbury", "svc-miu-tenbury"),
        ("miu kidderminster", "svc-miu-kidderminster"),
        ("camhs worcestershire", "svc-camhs-worcestershire"),
        ("camhs hereford", "svc-camhs-herefordshire"),
        ("CMHT hereford", "svc-community-mental-health-smi"),
        ("number for pals worcester hospital", "svc-pals-worcs-acute"),
        ("PALS wye valley", "svc-pals-wye-valley"),
        ("physio in malven", "svc-physio-worcestershire"),
        ("fizio in malven", "svc-physio-worcestershire"),
    ],
)
def test_a_name_as_people_say_it(chat: Chat, words: str, record: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "answer"
    assert reply.records[0] == record


def test_the_three_that_are_called_pals_are_all_shown(chat: Chat) -> None:
    assert set(chat.say("pals").records) == {"svc-pals-worcs-acute", "svc-pals-hacw", "svc-pals-wye-valley"}


@pytest.mark.parametrize("words", ["Healthy Minds", "is healthy minds still going", "IAPT worcester phone number"])
def test_an_old_name_finds_what_it_became(chat: Chat, words: str) -> None:
    reply = chat.say(words)
    assert reply.records[0] == "svc-talking-therapies"
    assert "0300 013 5727" in reply.text
    assert "This service used to be called Healthy Minds (IAPT)." in reply.text


def test_the_ccg_has_ended_and_who_came_after_it_is_said(chat: Chat) -> None:
    reply = chat.say("what happened to the CCG")
    assert reply.records[0].startswith("ccg-")
    assert "ended on 30 June 2022" in reply.text
    assert "Integrated Care Board" in chat.say("what was the CCG replaced by").lines[0]


LANGUAGES = {
    "pl": "jestem w ciąży, gdzie mam się zgłosić?",
    "ro": "am nevoie de un medic de familie",
    "bg": "търся зъболекар в Херефорд",
    "pt": "preciso de um médico",
    "ur": "قریبی فارمیسی کہاں ہے؟",
    "pa": "ਮੈਨੂੰ ਡਾਕਟਰ ਚਾਹੀਦਾ ਹੈ",
    "lt": "man reikia gydytojo",
    "hu": "orvosra van szükségem",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_language_gets_its_own_words_and_then_english_is_answered(
    chat: Chat, base: KnowledgeBase, language: str
) -> None:
    reply = chat.say(LANGUAGES[language])
    assert reply.lines == [base.phrases[f"language_{language}"], base.phrases["language_english"]]
    for line in reply.lines:
        assert "111" in line and "999" in line
    assert reply.records == ["route-nhs-111"]
    assert base.get(chat.say("chemist in Ledbury").records[0]).city == "Ledbury"


def test_a_question_waits_while_another_language_is_answered(chat: Chat, base: KnowledgeBase) -> None:
    answered = chat.say("pharmacy", LANGUAGES["pl"], "Ledbury")
    assert base.get(answered.records[0]).city == "Ledbury"
    assert base.get(answered.records[0]).taxonomy_terms[0] == "pharmacy"


@pytest.mark.parametrize("words", ["chemist near SY8 1AA", "chemist WR1", "gp DY13", "miu"])
def test_a_few_english_words_are_no_other_language(chat: Chat, words: str) -> None:
    assert "interpreter" not in chat.say(words).text


@pytest.mark.parametrize(
    "words, fact, number",
    [
        ("how many dentists", "ics-dentists-96", "96"),
        ("how many gps?", "ics-gp-practices-80", "78"),
        ("how many gp surgeries", "ics-gp-practices-80", "78"),
        ("how many pharmacies", "ics-pharmacies-123", "123"),
        ("do u know how many opticians there are", "ics-optometrists-64", "64"),
        ("how many councils", "ics-councils-8", "eight"),
    ],
)
def test_how_many_is_answered_with_a_number_and_not_with_places(chat: Chat, words: str, fact: str, number: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "answer"
    assert reply.records[0] == fact
    assert number in reply.lines[0]


@pytest.mark.parametrize(
    "words, place",
    [
        ("im in leeds, where is the nearest dentist", "Leeds"),
        ("i live in leeds and need a dentist", "Leeds"),
        ("who do i ring about my bins in Gloucester", "Gloucester"),
        ("care home in Cheltenham", "Cheltenham"),
        ("dentist near m1 1aa", "M1"),
    ],
)
def test_a_place_outside_is_said_to_be_and_who_to_ask_there(chat: Chat, words: str, place: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "out_of_scope"
    assert reply.lines[0].startswith(f"{place} is outside Herefordshire and Worcestershire")
    assert "111" in reply.text and "nhs.uk" in reply.text and "council" in reply.text
    assert not reply.records


@pytest.mark.parametrize(
    "words, district, town",
    [
        ("chemist WR1", "WR1", "Worcester"),
        ("chemist in HR9", "HR9", "Ross-on-Wye"),
        ("optician b98 8aa", "B98", "Redditch"),
        ("gp near DY13 8AA", "DY13", "Stourport-on-Severn"),
        ("near HR4 0AA dentist", "HR4", "Hereford"),
        ("chemist near wr142gp", "WR14", "Malvern"),
    ],
)
def test_a_postcode_gives_what_is_nearest_with_the_miles(
    chat: Chat, base: KnowledgeBase, words: str, district: str, town: str
) -> None:
    reply = chat.say(words)
    assert base.get(reply.records[0]).city == town
    assert reply.lines[0] == f"The nearest to {district}:"
    said = [re.search(r": (less than a|about \d+) miles? away\.", line) for line in reply.lines[1:]]
    away = [match[1] for match in said if match]
    assert len(away) == len(reply.records)
    miles = [0 if words == "less than a" else int(words.split()[1]) for words in away]
    assert miles == sorted(miles)


@pytest.mark.parametrize("words", ["im deaf, how do i ring 111", "deaf and need to get hold of 111"])
def test_who_is_deaf_is_told_how_to_reach_111(chat: Chat, words: str) -> None:
    reply = chat.say(words)
    assert reply.records[0] == "route-nhs-111"
    assert "18001 111" in reply.text


@pytest.mark.parametrize(
    "words, record",
    [
        ("my 15 yr old looks after me, is there a club, worcester", "young-carers-worcestershire"),
        ("im 17 and look after my mum in hereford", "more-young-carers-herefordshire"),
        ("my daughter is 8 and helps look after me, hereford, any clubs", "more-young-carers-herefordshire"),
    ],
)
def test_a_young_carer_is_sent_to_young_carers(chat: Chat, words: str, record: str) -> None:
    assert chat.say(words).records[0] == record


@pytest.mark.parametrize(
    "words",
    [
        "i look after my husband, is there any help, worcester",
        "i'm 50 and a carer in worcester, is there a group",
        "im 44 and look after my mum in hereford",
        "im 44 and look after my mum in hereford, is there a group",
        "im 70 and look after my wife, ledbury",
    ],
)
def test_an_adult_carer_is_not_sent_to_young_carers(chat: Chat, words: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "answer"
    assert reply.records[0] not in YOUNG_CARERS
    assert not YOUNG_CARERS & set(reply.records), "not beside the first either"


def test_help_for_a_teenager_is_of_the_county_that_was_said(chat: Chat, base: KnowledgeBase) -> None:
    first = base.get(chat.say("can my 15 year old have counselling in worcester").records[0])
    assert (first.minimum_age or 0) <= 15 <= (first.maximum_age or 15)
    assert set(first.area) != {"herefordshire"}


def test_to_stop_smoking_is_no_matter_of_transport(chat: Chat) -> None:
    assert "worcester-wheels" not in chat.say("stop smoking worcester").records[:1]
