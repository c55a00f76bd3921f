"""Where conversations are kept: one SQLite file, to which each turn appends only its new events.

Rasa's own SQLTrackerStore reads, replays and counts a whole conversation at every turn. Here a conversation that was
answered last by this process is still in memory, and counts only while its version matches the file's.
"""

from __future__ import annotations

import json
import sqlite3
from collections import OrderedDict
from typing import TYPE_CHECKING

from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.trackers import DialogueStateTracker

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rasa.shared.core.domain import Domain

RECALLED = 300  # events: about thirty turns of a conversation are read back, the rest stays in the file
IN_MEMORY = 500  # conversations
SAVED = "_saved_events"  # how many of a tracker's own events are in the file; kept on the tracker

SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    sender_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    timestamp REAL NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (sender_id, number)
) WITHOUT ROWID;
"""


class ConversationStore(TrackerStore, SerializedTrackerAsText):
    """Rasa's tracker store over one SQLite file. A save that fails raises; it never goes on in memory."""

    def __init__(self, path: Path, domain: Domain | None = None) -> None:
        """Open or make the file. Raises `sqlite3.Error` where it cannot be used."""
        super().__init__(domain)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing; a power cut may lose the last turns. FULL would save those too, and costs a
        # write to the disk at every turn (about 4 ms where it was measured).
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        # The trackers answered last, with how many events of each are in the file.
        self._recent: OrderedDict[str, tuple[DialogueStateTracker, int]] = OrderedDict()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with the last events of a conversation, or None where there is none."""
        kept = self._count(sender_id)
        if not kept:
            return None
        recent = self._recent.get(sender_id)
        if recent and recent[1] == kept:
            return recent[0]
        rows = self._db.execute(
            "SELECT data FROM event WHERE sender_id = ? AND number >= ? ORDER BY number", (sender_id, kept - RECALLED)
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
            known = self._count(tracker.sender_id)
            rows = [(tracker.sender_id, number, *event) for number, event in enumerate(made, known)]
            self._db.executemany("INSERT INTO event VALUES (?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self.forget(tracker.sender_id)
            raise
        self._remember(tracker, known + len(rows))

    def forget(self, sender_id: str) -> None:
        """Read this conversation from the file next time: a turn that broke may have left it half changed here."""
        self._recent.pop(sender_id, None)

    async def delete(self, sender_id: str) -> None:
        """Delete a conversation, whole."""
        self._db.execute("DELETE FROM event WHERE sender_id = ?", (sender_id,))
        self.forget(sender_id)

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations."""
        return [sender for (sender,) in self._db.execute("SELECT DISTINCT sender_id FROM event")]

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """A new tracker; it is saved with its first turn."""
        return self.init_tracker(sender_id)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _count(self, sender_id: str) -> int:
        row = self._db.execute("SELECT max(number) FROM event WHERE sender_id = ?", (sender_id,)).fetchone()
        return 0 if row[0] is None else row[0] + 1

    def _remember(self, tracker: DialogueStateTracker, kept: int) -> None:
        setattr(tracker, SAVED, len(tracker.events))
        if len(tracker.events) > 2 * RECALLED:
            self.forget(tracker.sender_id)  # so that a long conversation is no slower than a short one
            return
        self._recent[tracker.sender_id] = tracker, kept
        self._recent.move_to_end(tracker.sender_id)
        while len(self._recent) > IN_MEMORY:
            self._recent.popitem(last=False)
