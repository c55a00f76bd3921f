"""Conversations in a file and on a server: appended to, never rewritten, shared, and honest when it fails.

Every test runs on both, as they are.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import pytest
from rasa.shared.core.events import BotUttered, Restarted, UserUttered

from bot.conversations import DAY, IN_MEMORY, RECALLED
from bot.events import ConversationsError
from tests.bot.places import DOMAIN, InPostgres, InSQLite, add_turn, read, said, turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.conversations import ConversationStore
    from tests.bot.places import Place, Row


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty file in a folder that is not there yet, and an empty database."""
    if request.param == "sqlite":
        made: Place = InSQLite(tmp_path / "deep" / "conversations.db")
    else:
        made = InPostgres(request.getfixturevalue("postgres"))
    yield made
    made.close()


@pytest.fixture
def store(place: Place) -> ConversationStore:
    return place.open()


def test_nobody_is_known_at_first(store: ConversationStore) -> None:
    assert asyncio.run(store.retrieve("jo")) is None
    assert list(asyncio.run(store.keys())) == []


def test_each_turn_appends_its_events_and_touches_no_other(store: ConversationStore, place: Place) -> None:
    before: list[Row] = []
    for number in range(5):
        turn(store, f"turn {number}")
        after = place.rows()
        assert after[: len(before)] == before
        assert len(after) == len(before) + 5
        assert [row[1] for row in after] == list(range(len(after)))
        before = after


def test_saving_again_what_has_not_changed_adds_nothing(store: ConversationStore, place: Place) -> None:
    tracker = turn(store, "hello")
    before = place.rows()
    asyncio.run(store.save(tracker))
    assert place.rows() == before


def test_it_outlives_the_process(store: ConversationStore, place: Place) -> None:
    for number in range(3):
        turn(store, f"turn {number}")
    kept = read(store)
    store.close()
    again = read(place.open())
    assert said(again) == ["turn 0", "turn 1", "turn 2"]
    assert [event.as_dict() for event in again.events] == [event.as_dict() for event in kept.events]
    assert again.get_slot("place") == "turn 2"
    assert again.latest_bot_utterance.data["custom"] == {"outcome": "answer"}


def test_two_stores_see_each_other(store: ConversationStore, place: Place) -> None:
    other = place.open()
    turn(store, "one")
    turn(other, "two")
    turn(store, "three")
    assert said(read(other)) == ["one", "two", "three"]
    assert read(other).get_slot("place") == "three"


def test_an_unchanged_conversation_is_not_read_again(store: ConversationStore) -> None:
    assert turn(store, "one") is read(store)


def test_a_turn_beside_a_turn_of_another_process_is_kept_and_the_other_is_seen(
    store: ConversationStore, place: Place
) -> None:
    other = place.open()
    turn(store, "one")
    here, there = read(store), read(other)
    add_turn(here, "two here")
    add_turn(there, "two there")
    asyncio.run(other.save(there))
    asyncio.run(store.save(here))
    for reader in (store, other, place.open()):
        assert said(read(reader)) == ["one", "two there", "two here"]
    assert [row[1] for row in place.rows()] == list(range(15))


def test_of_turns_at_the_same_time_none_is_lost(store: ConversationStore, place: Place) -> None:
    """Three processes without a lock between them: the order may be mixed, but every event is there, once."""
    stores = [store, place.open(), place.open()]
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
    assert sorted(said(read(place.open()))) == sorted(f"{name}.{number}" for name in range(3) for number in range(15))
    assert [row[1] for row in place.rows()] == list(range(3 * 15 * 5))


def test_a_save_that_fails_raises_and_can_be_tried_again(store: ConversationStore, place: Place) -> None:
    turn(store, "one")
    before = place.rows()
    place.be_full()
    with pytest.raises(ConversationsError, match="disk full"):
        turn(store, "two")
    assert place.rows() == before
    assert said(read(store)) == ["one"], "the turn that was not kept is not half remembered"
    place.have_room()
    turn(store, "two")
    assert said(read(store)) == ["one", "two"]
    assert [row[1] for row in place.rows()] == list(range(10))


def test_half_a_turn_is_never_kept(store: ConversationStore, place: Place) -> None:
    place.be_full(at=3)
    with pytest.raises(ConversationsError, match="disk full"):
        turn(store, "one")
    assert place.rows() == []
    assert asyncio.run(store.retrieve("jo")) is None


def test_a_long_conversation_stays_short_in_memory_and_is_kept_whole(store: ConversationStore, place: Place) -> None:
    turns = RECALLED  # of five events each
    longest = 0
    for number in range(turns):
        longest = max(longest, len(turn(store, f"turn {number}").events))
    assert longest <= 2 * RECALLED + 5
    again = read(place.open())
    assert len(again.events) == RECALLED
    assert again.get_slot("place") == f"turn {turns - 1}"
    assert len(place.rows()) == 5 * turns


def test_only_so_many_conversations_are_in_memory(store: ConversationStore) -> None:
    for number in range(IN_MEMORY + 10):
        turn(store, "hello", sender=f"sender {number}")
    assert len(store._recent) == IN_MEMORY
    assert said(turn(store, "again", sender="sender 0")) == ["hello", "again"]
    assert len(list(asyncio.run(store.keys()))) == IN_MEMORY + 10


