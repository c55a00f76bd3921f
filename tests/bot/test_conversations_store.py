"""The file of conversations: appended to and never rewritten, shared between processes, and honest when it fails."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Restarted, SlotSet, UserUttered

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
