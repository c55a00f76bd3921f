"""The question sets, and whether a reply is right: the rules of the open questions, in code of our own."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OPEN = Path("..") / "shared" / "questions"  # from the repository: where the open questions usually lie
SETS = ("dev", "validation")
FRESH = "fresh"  # sealed until the assistant is finished
TOPICS = ("ics", "find", "route", "community", "follow", "scope")
SCOPE = "scope"  # questions that are right when they are not answered as asked: advice, bookings, own records
REFUSED = ("fallback", "out_of_scope")
NOT_OURS = (*REFUSED, "chitchat")  # outcomes that are right for a message that is none of our business
PARTS = ("text", "buttons", "custom")  # of a message: what a resident's client shows


@dataclass(frozen=True, slots=True)
class Question:
    """What a resident says, turn by turn, and what the reply to the last turn must hold and must not."""

    id: str
    topic: str
    turns: tuple[str, ...]
    need: tuple[str, ...]
    forbid: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions that are ours, and foreign messages that are not. No failing test shows what a sealed set says."""

    name: str
    questions: tuple[Question, ...] = field(repr=False)
    foreign: tuple[str, ...] = field(repr=False)


def load(name: str, questions: Path, foreign: Path) -> QuestionSet:
    """Read a set from its two files. Raises `OSError` or `ValueError` where they are not as they should be."""
    lines = questions.read_text(encoding="utf-8").splitlines()
    return QuestionSet(name, tuple(_question(json.loads(line)) for line in lines), tuple(_lines(foreign)))


def load_ours(name: str) -> QuestionSet:
    """One of the sets beside this file."""
    return load(name, HERE / f"{name}.jsonl", HERE / f"out_of_scope_{name}.txt")


def load_open(folder: Path) -> QuestionSet | None:
    """The open questions, where the folder has them."""
    path = folder / "questions.jsonl"
    return load("open", path, folder / "out_of_scope.txt") if path.is_file() else None


def _question(row: dict[str, Any]) -> Question:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Question(**fields)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def shown(messages: list[dict[str, Any]]) -> str:
    """The JSON that the expressions look in: what is shown of every message, with line breaks as spaces."""
    kept = [{part: message[part] for part in PARTS if part in message} for message in messages]
    return json.dumps(kept, ensure_ascii=False).replace("\\n", " ")


def complaints(question: Question, messages: list[dict[str, Any]]) -> list[str]:
    """What is wrong with a reply: each needed expression that is missing, each forbidden one that is there."""
    text = shown(messages)
    missing = [f"missing /{pattern}/" for pattern in question.need if not _found(pattern, text)]
    return missing + [f"forbidden /{pattern}/" for pattern in question.forbid if _found(pattern, text)]


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def outcome(messages: list[dict[str, Any]]) -> str:
    """The outcome that the reply says it has, "" where it says none."""
    return str(_custom(messages).get("outcome", ""))


def record_ids(messages: list[dict[str, Any]]) -> list[str]:
    """The records that the reply was made from."""
    return [record["id"] for record in _custom(messages).get("records", [])]


def _custom(messages: list[dict[str, Any]]) -> dict[str, Any]:
    return next((message["custom"] for message in messages if isinstance(message.get("custom"), dict)), {})
