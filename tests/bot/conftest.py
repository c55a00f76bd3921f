"""The assistant in this process, with the real model, the real content and its own file of conversations."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from bot import settings
from bot.assistant import Assistant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def published(database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Everything in this process answers from the real content, published."""
    monkeypatch.setenv("HELP_KNOWLEDGE", str(database))
    return database


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """The assistant, loaded once, as quiet as the app has it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    return Assistant.start(settings.models_folder(), tmp_path_factory.mktemp("assistant") / "conversations.db")


@pytest.fixture
def assistant(loaded: Assistant, published: Path) -> Assistant:
    """The assistant, with the real content."""
    return loaded


@pytest.fixture
def say(assistant: Assistant) -> Callable[..., list[dict[str, Any]]]:
    """Says one thing after another as one sender; the messages in reply to the last."""

    def say(sender: str, *texts: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        for text in texts:
            messages = asyncio.run(assistant.answer(sender, text))
        return messages

    return say
