"""One question at a time: of several in a message, the first is answered and the others are offered."""

from __future__ import annotations

import re

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from actions.turn import DETAIL_WORDS, POINTING
from bot.nlu.component import MessageComponent
from knowledge.search import content_words

OTHER_QUESTIONS = "other_questions"
_ASKING = (
    r"(?:(?:how|where|who|what|when|which|why|can|could|do|does|did|is|are|should|will|would)(?!n?['’]?t\b)"
    r"|have you|has|any(?:where|one)?|(?:i )?(?:need|want)|looking for|i also|also|tell me)(?:'?s|'?re|'?ll)?\b"
)
# The end of a sentence (not of "St." or "Dr."), or a joining word with a question after it.
_END = r"(?<!\bst)(?<!\bdr)(?<!\bmr)(?<!\bmrs)(?<!\brd)[?!.;]+\s+|\n+"
_BETWEEN = re.compile(
    rf"{_END}|(?<!\bi),?\s+(?:and|also|plus|n|&|then)\s+(?=(?:also\s+|then\s+)?{_ASKING})|,\s+(?=also\s+{_ASKING})",
    re.IGNORECASE,
)
_NEED = re.compile(r"(?:and |but |so )?(?:i )?(?:need|want|looking for)\b", re.IGNORECASE)
_ALSO = re.compile(
    r"[,.;\s]*(?:and\s+)?(?:i\s+)?(?:also|plus)\b", re.IGNORECASE
)  # says that what stood before was a question
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
        asked = asked or _ALSO.match(text, end) is not None
        if (
            _NEED.match(part) and not asked and text[end : end + 1] == "."
        ):  # "I need a doctor. Which are there?" asks once
            continue
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
class FirstQuestion(MessageComponent):
    """Leaves the components after it the first question only; the others go along as `other_questions`.

    A message that danger or another language has settled is left whole.
    """

    def look_at(self, message: Message) -> None:
        """Split the message."""
        if not message.get(INTENT):
            first, *others = questions(message.get(TEXT) or "")
            message.set(TEXT, first, add_to_output=True)
            message.set(OTHER_QUESTIONS, others, add_to_output=True)
