"""Who a question is about and whom a record is for; and that it decides which record comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.people import EVERYONE, STAGES, age, is_for, person, share_a_stage
from knowledge.search import Query

if TYPE_CHECKING:
    from knowledge.search import KnowledgeBase

# -- who is spoken of --------------------------------------------------------------------------------------------------


def at(years: int) -> set[str]:
    """The stages of life that an age is in."""
    return {stage for stage, (start, end) in STAGES.items() if start <= years <= end}


@pytest.mark.parametrize(
    "text, years",
    [
        ("my 6 year old", 6),
        ("my nine year old", 9),
        ("my twelve-year-old", 12),
        ("mum is a seventy eight year old", 78),
        ("ninety year old dad", 90),
        ("for my 9 year old", 9),
        ("a 6-year-old", 6),
        ("6 yr old boy", 6),
        ("my 2 yrs old", 2),
        ("6yo", 6),
        ("aged 6", 6),
        ("from the age of 5", 5),
        ("she is 9", 9),
        ("hes only 4", 4),
        ("she's nearly 3", 3),
        ("my 11 year old", 11),
        ("my 14yr old", 14),
        ("14 y/o", 14),
        ("im 17", 17),
        ("my son is 14", 14),
        ("daughter 15", 15),
        ("i've just turned 16", 16),
        ("she's 18", 18),
        ("I'm 25", 25),
        ("I am 40 and", 40),
        ("my husband is 50", 50),
        ("my partner's 62", 62),
        ("turning 65", 65),
        ("I’m 72", 72),
        ("my mum's 80", 80),
        ("my dad is 85 and falls", 85),
        ("a 102 year old", 102),
        ("my 18 month old", 0),
        ("6 months old", 0),
        ("my baby is 3 weeks old", 0),
        ("10 day old", 0),
        ("8wks old", 0),
        ("a 23 mths old", 0),
    ],
)
def test_an_age_is_understood(text: str, years: int) -> None:
    assert age(text) == years
    assert person(text) == at(years)


# Ages that are meant, and ages that are not.
@pytest.mark.parametrize(
    "text, among, not_among",
    [
        ("my baby won't feed", [0], [15, 40, 80]),
        ("newborn hearing test", [0], [15, 40, 80]),
        ("a toddler group", [2], [15, 40, 80]),
        ("for our little girl", [5], [15, 40, 80]),
        ("under fives", [3], [15, 40, 80]),
        ("the nursery says she needs speech therapy", [3], [15, 40, 80]),
        ("i have 3 kids", [5, 15], [40, 80]),
        ("help for children", [5, 15], [40, 80]),
        ("my teenager", [15], [5, 40, 80]),
        ("young people", [15], [5, 40, 80]),
        ("young carers", [15], [40, 80]),
        ("he is in year 9", [14], [5, 40, 80]),
        ("doing her gcses", [15], [5, 40, 80]),
        ("ADHD in adults", [40], [5, 15]),
        ("my wife has depression", [40], [5, 15]),
        ("elderly neighbour", [80], [5, 15, 40]),
        ("my nan fell", [80], [5, 15, 40]),
        ("my Grandad is deaf", [80], [5, 15, 40]),
        ("for pensioners", [80], [5, 15, 40]),
        ("anything for over 65s", [70, 90], [5, 15, 40]),
        ("clubs for over 60", [70], [5, 15]),
        ("under 5s group", [3], [15, 40, 80]),
        ("under 16", [5, 15], [40, 80]),
        ("lunch club for older people", [80], [5, 15, 40]),
        ("I am retired", [70], [5, 15, 40]),
    ],
)
def test_words_for_people_are_understood(text: str, among: list[int], not_among: list[int]) -> None:
    stages = person(text)
    assert all(share_a_stage(stages, at(years)) for years in among)
    assert not any(share_a_stage(stages, at(years)) for years in not_among)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I've waited 3 years",
        "on the list for 18 months",
        "pain for 2 weeks",
        "waited over 40 minutes",
        "over 20 people",
        "under 15 miles",
        "over 18 years waiting",
        "year old",
        "12 weeks pregnant",
        "I'm 20 weeks pregnant",
        "im 38 weeks",
        "im 3 months pregnant",
        "i'm 9 months gone",
        "I'm 3 days late",
        "I am 5 minutes away",
        "im 5 miles from it",
        "i am 30 min from hereford",
        "she's 12 stone",
        "she is 40% deaf",
        "I'm 1 of 3",
        "he's 6ft",
        "ring 111",
        "covid 19",
        "WR14 2GP",
        "how old do you have to be",
        "vitamin b12",
        "the household support fund",
        "where is the nearest chemist",
    ],
)
def test_what_is_no_age_says_nothing_of_anybody(text: str) -> None:
    assert age(text) is None
    assert person(text) == set()


def test_an_age_counts_for_more_than_a_word() -> None:
    assert person("my child is 4 years old") == at(4)
    assert person("my adult son is 40 years old and my kids worry") == at(40)


@pytest.mark.parametrize(
    "text, years",
    [
        ("my nine year old", 9),
        ("a club for 13 to 19 year olds", 14),
        ("activities for 5-11 year olds", 7),
        ("she is over 65", 70),
        ("I'm in my 80s", 85),
    ],
)
def test_who_is_meant_is_never_left_out(text: str, years: int) -> None:
    """Nobody need be understood, but if anybody is, then also those who were said."""
    stages = person(text)
    assert not stages or share_a_stage(stages, at(years))


@given(years=st.integers(0, 120))
def test_every_age_is_in_a_stage(years: int) -> None:
    for text in (f"my {years} year old", f"I'm {years}", f"aged {years}", f"she is {years}."):
        assert age(text) == years
        assert person(text) == at(years) != set()


@given(text=st.text(max_size=60) | st.from_regex(r"(im|aged?|my) [0-9]{1,4} ?(year|yr|month|st)? ?(old)?s?"))
def test_any_text_is_read(text: str) -> None:
    assert person(text) <= EVERYONE


# -- whom a record is for ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lowest, highest, eligibility, among, not_among",
    [
        (None, None, "", [0, 15, 20, 40, 80], []),
        (None, None, "Anyone.", [0, 15, 20, 40, 80], []),
        (None, None, "Women", [0, 15, 20, 40, 80], []),
        (None, None, "Parents of children", [0, 15, 20, 40, 80], []),
        (None, None, "Adults who need emergency care.", [20, 40, 80], [5, 15]),
        (None, None, "Children and young people up to 18.", [5, 15], [40, 80]),
        (None, None, "Young people aged 11 to 19", [15], [5, 40, 80]),
        (None, None, "Older people in Worcester", [80], [5, 15, 40]),
        (None, None, "Mainly older, frail people", [80], [5, 15, 40]),
        (None, None, "Autistic adults", [20, 40, 80], [5, 15]),
        (7, 12, "", [8, 12], [40, 80]),
        (0, 4, "", [2], [15, 40, 80]),
        (None, 5, "", [2], [15, 40, 80]),
        (65, None, "", [80], [5, 15, 40]),
        (50, None, "", [55, 80], [5, 15]),
        (18, None, "Children", [20, 40, 80], [5]),  # the numbers know better
        (11, 25, "", [12, 20], [40, 80]),
        (5, 18, "", [6, 17], [40, 80]),
        (None, 18, "", [0, 17], [40, 80]),
    ],
)
def test_whom_a_record_is_for(
    lowest: int | None, highest: int | None, eligibility: str, among: list[int], not_among: list[int]
) -> None:
    stages = is_for(lowest, highest, eligibility)
    assert all(share_a_stage(stages, at(years)) for years in among)
    assert not any(share_a_stage(stages, at(years)) for years in not_among)


@given(ages=st.tuples(st.integers(0, 120), st.integers(0, 120)).map(sorted), years=st.integers(0, 120))
def test_who_is_of_the_right_age_is_never_left_out(ages: list[int], years: int) -> None:
    lowest, highest = ages
    record = is_for(lowest, highest, "")
    assert record
    if lowest <= years <= highest:
        assert share_a_stage(record, person(f"I'm {years}"))


def test_sharing_a_stage() -> None:
    assert share_a_stage({"child", "teenager"}, {"teenager"})
    assert not share_a_stage({"child"}, {"adult"})
    assert not share_a_stage({"child"}, ())


# -- which record comes first ------------------------------------------------------------------------------------------

NEEDS = ("speech therapy", "help with anxiety", "mental health help", "hospice care", "support for carers")


def asked(base: KnowledgeBase, text: str) -> list[str]:
    """The ids of what is found, as the assistant asks."""
    return [hit.record.id for hit in base.search(Query(text, person=person(text), age=age(text)), 3).hits]


def for_children_alone(base: KnowledgeBase, record_id: str) -> bool:
    return not share_a_stage(stages_of(base, record_id), at(40) | at(80))


def stages_of(base: KnowledgeBase, record_id: str) -> frozenset[str]:
    record = base.get(record_id)
    return is_for(record.minimum_age, record.maximum_age, record.eligibility_description)


@pytest.mark.parametrize(
    "need, first",
    [
        ("speech therapy", "more-slt-children-herefordshire"),
        ("help with anxiety", "more-lumi-nova"),
        ("hospice care", "hospice-acorns-worcester"),
        ("support for carers", "young-carers-worcestershire"),
    ],
)
def test_a_question_for_a_child_prefers_a_childrens_record(base: KnowledgeBase, need: str, first: str) -> None:
    assert asked(base, f"{need} for my 9 year old")[0] == first
    assert asked(base, f"{need} for my 45 year old wife")[0] != first


@pytest.mark.parametrize("who", ["", "I'm 40", "for my 45 year old wife", "for my 80 year old mum", "for adults"])
@pytest.mark.parametrize("need", NEEDS)
def test_an_adults_question_does_not_get_a_childrens_record_first(base: KnowledgeBase, need: str, who: str) -> None:
    first = asked(base, f"{need} {who}".strip())[0]
    assert not for_children_alone(base, first)


@pytest.mark.parametrize("need", NEEDS)
def test_a_question_for_a_child_does_not_get_an_adults_record_first(base: KnowledgeBase, need: str) -> None:
    for who in ("for my 9 year old", "for my toddler", "my son is 5"):
        first = asked(base, f"{need} {who}")[0]
        assert share_a_stage(stages_of(base, first), at(5))


@pytest.mark.parametrize(
    "text",
    [
        "help with anxiety for my 15 year old",
        "speech therapy for my 15 year old",
        "eating disorder, for my 9 year old",
        "mental health help for my 13 year old",
    ],
)
def test_a_record_for_another_age_than_was_said_does_not_come_first(base: KnowledgeBase, text: str) -> None:
    said = age(text)
    first = base.get(asked(base, text)[0])
    lowest, highest = first.minimum_age or 0, first.maximum_age or 120
    assert said is not None
    assert lowest <= said <= highest, f"{first.name} is for {lowest} to {highest}"
