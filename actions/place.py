"""A place alone: the answer to "which town?", or the same question somewhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Action

from actions import following
from actions.turn import read

if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher


class ActionUsePlace(Action):
    """Ask the last question again, here; without one, ask what is needed here."""

    def name(self) -> str:
        """As in the domain."""
        return "action_use_place"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Answer the remembered question for the place that was said."""
        turn = read(tracker)
        aim = "find_service" if turn.spot is not None else "unsure"
        return following.respond(dispatcher, turn, aim)
