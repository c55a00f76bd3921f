"""The intent: logistic regression over words, letters and the sentence vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.utils.tensorflow.constants import RANKING_LENGTH
from scipy.sparse import csr_matrix, hstack, vstack
from scipy.special import softmax
from sklearn.preprocessing import normalize

from bot.nlu.danger_detector import is_danger
from bot.nlu.language_detector import OTHER_LANGUAGE, is_settled

if TYPE_CHECKING:
    from numpy.typing import NDArray


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class WeighedIntentClassifier(LogisticRegressionClassifier):
    """Rasa's classifier with its regularisation as a setting, and with care where danger is concerned.

    It never overrules the table of signs, and raises an alarm of its own only when it is sure: `danger_confidence`.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`C`: the inverse strength of regularisation; `dense_weight`: of the meaning beside the words themselves.

        `doubted`: intents that are costly to mistake, with the confidence below which the likelihood is halved.
        """
        return {
            **LogisticRegressionClassifier.get_default_config(),
            "C": 10.0,
            "max_iter": 500,
            "dense_weight": 1.5,
            "danger_confidence": 0.9,
            "doubted": {},
        }

    def __init__(self, config: dict[str, Any], name: str, model_storage: ModelStorage, resource: Resource) -> None:
        """As Rasa's own, with `C`."""
        super().__init__(config, name, model_storage, resource)
        self.clf.set_params(C=float(self.config["C"]))
        self._weights: NDArray[np.float64] | None = None

    def _create_X(self, messages: list[Message]) -> csr_matrix:  # noqa: N802  # Rasa's name
        """Words and letters scaled to length one, so that long messages count no more than short ones; shape (n, f)."""
        rows = []
        for message in messages:
            words = message.get_sparse_features(attribute=TEXT)[1]
            meaning = message.get_dense_features(attribute=TEXT)[1]
            parts = [normalize(csr_matrix(words.features))] if words else []
            if meaning:
                parts.append(csr_matrix(meaning.features * self.config["dense_weight"]))
            rows.append(hstack(parts))
        return vstack(rows).tocsr()

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of each message, keeping one that a danger or another language has already settled."""
        settled = {id(message): message.get(INTENT) for message in messages if is_settled(message.get(INTENT))}
        for message, likelihoods in zip(messages, self._likelihoods(messages), strict=True):
            message.set(INTENT_RANKING_KEY, self._ranking(likelihoods), add_to_output=True)
        for message in messages:
            if id(message) in settled:
                ranking = [settled[id(message)]]
            else:
                ranking = self._without_vague_alarm(message.get(INTENT_RANKING_KEY))
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking[: self.config[RANKING_LENGTH]], add_to_output=True)
        return messages

    def _ranking(self, likelihoods: NDArray[np.float64]) -> list[dict[str, Any]]:
        """The intents, likeliest first, among those that are not for the detector of languages alone to say."""
        kept = [(n, float(p)) for n, p in zip(self.clf.classes_, likelihoods, strict=True) if n != OTHER_LANGUAGE]
        doubted: dict[str, float] = self.config["doubted"]
        kept = [(n, p / 2 if p < doubted.get(n, 0.0) else p) for n, p in kept]
        whole = sum(p for _, p in kept)
        return sorted(({"name": n, "confidence": p / whole} for n, p in kept), key=lambda one: -one["confidence"])

    def _likelihoods(self, messages: list[Message]) -> NDArray[np.float64]:
        """The likelihood of each class, shape (messages, classes): what predict_proba gives, in a tenth of the time.

        scikit-learn copies all weights at every call to turn them round; they are turned once here, and only the rows
        of the words that a message has are looked at.
        """
        if self._weights is None:
            self._weights = np.ascontiguousarray(self.clf.coef_.T)
        logits = np.tile(self.clf.intercept_, (len(messages), 1))
        for logit, message in zip(logits, messages, strict=True):
            words = message.get_sparse_features(attribute=TEXT)[1]
            meaning = message.get_dense_features(attribute=TEXT)[1]
            counted = words.features.tocsr()
            length = np.linalg.norm(counted.data)
            if length:
                logit += (counted.data / length) @ self._weights[counted.indices]
            logit += self.config["dense_weight"] * meaning.features[0] @ self._weights[counted.shape[1] :]
        return softmax(logits, axis=1)

    def _without_vague_alarm(self, ranking: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The ranking without danger intents, unless they are together likely enough: then the likeliest one first."""
        alarms = [intent for intent in ranking if is_danger(intent)]
        others = [intent for intent in ranking if not is_danger(intent)]
        likely = sum(intent["confidence"] for intent in alarms)
        if likely >= self.config["danger_confidence"]:
            return [{**alarms[0], "confidence": likely}, *others]
        return others
