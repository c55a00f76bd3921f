"""Words as typed, put right before anything else is made of them: "urgant dentust" is an urgent dentist."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from knowledge import published
from knowledge.search import KnowledgeBaseError


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SpellingCorrector(GraphComponent):
    """Replaces the text that the components after it read; what was typed is kept in the conversation as it was."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SpellingCorrector:
        """Make the component (Rasa calls this)."""
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Examples are learned from as they stand."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Correct each message by the words of the newest published knowledge."""
        try:
            spelling = published.current().spelling
        except KnowledgeBaseError:
            return messages  # whoever needs the knowledge base says so
        for message in messages:
            if not message.get(INTENT):  # danger or another language has settled it
                message.set(TEXT, spelling.corrected(message.get(TEXT) or ""), add_to_output=True)
        return messages
