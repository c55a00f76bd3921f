"""The table of conversations on a real server: shared, deleted from, and got back to when it was lost."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

from bot import events_in_postgres
from bot.commands import main
from bot.conversations import DAY, ConversationStore
from bot.events import ConversationsError, key_of
from bot.events_in_postgres import CONNECTIONS, EventsInPostgres
from tests.bot.places import DOMAIN, InPostgres, add_turn, read, said, turn
from tests.postgres import programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.postgres import PostgresServer


@pytest.fixture
def place(postgres: PostgresServer) -> Iterator[InPostgres]:
    """An empty database."""
    made = InPostgres(postgres)
    yield made
    made.close()


@pytest.fixture
def store(place: InPostgres) -> ConversationStore:
    return place.open()


def test_a_connection_that_was_lost_is_made_anew(store: ConversationStore, place: InPostgres) -> None:
    turn(store, "one")
    tracker = read(store)
    add_turn(tracker, "two")
    assert place.cut() > 0
    asyncio.run(store.save(tracker))
    assert place.cut() > 0
    assert said(read(store)) == ["one", "two"]
    assert [row[1] for row in place.rows()] == list(range(10))


def test_a_connection_that_is_lost_while_something_is_written_is_made_anew(
    store: ConversationStore, place: InPostgres
) -> None:
    turn(store, "one")
    with place.connect() as other, ThreadPoolExecutor(1) as thread:
        other.execute("SELECT pg_advisory_lock(%s)", (key_of("jo"),))
        saving = thread.submit(turn, store, "two")
        wait_for_a_lock(other)
        cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        assert other.execute(cut).fetchall() == [(True,)]
        other.execute("SELECT pg_advisory_unlock(%s)", (key_of("jo"),))
        saving.result(timeout=10)
    assert said(read(place.open())) == ["one", "two"]
    assert [row[1] for row in place.rows()] == list(range(10))


def wait_for_a_lock(db: psycopg.Connection) -> None:
    """Until some connection to this database waits for a lock."""
    deadline = time.monotonic() + 5
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while not db.execute(waiting).fetchone():
        assert time.monotonic() < deadline, "nobody waits for a lock"
        time.sleep(0.01)


def test_what_may_have_been_kept_is_not_written_again(store: ConversationStore, place: InPostgres) -> None:
    """The connection is lost at the very end, once: nobody can know whether it was kept."""
    turn(store, "one")
    place.execute("CREATE SEQUENCE losses")
    place.before_insert(
        "IF nextval('losses') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL;",
        "AFTER INSERT ON conversation_event DEFERRABLE INITIALLY DEFERRED",
    )
    with pytest.raises(ConversationsError):
        turn(store, "two")
    assert said(read(store)) == ["one"]
    turn(store, "three")
    assert said(read(store)) == ["one", "three"]


def test_a_server_that_went_away_and_came_back_is_used_again(
    store: ConversationStore, place: InPostgres, postgres: PostgresServer
) -> None:
    turn(store, "one")
    postgres.stop()
    try:
        began = time.monotonic()
        with pytest.raises(ConversationsError, match="database of conversations cannot be used"):
            turn(store, "two")
        assert time.monotonic() - began < 2
        with pytest.raises(ConversationsError, match="database of conversations cannot be used"):
            place.open()
    finally:
        postgres.start()
    turn(store, "two")
    assert said(read(store)) == ["one", "two"]


def test_a_server_that_says_nothing_is_given_up_and_holds_nobody_up(
    store: ConversationStore, place: InPostgres, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = 0.5
    monkeypatch.setattr(events_in_postgres, "PATIENCE", patience)
    turn(store, "one")
    trackers = [read(store), *(store.init_tracker(f"sender {number}") for number in range(3 * CONNECTIONS))]
    for tracker in trackers:
        add_turn(tracker, "two")
    longest = 0.0

    async def look_at_the_clock() -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - began)

    async def save_all() -> list[BaseException | None]:
        clock = asyncio.create_task(look_at_the_clock())
        try:
            return await asyncio.gather(*map(store.save, trackers), return_exceptions=True)
        finally:
            clock.cancel()

    with postgres.hanging():
        began = time.monotonic()
        failed = asyncio.run(save_all())
        took = time.monotonic() - began
    assert [str(trouble) for trouble in failed] == [
        "The database of conversations did not answer in 0.5 seconds."
    ] * len(trackers)
    assert patience <= took < patience + 1, "more turns than connections wait no longer"
    assert longest < 0.2
    store.close()  # the threads have come back
    time.sleep(0.2)
    assert {row[0] for row in place.rows()} == {"jo"}, "what was given up was not written late"
    assert said(read(place.open())) == ["one"]


def test_a_call_that_nobody_waits_for_does_nothing(store: ConversationStore, place: InPostgres) -> None:
    events = store._events
    assert isinstance(events, EventsInPostgres)
    call = events_in_postgres.Call(given_up=True)
    with pytest.raises(psycopg.OperationalError, match="Nobody waits"):
        events._do(call, lambda db: db.execute("CREATE TABLE made ()"), True)
    with pytest.raises(psycopg.errors.UndefinedTable):
        place.execute("SELECT FROM made")


def test_a_turn_waits_for_another_of_its_conversation_and_for_nobody_elses(
    place: InPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(events_in_postgres.SESSION, "statement_timeout", "400ms")
    store = place.open()
    turn(store, "one")
    with place.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s)", (key_of("jo"),))
        monkeypatch.setattr(events_in_postgres, "PATIENCE", 0.2)
        with pytest.raises(ConversationsError, match="did not answer"):
            turn(store, "two")
        turn(store, "hello", "ann")
        monkeypatch.setattr(events_in_postgres, "PATIENCE", 30)
        with pytest.raises(ConversationsError, match="statement timeout"):
            turn(store, "two")
        with pytest.raises(ConversationsError, match="statement timeout"):
            asyncio.run(store.delete("jo"))
    assert said(read(store)) == ["one"]
    turn(store, "two")
    assert said(read(store)) == ["one", "two"]


def test_a_deletion_waits_for_the_turn_that_is_being_kept_and_takes_it_too(
    store: ConversationStore, place: InPostgres
) -> None:
    """Rows that are being added cannot be seen: without the lock they would be left."""
    turn(store, "one")
    with place.connect() as other, ThreadPoolExecutor(1) as thread:
        with other.transaction():
            other.execute(events_in_postgres.LOCK, (key_of("jo"),))
            other.execute(events_in_postgres.ADD, (key_of("jo"), 5, time.time(), "jo", "{}"))
            deleting = thread.submit(asyncio.run, store.delete("jo"))
            with place.connect() as watching:
                wait_for_a_lock(watching)
        deleting.result(timeout=10)
    assert place.rows() == []


def test_what_has_gone_on_since_it_was_found_to_be_old_is_not_deleted(
    store: ConversationStore, place: InPostgres
) -> None:
    place.add("jo", 0, time.time() - 31 * DAY)
    with place.connect() as other, ThreadPoolExecutor(1) as thread:
        with other.transaction():
            other.execute(events_in_postgres.LOCK, (key_of("jo"),))
            other.execute(events_in_postgres.ADD, (key_of("jo"), 1, time.time(), "jo", "{}"))
            deleting = thread.submit(asyncio.run, store.delete_older(30))
            with place.connect() as watching:
                wait_for_a_lock(watching)
        assert deleting.result(timeout=10) == 0
    assert len(place.rows()) == 2


def test_the_room_of_what_was_deleted_is_used_again(store: ConversationStore, place: InPostgres) -> None:
    sizes: list[object] = []
    for _ in range(4):
        words = "x" * 1500
        with place.connect() as db, db.cursor() as cursor:
            rows = [(key_of(f"{n}"), 0, time.time() - 31 * DAY, f"{n}", words) for n in range(500)]
            cursor.executemany(place.ADD, rows)
            place.add("new", len(sizes), time.time())  # the last page is not empty: the file cannot be cut short
            assert asyncio.run(store.delete_older(30)) == 500
            sizes.append(db.execute("SELECT pg_relation_size('conversation_event')").fetchone())
    assert len(set(sizes[1:])) == 1, sizes


def test_two_that_start_at_the_same_time_make_one_table(place: InPostgres) -> None:
    together = threading.Barrier(6)

    def start() -> ConversationStore:
        together.wait()
        return place.open()

    with ThreadPoolExecutor(6) as threads:
        for store in [threads.submit(start) for _ in range(6)]:
            store.result()
    assert place.rows() == []


def test_who_may_not_make_a_table_can_use_the_one_that_is_there(place: InPostgres, postgres: PostgresServer) -> None:
    turn(place.open(), "one")
    for statement in (
        "DROP ROLE IF EXISTS clerk",
        "CREATE ROLE clerk LOGIN",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT SELECT, INSERT, DELETE ON conversation_event TO clerk",
    ):
        place.execute(statement)
    store = ConversationStore(place.address.replace("help@", "clerk@"), DOMAIN)
    assert said(turn(store, "two")) == ["one", "two"]
    assert asyncio.run(store.delete_older(30)) == 0
    asyncio.run(store.delete("jo"))
    store.close()
    assert place.rows() == []


def test_a_server_with_other_habits_serves_as_well(postgres: PostgresServer, place: InPostgres) -> None:
    """What the code relies on it says itself; what the address says is kept."""
    name = place.address.split("@/")[1].split("?")[0]
    place.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    place.execute(f"ALTER DATABASE {name} SET DateStyle = 'German'")
    place.address += "&application_name=desk&options=-c%20work_mem%3D1MB"
    stores = [place.open(), place.open()]
    with ThreadPoolExecutor(2) as threads:
        for talking in [threads.submit(lambda s: [turn(s, "x") for _ in range(20)], store) for store in stores]:
            talking.result()
    assert len(said(read(place.open()))) == 40
    events = stores[0]._events
    assert isinstance(events, EventsInPostgres)
    asked = "SELECT current_setting('work_mem'), current_setting('application_name')"
    assert asyncio.run(events._ask(lambda db: db.execute(asked).fetchone())) == ("1MB", "desk")


def test_no_more_connections_than_so_many(store: ConversationStore, place: InPostgres) -> None:
    async def ask_often() -> None:
        await asyncio.gather(*(store.retrieve(f"sender {number}") for number in range(100)))

    asyncio.run(ask_often())
    assert place.cut() <= CONNECTIONS


def test_no_error_holds_a_residents_words(
    store: ConversationStore, place: InPostgres, caplog: pytest.LogCaptureFixture
) -> None:
    place.be_full(at=1)  # says the row that it refuses, as the server does for some errors
    words = "xoteQui"[4:] + "xoteQui"[:4]  # so that they do not stand in the trace as a line of this file
    with caplog.at_level(logging.DEBUG), pytest.raises(ConversationsError, match="disk full") as raised:
        turn(store, words)
    logging.getLogger("test").error("trace", exc_info=raised.value)
    assert "Quixote" not in str(raised.value)
    assert "Quixote" not in caplog.text


@pytest.mark.parametrize(
    "address, complaint",
    [
        ("postgresql://help:secret@localhost:1/none", "cannot be used: connection failed"),
        ("postgresql://help:secret@localhost:1/none?no_such_thing=1", "must be like postgresql://user"),
        ("postgresql://help:secret@[::1", "must be like postgresql://user"),
    ],
)
def test_an_address_that_leads_nowhere_is_an_error_at_once_without_the_password(address: str, complaint: str) -> None:
    with pytest.raises(ConversationsError, match=complaint) as raised:
        ConversationStore(address)
    assert "secret" not in str(raised.value)


def test_the_command_says_plainly_that_there_is_no_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HELP_CONVERSATIONS", "postgresql://help:secret@localhost:1/none")
    with pytest.raises(SystemExit, match="1"):
        main(["forget"])
    said = capsys.readouterr().err
    assert said.startswith("Error: The database of conversations cannot be used: ")
    assert "secret" not in said


@pytest.mark.parametrize("address", ["postgress://localhost/x", "mysql://localhost/x"])
def test_another_kind_of_address_is_no_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    monkeypatch.setenv("HELP_CONVERSATIONS", address)
    with pytest.raises(SystemExit, match="1"):
        main(["forget"])
    assert "must be a file or an address that begins with postgresql://" in capsys.readouterr().err


def test_where_postgresql_is_missing_these_tests_fail_and_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match="apt-get install postgresql"):
        programs(tmp_path)
