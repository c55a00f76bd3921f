"""Events of conversations in one SQLite file.

What is deleted must be gone from the file, byte for byte. SQLite's secure_delete is not enough: where SQLite splits or
joins pages it leaves copies of the rows that moved, and those outlive the row (measured: 0.3% of rows). So no row that
holds words ever moves: rows are only added at the end, a deleted one is emptied where it stands, and emptied rows are
taken away only far from any other.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from bot.events import NOTHING, ConversationsError, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bot.events import Version

BATCH = 50  # conversations that are deleted before anything else may go on
MARGIN = 2000  # emptied rows that stay beside others: more than SQLite takes together when it joins pages

SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY,
    conversation INTEGER,
    number INTEGER,
    timestamp REAL,
    sender_id TEXT,
    data TEXT
);
CREATE UNIQUE INDEX IF NOT EXISTS event_by_conversation ON event (conversation, number);
CREATE INDEX IF NOT EXISTS event_first ON event (timestamp) WHERE number = 0;
"""
ADD = "INSERT INTO event (conversation, number, timestamp, sender_id, data) VALUES (?, ?, ?, ?, ?)"
LAST = "SELECT number + 1, timestamp FROM event WHERE conversation = ? ORDER BY number DESC LIMIT 1"
RECENT = "SELECT number + 1, timestamp, data FROM event WHERE conversation = ? ORDER BY number DESC LIMIT ?"
# A conversation is as old as its last event. Its first is older still, and there is a short index of those.
OLD = """
SELECT conversation FROM event AS first WHERE number = 0 AND timestamp < :before AND :before >
    (SELECT timestamp FROM event WHERE conversation = first.conversation ORDER BY number DESC LIMIT 1)
"""
EMERGENCY = """
SELECT data FROM event WHERE conversation = ? AND (
    json_extract(data, '$.event') IN ('restart', 'reset_slots')
    OR json_extract(data, '$.data.custom.outcome') = 'emergency'
) ORDER BY number DESC LIMIT 1
"""
EMPTY = "UPDATE event SET conversation = NULL, number = NULL, timestamp = NULL, sender_id = NULL, data = NULL"


