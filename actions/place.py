"""A place alone: the answer to "which town?", or the same question somewhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Action

from actions import finding
from actions.reply import Reply, Speaker
from actions.turn import read

if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher

    from actions.turn import Turn

NEEDS = ("button_gp", "button_pharmacy", "button_minor_injuries", "button_dentist", "button_hospital")


class ActionUsePlace(Action):
    """Ask the last question again, here; without one, ask what is needed here."""

    def name(self) -> str:
        """As in the domain."""
        return "action_use_place"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Answer the remembered question for the place that was said."""
        turn = read(tracker)
        followed = finding.follow_up(dispatcher, turn)
        if followed is not None:
            return followed
        if turn.spot is None:
            return finding.answer_question(dispatcher, turn, "unsure")
        if turn.own_words or turn.subjects:
            return finding.answer_question(dispatcher, turn, "find_service")
        return _what_here(dispatcher, turn)


def _what_here(dispatcher: CollectingDispatcher, turn: Turn) -> list[dict[str, Any]]:
    speaker = Speaker(turn.base)
    assert turn.spot is not None  # the caller looked
    if turn.spot.outside:
        reply = Reply("out_of_scope", lines=[speaker.phrase("outside", place=turn.spot.name)])
        return finding.finish(dispatcher, turn, reply, place=None)
    reply = Reply("clarify", lines=[speaker.phrase("ask_need", place=finding.place_in_words(turn))])
    reply.buttons = [finding.button(speaker.phrase(name)) for name in NEEDS]
    return finding.finish(dispatcher, turn, reply, asked="need")
