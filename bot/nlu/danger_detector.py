"""Danger first: the reviewed table of signs decides the intent before the classifier is asked."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.component import MessageComponent
from bot.nlu.danger import Danger, DangerTable

PREFIX = "danger_"
# The kinds of immediate danger that have an intent of their own; every other immediate sign is a danger to life.
OWN_INTENT = ("crisis", "violence")


@lru_cache(maxsize=1)
def shared_table() -> DangerTable:
    """The process's one table of signs, from data/safety."""
    return DangerTable()


def is_danger(intent: dict[str, Any] | None) -> bool:
    """Whether a parsed intent is one of the danger intents."""
    return bool(intent) and str((intent or {}).get("name")).startswith(PREFIX)


def intent_of(danger: Danger) -> str:
    """The intent, and so the reply, of a danger that was found."""
    if danger.card == "urgent":
        return f"{PREFIX}urgent"
    return PREFIX + (danger.kind if danger.kind in OWN_INTENT else "life")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class DangerDetector(MessageComponent, IntentClassifier):
    """Sets a danger intent with confidence 1 where the table of signs finds one."""

    def __init__(self) -> None:
        """Use the process's table."""
        self._table = shared_table()

    def look_at(self, message: Message) -> None:
        """Look at the message, whatever else is known about it."""
        danger = self._table.look(message.get(TEXT) or "")
        if danger is None:
            return
        intent = {"name": intent_of(danger), "confidence": 1.0}
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, [intent], add_to_output=True)
        found = [
            {"entity": name, "value": value, "start": 0, "end": 0, "extractor": type(self).__name__}
            for name, value in (("danger_kind", danger.kind), ("danger_sign", danger.sign.id))
        ]
        message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
