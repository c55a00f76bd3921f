"""How well questions of ours are told from foreign messages: the refusal curve, and where the assistant stands."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rasa_sdk import Tracker

from actions import finding
from actions.turn import read
from knowledge import content
from knowledge.build import publish
from knowledge.settings import CONTENT
from knowledge.vectors import shared_encoder
from tests.evaluation.questions import SCOPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tests.evaluation.asking import Answer, Asker, SetResult

PARTS = 5  # one in so many of the content's questions is left out and then asked
RESIDENTS = "dev"  # the set whose first turns stand for residents' questions


def evidence(parsed: dict[str, Any]) -> float:
    """How far the assistant believes that a parsed first message is ours: what reaches `believable` is answered.

    Nothing of it is worked out here: the actions read the message, search for it and doubt it as in a conversation.
    """
    turn = read(Tracker("evaluation", {}, parsed, [], False, None, {}, None))
    return finding._search(turn, finding.AIMS["unsure"], turn.known_spot).belief - turn.doubt


@dataclass(frozen=True)
class Curve:
    """One kind of real questions against the foreign messages: scores, and what the assistant as a whole refused."""

    name: str
    real: NDArray[np.float64]
    foreign: NDArray[np.float64]
    real_refused: float
    foreign_refused: float

    @classmethod
    def of(cls, name: str, real: Sequence[tuple[float, bool]], foreign: Sequence[tuple[float, bool]]) -> Curve:
        """From a score, and whether it was refused, for each message."""
        return cls(
            name,
            np.array([score for score, _ in real]),
            np.array([score for score, _ in foreign]),
            sum(refused for _, refused in real) / len(real),
            sum(refused for _, refused in foreign) / len(foreign),
        )

    def points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For every threshold, from none refused to all: the share of real and of foreign messages below it."""
        thresholds = np.append(np.unique(np.concatenate([self.real, self.foreign])), np.inf)
        real = np.searchsorted(np.sort(self.real), thresholds) / len(self.real)
        return real, np.searchsorted(np.sort(self.foreign), thresholds) / len(self.foreign)

    def at(self, real_refused: float) -> float:
        """How many of the foreign messages can be refused when so many real ones, and no more, may be."""
        real, foreign = self.points()
        return float(foreign[real <= real_refused].max())

    @property
    def area(self) -> float:
        """How often a real question scores higher than a foreign message: 1 is perfect, 0.5 is chance."""
        below = np.searchsorted(np.sort(self.foreign), self.real, "left")
        not_above = np.searchsorted(np.sort(self.foreign), self.real, "right")
        return float((below + not_above).mean() / 2 / len(self.foreign))


def curves(asker: Asker, results: Sequence[SetResult]) -> list[Curve]:
    """Residents' questions, and the content's own asked of a knowledge base that does not have them.

    The foreign messages are those of all the sets that were asked.
    """
    foreign = [(evidence(one.parsed), one.not_ours) for result in results for one in result.foreign]
    firsts = [
        asked.answers[0]
        for result in results
        if result.name == RESIDENTS
        for asked in result.asked
        if asked.question.topic != SCOPE
    ]
    found = [Curve.of("residents’ questions", scored(firsts), foreign)] if firsts and foreign else []
    with without_some_questions() as left_out:
        own = scored(asker.ask_each(left_out))
    return [*found, Curve.of("the content’s own questions, left out", own, foreign)] if foreign else found


def scored(answers: Sequence[Answer]) -> list[tuple[float, bool]]:
    """The evidence for each question of ours, and whether the assistant refused it."""
    return [(evidence(answer.parsed), answer.refused) for answer in answers]


@contextlib.contextmanager
def without_some_questions() -> Iterator[list[str]]:
    """Answer from a knowledge base without one in `PARTS` of the content's questions; gives those left out."""
    tables = content.read(CONTENT)
    left_out = [row["question"] for row in tables["question"] if _part(row["question"]) == 0]
    kept = [row for row in tables["question"] if _part(row["question"]) != 0]
    before = os.environ.get("HELP_KNOWLEDGE")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "knowledge.db"
        publish({**tables, "question": kept}, path, shared_encoder())
        os.environ["HELP_KNOWLEDGE"] = str(path)
        try:
            yield left_out
        finally:
            if before is None:
                del os.environ["HELP_KNOWLEDGE"]
            else:
                os.environ["HELP_KNOWLEDGE"] = before


def _part(question: str) -> int:
    """Which part a question belongs to: the same at every run, whatever is added."""
    return int(hashlib.sha256(question.encode()).hexdigest(), 16) % PARTS
