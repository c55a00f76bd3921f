"""The words that the components after it read are put right; what was typed is kept as it was."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.spelling import SpellingCorrector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bot.assistant import Assistant

TYPED = "urgant dentust in Evesam"
MEANT = "urgent dentist in evesham"


def process(text: str, **known: Any) -> str:
    [message] = SpellingCorrector().process([Message({TEXT: text, **known})])
    return str(message.get(TEXT))


def test_misspelt_words_are_put_right(published: Path) -> None:
    assert process(TYPED) == MEANT
    assert process("an urgent dentist") == "an urgent dentist"
    assert process("") == ""


def test_a_settled_message_is_left_alone(published: Path) -> None:
    assert process(TYPED, **{INTENT: {"name": "danger_life", "confidence": 1.0}}) == TYPED


def test_without_a_knowledge_base_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELP_KNOWLEDGE", str(tmp_path / "nothing.db"))
    assert process(TYPED) == TYPED


@pytest.mark.parametrize(
    "text, entity, value",
    [
        ("chemist in Evesam", "place", "evesham"),
        ("docter in Ledbury", "subject", "gp"),
        ("pharmasist", "subject", "pharmacy"),
        ("nearest optishun", "subject", "optician"),
    ],
)
def test_names_are_found_in_what_was_put_right(assistant: Assistant, text: str, entity: str, value: str) -> None:
    assert assistant.processor is not None
    parsed = asyncio.run(assistant.processor.parse_message(UserMessage(text)))
    assert value in [found["value"] for found in parsed["entities"] if found["entity"] == entity]
    for found in parsed["entities"]:
        assert 0 <= found["start"] < found["end"] <= len(parsed[TEXT])


def test_what_was_typed_is_what_is_kept(
    assistant: Assistant, say: Callable[..., list[dict[str, Any]]], base: Any
) -> None:
    say("misspelt", TYPED)
    tracker = asyncio.run(assistant.tracker_store.retrieve("misspelt"))
    assert tracker is not None and tracker.latest_message is not None
    assert tracker.latest_message.text == TYPED
    assert tracker.latest_message.parse_data[TEXT] == MEANT
