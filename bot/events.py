"""Events of conversations: what whoever keeps them must do, be it a file or a server."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

Version = tuple[int, float]  # how many events of a conversation are kept, and when the last one was
NOTHING: Version = (0, 0.0)


class ConversationsError(Exception):
    """Conversations cannot be read or written just now. The message says why, without a word of theirs."""


class Events(Protocol):
    """Keeps the events of conversations, each as JSON. Whatever fails raises `ConversationsError`.

    Times are seconds since 1970, as Rasa puts them on events.
    """

    async def version(self, sender_id: str) -> Version:
        """How far a conversation is; `NOTHING` where there is none."""

    async def last(self, sender_id: str, most: int) -> tuple[list[str], Version]:
        """The last events of a conversation, oldest first, and how far it is with them."""

    async def add(self, sender_id: str, made: Sequence[tuple[float, str]]) -> Version:
        """Append events (time, JSON), all or none; how far the conversation was before."""

    async def delete(self, sender_id: str) -> None:
        """Delete a conversation, whole."""

    async def delete_older(self, before: float) -> int:
        """Delete the conversations whose last event was before a time; how many there were."""

    async def senders(self) -> list[str]:
        """The ids of all conversations."""

    async def last_emergency(self, sender_id: str) -> dict[str, Any] | None:
        """The last reply to danger since the conversation was started again, however many turns ago."""

    def close(self) -> None:
        """Let go of the file or the server."""


def key_of(sender_id: str) -> int:
    """A conversation's number: it is looked up by it, as an index may keep copies, and must keep no id."""
    digest = blake2b(sender_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
