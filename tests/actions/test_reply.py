"""Records in words: dates, distances, how old it is, what is unknown, and closed before anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rasa_sdk.executor import CollectingDispatcher

from actions.reply import OLD, PHONES_SHOWN, Reply, Speaker, answer, is_old, say_date
from knowledge.hours import LONDON, When, now
from knowledge.schema import Phone, Record, Schedule, Source
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


WEEKDAYS = Schedule("MO,TU,WE,TH,FR", "09:00", "17:00")
ALWAYS = Schedule("MO,TU,WE,TH,FR,SA,SU", "00:00", "23:59")
LUNCH = (Schedule("TH", "13:00", "17:30"), Schedule("TH", "09:00", "12:00"))
OUT_OF_HOURS = (
    Schedule("MO,TU,WE,TH,FR", "00:00", "08:00"),
    Schedule("MO,TU,WE,TH,FR", "18:30", "23:59"),
    Schedule("SA,SU,PH", "00:00", "23:59"),
)
WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = (date(2025, 3, day) for day in (5, 6, 7, 8, 9))
CHRISTMAS_EVE, BOXING_DAY = date(2025, 12, 24), date(2025, 12, 26)


@pytest.fixture
def wednesday(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ten in the morning."""
    monkeypatch.setattr("actions.reply.now", lambda: datetime(2025, 3, 5, 10, tzinfo=LONDON))


@pytest.mark.usefixtures("wednesday")
@pytest.mark.parametrize(
    "schedules, when, said",
    [
        ((WEEKDAYS,), When(THURSDAY, "tomorrow"), "Yes. Quillbury Clinic is open tomorrow, 9am to 5pm."),
        ((WEEKDAYS,), When(FRIDAY, "Friday"), "Yes. Quillbury Clinic is open on Friday, 9am to 5pm."),
        ((WEEKDAYS,), When(SATURDAY, "Saturday"), "No. Quillbury Clinic is closed on Saturday."),
        ((WEEKDAYS,), When(WEDNESDAY, "now", time(10)), "Yes. Quillbury Clinic is open now, until 5pm."),
        ((WEEKDAYS,), When(WEDNESDAY, "now", time(8)), "No. Quillbury Clinic is closed now. It opens at 9am today."),
        (
            (WEEKDAYS,),
            When(WEDNESDAY, "now", time(18)),
            "No. Quillbury Clinic is closed now. It opens at 9am tomorrow.",
        ),
        (
            (WEEKDAYS,),
            When(FRIDAY, "Friday", time(18)),
            "No. Quillbury Clinic is closed on Friday. It opens at 9am on Monday.",
        ),
        ((WEEKDAYS,), When(THURSDAY, "tomorrow", time(16, 30)), "Yes. Quillbury Clinic is open at 4.30pm tomorrow."),
        ((WEEKDAYS,), When(FRIDAY, "Friday", time(12)), "Yes. Quillbury Clinic is open at midday on Friday."),
        (
            LUNCH,
            When(THURSDAY, "tomorrow"),
            "Yes. Quillbury Clinic is open tomorrow, 9am to midday, 1pm to 5.30pm.",
        ),
        (
            LUNCH,
            When(THURSDAY, "tomorrow", time(12, 30)),
            "No. Quillbury Clinic is closed tomorrow. It opens at 1pm tomorrow.",
        ),
        (
            (WEEKDAYS,),
            When(BOXING_DAY, "Boxing Day"),
            "Boxing Day is a bank holiday. We don't know if Quillbury Clinic is open then, so ring first.",
        ),
        (
            (WEEKDAYS,),
            When(CHRISTMAS_EVE, "Christmas Eve", time(18)),
            "No. Quillbury Clinic is closed on Christmas Eve.",  # when it opens next, nobody knows
        ),
        (
            (WEEKDAYS, Schedule("PH", "", "")),
            When(BOXING_DAY, "Boxing Day"),
            "No. Quillbury Clinic is closed on Boxing Day.",
        ),
        (
            (WEEKDAYS, Schedule("PH", "10:00", "14:00")),
            When(BOXING_DAY, "Boxing Day"),
            "Yes. Quillbury Clinic is open on Boxing Day, 10am to 2pm.",
        ),
        ((ALWAYS,), When(WEDNESDAY, "now", time(3)), "Yes. Quillbury Clinic is open day and night."),
        ((ALWAYS,), When(BOXING_DAY, "Boxing Day"), "Yes. Quillbury Clinic is open day and night."),
        (OUT_OF_HOURS, When(SATURDAY, "Saturday"), "Yes. Quillbury Clinic is open on Saturday, all day and all night."),
        (OUT_OF_HOURS, When(WEDNESDAY, "now", time(19)), "Yes. Quillbury Clinic is open now, until 8am."),
        (
            OUT_OF_HOURS,
            When(WEDNESDAY, "now", time(10)),
            "No. Quillbury Clinic is closed now. It opens at 6.30pm today.",
        ),
        (
            (replace(ALWAYS, description="A&E"),),
            When(WEDNESDAY, "today"),
            "Yes. A&E at Quillbury Clinic is open day and night.",
        ),
    ],
)
def test_whether_it_is_open_then(base: KnowledgeBase, schedules: tuple[Schedule, ...], when: When, said: str) -> None:
    record = replace(CLINIC, opening_hours="As it says on the door.", schedules=schedules)
    assert Speaker(base, [when]).detail(record, "hours") == [said, "Open: As it says on the door."]


