"""Records in words: dates, distances, how old it is, what is unknown, and closed before anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.reply import OLD, PHONES_SHOWN, Reply, Speaker, answer, is_old, say_date
from knowledge.hours import now
from knowledge.schema import Phone, Record, Source
from knowledge.search import Hit

if TYPE_CHECKING:
    from knowledge.search import KnowledgeBase

TODAY = now().date()
CLINIC = Record(
    id="svc-clinic",
    kind="service",
    name="Quillbury Clinic",
    description="It looks at sore feet.",
    address_1="1 High Street",
    city="Hereford",
    postal_code="HR1 2AA",
    confidence="high",
    source_date=f"{TODAY.year}-01",
    phones=(Phone("01432 960001", description="the desk"),),
    sources=(Source("Quillbury Council", "https://council.example"), Source("A newspaper")),
)
CLOSED = replace(
    CLINIC,
    id="svc-closed",
    name="Quillbury Baths",
    status="defunct",
    alert="It closed in 2020. Ring NHS 111.",
    replaced_by=("route-nhs-111",),
    opening_hours="9am to 5pm.",
    email="baths@council.example",
)


@pytest.fixture
def speaker(base: KnowledgeBase) -> Speaker:
    return Speaker(base)


@pytest.mark.parametrize(
    "iso, said",
    [("2025", "2025"), ("2025-03", "March 2025"), ("2025-03-06", "6 March 2025"), ("2022-12-31", "31 December 2022")],
)
def test_a_date_is_said_as_exactly_as_it_is_known(iso: str, said: str) -> None:
    assert say_date(iso) == said


def test_old_is_more_than_three_years_back_counted_from_the_latest_a_date_can_mean() -> None:
    edge = TODAY - OLD
    assert is_old((edge - timedelta(days=1)).isoformat())
    assert not is_old(edge.isoformat())
    assert not is_old(f"{edge:%Y-%m}")
    assert not is_old(str(edge.year))
    assert is_old(str(edge.year - 1))
    assert not is_old(TODAY.isoformat())
    assert is_old("2020-02")  # a month of 29 days


@pytest.mark.parametrize(
    "miles, said",
    [
        (0.0, "less than a mile"),
        (0.74, "less than a mile"),
        (0.76, "about 1 mile"),
        (1.49, "about 1 mile"),
        (1.6, "about 2 miles"),
        (11.4, "about 11 miles"),
    ],
)
def test_miles(speaker: Speaker, miles: float, said: str) -> None:
    assert speaker.say_miles(miles) == said


def test_a_fresh_record_says_its_date_and_no_more(speaker: Speaker) -> None:
    assert speaker.origin(CLINIC)[0] == f"These details are from January {TODAY.year}."
    assert speaker.origin(CLINIC)[1] == "Source: Quillbury Council; A newspaper."


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"source_date": "2019-05-04"}, "We last saw these details in May 2019, so check before you go."),
        ({"confidence": "low"}, f"We last saw these details in January {TODAY.year}, so check before you go."),
        ({"source_date": ""}, "We could not date these details, so check before you go."),
        ({"assured_date": f"{TODAY.year}-02-03"}, f"These details are from February {TODAY.year}."),
        ({"source_date": "2019", "assured_date": f"{TODAY.year}-02"}, f"These details are from February {TODAY.year}."),
        ({"kind": "fact", "source_date": "2021-04-01"}, "As of 1 April 2021."),
        ({"kind": "fact", "source_date": ""}, "We could not date these details, so check before you go."),
    ],
)
def test_how_old_it_is(speaker: Speaker, changed: dict[str, Any], said: str) -> None:
    record = replace(CLINIC, **changed)
    assert speaker.origin(record)[0] == said
    assert said in speaker.full(record)


def test_a_closed_record_says_so_first_and_never_its_dead_number(speaker: Speaker) -> None:
    for first in ("", "phone", "hours", "address", "email"):
        lines = speaker.full(CLOSED, 3.0, first)
        assert lines[0] == "Quillbury Baths."
        assert lines[1] == "It closed in 2020. Ring NHS 111."
        assert lines[2].startswith("NHS 111.")
        for dead in ("01432 960001", "9am to 5pm", "1 High Street", "baths@council.example"):
            assert dead not in "\n".join(lines)
    for line in (speaker.brief(CLOSED, 3.0), speaker.short(CLOSED)):
        assert line == "Quillbury Baths: It closed in 2020. Ring NHS 111."


def test_what_is_named_instead_is_open_itself(speaker: Speaker) -> None:
    both = replace(CLOSED, replaced_by=("age-uk-hw-closed", "route-nhs-111"))
    assert len(speaker._instead(both)) == 1


@pytest.mark.parametrize("detail", ["phone", "address", "hours", "eligibility", "referral", "cost", "email"])
def test_an_unknown_detail_is_said_to_be_unknown(speaker: Speaker, detail: str) -> None:
    bare = Record(id="x", kind="service", name="Quillbury Clinic", description="It is there.")
    [line] = speaker.detail(bare, detail)
    assert "Quillbury Clinic" in line
    assert "don't" in line


def test_the_detail_asked_for_comes_first_and_once(speaker: Speaker) -> None:
    lines = speaker.full(CLINIC, first="phone")
    assert lines[0] == "Ring 01432 960001 (the desk)."
    assert lines.count(lines[0]) == 1
    assert len(set(lines)) == len(lines)


def test_hours_that_are_old_are_not_said_as_certain(speaker: Speaker) -> None:
    record = replace(CLINIC, old_hours="In 2015 it was open 9am to 5pm.")
    first, second = speaker.detail(record, "hours")
    assert first.startswith("We don't have confirmed opening hours for Quillbury Clinic. Ring")
    assert second == "In 2015 it was open 9am to 5pm. Check before you go."
    assert speaker.detail(replace(record, phones=()), "hours")[0].endswith("Check before you go.")
    assert speaker.detail(replace(record, opening_hours="9am to 5pm, Monday to Friday."), "hours") == [
        "Open: 9am to 5pm, Monday to Friday."
    ]


def test_numbers_say_what_they_are_for_and_how_old_they_are(speaker: Speaker) -> None:
    record = replace(
        CLINIC,
        phones=(
            Phone("01432 960001"),
            Phone("01432 960002", extension="12", description="appointments"),
            Phone("85258", type="text", description="any time"),
            Phone("18001 01432 960001", type="textphone", description="Deaf people"),
            Phone("01432 960003", description="never shown"),
        ),
    )
    lines = speaker.detail(record, "phone")
    assert len(lines) == PHONES_SHOWN
    assert lines == [
        "Ring 01432 960001.",
        "Or ring 01432 960002, extension 12 (appointments).",
        "Text 85258 (any time).",
        "Textphone: 18001 01432 960001 (Deaf people).",
    ]
    aged = replace(CLINIC, phones=(Phone("01432 960001", description="the desk", source_date="2016-02"),))
    assert speaker.detail(aged, "phone") == ["Ring 01432 960001 (the desk, as listed in February 2016)."]


@pytest.mark.parametrize(
    "low, high, description, said",
    [
        (16, None, "", ["You must be 16 or over."]),
        (None, 18, "", ["It is for people up to 18."]),
        (11, 18, "", ["It is for people aged 11 to 18."]),
        (16, None, "For people over 16.", ["For people over 16."]),
        (None, None, "", []),
    ],
)
def test_ages_are_said_once(
    speaker: Speaker, low: int | None, high: int | None, description: str, said: list[str]
) -> None:
    record = replace(CLINIC, minimum_age=low, maximum_age=high, eligibility_description=description)
    assert speaker._eligibility(record) == said


def test_a_line_of_a_list_has_name_town_way_and_number(speaker: Speaker) -> None:
    address, ring = "1 High Street, Hereford, HR1 2AA: about 2 miles away.", "Ring 01432 960001 (the desk)."
    assert speaker.brief(CLINIC, 2.2) == f"Quillbury Clinic, Hereford. {address} {ring}"
    assert speaker.brief(replace(CLINIC, name="Hereford Clinic"), 2.2).startswith("Hereford Clinic. 1 High")


def test_a_reply_is_sent_as_the_contract_has_it() -> None:
    dispatcher = CollectingDispatcher()
    Reply("answer", ["One.", "", "Two."], [CLINIC], [{"title": "a", "payload": "b"}]).send(dispatcher)
    [message] = dispatcher.messages
    assert message["text"] == "One.\nTwo."
    assert message["buttons"] == [{"title": "a", "payload": "b"}]
    assert message["custom"] == {
        "outcome": "answer",
        "card": None,
        "records": [{"id": "svc-clinic", "kind": "service", "name": "Quillbury Clinic"}],
        "sources": [
            {"name": "Quillbury Council", "url": "https://council.example", "checked_on": f"{TODAY.year}-01"},
            {"name": "A newspaper", "url": "", "checked_on": f"{TODAY.year}-01"},
        ],
    }


@pytest.mark.parametrize(
    "urgency, card", [("urgent", "urgent"), ("non-urgent", "non-urgent"), ("", None), ("immediate", None)]
)
def test_no_ordinary_answer_has_the_card_for_now(speaker: Speaker, urgency: str, card: str | None) -> None:
    assert answer(speaker, [Hit(replace(CLINIC, urgency=urgency), 1.0)]).card == card


def test_every_record_of_the_content_can_be_said_in_every_way(speaker: Speaker, base: KnowledgeBase) -> None:
    details = ("", "phone", "address", "hours", "eligibility", "referral", "cost", "email")
    for record_id in base._ids:
        record = base.get(record_id)
        said = [speaker.brief(record, 1.0), speaker.short(record)]
        said += [line for detail in details for line in speaker.full(record, 1.0, detail)]
        for line in said:
            assert line.strip() and "{" not in line and ".." not in line.replace("...", ""), line
        if record.open_for_use:
            assert speaker.full(record)
