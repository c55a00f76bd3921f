"""What gets into the published knowledge by mistake is not said: not to programs, not on the page."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
import requests

from bot.settings import WORDING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conversations.conftest import App

pytestmark = pytest.mark.conversation

NUNWELL, DOSE = "gp-m81048", "Take two paracetamol tablets every four hours."
SAFE: dict[str, object] = {"outcome": "fallback", "card": None, "records": [], "sources": []}


@pytest.fixture(scope="module")
def spoilt(start_app: Callable[[Path], App], published_in: Callable[[str], Path]) -> App:
    """An app with a dose in one record, a template in another, and a dead number in a third."""
    folder = published_in("spoilt")
    with sqlite3.connect(folder / "knowledge.db") as knowledge:
        for text, column, record_id in (
            (DOSE, "description", NUNWELL),
            ("Open: {hours}", "alert", "svc-miu-kidderminster"),
        ):
            changed = knowledge.execute(f"UPDATE service SET {column} = ? WHERE id = ?", (text, record_id))
            assert changed.rowcount == 1
        dead = "UPDATE phone SET number = '0800 195 8040' WHERE record_id = 'act-on-energy'"
        assert knowledge.execute(dead).rowcount == 1
    return start_app(folder)


@pytest.mark.parametrize(
    "words, why",
    [
        ("Nunwell Surgery", "dose"),
        ("Kidderminster Minor Injuries Unit", "an internal name"),
        ("what is the number of Act on Energy", "a phone number that may not be given"),
    ],
)
def test_it_is_held_back_and_the_next_turn_is_answered(spoilt: App, words: str, why: str) -> None:
    chat = spoilt.chat()
    reply = chat.say(words)
    assert (reply.text, reply.custom) == (WORDING["held_back"], SAFE)
    assert f"A reply was held back: {why}" in spoilt.log
    assert words not in spoilt.log
    assert chat.say("pharmacy in Redditch").outcome == "answer"


def test_the_page_shows_the_safe_reply_too(spoilt: App) -> None:
    browser = requests.Session()
    page = browser.post(spoilt.address + "/", data={"message": "Nunwell Surgery"}, timeout=60).text
    assert "give you a safe answer" in page
    assert DOSE not in page


def test_danger_is_answered_as_ever(spoilt: App) -> None:
    assert spoilt.chat().say("he has collapsed and isn't breathing").card == "immediate"


def test_what_a_resident_says_is_not_said_back_where_it_may_not(app: App) -> None:
    """The second question of a message becomes a button, in the resident's own words."""
    reply = app.chat().say("Where is there a pharmacy in Redditch? And is 01905 724295 the number of carers help?")
    assert reply.outcome == "answer"
    assert "724295" not in str(reply.messages)
