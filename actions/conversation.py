"""The conversation itself: starting again, and who to talk to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Action
from rasa_sdk.events import AllSlotsReset

from actions import closing
from actions.reply import Reply
from actions.turn import read

if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher


class ActionForget(Action):
    """Forget the place, the question and what was shown."""

    def name(self) -> str:
        """As in the domain."""
        return "action_forget"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Reset every slot."""
        return [AllSlotsReset()]


class ActionTalkToPerson(Action):
    """Who to ring: 111 for health, the councils for care."""

    def name(self) -> str:
        """As in the domain."""
        return "action_talk_to_person"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Give the numbers where a person answers."""
        turn = read(tracker)
        speaker = turn.speaker
        records = [turn.base.get(record_id) for record_id in ("route-nhs-111", *closing.COUNCIL_RECORDS)]
        reply = Reply("answer", lines=[speaker.phrase("people"), *map(speaker.brief, records)], records=records)
        return closing.finish(dispatcher, turn, reply)
