"""Where conversations are kept: one SQLite file, to which each turn appends only its new events.

Rasa's own SQLTrackerStore reads, replays and counts a whole conversation at every turn. Here a conversation that was
answered last by this process is still in memory, and counts only while its version matches the file's.

What is deleted must be gone from the file, byte for byte. SQLite's secure_delete is not enough: where SQLite splits or
joins pages it leaves copies of the rows that moved, and those outlive the row (measured: 0.3% of rows). So no row that
holds words ever moves: rows are only added at the end, a deleted one is emptied where it stands, and emptied rows are
taken away only far from any other.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections import OrderedDict
from contextlib import closing
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.trackers import DialogueStateTracker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rasa.shared.core.domain import Domain

RECALLED = 300  # events: about thirty turns of a conversation are read back, the rest stays in the file
IN_MEMORY = 500  # conversations
SAVED = "_saved_events"  # how many of a tracker's own events are in the file; kept on the tracker

DAY = 24 * 60 * 60  # seconds
BATCH = 50  # conversations that are deleted before anything else may go on
MARGIN = 2000  # emptied rows that stay beside others: more than SQLite takes together when it joins pages

# `conversation` is made of the sender's id: the index keeps copies of what was in it, and must not keep an id.
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

Version = tuple[int, float]  # how many events of a conversation are in the file, and when the last one was
NOTHING: Version = (0, 0.0)


class ConversationStore(TrackerStore, SerializedTrackerAsText):
    """Rasa's tracker store over one SQLite file. A save that fails raises; it never goes on in memory."""

    def __init__(self, path: Path, domain: Domain | None = None) -> None:
        """Open or make the file. Raises `sqlite3.Error` where it cannot be used."""
        super().__init__(domain)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._db = _open(path)
        _bring_up_to_date(self._db)
        # The trackers answered last, with the version of each.
        self._recent: OrderedDict[str, tuple[DialogueStateTracker, Version]] = OrderedDict()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with the last events of a conversation, or None where there is none."""
        kept = self._version(sender_id)
        if kept == NOTHING:
            self.forget(sender_id)  # another process may have deleted it
            return None
        recent = self._recent.get(sender_id)
        if recent and recent[1] == kept:
            return recent[0]
        rows = self._db.execute(
            "SELECT data FROM event WHERE conversation = ? AND number >= ? ORDER BY number",
            (_key(sender_id), kept[0] - RECALLED),
        )
        events = [json.loads(data) for (data,) in rows]
        tracker = DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)
        self._remember(tracker, kept)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append the events that the file does not have yet."""
        fresh = list(tracker.events)[getattr(tracker, SAVED, 0) :]
        made = [(event.timestamp, json.dumps(event.as_dict())) for event in fresh]
        try:
            self._db.execute("BEGIN IMMEDIATE")  # from here no other process adds to the conversation
            known = self._version(tracker.sender_id)
            key, sender = _key(tracker.sender_id), tracker.sender_id
            rows = [(key, number, when, sender, data) for number, (when, data) in enumerate(made, known[0])]
            self._db.executemany(ADD, rows)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self.forget(tracker.sender_id)
            raise
        self._remember(tracker, (known[0] + len(rows), rows[-1][2]) if rows else known)

    def forget(self, sender_id: str) -> None:
        """Read this conversation from the file next time: a turn that broke may have left it half changed here."""
        self._recent.pop(sender_id, None)

    async def delete(self, sender_id: str) -> None:
        """Delete a conversation, whole: none of its words is in the file afterwards."""
        self.forget(sender_id)
        await asyncio.to_thread(self._empty, [_key(sender_id)])
        await asyncio.to_thread(self._empty_log)

    async def delete_older(self, days: float) -> int:
        """Delete the conversations whose last event is older than so many days; how many there were.

        Beside the running app and in small steps, so that nobody has to wait for it.
        """
        before = time.time() - days * DAY
        old = await asyncio.to_thread(self._old, before)
        for start in range(0, len(old), BATCH):
            await asyncio.to_thread(self._empty, old[start : start + BATCH], before)
        gone = set(old)
        for sender_id in [sender for sender in self._recent if _key(sender) in gone]:
            self.forget(sender_id)
        await asyncio.to_thread(self._shrink)
        await asyncio.to_thread(self._empty_log)
        return len(old)

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations."""
        return [sender for (sender,) in self._db.execute("SELECT sender_id FROM event WHERE number = 0")]

    def last_emergency(self, sender_id: str) -> dict[str, Any] | None:
        """The last reply to danger since the conversation was started again, however many turns ago."""
        found = self._db.execute(EMERGENCY, (_key(sender_id),)).fetchone()
        event: dict[str, Any] = json.loads(found[0]) if found else {}
        return event if event.get("event") == "bot" else None

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """A new tracker; it is saved with its first turn."""
        return self.init_tracker(sender_id)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _version(self, sender_id: str) -> Version:
        return self._db.execute(LAST, (_key(sender_id),)).fetchone() or NOTHING

    def _old(self, before: float) -> list[int]:
        with closing(_open(self._path)) as db:
            return [key for (key,) in db.execute(OLD, {"before": before})]

    def _empty(self, keys: list[int], before: float | None = None) -> None:
        """Empty the rows of conversations where they stand, unless one has gone on since `before`."""
        with closing(_open(self._path)) as db:
            for key in keys:
                db.execute("BEGIN IMMEDIATE")
                last = db.execute(LAST, (key,)).fetchone()
                if last and (before is None or last[1] < before):
                    db.execute(f"{EMPTY} WHERE conversation = ?", (key,))
                db.execute("COMMIT")

    def _shrink(self) -> None:
        """Take away the emptied rows that are far from any other; their room is used again."""
        with closing(_open(self._path)) as db:
            for first, last in _removable(db):
                for start in range(first, last + 1, MARGIN):
                    db.execute("DELETE FROM event WHERE id BETWEEN ? AND ?", (start, min(start + MARGIN - 1, last)))

    def _empty_log(self) -> None:
        """Leave nothing in the log of writes beside the file. Raises `sqlite3.OperationalError` where it cannot."""
        with closing(_open(self._path)) as db:
            if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise sqlite3.OperationalError("The file of conversations is in use, and its log could not be emptied.")

    def _remember(self, tracker: DialogueStateTracker, kept: Version) -> None:
        setattr(tracker, SAVED, len(tracker.events))
        if len(tracker.events) > 2 * RECALLED:
            self.forget(tracker.sender_id)  # so that a long conversation is no slower than a short one
            return
        self._recent[tracker.sender_id] = tracker, kept
        self._recent.move_to_end(tracker.sender_id)
        while len(self._recent) > IN_MEMORY:
            self._recent.popitem(last=False)


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing; a power cut may lose the last turns. FULL would save those too, and costs a
    # write to the disk at every turn (about 4 ms where it was measured).
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA secure_delete = ON")  # what is freed is overwritten
    return db


def _key(sender_id: str) -> int:
    digest = blake2b(sender_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


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
            db.executemany(ADD, ((_key(sender), number, when, sender, data) for sender, number, when, data in rows))
            db.execute("DROP TABLE event_before")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
