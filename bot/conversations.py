"""Where conversations are kept: each turn appends only its new events, to a file or to a server.

Rasa's own SQLTrackerStore reads, replays and counts a whole conversation at every turn. Here a conversation that was
answered last by this process is still in memory, and counts only while its version is that of what is kept.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.trackers import DialogueStateTracker

from bot.events import NOTHING
from bot.events_in_sqlite import EventsInSQLite

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rasa.shared.core.domain import Domain

    from bot.events import Events, Version

RECALLED = 300  # events: about thirty turns of a conversation are read back, the rest stays where it is kept
IN_MEMORY = 500  # conversations
KEPT = "_kept"  # how many of a tracker's own events are kept, and the version that they make; stands on the tracker
DAY = 24 * 60 * 60  # seconds


class ConversationStore(TrackerStore, SerializedTrackerAsText):
    """Rasa's tracker store over an SQLite file or a PostgreSQL database.

    What fails raises `bot.events.ConversationsError`; a turn never goes on in memory alone.
    """

    def __init__(self, where: Path | str, domain: Domain | None = None) -> None:
        """Open or make the SQLite file at a path, or the table at a `postgresql://` address."""
        super().__init__(domain)
        self._events = _open(where)
        # The trackers answered last, with the version of each.
        self._recent: OrderedDict[str, tuple[DialogueStateTracker, Version]] = OrderedDict()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The tracker with the last events of a conversation, or None where there is none."""
        if sender_id in self._recent:
            kept = await self._events.version(sender_id)
            recent = self._recent.get(sender_id)
            if recent and recent[1] == kept:
                return recent[0]
        made, kept = await self._events.last(sender_id, RECALLED)
        if kept == NOTHING:
            self.forget(sender_id)  # another process may have deleted it
            return None
        tracker = DialogueStateTracker.from_dict(sender_id, [json.loads(event) for event in made], self.domain.slots)
        self._remember(tracker, kept, len(tracker.events))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append the events that are not kept yet."""
        events = list(tracker.events)
        count, known = getattr(tracker, KEPT, (0, NOTHING))
        made = [(event.timestamp, json.dumps(event.as_dict())) for event in events[count:]]
        try:
            before = await self._events.add(tracker.sender_id, made)
        except BaseException:
            self.forget(tracker.sender_id)
            raise
        self._remember(tracker, (before[0] + len(made), made[-1][0]) if made else before, len(events))
        if before != known:
            self.forget(tracker.sender_id)  # another process has added to it: what it added is read next time

    def forget(self, sender_id: str) -> None:
        """Read this conversation anew next time: a turn that broke may have left it half changed in memory."""
        self._recent.pop(sender_id, None)

    async def delete(self, sender_id: str) -> None:
        """Delete a conversation, whole."""
        self.forget(sender_id)
        await self._events.delete(sender_id)

    async def delete_older(self, days: float) -> int:
        """Delete the conversations whose last event is older than so many days; how many there were.

        Beside the running app and in small steps, so that nobody has to wait for it.
        """
        before = time.time() - days * DAY
        count = await self._events.delete_older(before)
        # Those too that another process deleted: whatever is as old as that here has gone.
        for sender_id in [sender for sender, (_, kept) in self._recent.items() if kept[1] < before]:
            self.forget(sender_id)
        return count

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations."""
        return await self._events.senders()

    async def last_emergency(self, sender_id: str) -> dict[str, Any] | None:
        """The last reply to danger since the conversation was started again, however many turns ago."""
        return await self._events.last_emergency(sender_id)

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """A new tracker; it is saved with its first turn."""
        return self.init_tracker(sender_id)

    def close(self) -> None:
        """Let go of the file or the server."""
        self._events.close()

    def _remember(self, tracker: DialogueStateTracker, kept: Version, count: int) -> None:
        setattr(tracker, KEPT, (count, kept))
        if count > 2 * RECALLED:
            self.forget(tracker.sender_id)  # so that a long conversation is no slower than a short one
            return
        self._recent[tracker.sender_id] = tracker, kept
        self._recent.move_to_end(tracker.sender_id)
        while len(self._recent) > IN_MEMORY:
            self._recent.popitem(last=False)


def _open(where: Path | str) -> Events:
    if isinstance(where, str):
        from bot.events_in_postgres import EventsInPostgres  # its driver takes a third of a second to load

        return EventsInPostgres(where)
    return EventsInSQLite(where)
