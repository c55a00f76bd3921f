"""The file of conversations: appended to and never rewritten, shared between processes, and honest when it fails."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Restarted, SlotSet, UserUttered

from bot import conversations
from bot.conversations import IN_MEMORY, RECALLED, ConversationStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rasa.shared.core.trackers import DialogueStateTracker

DOMAIN = Domain.from_dict(
    {"intents": ["ask"], "slots": {"place": {"type": "any", "mappings": [{"type": "custom"}]}}, "actions": ["act"]}
)


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[[], ConversationStore]]:
    """Opens one more store on the one file."""
    opened = []

    def open_it() -> ConversationStore:
        opened.append(ConversationStore(tmp_path / "deep" / "conversations.db", DOMAIN))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], ConversationStore]) -> ConversationStore:
    return open_store()


def read(store: ConversationStore, sender: str = "jo") -> DialogueStateTracker:
    tracker = asyncio.run(store.retrieve(sender)) or store.init_tracker(sender)
    assert tracker is not None
    return tracker


def turn(store: ConversationStore, text: str, sender: str = "jo") -> DialogueStateTracker:
    """One turn as Rasa makes it: read, add events, save."""
    tracker = read(store, sender)
    for event in (
        ActionExecuted("action_listen"),
        UserUttered(text, {"name": "ask", "confidence": 1.0}),
        ActionExecuted("act"),
        BotUttered(f"about {text}", {"custom": {"outcome": "answer"}}),
        SlotSet("place", text),
    ):
        tracker.update(event, DOMAIN)
    asyncio.run(store.save(tracker))
    return tracker


def said(tracker: DialogueStateTracker) -> list[str]:
    return [event.text for event in tracker.events if isinstance(event, UserUttered)]


def rows(store: ConversationStore) -> list[tuple[object, ...]]:
    return list(store._db.execute("SELECT sender_id, number, timestamp, data FROM event ORDER BY sender_id, number"))


def test_nobody_is_known_at_first(store: ConversationStore) -> None:
    assert asyncio.run(store.retrieve("jo")) is None
    assert list(asyncio.run(store.keys())) == []


def test_each_turn_appends_its_events_and_touches_no_other(store: ConversationStore) -> None:
    before: list[tuple[object, ...]] = []
    for number in range(5):
        turn(store, f"turn {number}")
        after = rows(store)
        assert after[: len(before)] == before
        assert len(after) == len(before) + 5
        assert [row[1] for row in after] == list(range(len(after)))
        before = after


def test_saving_again_what_has_not_changed_adds_nothing(store: ConversationStore) -> None:
    tracker = turn(store, "hello")
    before = rows(store)
    asyncio.run(store.save(tracker))
    assert rows(store) == before


def test_it_outlives_the_process(store: ConversationStore, open_store: Callable[[], ConversationStore]) -> None:
    for number in range(3):
        turn(store, f"turn {number}")
    kept = read(store)
    store.close()
    again = read(open_store())
    assert said(again) == ["turn 0", "turn 1", "turn 2"]
    assert [event.as_dict() for event in again.events] == [event.as_dict() for event in kept.events]
    assert again.get_slot("place") == "turn 2"
    assert again.latest_bot_utterance.data["custom"] == {"outcome": "answer"}


def test_two_stores_on_one_file_see_each_other(
    store: ConversationStore, open_store: Callable[[], ConversationStore]
) -> None:
    other = open_store()
    turn(store, "one")
    turn(other, "two")
    turn(store, "three")
    assert said(read(other)) == ["one", "two", "three"]
    assert read(other).get_slot("place") == "three"


def test_an_unchanged_conversation_is_not_read_again(store: ConversationStore) -> None:
    assert turn(store, "one") is read(store)


def test_of_turns_at_the_same_time_none_is_lost(
    store: ConversationStore, open_store: Callable[[], ConversationStore]
) -> None:
    """Two processes without a lock between them: the order may be mixed, but every event is there, once."""
    stores = [store, open_store(), open_store()]
    for one in stores:
        one._db.execute("PRAGMA busy_timeout = 20000")
    failures: list[BaseException] = []

    def talk(name: int) -> None:
        try:
            for number in range(15):
                turn(stores[name], f"{name}.{number}")
        except BaseException as trouble:
            failures.append(trouble)
            raise

    threads = [threading.Thread(target=talk, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sorted(said(read(open_store()))) == sorted(f"{name}.{number}" for name in range(3) for number in range(15))


def test_a_save_that_fails_raises_and_can_be_tried_again(store: ConversationStore) -> None:
    turn(store, "one")
    before = rows(store)
    store._db.execute("CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(sqlite3.Error, match="disk full"):
        turn(store, "two")
    assert rows(store) == before
    assert said(read(store)) == ["one"], "the turn that was not kept is not half remembered"
    store._db.execute("DROP TRIGGER full")
    turn(store, "two")
    assert said(read(store)) == ["one", "two"]
    assert [row[1] for row in rows(store)] == list(range(10))


def test_half_a_turn_is_never_kept(store: ConversationStore) -> None:
    store._db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON event WHEN NEW.number = 3 BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    with pytest.raises(sqlite3.Error, match="disk full"):
        turn(store, "one")
    assert rows(store) == []
    assert asyncio.run(store.retrieve("jo")) is None


def test_a_locked_file_raises_and_can_be_tried_again(
    store: ConversationStore, open_store: Callable[[], ConversationStore]
) -> None:
    turn(store, "one")
    store._db.execute("PRAGMA busy_timeout = 50")
    other = open_store()
    other._db.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        turn(store, "two")
    other._db.execute("ROLLBACK")
    assert said(read(store)) == ["one"]
    turn(store, "two")
    assert said(read(store)) == ["one", "two"]


def test_a_file_that_cannot_be_used_is_an_error_at_once(tmp_path: Path) -> None:
    (tmp_path / "conversations.db").write_bytes(b"This is no database. " * 100)
    with pytest.raises(sqlite3.Error):
        ConversationStore(tmp_path / "conversations.db", DOMAIN)


def test_a_long_conversation_stays_short_in_memory_and_whole_in_the_file(
    store: ConversationStore, open_store: Callable[[], ConversationStore]
) -> None:
    turns = RECALLED  # of five events each
    longest = 0
    for number in range(turns):
        longest = max(longest, len(turn(store, f"turn {number}").events))
    assert longest <= 2 * RECALLED + 5
    again = read(open_store())
    assert len(again.events) == RECALLED
    assert again.get_slot("place") == f"turn {turns - 1}"
    assert len(rows(store)) == 5 * turns


def test_only_so_many_conversations_are_in_memory(store: ConversationStore) -> None:
    for number in range(IN_MEMORY + 10):
        turn(store, "hello", sender=f"sender {number}")
    assert len(store._recent) == IN_MEMORY
    assert said(turn(store, "again", sender="sender 0")) == ["hello", "again"]
    assert len(list(asyncio.run(store.keys()))) == IN_MEMORY + 10


def test_a_restart_is_kept_as_what_it_is(store: ConversationStore, open_store: Callable[[], ConversationStore]) -> None:
    tracker = turn(store, "one")
    tracker.update(Restarted(), DOMAIN)
    asyncio.run(store.save(tracker))
    turn(store, "two")
    again = read(open_store())
    assert said(again) == ["one", "two"]
    assert again.get_slot("place") == "two"


def test_a_deleted_conversation_is_gone_and_another_is_not(
    store: ConversationStore, open_store: Callable[[], ConversationStore]
) -> None:
    turn(store, "one")
    turn(store, "other", sender="ann")
    asyncio.run(store.delete("jo"))
    for reader in (store, open_store()):
        assert asyncio.run(reader.retrieve("jo")) is None
        assert list(asyncio.run(reader.keys())) == ["ann"]
    assert said(turn(store, "again")) == ["again"]


@pytest.mark.parametrize("sender", ["'; DROP TABLE event; --", "ünïcødé 💊", "a" * 200, "%", "0"])
def test_any_sender_is_only_a_name(store: ConversationStore, sender: str) -> None:
    turn(store, "hello", sender)
    assert said(read(store, sender)) == ["hello"]
    assert list(asyncio.run(store.keys())) == [sender]


def in_the_file(store: ConversationStore) -> bytes:
    """All that is on the disk: the file and its log of writes."""
    return store._path.read_bytes() + store._path.with_name(f"{store._path.name}-wal").read_bytes()


def test_of_a_deleted_conversation_not_a_word_is_in_the_file(store: ConversationStore) -> None:
    for number in range(20):
        turn(store, f"my dog Quixote {number} " + "x" * 400 * number)
        turn(store, f"kept {number}", sender="ann")
    assert b"Quixote" in in_the_file(store)
    asyncio.run(store.delete("jo"))
    assert b"Quixote" not in in_the_file(store)
    assert b"jo" not in re.findall(rb"[a-z]+", in_the_file(store))
    assert len(said(read(store, "ann"))) == 20


def add(store: ConversationStore, sender: str, number: int, when: float, data: str) -> None:
    """One event, without the time that Rasa takes for it."""
    store._db.execute(conversations.ADD, (conversations._key(sender), number, when, sender, data))


@pytest.mark.slow
def test_whatever_is_deleted_in_whatever_order_nothing_is_left(store: ConversationStore) -> None:
    """Many conversations at the same time, each row with a word of its own; some deleted by hand, the old by age."""
    chance = random.Random(6)
    events: dict[str, int] = {}
    gone: set[str] = set()
    sizes = []
    names = (f"S{number:05d}S" for number in itertools.count())
    talking = [next(names) for _ in range(12)]
    clock = time.time() - 40 * conversations.DAY
    for _ in range(4):
        store._db.execute("BEGIN")
        for step in range(12_000):
            clock += 1
            sender = chance.choice(talking)
            number = events[sender] = events.get(sender, -1) + 1
            word = f"{sender}{number}"
            add(store, sender, number, clock, f"{word}, {'a' * chance.choice([50, 300, 900, 9000])}, {word}")
            if step % 40 == 0:
                talking[chance.randrange(len(talking))] = next(names)
        store._db.execute("COMMIT")
        last = dict(store._db.execute("SELECT sender_id, max(timestamp) FROM event GROUP BY sender_id"))
        for sender in chance.sample([sender for sender in last if sender], 20):
            asyncio.run(store.delete(sender))
            gone.add(sender)
        talking = [next(names) if sender in gone else sender for sender in talking]
        before = clock - 2_000
        asyncio.run(store.delete_older((time.time() - before) / conversations.DAY))
        gone |= {sender for sender, when in last.items() if sender and when < before - 60}
        found = {word.decode() for word in re.findall(rb"S\d{5}S", in_the_file(store))}
        assert not found & gone
        assert found
        sizes.append(store._path.stat().st_size)
    assert len(gone) > 1000
    assert sizes[-1] < 1.5 * sizes[0], "what was emptied is used again"


def test_a_conversation_is_as_old_as_its_last_event(
    store: ConversationStore, open_store: Callable[[], ConversationStore]
) -> None:
    now = time.time()
    for sender, days in (("old", (40, 31)), ("going on", (40, 29)), ("new", (1, 0))):
        for number, ago in enumerate(days):
            add(store, sender, number, now - ago * conversations.DAY, json.dumps({"event": "undo"}))
    other = open_store()
    assert asyncio.run(other.retrieve("old")) is not None
    assert asyncio.run(store.delete_older(30)) == 1
    assert list(asyncio.run(store.keys())) == ["going on", "new"]
    assert asyncio.run(other.retrieve("old")) is None
    assert asyncio.run(store.delete_older(30)) == 0


def test_to_delete_what_is_in_use_is_an_error_and_can_be_tried_again(
    store: ConversationStore, open_store: Callable[[], ConversationStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, **{**kwargs, "timeout": 0.05}))
    turn(store, "Quixote")
    reading = open_store()
    reading._db.execute("BEGIN")
    reading._db.execute("SELECT count(*) FROM event").fetchone()
    with pytest.raises(sqlite3.OperationalError, match="in use"):
        asyncio.run(store.delete("jo"))
    reading._db.execute("ROLLBACK")
    asyncio.run(store.delete("jo"))
    assert b"Quixote" not in in_the_file(store)


def test_a_process_that_remembers_a_deleted_conversation_does_not_go_on_with_it(
    store: ConversationStore, open_store: Callable[[], ConversationStore]
) -> None:
    turn(store, "one")
    other = open_store()
    asyncio.run(other.delete("jo"))
    turn(other, "two")
    assert said(read(store)) == ["two"]


def test_a_file_of_before_conversations_were_deleted_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    with sqlite3.connect(path) as old:
        old.execute(
            "CREATE TABLE event (sender_id TEXT NOT NULL, number INTEGER NOT NULL, timestamp REAL NOT NULL, "
            "data TEXT NOT NULL, PRIMARY KEY (sender_id, number)) WITHOUT ROWID"
        )
        event = json.dumps(UserUttered("Quixote", {"name": "ask", "confidence": 1.0}).as_dict())
        old.executemany("INSERT INTO event VALUES (?, 0, ?, ?)", [("jo", 2.0, event), ("ann", 1.0, event)])
    old.close()
    store = ConversationStore(path, DOMAIN)
    assert said(read(store)) == ["Quixote"]
    assert said(turn(store, "and on")) == ["Quixote", "and on"]
    asyncio.run(store.delete("jo"))
    asyncio.run(store.delete("ann"))
    assert b"Quixote" not in in_the_file(store)
    store.close()


def test_the_last_reply_to_danger_is_found_however_long_ago(store: ConversationStore) -> None:
    assert store.last_emergency("jo") is None
    tracker = turn(store, "help")
    tracker.update(BotUttered("Call 999", {"custom": {"outcome": "emergency"}}), DOMAIN)
    asyncio.run(store.save(tracker))
    for number in range(RECALLED // 4):
        turn(store, f"turn {number}")
    assert (store.last_emergency("jo") or {})["text"] == "Call 999"
    tracker = read(store)
    tracker.update(Restarted(), DOMAIN)
    asyncio.run(store.save(tracker))
    assert store.last_emergency("jo") is None