def test_a_restart_is_kept_as_what_it_is(store: ConversationStore, place: Place) -> None:
    tracker = turn(store, "one")
    tracker.update(Restarted(), DOMAIN)
    asyncio.run(store.save(tracker))
    turn(store, "two")
    again = read(place.open())
    assert said(again) == ["one", "two"]
    assert again.get_slot("place") == "two"


def test_a_deleted_conversation_is_gone_and_another_is_not(store: ConversationStore, place: Place) -> None:
    turn(store, "one")
    turn(store, "other", sender="ann")
    asyncio.run(store.delete("jo"))
    assert {row[0] for row in place.rows()} == {"ann"}
    for reader in (store, place.open()):
        assert asyncio.run(reader.retrieve("jo")) is None
        assert list(asyncio.run(reader.keys())) == ["ann"]
    assert said(turn(store, "again")) == ["again"]


def test_deleting_what_is_not_there_changes_nothing(store: ConversationStore, place: Place) -> None:
    turn(store, "one")
    before = place.rows()
    asyncio.run(store.delete("nobody"))
    assert place.rows() == before


@pytest.mark.parametrize("sender", ["'; DROP TABLE event; --", "ünïcødé 💊", "a" * 200, "%", "%s", "0"])
def test_any_sender_is_only_a_name(store: ConversationStore, sender: str) -> None:
    turn(store, "hello", sender)
    assert said(read(store, sender)) == ["hello"]
    assert list(asyncio.run(store.keys())) == [sender]


def test_a_sender_that_cannot_be_written_stops_nobody_else(store: ConversationStore) -> None:
    with pytest.raises(UnicodeEncodeError):
        turn(store, "hello", "\ud800")
    assert said(turn(store, "hello", "ann")) == ["hello"]


@pytest.mark.parametrize("words", ["💊 é", "a\\'\"%s{}", "null \x00 in it", "half a \ud83d pair"])
def test_any_words_are_kept_as_they_are(store: ConversationStore, place: Place, words: str) -> None:
    turn(store, words)
    again = place.open()
    assert said(read(again)) == [words]
    assert asyncio.run(again.last_emergency("jo")) is None


def test_a_conversation_is_as_old_as_its_last_event(store: ConversationStore, place: Place) -> None:
    now = time.time()
    for sender, days in (("old", (40, 31)), ("going on", (40, 29)), ("new", (1, 0))):
        for number, ago in enumerate(days):
            place.add(sender, number, now - ago * DAY)
    other = place.open()
    assert asyncio.run(other.retrieve("old")) is not None
    assert asyncio.run(store.delete_older(30)) == 1
    assert sorted(asyncio.run(store.keys())) == ["going on", "new"]
    assert {row[0] for row in place.rows()} == {"going on", "new"}
    assert asyncio.run(other.retrieve("old")) is None
    assert asyncio.run(store.delete_older(30)) == 0


def test_what_another_process_deleted_for_its_age_leaves_the_memory_too(store: ConversationStore, place: Place) -> None:
    other = place.open()
    place.add("old", 0, time.time() - 31 * DAY)
    turn(store, "hello", "new")
    asyncio.run(store.retrieve("old"))
    asyncio.run(other.delete_older(30))
    assert list(store._recent) == ["new", "old"]
    asyncio.run(store.delete_older(30))
    assert list(store._recent) == ["new"]


def test_more_than_one_batch_is_deleted(
    store: ConversationStore, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.events_in_sqlite.BATCH", 3)
    monkeypatch.setattr("bot.events_in_postgres.BATCH", 3)
    for number in range(9):
        place.add(f"old {number}", 0, time.time() - 31 * DAY)
    place.add("new", 0, time.time())
    assert asyncio.run(store.delete_older(30)) == 9
    assert {row[0] for row in place.rows()} == {"new"}


def test_a_process_that_remembers_a_deleted_conversation_does_not_go_on_with_it(
    store: ConversationStore, place: Place
) -> None:
    turn(store, "one")
    other = place.open()
    asyncio.run(other.delete("jo"))
    turn(other, "two")
    assert said(read(store)) == ["two"]


def test_the_last_reply_to_danger_is_found_however_long_ago(store: ConversationStore) -> None:
    assert asyncio.run(store.last_emergency("jo")) is None
    tracker = turn(store, "help")
    tracker.update(BotUttered("Call 999", {"custom": {"outcome": "emergency"}}), DOMAIN)
    asyncio.run(store.save(tracker))
    for number in range(RECALLED // 4):
        turn(store, f"turn {number}")
    assert (asyncio.run(store.last_emergency("jo")) or {})["text"] == "Call 999"
    assert asyncio.run(store.last_emergency("ann")) is None
    tracker = read(store)
    tracker.update(Restarted(), DOMAIN)
    asyncio.run(store.save(tracker))
    assert asyncio.run(store.last_emergency("jo")) is None


def test_words_that_look_like_a_reply_to_danger_are_none(store: ConversationStore) -> None:
    tracker = turn(store, '"outcome": "emergency"')
    tracker.update(BotUttered("Call 999", {"custom": {"outcome": "emergency"}}), DOMAIN)
    tracker.update(UserUttered("so", {"name": "ask", "confidence": 1.0}, [{"outcome": "emergency"}]), DOMAIN)
    tracker.update(UserUttered('{"event": "restart"}', {"name": "ask", "confidence": 1.0}), DOMAIN)
    asyncio.run(store.save(tracker))
    assert (asyncio.run(store.last_emergency("jo")) or {})["text"] == "Call 999"
