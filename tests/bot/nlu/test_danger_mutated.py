"""Ten thousand messages from people in danger, changed as hurried fingers change them, still raise the alarm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.nlu.danger_detector import DangerWatch, shared_watch

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


@st.composite
def mistyped(draw: st.DrawFn, word: str) -> str:
    """A word with one slip of the finger."""
    at = draw(st.integers(1, len(word) - 2))
    kind = draw(st.sampled_from(["drop", "double", "swap", "beside"]))
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "double":
        return word[:at] + word[at] + word[at:]
    if kind == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + draw(st.sampled_from(BESIDE.get(word[at].lower()) or word[at])) + word[at + 1 :]


@st.composite
def changed(draw: st.DrawFn, message: str) -> str:
    """A message with other spacing, case, a slip or two, and other sentences around it."""
    words = message.split()
    long = [i for i, word in enumerate(words) if len(word) > 4 and word.isalpha()]
    for i in draw(st.lists(st.sampled_from(long), max_size=1 + len(words) // 12, unique=True)) if long else []:
        words[i] = draw(mistyped(words[i]))
    gaps = [draw(st.sampled_from([" "] * 12 + ["  ", "   ", "\n", "\t", "\u00a0"])) for _ in words]
    text = "".join(word + gap for word, gap in zip(words, gaps, strict=True)).strip()
    case = draw(st.sampled_from(["as it is", "as it is", "lower", "upper", "title", "swap"]))
    if case != "as it is":
        text = getattr(text, {"swap": "swapcase"}.get(case, case))()
    text = draw(st.sampled_from([text] * 3 + [text.replace("'", ""), text.replace("'", "’"), text.rstrip(".!?")]))
    before, after = (draw(st.sampled_from(["", "", *AROUND])) for _ in range(2))
    stop = draw(st.sampled_from([". ", "\n", " ... ", "! "]))
    text += draw(st.sampled_from(["", "", "!!!", "...", " pls", " 😭", "?"]))
    return stop.join(part for part in (before, text, after) if part)


def test_of_ten_thousand_changed_messages_hardly_one_is_missed(
    loaded: Assistant, figure: Callable[[str], None]
) -> None:
    watch = shared_watch()
    lines = [line.split("\t") for line in (SETS / "danger.tsv").read_text(encoding="utf-8").splitlines()]
    missed: list[str] = []
    asked: set[str] = set()

    @settings(max_examples=HOW_MANY, deadline=None, database=None, phases=[Phase.generate], derandomize=True)
    @settings(suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from([message for message, _ in lines]).flatmap(changed))
    def look(message: str) -> None:
        if message not in asked:
            asked.add(message)
            if watch.look(message) is None:
                missed.append(message)

    look()
    recall = 1 - len(missed) / len(asked)
    alone = DangerWatch(watch.table)
    by_table = 1 - sum(alone.look(message) is None for message in sorted(asked)[::10]) / len(sorted(asked)[::10])
    figure(f"danger, {len(asked)} changed messages: recall {recall:.2%} (by the table alone {by_table:.2%} of a tenth)")
    assert len(asked) >= 0.95 * HOW_MANY
    assert recall >= LEAST, missed[:20]
