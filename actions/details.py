"""A detail of a record: phone, address, hours, cost, who can use it, whether a referral is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Action

from actions import closing, finding, following
from actions.reply import Reply
from actions.turn import read

if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher

    from actions.turn import Turn


class ActionGiveDetail(Action):
    """Answer "their number?", "what time does it shut", "how old do you have to be", of what was shown or named."""

    def name(self) -> str:
        """As in the domain."""
        return "action_give_detail"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Give the detail of the record just shown, or find the one that is named."""
        turn = read(tracker)
        followed = following.follow_up(dispatcher, turn)
        if followed is not None:
            return followed
        if not turn.own_words and not turn.named and not turn.subjects:
            return _which(dispatcher, turn)
        return finding.answer_question(dispatcher, turn, turn.intent)


def _which(dispatcher: CollectingDispatcher, turn: Turn) -> list[dict[str, Any]]:
    if turn.asked_back:
        return closing.not_found(dispatcher, turn)
    reply = Reply("clarify", lines=[turn.speaker.phrase("ask_service")])
    return closing.finish(dispatcher, turn, reply, asked="service")
