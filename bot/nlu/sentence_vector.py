"""The sentence vector as a Rasa featurizer: the same vector that the search uses, worked out once a message."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import DENSE_FEATURIZABLE_ATTRIBUTES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import ENTITIES, FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge.places import without_places
from knowledge.vectors import SentenceEncoder, shared_encoder


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceVectorFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds one dense sentence feature of shape (1, 384) and length one to every text."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceVectorFeaturizer:
        """Make the component (Rasa calls this)."""
        return cls(execution_context.node_name, config)

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        """Use the process's shared encoder."""
        super().__init__(name, config)
        self._encoder: SentenceEncoder = shared_encoder()

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """There is nothing to configure (Rasa calls this)."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the feature to each message that has text."""
        for message in messages:
            text = message.get(TEXT)
            if text:
                # The search will ask about the text without its places too.
                self._encoder.remember([text, without_places(text, message.get(ENTITIES, []))])
                self._add(message, TEXT, self._encoder.encode_one(text))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the feature to every training example, many at a time."""
        for attribute in DENSE_FEATURIZABLE_ATTRIBUTES:
            examples = [example for example in training_data.training_examples if example.get(attribute)]
            vectors = self._encoder.encode([example.get(attribute) for example in examples])
            for example, vector in zip(examples, vectors, strict=True):
                self._add(example, attribute, vector)
        return training_data

    def _add(self, message: Message, attribute: str, vector: NDArray[np.float32]) -> None:
        message.add_features(Features(vector.reshape(1, -1), FEATURE_TYPE_SENTENCE, attribute, self._identifier))
