"""How to get the care or help somebody needs: the route, what it is for, who to ring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Action

from actions import finding, following
from actions.not_ours import ActionRefuseAdvice
from actions.turn import read

if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher

SMALL_TALK = {
    "greet": "utter_greet",
    "thank": "utter_thank",
    "goodbye": "utter_goodbye",
    "ask_what_you_can_do": "utter_what_you_can_do",
    "ask_who_you_are": "utter_who_you_are",
}


class ActionGetCare(Action):
    """Answer a need or a situation with the next step."""

    def name(self) -> str:
        """As in the domain."""
        return "action_get_care"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Say the route or service that fits best."""
        turn = read(tracker)
        return following.respond(dispatcher, turn, "get_care")


class ActionAnswerUnsure(Action):
    """When no aim is clear, take the likeliest and let the knowledge base decide whether there is an answer."""

    def name(self) -> str:
        """As in the domain."""
        return "action_answer_unsure"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Say what is found when it can be believed, else that we don't know."""
        turn = read(tracker)
        if turn.likeliest in SMALL_TALK and not turn.own_words and not turn.spot and not turn.person:
            dispatcher.utter_message(response=SMALL_TALK[turn.likeliest])
            return []
        if turn.likeliest == "ask_medical_advice" and not turn.points_back and not finding.has_answer(turn):
            return ActionRefuseAdvice().run(dispatcher, tracker, domain)
        likely = turn.likeliest in finding.AIMS and (turn.likeliest != "complain" or "complaints" in turn.subjects)
        aim = turn.likeliest if likely else "unsure"
        return following.respond(dispatcher, turn, aim)
