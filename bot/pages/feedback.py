"""Whether an answer helped: kept without who said it, in which conversation, or at what time of the day."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlite_utils import Database

from bot import settings
from bot.privacy import mask
from knowledge.hours import now

if TYPE_CHECKING:
    from collections.abc import Sequence

# What can have been wrong: as it is kept, and as it is said.
REASONS = {
    "not-my-question": "It did not answer my question",
    "out-of-date": "Something in it is wrong or out of date",
    "hard": "It was hard to understand",
    "too-far": "It was too far away, or not for me",
    "other": "Something else",
}
LONGEST_WORDS = 300  # characters
_writing = threading.Lock()


@dataclass(frozen=True)
class Opinion:
    """What was said of one answer: the records that it was made from, and why it did not help, where it did not."""

    helped: bool
    why: str
    words: str
    outcome: str
    records: Sequence[str]


def keep(opinion: Opinion) -> None:
    """Write it down with its day, personal data masked; what is older than conversations may be is deleted."""
    today = now().date()
    settings.feedback_path().parent.mkdir(parents=True, exist_ok=True)
    with _writing:
        database = Database(settings.feedback_path())
        table = database.table("feedback")
        table.insert(
            {
                "day": today.isoformat(),
                "helped": int(opinion.helped),
                "why": opinion.why if opinion.why in REASONS else "",
                "words": mask(opinion.words.strip()),
                "outcome": opinion.outcome,
                "records": " ".join(opinion.records),
            }
        )
        table.delete_where("day < ?", [(today - timedelta(settings.keep_days())).isoformat()])
        database.close()
