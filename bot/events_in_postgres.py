"""Events of conversations in one PostgreSQL table, which the processes of many machines may share.

Questions run in a few threads, so that nobody waits for another's answer, and each is given up after some seconds: a
sign of danger must be answered though the server is not. A connection that was lost is made anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot.events import NOTHING, ConversationsError, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg import Connection

    from bot.events import Version

    Answer = TypeVar("Answer")

CONNECTIONS = 4  # of one process at most; beside a turn's other work the server is waited for little
CONNECTING = 2  # seconds
PATIENCE = 3.0  # seconds that a question may take, with the wait for a connection and the making of one
VACUUMING = 600.0  # seconds that no resident waits for
BATCH = 500  # conversations

SCHEMA = """
CREATE TABLE IF NOT EXISTS conversation_event (
    conversation bigint NOT NULL,
    number integer NOT NULL,
    timestamp double precision NOT NULL,
    sender_id text NOT NULL,
    data text NOT NULL,
    PRIMARY KEY (conversation, number)
);
CREATE INDEX IF NOT EXISTS conversation_event_first ON conversation_event (timestamp) WHERE number = 0;
"""
# Held to the end of the transaction. What waits for it sees, in its next statement, what the one before has done:
# without it rows that are being added would outlive a deletion that does not see them yet.
LOCK = "SELECT pg_advisory_xact_lock(%s)"
ADD = "INSERT INTO conversation_event (conversation, number, timestamp, sender_id, data) VALUES (%s, %s, %s, %s, %s)"
LAST = "SELECT number + 1, timestamp FROM conversation_event WHERE conversation = %s ORDER BY number DESC LIMIT 1"
RECENT = """
SELECT number + 1, timestamp, data FROM conversation_event WHERE conversation = %s ORDER BY number DESC LIMIT %s
"""
DELETE = "DELETE FROM conversation_event WHERE conversation = %s"
# A conversation is as old as its last event. Its first is older still, and there is a short index of those.
OLD = """
SELECT conversation FROM conversation_event AS first WHERE number = 0 AND timestamp < %(before)s AND %(before)s >
    (SELECT timestamp FROM conversation_event WHERE conversation = first.conversation ORDER BY number DESC LIMIT 1)
