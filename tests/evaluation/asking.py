"""Ask the assistant in this process, the way that its app asks it, and keep what it said and why."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY

from bot.assistant import Assistant
from bot.messages import Messages, check_text
from tests.evaluation.questions import NOT_OURS, REFUSED, SCOPE, complaints, outcome, record_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.evaluation.questions import Question, QuestionSet


UNSURE = "nlu_fallback"  # stands before the likeliest intent where none is likely enough


def quieten() -> None:
    """Have Rasa log warnings only, as the app has it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


@dataclass(frozen=True)
class Answer:
    """The reply to one turn, how long it took, and how the turn was understood."""

    text: str
    messages: list[dict[str, Any]]
    seconds: float
    parsed: dict[str, Any]

    @cached_property
    def outcome(self) -> str:
        return outcome(self.messages)

    @property
    def refused(self) -> bool:
        """Whether a question of ours was turned away: not understood, not known, or none of our business."""
        return self.outcome in REFUSED

    @property
    def not_ours(self) -> bool:
        """Whether a foreign message was told apart."""
        return self.outcome in NOT_OURS

    @property
    def understood(self) -> str:
        """The intent with its likelihood, the outcome and the records: what a failure is looked at for."""
        ranking = self.parsed.get(INTENT_RANKING_KEY) or [self.parsed.get(INTENT) or {}]
        unsure = ranking[0].get("name") == UNSURE
        intent = ranking[1] if unsure and len(ranking) > 1 else ranking[0]
        name = f"unsure, perhaps {intent.get('name')}" if unsure else intent.get("name")
        records = ", ".join(record_ids(self.messages)) or "no record"
        return f"{name} {intent.get('confidence') or 0.0:.2f} -> {self.outcome}: {records}"


@dataclass(frozen=True)
class Asked:
    """A question with the answers to all its turns; the last one is judged."""

    question: Question
    answers: list[Answer]

    @cached_property
    def complaints(self) -> list[str]:
        return complaints(self.question, self.answers[-1].messages)


@dataclass(frozen=True)
class SetResult:
    """How a set went."""

    name: str
    asked: list[Asked]
    foreign: list[Answer] = field(default_factory=list)

    @property
    def seconds(self) -> list[float]:
        """How long each turn took."""
        return [answer.seconds for one in self.asked for answer in one.answers] + [one.seconds for one in self.foreign]

    @property
    def failed(self) -> list[Asked]:
        return [one for one in self.asked if one.complaints]

    @property
    def ours(self) -> list[Asked]:
        """The questions that must not be refused."""
        return [one for one in self.asked if one.question.topic != SCOPE]

    def of(self, topic: str) -> list[Asked]:
        return [one for one in self.asked if one.question.topic == topic]


class Asker:
    """One assistant; every question is a new resident's."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._messages = Messages(assistant)

    @classmethod
    def start(cls, models: Path, folder: Path) -> Asker:
        """Load the newest model in `models`, with a file of conversations in `folder`, and say a first word.

        Raises `rasa.exceptions.ModelNotFound` where there is no model.
        """
        quieten()
        asker = cls(Assistant.start(models, folder / "conversations.db"))
        asyncio.run(asker.converse(["warm up"]))  # names are compiled before the clock runs
        return asker

    @property
    def model(self) -> str:
        """The name of the model's file."""
        assert self.assistant.processor is not None
        return Path(self.assistant.processor.model_filename).name

    def ask(self, questions: QuestionSet) -> SetResult:
        """Ask a whole set."""
        return asyncio.run(self._ask(questions))

    async def _ask(self, questions: QuestionSet) -> SetResult:
        asked = [Asked(question, await self.converse(question.turns)) for question in questions.questions]
        return SetResult(questions.name, asked, [(await self.converse([text]))[0] for text in questions.foreign])

    def ask_each(self, texts: Iterable[str]) -> list[Answer]:
        """Say each text to a new conversation."""

        async def each() -> list[Answer]:
            return [(await self.converse([text]))[0] for text in texts]

        return asyncio.run(each())

    async def converse(self, turns: Iterable[str]) -> list[Answer]:
        """Say one thing after another as one new resident. Raises `bot.messages.BadMessage` as the app does."""
        sender = uuid.uuid4().hex
        answers = []
        for turn in turns:
            start = time.perf_counter()
            messages = await self._messages.answer(sender, check_text(turn))
            seconds = time.perf_counter() - start
            answers.append(Answer(turn, messages, seconds, await self._parsed(sender)))
        return answers

    async def _parsed(self, sender: str) -> dict[str, Any]:
        """How the last message was understood, as the conversation keeps it."""
        tracker = await self.assistant.tracker_store.retrieve(sender)
        parsed: dict[str, Any] = tracker.latest_message.parse_data if tracker and tracker.latest_message else {}
        return parsed
