"""What comes in, checked and masked, and what goes out, looked at; whatever else breaks, danger is answered."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.danger_reply import danger_reply
from bot.last_look import last_look, safe_reply
from bot.nlu.danger_detector import shared_watch
from bot.privacy import mask, mask_all_but_names, without_placeholders
from bot.settings import LONGEST_MESSAGE, LONGEST_SENDER, WORDING
from bot.switch import Switch
from knowledge import postcodes, published
from knowledge.search import KnowledgeBaseError

if TYPE_CHECKING:
    from bot.assistant import Assistant

logger = logging.getLogger(__name__)


class BadMessage(ValueError):
    """Something that cannot be answered; the text is for the person who sent it."""

    def __init__(self, wording: str, status: int = 400, **blanks: object) -> None:
        """The id of a sentence in bot/wording.yml, and the HTTP status."""
        super().__init__(WORDING[wording].format(**blanks))
        self.status = status


@dataclass
class Messages:
    """The way in and out: every client's messages, and the replies to them, go through `answer`."""

    assistant: Assistant
    switch: Switch = field(default_factory=Switch)

    async def answer(self, sender: str, text: str) -> list[dict[str, Any]]:
        """Answer one message, after a last look at the reply; raises `BadMessage` for what cannot be answered."""
        said = last_look(await self._answer(sender, text))
        return said or danger_reply(text, sender) or [{"recipient_id": sender, **safe_reply()}]

    async def _answer(self, sender: str, text: str) -> list[dict[str, Any]]:
        if self.switch.is_off():  # what is wrong may be the assistant: it is not asked
            return danger_reply(text, sender) or [{"recipient_id": sender, **safe_reply("off")}]
        if len(text) > LONGEST_MESSAGE:
            danger = await self.answer_danger(sender, text)
            if danger:
                return danger
            raise BadMessage("too_long", 413, longest=LONGEST_MESSAGE)
        try:
            await sharpen_postcode(text)
            return await self.assistant.answer(sender, without_personal_data(text))
        except Exception:
            danger = await self.answer_danger(sender, text)
            if danger:
                logger.exception("The assistant broke on a message with a sign of danger; it got the fixed reply")
                return danger
            raise

    async def answer_danger(self, sender: str, text: str) -> list[dict[str, Any]] | None:
        """The reply to danger without the assistant, or None; it is kept where that can be done, the message is not."""
        danger = danger_reply(text, sender)
        if danger:
            try:
                await self.assistant.keep_reply(sender, danger)
            except Exception:
                logger.exception("A reply to danger could not be kept; it is given all the same")
        return danger


async def sharpen_postcode(text: str) -> None:
    """Look up where a full postcode is before the message is read; without it the centre of its district is taken."""
    try:
        places = published.current().places
    except KnowledgeBaseError:
        return  # whoever needs the knowledge base says so
    if postcodes.full_postcode(text, places):
        await asyncio.to_thread(postcodes.shared().look_up, text, places)


def without_personal_data(text: str) -> str:
    """The text masked. Words that a sign of danger hangs on are no name: nobody is overlooked for being masked."""
    for masked in (mask(text, is_ours), mask_all_but_names(text, is_ours)):
        if masked == text or _shows_as_much(masked, text):
            return masked
    return text


def _shows_as_much(masked: str, text: str) -> bool:
    """Whether the sign of danger in a text, if there is any, is still found when it is masked."""
    danger, still = shared_watch().look(text), shared_watch().look(without_placeholders(masked))
    return danger is None or (still is not None and still.intent == danger.intent)


def is_ours(said: str) -> bool:
    """Whether the published knowledge has this phone number, email address, place or full postcode."""
    try:
        return published.current().knows(said)
    except KnowledgeBaseError:
        return False


def check_text(value: object) -> str:
    """A message that can be read, without surrounding space; raises `BadMessage` otherwise.

    A slash at the start is dropped: to Rasa it is a command that sets the intent, and would hide a sign of danger.
    """
    if not isinstance(value, str):
        raise BadMessage("not_text")
    text = "".join(c for c in value if c.isprintable() or c in "\n\t").strip().lstrip("/ ")
    if not text:
        raise BadMessage("empty")
    return text


def check_sender(value: object) -> str:
    """A conversation id; raises `BadMessage` otherwise."""
    if not isinstance(value, str) or not value.strip():
        raise BadMessage("bad_sender")
    if len(value) > LONGEST_SENDER or not value.isprintable():
        raise BadMessage("long_sender", longest=LONGEST_SENDER)
    return value
