"""Find an organisation or a place: by what it is, where it is, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Action

from actions import following
from actions.turn import read

if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher


class ActionFindService(Action):
    """Answer "where is …", "which … are in …", "… near me"."""

    def name(self) -> str:
        """As in the domain."""
        return "action_find_service"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Say the nearest, the one that was named, or ask where."""
        turn = read(tracker)
        return following.respond(dispatcher, turn, "find_service")