LIMIT %(most)s
"""
# As `json.dumps` writes it. PostgreSQL cannot read every character that JSON can have, so it need not read any.
EMERGENCY = """
SELECT data FROM conversation_event WHERE conversation = %s AND data LIKE ANY (%s) ORDER BY number DESC
"""
MARKS = ['%"event": "restart"%', '%"event": "reset_slots"%', '%"outcome": "emergency"%']

# What this code relies on, whatever the server has for others: a new look at the table with every statement, and
# that a lock does not outlive a machine that is gone.
SESSION = {
    "default_transaction_isolation": r"read\ committed",
    "statement_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}
# An idle connection that was cut on the way is noticed within a minute, and before a turn needs it.
NETWORK: dict[str, str | int] = {
    "connect_timeout": CONNECTING,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "fallback_application_name": "help-assistant",
}


@dataclass
class Call:
    """One question on its way: the connection that it has, and whether anybody still waits for the answer."""

    db: Connection | None = None
    given_up: bool = False

    def give_up(self) -> None:
        """End it from another thread: nothing that it has not yet sent can reach the server any more."""
        self.given_up = True
        db = self.db  # the thread takes it away when it is done
        if db:
            with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(db.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)


class EventsInPostgres:
    """Events in the table `conversation_event`."""

    def __init__(self, address: str) -> None:
        """Connect, and make the table where it is missing. Raises `ConversationsError` where that cannot be done."""
        self._address = _complete(address)
        self._threads = ThreadPoolExecutor(CONNECTIONS, "conversations")
        self._idle: list[Connection] = []
        try:
            with psycopg.connect(self._address) as db:
                _make_table(db)
        except psycopg.Error as trouble:
            raise _plain(trouble) from None

    async def version(self, sender_id: str) -> Version:
        """How far a conversation is; `NOTHING` where there is none."""
        return await self._ask(lambda db: _version(db, key_of(sender_id)))

    async def last(self, sender_id: str, most: int) -> tuple[list[str], Version]:
        """The last events of a conversation, oldest first, and how far it is with them."""
        rows = await self._ask(lambda db: db.execute(RECENT, (key_of(sender_id), most)).fetchall())
        return [data for *_, data in reversed(rows)], rows[0][:2] if rows else NOTHING

    async def add(self, sender_id: str, made: Sequence[tuple[float, str]]) -> Version:
        """Append events (time, JSON), all or none; how far the conversation was before.

        Where the connection is lost at the very end the error comes although they may have been kept.
        """
        key = key_of(sender_id)

        def append(db: Connection) -> Version:
            db.execute(LOCK, (key,))
            before = _version(db, key)
            rows = [(key, number, when, sender_id, data) for number, (when, data) in enumerate(made, before[0])]
            db.cursor().executemany(ADD, rows)
            return before

        return await self._ask(append, writes=True)

    async def delete(self, sender_id: str) -> None:
        """Delete a conversation, whole; what is being added to it at the same time too, or it begins anew with that."""
        await self._ask(lambda db: _delete(db, key_of(sender_id)), writes=True)

    async def delete_older(self, before: float) -> int:
        """Delete the conversations whose last event was before a time, and free their room; how many there were."""
        count = 0
        while True:
            old = await self._ask(lambda db: db.execute(OLD, {"before": before, "most": BATCH}).fetchall())
            for (key,) in old:  # each by itself: nobody waits for more than one
                count += await self._ask(partial(_delete, key=key, before=before), writes=True)
            if len(old) < BATCH:
                break
        await self._ask(_vacuum, patience=VACUUMING)
        return count

    async def senders(self) -> list[str]:
        """The ids of all conversations."""
        asked = "SELECT sender_id FROM conversation_event WHERE number = 0"
        return [sender for (sender,) in await self._ask(lambda db: db.execute(asked).fetchall())]

    async def last_emergency(self, sender_id: str) -> dict[str, Any] | None:
        """The last reply to danger since the conversation was started again, however many turns ago."""
        rows = await self._ask(lambda db: db.execute(EMERGENCY, (key_of(sender_id), MARKS)).fetchall())
        for (data,) in rows:
            event: dict[str, Any] = json.loads(data)
            if event["event"] in ("restart", "reset_slots"):
                return None
            if event["event"] == "bot" and (event["data"].get("custom") or {}).get("outcome") == "emergency":
                return event
        return None

    def close(self) -> None:
        """Let go of the server, after what is being asked."""
        self._threads.shutdown(cancel_futures=True)
        while self._idle:
            self._idle.pop().close()

    async def _ask(
        self, work: Callable[[Connection], Answer], *, writes: bool = False, patience: float | None = None
    ) -> Answer:
        """The answer to one question, in a transaction if it writes; `ConversationsError` where there is none."""
        call = Call()
        answer = asyncio.get_running_loop().run_in_executor(self._threads, self._do, call, work, writes)
        patience = patience or PATIENCE
        try:
            return await asyncio.wait_for(answer, patience)
        except asyncio.TimeoutError:
            call.give_up()
            raise ConversationsError(f"The database of conversations did not answer in {patience:g} seconds.") from None
        except asyncio.CancelledError:
            call.give_up()
            raise
        except psycopg.Error as trouble:
            raise _plain(trouble) from None

    def _do(self, call: Call, work: Callable[[Connection], Answer], writes: bool) -> Answer:
        """In a thread: the answer to one question."""
        while True:
            db, used_before = self._take(call)
            ending = False
            try:
                with db.transaction() if writes else contextlib.nullcontext():
                    answer = work(db)
                    ending = True  # from here it may have been kept, and must not be written again
            except psycopg.Error:
                # That a connection was lost while nobody used it shows only now.
                if not (db.broken and used_before) or ending or call.given_up:
                    raise
            else:
                return answer
            finally:
                call.db = None
                if not db.closed:
                    self._idle.append(db)

    def _take(self, call: Call) -> tuple[Connection, bool]:
        """Give a call a connection; whether it was used before."""
        try:
            call.db, used_before = self._idle.pop(), True
        except IndexError:
            call.db, used_before = psycopg.connect(self._address, autocommit=True), False
        if call.given_up:
            call.db.close()
            raise psycopg.OperationalError("Nobody waits for this any more.")
        return call.db, used_before


def _complete(address: str) -> str:
    """An address with what this code relies on; what the address says itself comes first."""
    try:
        given = conninfo_to_dict(address)
    except psycopg.ProgrammingError:  # its message may hold a part of the password
        raise ConversationsError(
            "The address of the conversations must be like postgresql://user:password@host:5432/database."
        ) from None
    session = [f"-c {name}={value}" for name, value in SESSION.items()]
    ours = {**NETWORK, "options": " ".join([*session, str(given.get("options") or "")])}
    return make_conninfo(address, **{name: value for name, value in ours.items() if name not in {*given} - {"options"}})


def _make_table(db: Connection) -> None:
    """Make the table, unless it is there: then this user need not be allowed to make one."""
    db.execute(LOCK, (key_of("conversation_event"),))  # other processes may be starting too
    if db.execute("SELECT to_regclass('conversation_event')").fetchone() == (None,):
        db.execute(SCHEMA)


def _version(db: Connection, key: int) -> Version:
    return db.execute(LAST, (key,)).fetchone() or NOTHING


def _delete(db: Connection, key: int, before: float | None = None) -> bool:
    """Delete a conversation, unless it has gone on since `before`; whether there was one to delete."""
    db.execute(LOCK, (key,))
    last = db.execute(LAST, (key,)).fetchone()
    if last is None or (before is not None and last[1] >= before):
        return False
    db.execute(DELETE, (key,))
    return True


def _vacuum(db: Connection) -> None:
    """Have the room of deleted rows used again, unless somebody is at it."""
    db.execute("SET statement_timeout = 0")
    try:
        db.execute("VACUUM (SKIP_LOCKED) conversation_event")
    finally:
        db.execute("RESET statement_timeout")


def _plain(trouble: psycopg.Error) -> ConversationsError:
    """Only the first line of what the server says: the others may hold the row, with a resident's words."""
    said = trouble.diag.message_primary or " ".join(str(trouble).split())
    return ConversationsError(f"The database of conversations cannot be used: {said}")
