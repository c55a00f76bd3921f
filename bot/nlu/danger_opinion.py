"""A second opinion on danger, for what no reviewed wording foresees: hints, and signs buried in a long message.

The table of signs (`danger_detector.py`) speaks first, and what it says stands. Where it is silent, this looks
at the whole message as it was typed: its words, its letters and its meaning. Either can raise the alarm. It learns from
the examples of danger in `data/nlu/danger.yml`, from `data/safety/examples.csv` (frightening words with and without
danger behind them, labelled by people) and, as examples of no danger, from everything else in `data/nlu`.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack
from scipy.special import softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.nlu.danger_detector import PREFIX, is_danger
from bot.nlu.language_detector import OTHER_LANGUAGE
from knowledge.vectors import shared_encoder

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "safety" / "examples.csv"
HARMLESS = "harmless"
FILE = "danger_opinion.joblib"


def labelled_examples(path: Path = EXAMPLES) -> list[tuple[str, str]]:
    """Messages with their labels: "life", "crisis", "violence", "urgent" (as the danger intents) or "harmless"."""
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["message"], row["label"]) for row in csv.DictReader(file)]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class DangerOpinion(GraphComponent, IntentClassifier):
    """Sets a danger intent where the likelihood of any danger reaches `alarm`."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`alarm`: the least likelihood, 0 to 1; `C`: the inverse of regularisation; `dense_weight`: of meaning."""
        return {"alarm": 0.5, "C": 10.0, "dense_weight": 2.0}

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        """An untrained opinion has none."""
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._encoder = shared_encoder()
        self._parts: dict[str, Any] = {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DangerOpinion:
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
    ) -> DangerOpinion:
        """Load what was learnt (Rasa calls this)."""
        opinion = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            opinion._parts = joblib.load(folder / FILE)
        return opinion

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from Rasa's examples and from the labelled ones."""
        learnt = [
            (example.get(TEXT), str(example.get(INTENT)))
            for example in training_data.intent_examples
            if example.get(TEXT) and example.get(INTENT) != OTHER_LANGUAGE
        ]
        learnt = [(text, name.removeprefix(PREFIX) if name.startswith(PREFIX) else HARMLESS) for text, name in learnt]
        texts, labels = zip(*learnt, *labelled_examples(), strict=True)
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3)
        meaning = csr_matrix(self._encoder.encode(list(texts)) * self._config["dense_weight"])
        features = hstack([words.fit_transform(texts), letters.fit_transform(texts), meaning]).tocsr()
        classifier = LogisticRegression(C=float(self._config["C"]), max_iter=300).fit(features, labels)
        self._parts = {
            "words": words,
            "letters": letters,
            "labels": list(classifier.classes_),
            "weights": np.ascontiguousarray(classifier.coef_.T, dtype=np.float32),
            "intercept": classifier.intercept_,
        }
        with self._storage.write_to(self._resource) as folder:
            joblib.dump(self._parts, folder / FILE)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Look at each message in which the table found no danger."""
        for message in messages:
            text = message.get(TEXT) or ""
            if text and self._parts and not is_danger(message.get(INTENT)):
                self._look_at(message, text)
        return messages

    def _look_at(self, message: Message, text: str) -> None:
        likelihoods = dict(zip(self._parts["labels"], self._likelihoods(text), strict=True))
        danger = 1.0 - likelihoods.pop(HARMLESS)
        if danger < self._config["alarm"]:
            return
        kind = max(likelihoods, key=lambda label: likelihoods[label])
        intent = {"name": f"{PREFIX}{kind}", "confidence": float(danger)}
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, [intent], add_to_output=True)
        found = {"entity": "danger_kind", "value": kind, "start": 0, "end": 0, "extractor": type(self).__name__}
        message.set(ENTITIES, [*message.get(ENTITIES, []), found], add_to_output=True)

    def _likelihoods(self, text: str) -> NDArray[np.float64]:
        """The likelihood of each label, shape (labels,)."""
        weights, at = self._parts["weights"], 0
        logits = self._parts["intercept"].astype(np.float64)
        for name in ("words", "letters"):
            counted = self._parts[name].transform([text])
            logits = logits + counted.data @ weights[at + counted.indices]
            at += counted.shape[1]
        meaning = self._encoder.encode_one(text) * self._config["dense_weight"]
        return softmax(logits + meaning @ weights[at:])
