"""The integrated care system: every fact can be asked for, and is answered with its date."""

from __future__ import annotations

import csv
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from actions.reply import say_date
from knowledge.settings import CONTENT

if TYPE_CHECKING:
    from knowledge.search import KnowledgeBase
    from tests.conversations.conftest import App, Chat

pytestmark = pytest.mark.conversation


@pytest.mark.parametrize(
    "words, record, said",
    [
        ("which body has replaced the clinical commissioning group", "ccg-replaced-by-icb", "1 July 2022"),
        ("what is the job of the integrated care board", "icb-role", "plans, pays for and oversees"),
        ("number of GP practices in the two counties?", "ics-gp-practices-80", "78"),
        ("how many folk live in Herefordshire and Worcestershire", "ics-population-806000", "806,000"),
        ("on what date did the ICS start", "ics-accredited-1-april-2021", "1 April 2021"),
        ("are the ICB and the ICP the same", "icb-vs-icp", "wider group"),
        ("what four things does the ICS aim for", "ics-national-aims-four", "better health and care"),
    ],
)
def test_a_question_in_plain_words(chat: Chat, words: str, record: str, said: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "answer"
    assert reply.records[0] == record
    assert said in reply.lines[0]
    assert any(line.startswith("As of ") for line in reply.lines)


def test_where_sources_disagree_both_are_said(chat: Chat) -> None:
    reply = chat.say("what is the population that the ICS serves")
    assert "806,000" in reply.text
    assert "825,000" in reply.text


def test_every_fact_can_be_asked_for_and_has_its_date(app: App, base: KnowledgeBase) -> None:
    questions = defaultdict(list)
    with (CONTENT / "question.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            questions[row["record_id"]].append(row["question"])
    with (CONTENT / "fact.csv").open(encoding="utf-8", newline="") as file:
        facts = [base.get(row["id"]) for row in csv.DictReader(file)]
    assert len(facts) >= 96

    def is_answered(fact_id: str) -> bool:
        fact = base.get(fact_id)
        when = fact.assured_date or fact.source_date
        dated = f"As of {say_date(when)}." if when else base.phrases["undated"]
        for question in questions[fact_id]:
            reply = app.chat().say(f"Hello, {question.rstrip('?')}, do you know?")
            if reply.records[:1] == [fact_id] and fact.description in reply.text and dated in reply.lines:
                return True
        return False

    missed = [fact.id for fact in facts if not is_answered(fact.id)]
    assert not missed


def test_a_follow_up_is_read_with_what_was_asked_before(chat: Chat) -> None:
    chat.say("what is the integrated care board")
    assert "1 July 2022" in chat.say("when did it start").lines[0]
