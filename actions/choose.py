"""Picking from what was shown: "the second one", "the Bromsgrove one", "more", "yes"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Action

from actions import closing, following, nearby
from actions.reply import Reply, answer
from actions.turn import read
from knowledge.search import Hit

if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher


QUESTION = {"text": "", "aim": "find_service"}  # what a yes to "tell me your town" asks


class ActionChooseOption(Action):
    """Show the one that was picked, alone and in full."""

    def name(self) -> str:
        """As in the domain."""
        return "action_choose_option"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Pick by number, by place or by a word of the name."""
        turn = read(tracker)
        record = following.picked(turn)
        if record is None:
            return following.respond(dispatcher, turn, "unsure")
        reply = answer(turn.speaker, [Hit(record, 1.0)])
        kept = following.first_of(turn, record)
        return closing.finish(dispatcher, turn, reply, place=turn.remembered_id or None, records=kept)


class ActionShowMore(Action):
    """The next of a list, or the neighbours of the last answer."""

    def name(self) -> str:
        """As in the domain."""
        return "action_show_more"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Say the next three, or that there are no more."""
        turn = read(tracker)
        speaker = turn.speaker
        hits = following.more_hits(turn)
        if not hits:
            reply = Reply("answer" if turn.records else "fallback", lines=[speaker.phrase("no_more")])
            return closing.finish(dispatcher, turn, reply)
        reply = Reply("answer", lines=[speaker.brief(hit.record, hit.miles) for hit in hits])
        reply.records = [hit.record for hit in hits]
        page = [hit.record.id for hit in hits]
        return closing.finish(dispatcher, turn, reply, records=page, shown=[*map(list, turn.shown), page])


class ActionAffirm(Action):
    """A yes to a question back; with a subject in it ("yes a gp") it is that question."""

    def name(self) -> str:
        """As in the domain."""
        return "action_affirm"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Go on with what was asked."""
        turn = read(tracker)
        if turn.subjects or turn.own_words:
            return following.respond(dispatcher, turn, "find_service")
        if turn.asked == "place":
            return nearby.ask_place(dispatcher, turn, {})
        if turn.records:
            record = turn.base.get(turn.records[0])
            subject = record.taxonomy_terms[0] if record.taxonomy_terms else ""
            if (
                not turn.asked_back
                and not turn.base.is_site(record)
                and subject
                and turn.base.terms[subject]["by_place"]
            ):
                return nearby.ask_place(dispatcher, turn, {"question": {**QUESTION, "subjects": [subject]}})
            reply = answer(turn.speaker, [Hit(record, 1.0)])
            return closing.finish(dispatcher, turn, reply, records=list(turn.records))
        return closing.not_found(dispatcher, turn)


class ActionDeny(Action):
    """A no to what was said; with a subject or place in it ("no, I meant A&E") it is a question of its own."""

    def name(self) -> str:
        """As in the domain."""
        return "action_deny"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Answer what was meant, or ask for it in other words."""
        turn = read(tracker)
        if turn.subjects or turn.own_words or turn.named or turn.spot:
            return following.respond(dispatcher, turn, "find_service")
        if turn.asked == "place":
            return nearby.without_place(dispatcher, turn, {})
        return closing.finish(dispatcher, turn, Reply("chitchat", lines=[turn.speaker.phrase("all_right")]))
