"""Who hears complaints, praise and feedback about care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Action

from actions import finding
from actions.turn import read

if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher


class ActionComplain(Action):
    """Say who to complain to about what was named, or how to complain about any NHS service."""

    def name(self) -> str:
        """As in the domain."""
        return "action_complain"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Look among the records about complaints only."""
        return finding.answer_question(dispatcher, read(tracker), "complain")
