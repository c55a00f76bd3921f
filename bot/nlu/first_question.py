"""One question at a time: of several in a message, the first is answered and the others are offered."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from actions.turn import DETAIL_WORDS, POINTING
from knowledge.search import content_words

OTHER_QUESTIONS = "other_questions"
_ASKING = (
    r"(?:how|where|who|what|when|which|why|can|could|do|does|did|is|are|should|will|would|have you|has"
    r"|any(?:where|one)?|(?:i )?(?:need|want)|looking for|i also|also|tell me)(?:'?s|'?re|'?ll)?\b"
)
# The end of a sentence (not of "St." or "Dr."), or a joining word with a question after it.
_END = r"(?<!\bst)(?<!\bdr)(?<!\bmr)(?<!\bmrs)(?<!\brd)[?!.;]+\s+|\n+"
_BETWEEN = re.compile(
    rf"{_END}|(?<!\bi),?\s+(?:and|also|plus|n|&|then)\s+(?=(?:also\s+|then\s+)?{_ASKING})|,\s+(?=also\s+{_ASKING})",
    re.IGNORECASE,
)
_JOINT = re.compile(r"^(?:and|also|plus|then)\b[,\s]*|[,\s]+(?:and|also|plus|then|n|&)$", re.IGNORECASE)
_IS_QUESTION = re.compile(rf"(?:(?:and|also|plus|then|but|so|oh|hi|hello|please)[,\s]+)*{_ASKING}", re.IGNORECASE)


def questions(text: str) -> list[str]:
    """The questions in a text, each with what was said before it.

    One that names nothing of its own stays with the one before:
    "My mum fell. Who can fit rails? And what does it cost?" is one question, "where is the dentist and who do I ring
    about my bins" is two.
    """
    found: list[str] = []
    waiting = start = 0  # where the text that belongs to the next question begins, and where this part does
    for end, following in [*((m.start(), m.end()) for m in _BETWEEN.finditer(text)), (len(text), len(text))]:
        part, asked = text[start:end], text[end : end + 1] == "?" or text[start:end].endswith("?")
        if (asked or _IS_QUESTION.match(part)) and _has_a_subject(part):
            found.append(text[waiting:following].strip())
            waiting = following
        elif found:  # more about the question before
            found[-1] = f"{found[-1]} {text[waiting:following].strip()}"
            waiting = following
        start = following
    return [_JOINT.sub("", question) for question in found] if len(found) > 1 else [text]


def _has_a_subject(part: str) -> bool:
    return any(len(word) > 1 and word not in DETAIL_WORDS and word not in POINTING for word in content_words(part))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class FirstQuestion(GraphComponent):
    """Leaves the components after it the first question only; the others go along as `other_questions`.

    A message that danger or another language has settled is left whole.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FirstQuestion:
        """Make the component (Rasa calls this)."""
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Examples are learned from as they stand."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Split each message."""
        for message in messages:
            if not message.get(INTENT):
                first, *others = questions(message.get(TEXT) or "")
                message.set(TEXT, first, add_to_output=True)
                message.set(OTHER_QUESTIONS, others, add_to_output=True)
        return messages
