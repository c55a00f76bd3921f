"""Danger first: the reviewed table of signs and a trained second opinion settle the intent before all else."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.component import MessageComponent
from bot.nlu.danger import DangerTable
from bot.nlu.danger_opinion import HARMLESS, DangerOpinion, everyday_questions, labelled_examples

PREFIX = "danger_"
URGENT = "urgent"  # a label of the opinion, and a care card
# The kinds of immediate danger whose replies have an intent of their own; all others are a danger to life.
OWN_INTENT = {
    "crisis": "crisis",
    "crisis-other": "crisis",
    "violence": "violence",
    "child": "violence",
    "adult": "violence",
}
WITH_CRISIS_LINES = ("crisis", "crisis-other", "self-harm")  # kinds whose cards name who to talk to
SOME, TALK = 0.2, 0.35  # likelihoods: of any share, and of a crisis beside another danger
SENTENCE = re.compile(r"(?<=[.!?])\s+|\s*\n\s*")
MOST_PARTS = 16
FILE = "danger_opinion.joblib"


@dataclass(frozen=True)
class Alarm:
    """A danger that was seen: the care card, the kind that chooses its wording, and the sign where the table saw it."""

    card: str
    kind: str
    sign: str = ""

    @property
    def intent(self) -> str:
        """The intent, and so the reply."""
        return PREFIX + (URGENT if self.card == URGENT else OWN_INTENT.get(self.kind, "life"))


@dataclass
class DangerWatch:
    """The table and the opinion together: either can raise the alarm.

    The opinion takes back the alarm of an English wording only where it is as good as certain that there is no danger,
    and sooner that of a doubtful one, which everyday messages use too. Without an opinion, as where no model could be
    loaded, every wording is heeded. All numbers are likelihoods of any danger, 0 to 1.
    """

    table: DangerTable = field(default_factory=DangerTable)
    opinion: DangerOpinion | None = None
    alarm: float = 0.5  # from which the opinion alone raises the alarm
    alarm_apart: float = 0.97  # the same for one sentence of several, which lacks what the others say
    doubted: float = 0.3  # under which the alarm of a doubtful wording is taken back
    ruled_out: float = 0.1  # under which that of any other is

    def look(self, text: str) -> Alarm | None:
        """The danger in a message, or None."""
        reading = self.table.read(text)
        danger = reading.danger
        seen = Alarm(danger.card, danger.kind, danger.sign.id) if danger else None
        if self.opinion is None:
            return seen
        whole = likely = self.opinion.likelihoods(text, reading)
        if whole[HARMLESS] > 1.0 - self.alarm:  # what is said among other things may be lost in the whole
            parts = _parts(text)
            self.opinion.get_ready(parts)
            apart = [self.opinion.likelihoods(part, self.table.read(part)) for part in parts]
            likely = min([whole, *apart], key=lambda one: one[HARMLESS])
        any_danger = 1.0 - likely[HARMLESS]
        if danger and danger.english and any_danger < (self.doubted if danger.doubtful else self.ruled_out):
            seen = None
        heard = (
            self._heard(likely, text) if any_danger >= (self.alarm if likely is whole else self.alarm_apart) else None
        )
        if seen is None or heard is None:
            return seen or heard
        # The graver card. Who may be thinking of ending their life is told who to talk to, whatever else is seen.
        talk = likely["crisis"] >= TALK and seen.kind not in WITH_CRISIS_LINES
        return heard if talk or (seen.card == URGENT and heard.card != URGENT) else seen

    def _heard(self, likely: dict[str, float], text: str) -> Alarm:
        immediate = likely["life"] + likely["crisis"] + likely["violence"]
        if immediate < SOME:
            return Alarm(URGENT, URGENT)
        kind = max(("life", "crisis", "violence"), key=lambda label: likely[label])
        if likely["crisis"] >= SOME * immediate:  # its card has 999 first, and the crisis lines that the others lack
            kind = "crisis"
        return Alarm("immediate", self.table.narrowed(kind, text))


def _parts(text: str) -> list[str]:
    """The sentences and lines of a text that has several; neighbours stay together where there are very many."""
    sentences = [part for part in SENTENCE.split(text) if part.strip()]
    together = -(-len(sentences) // MOST_PARTS)
    parts = [" ".join(sentences[i : i + together]) for i in range(0, len(sentences), together or 1)]
    return parts if len(parts) > 1 else []


@lru_cache(maxsize=1)
def shared_watch() -> DangerWatch:
    """The process's one; it has an opinion as soon as a model is loaded."""
    return DangerWatch()


def is_danger(intent: dict[str, Any] | None) -> bool:
    """Whether a parsed intent is one of the danger intents."""
    return bool(intent) and str((intent or {}).get("name")).startswith(PREFIX)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class DangerDetector(MessageComponent, IntentClassifier):
    """Sets a danger intent where there is danger, whatever else is known about the message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The likelihoods of `DangerWatch`."""
        names = ("alarm", "alarm_apart", "doubted", "ruled_out")
        return {name: getattr(DangerWatch, name) for name in names}

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        """Use the process's watch."""
        self._storage = model_storage
        self._resource = resource
        self._watch = shared_watch()
        for name in self.get_default_config():
            setattr(self._watch, name, float(config[name]))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DangerDetector:
        """Make the component for training (Rasa calls this)."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> DangerDetector:
        """Load what was learnt (Rasa calls this)."""
        detector = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            detector._watch.opinion = DangerOpinion.load(folder / FILE)
        return detector

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the opinion from Rasa's examples, from the labelled ones, and from the questions of the content."""
        learnt = [(e.get(TEXT), str(e.get(INTENT))) for e in training_data.intent_examples if e.get(TEXT)]
        learnt = [(text, name.removeprefix(PREFIX) if name.startswith(PREFIX) else HARMLESS) for text, name in learnt]
        everyday = [(text, HARMLESS) for text in everyday_questions() if self._watch.table.read(text).danger is None]
        opinion = DangerOpinion.learn(self._watch.table, [*learnt, *labelled_examples(), *everyday])
        with self._storage.write_to(self._resource) as folder:
            opinion.save(folder / FILE)
        return self._resource

    def look_at(self, message: Message) -> None:
        """Settle the intent where there is danger."""
        alarm = self._watch.look(message.get(TEXT) or "")
        if alarm is None:
            return
        intent = {"name": alarm.intent, "confidence": 1.0}  # settled: no likelihood of another intent counts against it
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, [intent], add_to_output=True)
        found = [
            {"entity": name, "value": value, "start": 0, "end": 0, "extractor": type(self).__name__}
            for name, value in (("danger_kind", alarm.kind), ("danger_sign", alarm.sign))
            if value
        ]
        message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
