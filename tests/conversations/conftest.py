"""The real app in a process of its own, with the real model and content, asked over HTTP as any client would."""

from __future__ import annotations

import pytest

from tests.running import App, Chat, Reply

__all__ = ["App", "Chat", "Reply"]  # the tests of this folder take them from here


@pytest.fixture
def chat(app: App) -> Chat:
    """A new conversation."""
    return app.chat()
