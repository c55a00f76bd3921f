"""Messages in another language than English: who answers in that language, said in it and once more in English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rasa_sdk import Action

from actions import closing
from actions.reply import Reply
from actions.turn import read

if TYPE_CHECKING:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher

# Languages by code, with the phrase that is said. Which they are: the commonest main languages of the two counties.
# Herefordshire Council gives the Census of 2021 (table TS024) as Polish about 3,000 people and Romanian 1,500, and
# Bulgaria and Romania as the homes of most seasonal farm workers, with Ukraine and Russia after them. We could not get
# the counts of the other languages for the six districts of Worcestershire: the rest of the first eight, and the seven
# after them, are our reading of the counts for England and Wales in the same table. Table TS024 by district decides.
PHRASES = {
    "pl": "language_pl",
    "ro": "language_ro",
    "bg": "language_bg",
    "pt": "language_pt",
    "ur": "language_ur",
    "ur-Latn": "language_ur_latn",
    "pa": "language_pa",
    "pa-Latn": "language_pa_latn",
    "lt": "language_lt",
    "hu": "language_hu",
    "ru": "language_ru",
    "lv": "language_lv",
    "uk": "language_uk",
    "es": "language_es",
    "bn": "language_bn",
    "bn-Latn": "language_bn",
    "ar": "language_ar",
    "tr": "language_tr",
}


class ActionAnswerOtherLanguage(Action):
    """That we answer in English, and how to get an interpreter from NHS 111."""

    def name(self) -> str:
        """As in the domain."""
        return "action_answer_other_language"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Say it in the language where we have the words, then in plain English for whoever helps.

        What was spoken of before stays: the next message may be English again.
        """
        turn = read(tracker)
        entities = tracker.latest_message.get("entities", [])
        languages = [entity["value"] for entity in entities if entity["entity"] == "language"]
        phrase = next((PHRASES[language] for language in languages if language in PHRASES), "")
        lines = [turn.speaker.phrase(phrase), turn.speaker.phrase("language_english")] if phrase else []
        reply = Reply("answer", lines or [turn.speaker.phrase("language_other")], [turn.base.get("route-nhs-111")])
        kept = {"records": list(turn.records), "asked": turn.asked or None, "failures": turn.failures}
        return closing.finish(dispatcher, turn, reply, **kept)