class EventsInSQLite:
    """Events in one file, which several processes of one machine may share."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises `ConversationsError` where it cannot be used."""
        self._path = path
        with _plain_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = _open(path)
            _bring_up_to_date(self._db)

    async def version(self, sender_id: str) -> Version:
        """How far a conversation is; `NOTHING` where there is none."""
        with _plain_errors():
            return self._db.execute(LAST, (key_of(sender_id),)).fetchone() or NOTHING

    async def last(self, sender_id: str, most: int) -> tuple[list[str], Version]:
        """The last events of a conversation, oldest first, and how far it is with them."""
        with _plain_errors():
            rows = self._db.execute(RECENT, (key_of(sender_id), most)).fetchall()
        return [data for *_, data in reversed(rows)], rows[0][:2] if rows else NOTHING

    async def add(self, sender_id: str, made: Sequence[tuple[float, str]]) -> Version:
        """Append events (time, JSON), all or none; how far the conversation was before."""
        key = key_of(sender_id)
        with _plain_errors():
            try:
                self._db.execute("BEGIN IMMEDIATE")  # from here no other process adds to the conversation
                before: Version = self._db.execute(LAST, (key,)).fetchone() or NOTHING
                rows = [(key, number, when, sender_id, data) for number, (when, data) in enumerate(made, before[0])]
                self._db.executemany(ADD, rows)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        return before

    async def delete(self, sender_id: str) -> None:
        """Delete a conversation, whole: none of its words is in the file afterwards."""
        await asyncio.to_thread(self._empty, [key_of(sender_id)])
        await asyncio.to_thread(self._empty_log)

    async def delete_older(self, before: float) -> int:
        """Delete the conversations whose last event was before a time; how many there were."""
        old = await asyncio.to_thread(self._old, before)
        for start in range(0, len(old), BATCH):
            await asyncio.to_thread(self._empty, old[start : start + BATCH], before)
        await asyncio.to_thread(self._shrink)
        await asyncio.to_thread(self._empty_log)
        return len(old)

    async def senders(self) -> list[str]:
        """The ids of all conversations."""
        with _plain_errors():
            return [sender for (sender,) in self._db.execute("SELECT sender_id FROM event WHERE number = 0")]

    async def last_emergency(self, sender_id: str) -> dict[str, Any] | None:
        """The last reply to danger since the conversation was started again, however many turns ago."""
        with _plain_errors():
            found = self._db.execute(EMERGENCY, (key_of(sender_id),)).fetchone()
        event: dict[str, Any] = json.loads(found[0]) if found else {}
        return event if event.get("event") == "bot" else None

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _old(self, before: float) -> list[int]:
        with _opened(self._path) as db:
            return [key for (key,) in db.execute(OLD, {"before": before})]

    def _empty(self, keys: list[int], before: float | None = None) -> None:
        """Empty the rows of conversations where they stand, unless one has gone on since `before`."""
        with _opened(self._path) as db:
            for key in keys:
                db.execute("BEGIN IMMEDIATE")
                last = db.execute(LAST, (key,)).fetchone()
                if last and (before is None or last[1] < before):
                    db.execute(f"{EMPTY} WHERE conversation = ?", (key,))
                db.execute("COMMIT")

    def _shrink(self) -> None:
        """Take away the emptied rows that are far from any other; their room is used again."""
        with _opened(self._path) as db:
            for first, last in _removable(db):
                for start in range(first, last + 1, MARGIN):
                    db.execute("DELETE FROM event WHERE id BETWEEN ? AND ?", (start, min(start + MARGIN - 1, last)))

    def _empty_log(self) -> None:
        """Leave nothing in the log of writes beside the file. Raises `ConversationsError` where it cannot."""
        with _opened(self._path) as db:
            if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise ConversationsError("The file of conversations is in use, and its log could not be emptied.")


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as trouble:
        raise ConversationsError(f"The file of conversations cannot be used: {trouble}.") from trouble


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of its own, beside the one that turns are read and kept with."""
    with _plain_errors(), closing(_open(path)) as db:
        yield db


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing; a power cut may lose the last turns. FULL would save those too, and costs a
    # write to the disk at every turn (about 4 ms where it was measured).
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA secure_delete = ON")  # what is freed is overwritten
    return db


def _removable(db: sqlite3.Connection) -> Iterator[tuple[int, int]]:
    """The first and last ids of runs of emptied rows, less the margin at both ends of each."""
    emptied = [
        row_id for (row_id,) in db.execute("SELECT id FROM event WHERE conversation IS NULL ORDER BY number, id")
    ]
    start = 0
    for end in range(1, len(emptied) + 1):
        if end == len(emptied) or _between(db, emptied[end - 1], emptied[end]):
            if end - start > 2 * MARGIN:
                yield emptied[start + MARGIN], emptied[end - 1 - MARGIN]
            start = end


def _between(db: sqlite3.Connection, lower: int, upper: int) -> bool:
    """Whether there is any row between two; ids that are missing were taken away before."""
    if upper - lower == 1:
        return False
    return db.execute("SELECT 1 FROM event WHERE id > ? AND id < ?", (lower, upper)).fetchone() is not None


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    """Make the tables. A file of before conversations were deleted is written anew, once."""
    db.execute("BEGIN IMMEDIATE")
    try:
        columns = [column for _, column, *_ in db.execute("PRAGMA table_info(event)")]
        before = bool(columns) and "conversation" not in columns
        if before:
            db.execute("ALTER TABLE event RENAME TO event_before")
        for statement in SCHEMA.split(";"):
            db.execute(statement)
        if before:
            rows = db.execute("SELECT sender_id, number, timestamp, data FROM event_before ORDER BY timestamp")
            db.executemany(ADD, ((key_of(sender), number, when, sender, data) for sender, number, when, data in rows))
            db.execute("DROP TABLE event_before")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
