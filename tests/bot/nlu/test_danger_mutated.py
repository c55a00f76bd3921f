"""Ten thousand messages from people in danger, changed as hurried fingers change them, still raise the alarm."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.nlu.danger_detector import shared_watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.assistant import Assistant

SETS = Path(__file__).resolve().parents[2] / "safety"
HOW_MANY = 10_000
LEAST = 0.99

# Letters beside each other on a phone's keyboard.
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
BESIDE = {c: row[max(0, i - 1) : i] + row[i + 1 : i + 2] for row in KEYS for i, c in enumerate(row)}
AROUND = (
    "hello",
    "hi, hope you can help",
    "sorry to bother you",
    "I live in Ledbury",
    "we are in Worcester",
    "I rang the surgery and they said to look here",
    "it's my day off",
    "my phone is nearly flat",
    "not sure where to ask",
    "thanks",
    "what do I do",
    "who do I ring?",
    "the bus was late this morning.",
    "can you also tell me when the library opens",
)


def mistyped(word: str, chance: Random) -> str:
    """A word with one slip of the finger."""
    at = chance.randrange(1, len(word) - 1)
    kind = chance.choice(["drop", "double", "swap", "beside"])
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "double":
        return word[:at] + word[at] + word[at:]
    if kind == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + chance.choice(BESIDE.get(word[at].lower()) or word[at]) + word[at + 1 :]


def changed(message: str, chance: Random) -> str:
    """A message with other spacing, case, a slip or two, and other sentences around it."""
    words = message.split()
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    for i in chance.sample(long, min(len(long), chance.randint(0, 1 + len(words) // 12))):
        words[i] = mistyped(words[i], chance)
    text = "".join(word + chance.choice([" "] * 12 + ["  ", "   ", "\n", "\t", "\u00a0"]) for word in words).strip()
    text = getattr(text, chance.choice(["__str__", "__str__", "lower", "upper", "title", "swapcase"]))()
    text = chance.choice([text] * 3 + [text.replace("'", ""), text.replace("'", "’"), text.rstrip(".!?")])
    text += chance.choice(["", "", "!!!", "...", " pls", " 😭", "?"])
    before, after = (chance.choice(["", "", *AROUND]) for _ in range(2))
    return chance.choice([". ", "\n", " ... ", "! "]).join(part for part in (before, text, after) if part)


def test_of_ten_thousand_changed_messages_hardly_one_is_missed(
    loaded: Assistant, figure: Callable[[str], None]
) -> None:
    """English ones: a slip in another language is put right only in long words (data/safety/README.md)."""
    watch = shared_watch()
    lines = [line.split("\t")[0] for line in (SETS / "danger.tsv").read_text(encoding="utf-8").splitlines()]
    english = [message for message in lines if (danger := watch.table.look(message)) is None or danger.english]
    missed: list[str] = []
    asked: set[str] = set()

    @settings(
        max_examples=HOW_MANY,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(st.sampled_from(english), st.integers(0, 2**64 - 1))
    def look(message: str, seed: int) -> None:
        message = changed(message, Random(seed))
        asked.add(message)
        if watch.look(message) is None:
            missed.append(message)

    look()
    recall = 1 - len(missed) / HOW_MANY
    figure(f"danger, {HOW_MANY} changed messages ({len(asked)} of them different): recall {recall:.2%}")
    assert recall >= LEAST, missed[:20]
