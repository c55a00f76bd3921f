"""Words as typed, put right before anything else is made of them: "urgant dentust" is an urgent dentist."""

from __future__ import annotations

import csv
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.component import MessageComponent
from knowledge import published
from knowledge.search import KnowledgeBaseError
from knowledge.spelling import WORD

SHORTHAND = Path(__file__).resolve().parents[2] / "data" / "languages" / "shorthand.csv"


@lru_cache(maxsize=1)
def shorthand() -> dict[str, str]:
    """What people shorten ("appt"), with the word that is meant."""
    with SHORTHAND.open(encoding="utf-8", newline="") as file:
        return {row["written"]: row["meant"] for row in csv.DictReader(file)}


def in_full(text: str) -> str:
    """The text with its shortened words in full: "pt needs appt" is a patient who needs an appointment."""
    return WORD.sub(lambda match: shorthand().get(match.group().lower(), match.group()), text)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SpellingCorrector(MessageComponent):
    """Replaces the text that the components after it read; what was typed is kept in the conversation as it was."""

    def look_at(self, message: Message) -> None:
        """Correct the message by the words of the newest published knowledge."""
        if message.get(INTENT):
            return  # danger or another language has settled it
        text = in_full(message.get(TEXT) or "")
        with suppress(KnowledgeBaseError):  # whoever needs the knowledge base says so
            text = published.current().spelling.corrected(text)
        message.set(TEXT, text, add_to_output=True)
