"""The file of conversations: nothing of what is deleted is left in it, and it says so where it cannot be used."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest
from rasa.shared.core.events import UserUttered

from bot.conversations import DAY, ConversationStore
from bot.events import ConversationsError, key_of
from tests.bot.places import DOMAIN, InSQLite, connection, read, said, turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[InSQLite]:
    made = InSQLite(tmp_path / "conversations.db")
    yield made
    made.close()


@pytest.fixture
def store(place: InSQLite) -> ConversationStore:
    return place.open()


def test_a_locked_file_raises_and_can_be_tried_again(store: ConversationStore, place: InSQLite) -> None:
    turn(store, "one")
    connection(store).execute("PRAGMA busy_timeout = 50")
    other = connection(place.open())
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ConversationsError, match="locked"):
        turn(store, "two")
    other.execute("ROLLBACK")
    assert said(read(store)) == ["one"]
    turn(store, "two")
    assert said(read(store)) == ["one", "two"]


def test_a_file_that_cannot_be_used_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "conversations.db").write_bytes(b"This is no database. " * 100)
    with pytest.raises(ConversationsError, match="not a database"):
        ConversationStore(tmp_path / "conversations.db", DOMAIN)


def test_of_a_deleted_conversation_not_a_word_is_in_the_file(store: ConversationStore, place: InSQLite) -> None:
    for number in range(20):
        turn(store, f"my dog Quixote {number} " + "x" * 400 * number)
        turn(store, f"kept {number}", sender="ann")
    assert b"Quixote" in place.bytes()
    asyncio.run(store.delete("jo"))
    assert b"Quixote" not in place.bytes()
    assert b"jo" not in re.findall(rb"[a-z]+", place.bytes())
    assert len(said(read(store, "ann"))) == 20


@pytest.mark.slow
def test_whatever_is_deleted_in_whatever_order_nothing_is_left(store: ConversationStore, place: InSQLite) -> None:
    """Many conversations at the same time, each row with a word of its own; some deleted by hand, the old by age."""
    chance = random.Random(6)
    db = connection(store)
    events: dict[str, int] = {}
    gone: set[str] = set()
    sizes = []
    names = (f"S{number:05d}S" for number in itertools.count())
    talking = [next(names) for _ in range(12)]
    clock = time.time() - 40 * DAY
    for _ in range(4):
        db.execute("BEGIN")
        for step in range(12_000):
            clock += 1
            sender = chance.choice(talking)
            number = events[sender] = events.get(sender, -1) + 1
            word = f"{sender}{number}"
            data = f"{word}, {'a' * chance.choice([50, 300, 900, 9000])}, {word}"
            db.execute(place.ADD, (key_of(sender), number, clock, sender, data))
            if step % 40 == 0:
                talking[chance.randrange(len(talking))] = next(names)
        db.execute("COMMIT")
        last = dict(db.execute("SELECT sender_id, max(timestamp) FROM event GROUP BY sender_id"))
        for sender in chance.sample([sender for sender in last if sender], 20):
            asyncio.run(store.delete(sender))
            gone.add(sender)
        talking = [next(names) if sender in gone else sender for sender in talking]
        before = clock - 2_000
        asyncio.run(store.delete_older((time.time() - before) / DAY))
        gone |= {sender for sender, when in last.items() if sender and when < before - 60}
        found = {word.decode() for word in re.findall(rb"S\d{5}S", place.bytes())}
        assert not found & gone
        assert found
        sizes.append(place.path.stat().st_size)
    assert len(gone) > 1000
    assert sizes[-1] < 1.5 * sizes[0], "what was emptied is used again"


def test_to_delete_what_is_in_use_is_an_error_and_can_be_tried_again(
    store: ConversationStore, place: InSQLite, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, **{**kwargs, "timeout": 0.05}))
    turn(store, "Quixote")
    reading = connection(place.open())
    reading.execute("BEGIN")
    reading.execute("SELECT count(*) FROM event").fetchone()
    with pytest.raises(ConversationsError, match="in use"):
        asyncio.run(store.delete("jo"))
    reading.execute("ROLLBACK")
    asyncio.run(store.delete("jo"))
    assert b"Quixote" not in place.bytes()


def test_a_file_of_before_conversations_were_deleted_is_taken_over(place: InSQLite) -> None:
    with sqlite3.connect(place.path) as old:
        old.execute(
            "CREATE TABLE event (sender_id TEXT NOT NULL, number INTEGER NOT NULL, timestamp REAL NOT NULL, "
            "data TEXT NOT NULL, PRIMARY KEY (sender_id, number)) WITHOUT ROWID"
        )
        event = json.dumps(UserUttered("Quixote", {"name": "ask", "confidence": 1.0}).as_dict())
        old.executemany("INSERT INTO event VALUES (?, 0, ?, ?)", [("jo", 2.0, event), ("ann", 1.0, event)])
    old.close()
    store = place.open()
    assert said(read(store)) == ["Quixote"]
    assert said(turn(store, "and on")) == ["Quixote", "and on"]
    asyncio.run(store.delete("jo"))
    asyncio.run(store.delete("ann"))
    assert b"Quixote" not in place.bytes()
