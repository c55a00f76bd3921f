"""What the assistant must not or cannot do, with who can instead: advice, bookings, records, other subjects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Action

from actions import closing, finding, following
from actions.reply import Reply, answer
from actions.turn import read
from knowledge.search import Query

if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher

    from actions.turn import Turn

DOUBTFUL = 0.9  # an intent less likely than this is not enough to refuse what we can answer
FOREIGN = 0.2  # how far below it a refusal that might be of another subject is no refusal of ours
SURE = 0.15  # how far above the believable score a foreign-looking question must lie to be answered all the same


class ActionRefuseAdvice(Action):
    """No diagnosis, no dose, no "is it serious": who can say instead."""

    def name(self) -> str:
        """As in the domain."""
        return "action_refuse_advice"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Say what we can't say, and that a pharmacist, the GP surgery or 111 can."""
        turn = read(tracker)
        return _say(dispatcher, turn, "advice", ("route-nhs-111", "route-pharmacy-first"))


class ActionRefuseAppointment(Action):
    """No booking, changing or cancelling: who can."""

    def name(self) -> str:
        """As in the domain."""
        return "action_refuse_appointment"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Name the surgery or clinic with its number where it was said, or say how what is wanted is got."""
        turn = read(tracker)
        speaker = turn.speaker
        for record_id in turn.named:
            record = turn.base.get(record_id)
            if record.phones and record.open_for_use:
                line = speaker.phrase("appointment_with", name=record.name, number=record.phones[0].number)
                return closing.finish(dispatcher, turn, Reply("answer", lines=[line], records=[record]))
        hit = finding.surely_meant(turn)
        if hit is not None:
            reply = answer(speaker, [hit], "referral")
            reply.lines.insert(0, speaker.phrase("appointment"))
            return closing.finish(dispatcher, turn, reply)
        return _say(dispatcher, turn, "appointment", ("route-nhs-app",))


class ActionRefuseRecords(Action):
    """No look into anybody's records, results or place on a waiting list: who can."""

    def name(self) -> str:
        """As in the domain."""
        return "action_refuse_records"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Say that we can't see them, and who can."""
        turn = read(tracker)
        return _say(dispatcher, turn, "own_records", ("route-nhs-app",))


class ActionOutOfScope(Action):
    """Nothing that this service does, unless the knowledge base is quite sure that it is."""

    def name(self) -> str:
        """As in the domain."""
        return "action_out_of_scope"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Refuse politely, with what we can do."""
        turn = read(tracker)
        elsewhere = turn.spot is not None and turn.spot.outside and not turn.named
        if not elsewhere:
            followed = following.follow_up(dispatcher, turn)
            if followed is not None:
                return followed
            if turn.named or _belief(turn) >= turn.base.calibration.believable + turn.doubt:
                return finding.answer_question(dispatcher, turn, "unsure")
        speaker = turn.speaker
        line = (
            speaker.phrase("outside", place=turn.spot.name) if turn.spot and elsewhere else speaker.phrase("not_ours")
        )
        reply = Reply("out_of_scope", lines=[line])
        reply.buttons = [closing.button(speaker.phrase(name)) for name in closing.OFFERS]
        return closing.finish(dispatcher, turn, reply, place=turn.remembered_id or None)


def _belief(turn: Turn) -> float:
    """How far the knowledge base believes that the message is a question for it."""
    query = Query(
        turn.text, turn.known_spot, named=turn.named, placeless=turn.placeless if turn.placeless != turn.text else ""
    )
    return turn.base.search(query, 1).belief


def _say(
    dispatcher: CollectingDispatcher, turn: Turn, phrase: str, record_ids: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Refuse, say who can, and give the record that comes closest where there is a good one."""
    belief = _belief(turn)
    if (
        turn.intent != "ask_medical_advice"
        and turn.second_intent == "out_of_scope"
        and belief < turn.base.calibration.believable - FOREIGN
        and not turn.subjects
    ):
        return closing.finish(dispatcher, turn, Reply("out_of_scope", lines=[turn.speaker.phrase("not_ours")]))
    if turn.confidence < DOUBTFUL and belief >= turn.base.calibration.believable + SURE:
        return finding.answer_question(dispatcher, turn, "unsure")
    speaker = turn.speaker
    reply = Reply("answer", lines=[speaker.phrase(phrase)])
    reply.records = [turn.base.get(record_id) for record_id in record_ids]
    found = turn.base.search(Query(turn.text, turn.known_spot, ("route", "service"), turn.named), 1)
    if found.hits and found.belief >= turn.base.calibration.believable + SURE:
        best = found.hits[0].record
        reply.lines.append(speaker.short(best))
        reply.records = [best, *(record for record in reply.records if record.id != best.id)]
    return closing.finish(dispatcher, turn, reply, records=list(turn.records) or None)
