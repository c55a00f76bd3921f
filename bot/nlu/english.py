"""spaCy's English tokens, without a downloaded model: nothing after this needs tags or trained vectors."""

from __future__ import annotations

from typing import Any

import spacy
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class EnglishTokenizer(Tokenizer):
    """Splits a text into words as `spacy.blank("en")` does; Rasa's own SpacyTokenizer wants a downloaded model."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's settings of every tokenizer."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EnglishTokenizer:
        """Make the component (Rasa calls this)."""
        return cls(config)

    def __init__(self, config: dict[str, Any]) -> None:
        """Make the blank pipeline."""
        super().__init__(config)
        self._nlp = spacy.blank("en")

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """The words of one attribute, in lower case, with where they start."""
        doc = self._nlp.make_doc(message.get(attribute))
        return self._apply_token_pattern([Token(word.lower_, word.idx) for word in doc if not word.is_space])
