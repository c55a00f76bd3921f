"""Table and opinion together: they see what no wording foresees, and raise few alarms about nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.danger_detector import Alarm, DangerWatch, is_danger, shared_watch
from bot.nlu.danger_opinion import LABELS, labelled_examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.assistant import Assistant
    from bot.nlu.danger import Reading

SETS = Path(__file__).resolve().parents[2] / "safety"


@pytest.fixture(scope="module")
def watch(loaded: Assistant) -> DangerWatch:
    """The process's watch, with the opinion of the trained model."""
    assert shared_watch().opinion is not None
    return shared_watch()


def lines(*names: str) -> list[list[str]]:
    return [line.split("\t") for name in names for line in (SETS / name).read_text(encoding="utf-8").splitlines()]


def right(alarm: Alarm | None, label: str) -> bool:
    """Whether an alarm is what a message of that label needs; a reply to a crisis names who to talk to."""
    if alarm is None:
        return False
    if label == "crisis":
        return alarm.card == "immediate" and (alarm.intent == "danger_crisis" or alarm.kind == "self-harm")
    return label == "urgent" or alarm.card == "immediate"


def false_alarms(watch: DangerWatch, harmless: list[str]) -> list[str]:
    return [m for m in harmless if (alarm := watch.look(m)) is not None and alarm.card == "immediate"]


def test_every_example_has_a_known_label_and_none_is_of_a_set_that_it_is_measured_by() -> None:
    examples = labelled_examples()
    assert {label for _, label in examples} == set(LABELS)
    assert len(examples) == len({message.lower() for message, _ in examples}) >= 10_000
    names = ("danger-sealed.tsv", "lookalike-sealed.txt", "danger.tsv", "lookalike.txt")
    measured = {message.lower() for message, *_ in lines(*names)}
    assert not measured & {message.lower() for message, _ in examples}


def test_messages_that_nothing_was_tuned_on(watch: DangerWatch, figure: Callable[[str], None]) -> None:
    alone, both, every = Counter[str](), Counter[str](), Counter[str]()
    without = DangerWatch(watch.table)
    for message, label in lines("danger-sealed.tsv"):
        every[label] += 1
        alone[label] += right(without.look(message), label)
        both[label] += right(watch.look(message), label)
    harmless = [message for message, *_ in lines("lookalike-sealed.txt")]
    false, false_alone = (len(false_alarms(by, harmless)) for by in (watch, without))
    figure(f"danger, sealed: {dict(both)} of {dict(every)}, false alarms {false} of {len(harmless)}")
    figure(f"  by the table alone: {dict(alone)}, false alarms {false_alone}")
    assert all(both[label] > alone[label] for label in every)


@pytest.mark.parametrize("label, least", [("immediate", 1.0), ("crisis", 1.0), ("urgent", 0.95)])
def test_danger_is_recognised(watch: DangerWatch, label: str, least: float) -> None:
    asked = [message for message, wanted in lines("danger.tsv", "danger-tuned.tsv") if wanted == label]
    missed = [message for message in asked if not right(watch.look(message), label)]
    assert 1 - len(missed) / len(asked) >= least, missed


def test_look_alikes_raise_few_alarms(watch: DangerWatch) -> None:
    harmless = [message for message, *_ in lines("lookalike.txt", "lookalike-tuned.txt")]
    alarms = false_alarms(watch, harmless)
    assert len(alarms) <= 0.02 * len(harmless), alarms


class Deaf:
    """An opinion that hears danger in nothing, or with a likelihood of its own."""

    def __init__(self, **likely: float) -> None:
        self._likely = {**dict.fromkeys(LABELS, 0.0), "harmless": 1.0 - sum(likely.values()), **likely}

    def get_ready(self, texts: list[str]) -> None:
        """Nothing has to be worked out."""

    def likelihoods(self, text: str, reading: Reading) -> dict[str, float]:
        return self._likely


PREGNANT = "I'm six months pregnant and bleeding a little"


@pytest.mark.parametrize(
    "words, likely, card, kind",
    [
        ("where is the nearest chemist", {}, None, ""),
        ("where is the nearest chemist", {"life": 0.6}, "immediate", "life"),
        ("my friend says he is so tired of it all", {"crisis": 0.6}, "immediate", "crisis-other"),
        ("where is the nearest chemist", {"life": 0.4, "crisis": 0.3}, "immediate", "crisis"),
        ("where is the nearest chemist", {"urgent": 0.5, "life": 0.1}, "urgent", "urgent"),
        ("my husband won't wake up", {"life": 0.4}, "immediate", "life"),
        ("my husband won't wake up", {"crisis": 0.6}, "immediate", "crisis"),
        (PREGNANT, {"urgent": 0.4}, "urgent", "maternity"),
        (PREGNANT, {"life": 0.9}, "immediate", "life"),
    ],
)
def test_either_can_raise_the_alarm(words: str, likely: dict[str, float], card: str | None, kind: str) -> None:
    watch = DangerWatch(shared_watch().table, Deaf(**likely))  # type: ignore[arg-type]
    alarm = watch.look(words)
    assert (alarm and alarm.card, alarm.kind if alarm else "") == (card, kind)


def test_the_opinion_takes_back_a_doubtful_wording_sooner_than_another() -> None:
    table = shared_watch().table
    seen = [(message, table.look(message)) for message, *_ in lines("danger.tsv", "danger-tuned.tsv")]
    kept = {0.4: Counter[bool](), 0.2: Counter[bool](), 0.01: Counter[bool]()}
    every = Counter(danger.doubtful for _, danger in seen if danger and danger.english)
    for message, danger in seen:
        if danger and danger.english:
            assert DangerWatch(table).look(message), "without an opinion it is heeded"
            for likely, counted in kept.items():
                watch = DangerWatch(table, Deaf(life=likely))  # type: ignore[arg-type]
                counted[danger.doubtful] += watch.look(message) is not None
    assert every[True] and every[False]
    assert kept[0.4] == every
    assert kept[0.2] == Counter({False: every[False]})
    assert not +kept[0.01]


@pytest.mark.parametrize("known", [{}, {INTENT: {"name": "find_place", "confidence": 1.0}}])
def test_an_alarm_settles_the_intent(loaded: Assistant, known: dict[str, Any]) -> None:
    assert loaded.processor is not None
    nodes = loaded.processor.graph_runner._nodes.values()
    [detector] = [node._component for node in nodes if type(node._component).__name__ == "DangerDetector"]
    [message] = detector.process([Message({TEXT: "my husband won't wake up", **known})])
    assert is_danger(message.get(INTENT))
    assert message.get(INTENT)["confidence"] == 1.0
    [message] = detector.process([Message({TEXT: "where is the nearest chemist", **known})])
    assert (message.get(INTENT) or None) == (known.get(INTENT) or None)
