"""What our components of the pipeline have in common: each looks at one message at a time."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


class MessageComponent(GraphComponent):
    """A component that says in `look_at` what it makes of a message; one with settings has its own `create`."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MessageComponent:
        """Make the component (Rasa calls this)."""
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Examples are learned from as they stand (Rasa asks this of featurizers only)."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Look at each message (Rasa calls this)."""
        for message in messages:
            self.look_at(message)
        return messages

    @abstractmethod
    def look_at(self, message: Message) -> None:
        """Change the message, or leave it as it is."""
