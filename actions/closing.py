"""What ends a turn: the reply is said, further questions are offered, and what the next turn may need is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk.events import SlotSet

from actions.reply import Button, Reply
from actions.turn import COUNTING, OFFERED, POINTING
from knowledge.schema import SITES
from knowledge.search import Query

if TYPE_CHECKING:
    from rasa_sdk.executor import CollectingDispatcher

    from actions.turn import Turn

Events = list[dict[str, Any]]

WAITING = 3  # turns that a question waits for its place while others are answered
EARLIER = 4  # answers before the last that somebody may come back to
OTHERS_OFFERED = 2  # further questions of a message
OFFERS = ("button_gp", "button_pharmacy", "button_minor_injuries", "button_dentist")
COUNCIL_RECORDS = ("wcc-adult-front-door", "herefordshire-art")


def finish(dispatcher: CollectingDispatcher, turn: Turn, reply: Reply, **kept: Any) -> Events:
    """Say the reply, and keep what the next turn may need. Failures count up while nothing is found.

    What is shown is a new list, unless `records` says which of those before are spoken of now. A question that still
    waits for a place waits on while another is answered.
    """
    if reply.outcome == "answer":
        _offer_others(turn, reply)
    reply.send(dispatcher)
    slots: dict[str, Any] = {
        "place": turn.known_spot_id or None,
        "failures": turn.failures + 1 if reply.outcome == "fallback" else 0,
        "asked": None,
        "other_questions": list(turn.other_questions) if reply.outcome == "clarify" else None,
    }
    slots["pending"] = _still_waiting(turn, kept)
    if reply.records and "records" not in kept:
        slots["records"] = [record.id for record in reply.records]
        slots["shown"] = [slots["records"]]
        slots["earlier"] = [page for page in (list(turn.records), *map(list, turn.earlier)) if page][:EARLIER]
    slots.update(kept)
    return [SlotSet(name, value) for name, value in slots.items()]


def _still_waiting(turn: Turn, kept: dict[str, Any]) -> dict[str, Any] | None:
    """The question that waits for a place after this turn, for a few turns: not the one that is asked now."""
    waiting = turn.pending
    if turn.asked in ("place", OFFERED) and not turn.only_place and turn.question:
        waiting = {"text": turn.question, "subjects": list(turn.question_subjects), "aim": turn.aim, "turns": 0}
    if not waiting or turn.only_place or kept.get("asked") == "place" or waiting["turns"] >= WAITING:
        return None
    asked_anew = set(waiting["subjects"]) & set(turn.subjects)
    return None if asked_anew else {**waiting, "turns": waiting["turns"] + 1}


def _offer_others(turn: Turn, reply: Reply) -> None:
    """Of several questions in one message the first is answered; offer the next, and say it where one fact says it."""
    for question in turn.other_questions[:OTHERS_OFFERED]:
        how_many = COUNTING.search(question)
        points = POINTING & set(question.lower().split()) and not how_many
        about = f"{turn.text} {question}" if points else question
        kinds = ("fact",) if how_many else SITES if question.lower().startswith("where") else ("route", "service")
        terms = turn.base.terms_in(question)
        where = None if how_many else turn.known_spot
        query = Query(about, where, kinds, terms=terms, alone=bool(terms), person=turn.person, age=turn.age)
        found = turn.base.search(query, 1)
        top = found.hits[0].record if found.hits else None
        if top is None or not found.believable or top.id in {record.id for record in reply.records}:
            continue
        reply.lines.append(turn.speaker.phrase("other_question", question=question))
        reply.records.append(top)
        if top.kind == "fact":
            reply.lines.append(turn.speaker.short(top))
        reply.buttons.append(button(question))


def not_found(dispatcher: CollectingDispatcher, turn: Turn, outcome: str = "fallback", people: bool = False) -> Events:
    """Say so; the second time in a row, or where `people` are wanted, give people to ring instead."""
    speaker = turn.speaker
    if turn.failures >= 1 or people:
        councils = [turn.base.get(record_id) for record_id in COUNCIL_RECORDS]
        numbers = "; ".join(f"{c.name}, {c.phones[0].number}" for c in councils if c.phones)
        reply = Reply(
            outcome, lines=[speaker.phrase("people_again" if turn.failures > 1 else "people_to_ring", numbers=numbers)]
        )
        reply.records = councils
        return finish(dispatcher, turn, reply, records=list(turn.records) or None)
    reply = Reply(outcome, lines=[speaker.phrase("not_known"), speaker.phrase("try_these")])
    reply.buttons = [button(speaker.phrase(name)) for name in OFFERS]
    return finish(dispatcher, turn, reply)


def button(title: str) -> Button:
    """A button that says its own title."""
    return {"title": title, "payload": title}
