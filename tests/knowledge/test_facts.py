"""The fact pack that the content was made from: all of it is here, dead things stay dead, and facts can be asked for.

`fact_ids.txt` lists the ids of the pack's records; a record keeps its id for life, if only as one that was merged.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowledge import content, schema
from knowledge.search import Query
from knowledge.settings import CONTENT, HOME

if TYPE_CHECKING:
    from collections.abc import Callable

    from knowledge.content import Tables
    from knowledge.search import KnowledgeBase
    from tests.conftest import Unseen

FACT_IDS = (Path(__file__).with_name("fact_ids.txt")).read_text("utf-8").split()

# Closed or ended: what people call it, and the record that says so.
CLOSED = {
    "Age UK Herefordshire and Worcestershire": "age-uk-hw-closed",
    "Age UK dementia services": "svc-age-uk-dementia",
    "Herefordshire Carers Support": "herefordshire-carers-support-closed",
    "Reconnections": "reconnections-ended",
    "Redditch Citizens Advice bureau": "citizens-advice-redditch-closed",
    "Hereford walk-in centre": "fact-hereford-walk-in-closed",
    "Ross minor injury unit": "fact-herefordshire-miu-closed",
    "Household Support Fund Herefordshire": "herefordshire-household-support",
    "Household Support Fund Worcestershire": "household-support-fund-worcestershire",
    "2gether mental health": "fact-out-of-date-herefordshire-mh",
    "NRS Healthcare": "more-nrs-healthcare-ended",
}

# Numbers that the pack's notes name as old, another's or misprinted, each with whose it was: never to be handed out.
with (HOME / "data" / "safety" / "never_said.csv").open(encoding="utf-8", newline="") as file:
    DEAD_NUMBERS = {row["pattern"]: row["note"] for row in csv.DictReader(file) if row["kind"] == "dead number"}


@pytest.fixture(scope="module")
def tables() -> Tables:
    """The real content."""
    return content.read(CONTENT)


def test_the_pack_has_all_its_ids() -> None:
    assert len(FACT_IDS) == len(set(FACT_IDS)) == 648


@pytest.mark.parametrize("fact_id", FACT_IDS)
def test_a_record_of_the_pack_is_found_by_its_id(base: KnowledgeBase, fact_id: str) -> None:
    record = base.get(fact_id)
    assert record.id == fact_id or fact_id in record.merged_from


def test_surgeries_pharmacies_and_networks_are_all_there(base: KnowledgeBase, tables: Tables) -> None:
    ids = {row["id"] for kind in schema.KINDS for row in tables[kind]}
    assert sum(record_id.startswith("gp-") for record_id in ids) == 78
    assert sum(record_id.startswith("pharmacy-") for record_id in ids) == 110
    assert sum(record_id.startswith("pcn-") for record_id in ids) == 16


def test_every_record_has_a_source_a_confidence_and_a_date_to_look_at_it_again(
    base: KnowledgeBase, tables: Tables
) -> None:
    for kind in schema.KINDS:
        for row in tables[kind]:
            record = base.get(row["id"])
            assert record.sources and all(source.name for source in record.sources), record.id
            assert record.confidence in schema.CONFIDENCES, record.id
            assert record.review_date, record.id


def test_every_fact_says_as_of_when_it_holds(tables: Tables) -> None:
    dated = {row["record_id"] for row in tables["source"] if row["date"]}
    without = [row["id"] for row in tables["fact"] if not row["source_date"] and row["id"] not in dated]
    assert without == []


def test_names_are_not_shouted(tables: Tables) -> None:
    sites = [row["name"] for row in tables["service"] if row["id"].startswith(("gp-", "pharmacy-", "pcn-"))]
    assert [name for name in sites if name.isupper() and len(name) > 5] == []


# -- closed, ended or renamed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("record_id", CLOSED.values())
def test_a_closed_thing_is_never_handed_out_as_live(base: KnowledgeBase, record_id: str) -> None:
    record = base.get(record_id)
    assert record.status == "defunct"
    assert not record.open_for_use
    assert not record.phones
    assert not record.schedules
    assert record.alert


@pytest.mark.parametrize("record_id", CLOSED.values())
def test_a_closed_thing_leads_to_something_open(base: KnowledgeBase, record_id: str) -> None:
    instead = [base.get(other) for other in base.get(record_id).replaced_by]
    assert instead
    assert [other.id for other in instead if not other.open_for_use] == []


@pytest.mark.parametrize("asked, record_id", CLOSED.items())
def test_who_asks_by_the_old_name_is_told_what_happened(base: KnowledgeBase, asked: str, record_id: str) -> None:
    assert record_id in [hit.record.id for hit in base.search(Query(asked), 3).hits]


def test_no_closed_thing_is_unknown_to_this_test(tables: Tables) -> None:
    defunct = {row["id"] for kind in schema.KINDS for row in tables[kind] if row["status"] == "defunct"}
    assert defunct == set(CLOSED.values())


def test_healthy_minds_leads_to_talking_therapies(base: KnowledgeBase) -> None:
    record = base.get("svc-talking-therapies")
    assert record.open_for_use
    assert {"Healthy Minds", "IAPT"} <= set(record.alternate_name)
    assert "Healthy Minds" in record.alert


@pytest.mark.parametrize("number", DEAD_NUMBERS)
def test_a_dead_number_is_published_nowhere(tables: Tables, number: str) -> None:
    written = re.compile(r"(?<!\d)" + r"[\s()-]*".join(re.sub(r"\D", "", number)) + r"(?!\d)")
    found = [
        f"{table}.csv: {row.get('record_id') or row.get('id')}, {column}"
        for table, rows in tables.items()
        if table not in schema.UNPUBLISHED
        for row in rows
        for column, cell in row.items()
        if written.search(cell)
    ]
    assert found == [], DEAD_NUMBERS[number]


def test_a_number_with_another_ending_is_left_out_too(tables: Tables) -> None:
    """The notes shorten two numbers to "01905 740950/740954"."""
    cells = [cell for table, rows in tables.items() if table != "note" for row in rows for cell in row.values()]
    assert [cell for cell in cells if "740954" in cell.replace(" ", "")] == []


# -- asking for facts --------------------------------------------------------------------------------------------------


def test_facts_are_found_in_the_words_of_their_questions(
    unseen: Unseen, tables: Tables, figure: Callable[[str], None]
) -> None:
    """Each question is asked of a knowledge base that lacks it, so that it must be near the record's other wordings."""
    facts = {row["id"] for row in tables["fact"]}
    asked = [row for row in unseen.questions if row["record_id"] in facts]
    assert len(asked) > 100
    first = among = 0
    missed = []
    for row in asked:
        found = [hit.record.id for hit in unseen.base.search(Query(row["question"]), 3).hits]
        first += found[0] == row["record_id"]
        among += row["record_id"] in found
        if row["record_id"] not in found:
            missed.append(f"{row['record_id']}: {row['question']}")
    figure(f"facts by {len(asked)} questions: first {first / len(asked):.1%}, in first three {among / len(asked):.1%}")
    assert first / len(asked) > 0.68
    assert among / len(asked) > 0.85, "\n".join(missed)


def test_every_fact_has_a_question(tables: Tables) -> None:
    asked_for = {row["record_id"] for row in tables["question"]}
    assert {row["id"] for row in tables["fact"]} <= asked_for


def test_every_fact_answers_at_least_one_of_its_questions_first(base: KnowledgeBase, tables: Tables) -> None:
    """As residents have it: with every question's vector in place."""
    facts = {row["id"] for row in tables["fact"]}
    answered = {
        row["record_id"]
        for row in tables["question"]
        if row["record_id"] in facts and base.search(Query(row["question"]), 1).hits[0].record.id == row["record_id"]
    }
    assert facts - answered == set()