def test_each_day_that_was_asked_about_and_each_part_has_a_line(base: KnowledgeBase) -> None:
    schedules = (WEEKDAYS, Schedule("SA", "09:00", "12:00"), Schedule("SU", "10:00", "11:00", "X-ray"))
    weekend = [When(SATURDAY, "Saturday"), When(SUNDAY, "Sunday")]
    record = replace(CLINIC, opening_hours="As it says on the door.", schedules=schedules)
    assert Speaker(base, weekend).detail(record, "hours")[:-1] == [
        "Yes. Quillbury Clinic is open on Saturday, 9am to midday.",
        "No. Quillbury Clinic is closed on Sunday.",
        "No. X-ray at Quillbury Clinic is closed on Saturday.",
        "Yes. X-ray at Quillbury Clinic is open on Sunday, 10am to 11am.",
    ]


def test_a_way_to_care_is_called_this_service(base: KnowledgeBase) -> None:
    record = replace(CLINIC, kind="route", opening_hours="Always.", schedules=(ALWAYS,))
    speaker = Speaker(base, [When(WEDNESDAY, "today")])
    assert speaker.detail(record, "hours")[0] == "Yes. This service is open day and night."


def test_without_a_day_or_without_weekly_hours_nothing_is_said_of_open_or_closed(base: KnowledgeBase) -> None:
    record = replace(CLINIC, opening_hours="As it says on the door.", schedules=(WEEKDAYS,))
    assert Speaker(base).detail(record, "hours") == ["Open: As it says on the door."]
    asked = Speaker(base, [When(SATURDAY, "Saturday")])
    assert asked.detail(replace(record, schedules=()), "hours") == ["Open: As it says on the door."]


def test_the_hours_of_several_are_said_for_those_that_have_some(base: KnowledgeBase) -> None:
    speaker = Speaker(base, [When(SATURDAY, "Saturday")])
    known = replace(CLINIC, schedules=(WEEKDAYS,))
    written = replace(CLINIC, id="svc-other", opening_hours="Saturdays.")
    assert speaker.hours_of_all([CLINIC, known, written]) == [
        "No. Quillbury Clinic is closed on Saturday.",
        "Open: Saturdays.",
    ]
    assert speaker.hours_of_all([CLINIC, CLINIC]) == [
        "We don't have confirmed opening hours for these. Ring before you go."
    ]


def test_the_detail_alone_has_the_name_the_number_and_how_old_it_is(base: KnowledgeBase) -> None:
    record = replace(CLINIC, opening_hours="9am to 5pm.", schedules=(WEEKDAYS,), fees_description="Free.")
    lines = answer(Speaker(base), [Hit(record, 1.0)], "cost", only=True).lines
    assert lines[:3] == ["Cost: Free.", "Quillbury Clinic, Hereford.", "Ring 01432 960001 (the desk)."]
    assert lines[3].startswith("These details are from") and len(lines) == 5
    hours = answer(Speaker(base, [When(SATURDAY, "Saturday")]), [Hit(record, 1.0)], "hours", only=True).lines
    assert hours[:2] == ["No. Quillbury Clinic is closed on Saturday.", "Open: 9am to 5pm."]
    assert "It looks at sore feet." not in "\n".join([*lines, *hours])


def test_of_a_closed_record_never_the_detail_alone(base: KnowledgeBase) -> None:
    hit = Hit(CLOSED, 1.0)
    alone = answer(Speaker(base, [When(SATURDAY, "Saturday")]), [hit], "hours", only=True)
    assert alone.lines == answer(Speaker(base), [hit]).lines


def test_a_service_that_may_be_gone_says_so_beside_its_detail(base: KnowledgeBase) -> None:
    record = replace(CLINIC, status="unknown", alert="It may have closed.", opening_hours="9am to 5pm.")
    assert "It may have closed." in Speaker(base).only(record, "hours")


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
        said: list[str] = [speaker.brief(record, 1.0), speaker.short(record)]
        said += [line for detail in details for line in speaker.full(record, 1.0, detail)]
        for line in said:
            assert line.strip() and "{" not in line and ".." not in line.replace("...", ""), line
        if record.open_for_use:
            assert speaker.full(record)
