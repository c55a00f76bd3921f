"""What the integrated care system is: who is in it, numbers, dates, aims and what changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Action

from actions import following
from actions.turn import read

if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher


class ActionAskIcs(Action):
    """Answer a question about the system from the facts, with their date."""

    def name(self) -> str:
        """As in the domain."""
        return "action_ask_ics"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Say the fact that fits; a follow-up ("what did it replace") is read together with what was asked before."""
        turn = read(tracker)
        return following.respond(dispatcher, turn, "ask_ics")
