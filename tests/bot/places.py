"""Where conversations can be kept, as tests open them, look into them and break them; and turns as Rasa makes them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from abc import ABC, abstractmethod
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered

from bot import events_in_postgres, events_in_sqlite
from bot.conversations import ConversationStore
from bot.events import key_of
from bot.events_in_sqlite import EventsInSQLite

if TYPE_CHECKING:
    from pathlib import Path

    from rasa.shared.core.trackers import DialogueStateTracker

    from tests.postgres import PostgresServer

DOMAIN = Domain.from_dict(
    {"intents": ["ask"], "slots": {"place": {"type": "any", "mappings": [{"type": "custom"}]}}, "actions": ["act"]}
)

Row = tuple[str, int, float, str]  # sender, number, time, data


class Place(ABC):
    """One place that any number of stores may be opened on."""

    ADD: str  # the statement that writes an event

    def __init__(self) -> None:
        self._opened: list[ConversationStore] = []

    def open(self) -> ConversationStore:
        self._opened.append(ConversationStore(self.where(), DOMAIN))
        return self._opened[-1]

    def close(self) -> None:
        for store in self._opened:
            store.close()

    def add(self, sender: str, number: int, when: float, data: str | None = None) -> None:
        """One event of any time, without the time that Rasa takes for it."""
        self.execute(self.ADD, (key_of(sender), number, when, sender, data or json.dumps({"event": "undo"})))

    @abstractmethod
    def where(self) -> Path | str:
        """The setting that names the place."""

    @abstractmethod
    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        """Run a statement past the stores, and keep what it did."""

    @abstractmethod
    def rows(self) -> list[Row]:
        """All events, past the stores."""

    @abstractmethod
    def be_full(self, at: int = 0) -> None:
        """From now on no event of this number or a higher one can be written."""

    @abstractmethod
    def have_room(self) -> None:
        """The opposite of `be_full`."""


class InSQLite(Place):
    """A file."""

    ADD = events_in_sqlite.ADD

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def where(self) -> Path:
        return self.path

    def open(self) -> ConversationStore:
        store = super().open()
        connection(store).execute("PRAGMA busy_timeout = 20000")
        return store

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute(statement, values)

    def rows(self) -> list[Row]:
        with closing(sqlite3.connect(self.path)) as db:
            return db.execute(
                "SELECT sender_id, number, timestamp, data FROM event WHERE number NOTNULL ORDER BY sender_id, number"
            ).fetchall()

    def be_full(self, at: int = 0) -> None:
        raises = "SELECT RAISE(ABORT, 'disk full')"
        self.execute(f"CREATE TRIGGER full BEFORE INSERT ON event WHEN NEW.number >= {at} BEGIN {raises}; END")

    def have_room(self) -> None:
        self.execute("DROP TRIGGER full")

    def bytes(self) -> bytes:
        """All that is on the disk: the file and its log of writes."""
        log = self.path.with_name(f"{self.path.name}-wal")
        return self.path.read_bytes() + (log.read_bytes() if log.exists() else b"")


class InPostgres(Place):
    """A database of a server."""

    ADD = events_in_postgres.ADD

    def __init__(self, server: PostgresServer) -> None:
        super().__init__()
        self.server = server
        self.address = server.new_database()

    def where(self) -> str:
        return self.address

    def connect(self) -> psycopg.Connection:
        """A connection of a test's own."""
        return psycopg.connect(self.address, autocommit=True)

    def execute(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        with self.connect() as db:
            db.execute(statement, values)

    def rows(self) -> list[Row]:
        with self.connect() as db:
            return db.execute(
                "SELECT sender_id, number, timestamp, data FROM conversation_event ORDER BY sender_id, number"
            ).fetchall()

    def be_full(self, at: int = 0) -> None:
        self.before_insert(f"IF NEW.number >= {at} THEN RAISE 'disk full' USING DETAIL = NEW.data; END IF; RETURN NEW;")

    def have_room(self) -> None:
        self.execute("DROP TRIGGER full_disk ON conversation_event")

    def before_insert(self, body: str, when: str = "BEFORE INSERT ON conversation_event") -> None:
        """Run PL/pgSQL when a row is written."""
        self.execute(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$")
        kind = "CONSTRAINT TRIGGER" if "DEFERRED" in when else "TRIGGER"
        self.execute(f"CREATE {kind} full_disk {when} FOR EACH ROW EXECUTE FUNCTION full_disk()")

    def cut(self) -> int:
        """Cut the connections of all stores; how many there were."""
        with self.connect() as db:
            asked = (
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return len(db.execute(asked).fetchall())

    def close(self) -> None:
        with suppress(psycopg.Error):  # the server may be down
            self.cut()
        super().close()


def connection(store: ConversationStore) -> sqlite3.Connection:
    """The connection of a store over a file."""
    assert isinstance(store._events, EventsInSQLite)
    return store._events._db


def read(store: ConversationStore, sender: str = "jo") -> DialogueStateTracker:
    """The conversation, or a new one."""
    tracker = asyncio.run(store.retrieve(sender)) or store.init_tracker(sender)
    assert tracker is not None
    return tracker


def add_turn(tracker: DialogueStateTracker, text: str) -> None:
    """The events of one turn."""
    for event in (
        ActionExecuted("action_listen"),
        UserUttered(text, {"name": "ask", "confidence": 1.0}),
        ActionExecuted("act"),
        BotUttered(f"about {text}", {"custom": {"outcome": "answer"}}),
        SlotSet("place", text),
    ):
        tracker.update(event, DOMAIN)


def turn(store: ConversationStore, text: str, sender: str = "jo") -> DialogueStateTracker:
    """One turn as Rasa makes it: read, add events, save."""
    tracker = read(store, sender)
    add_turn(tracker, text)
    asyncio.run(store.save(tracker))
    return tracker


def said(tracker: DialogueStateTracker) -> list[str]:
    """What the resident said, oldest first."""
    return [event.text for event in tracker.events if isinstance(event, UserUttered)]
