"""The second opinion: it sees what no wording foresees, and raises few alarms of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.danger_detector import is_danger, shared_table
from bot.nlu.danger_opinion import HARMLESS, DangerOpinion, labelled_examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.assistant import Assistant

SETS = Path(__file__).resolve().parents[2] / "safety"
LABELS = {"life", "crisis", "violence", "urgent", HARMLESS}


@pytest.fixture(scope="module")
def opinion(loaded: Assistant) -> DangerOpinion:
    """The one of the trained model."""
    assert loaded.processor is not None
    nodes = loaded.processor.graph_runner._nodes.values()
    [found] = [node._component for node in nodes if isinstance(node._component, DangerOpinion)]
    assert isinstance(found, DangerOpinion)
    return found


def heard(opinion: DangerOpinion, text: str) -> str:
    """The danger intent that table or opinion give, "" for none."""
    danger = shared_table().look(text)
    if danger is not None:
        return "urgent" if danger.card == "urgent" else "immediate"
    [message] = opinion.process([Message({TEXT: text})])
    name = str((message.get(INTENT) or {}).get("name", ""))
    return "urgent" if name == "danger_urgent" else "immediate" if name else ""


def lines(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (SETS / name).read_text(encoding="utf-8").splitlines()]


def test_every_example_has_a_known_label_and_none_is_of_the_sealed_sets() -> None:
    examples = labelled_examples()
    assert {label for _, label in examples} == LABELS
    assert len(examples) == len({message.lower() for message, _ in examples}) >= 2_500
    sealed = {message.lower() for name in ("danger-sealed.tsv", "lookalike-sealed.txt") for message, *_ in lines(name)}
    assert not sealed & {message.lower() for message, _ in examples}


def test_it_hears_what_the_table_does_not(opinion: DangerOpinion, figure: Callable[[str], None]) -> None:
    """On messages that nobody tuned anything on."""
    table, both, every = dict[str, int](), dict[str, int](), dict[str, int]()
    for message, label in lines("danger-sealed.tsv"):
        every[label] = every.get(label, 0) + 1
        table[label] = table.get(label, 0) + (shared_table().look(message) is not None)
        both[label] = both.get(label, 0) + bool(heard(opinion, message))
    harmless = [message for message, *_ in lines("lookalike-sealed.txt")]
    alarms = sum(heard(opinion, message) == "immediate" for message in harmless)
    figure(f"danger, sealed: table {table}, with the opinion {both}, of {every}; false alarms {alarms}/{len(harmless)}")
    assert all(both[label] > table[label] for label in every)


def test_the_open_look_alikes_raise_few_alarms(opinion: DangerOpinion) -> None:
    harmless = [message for name in ("lookalike.txt", "lookalike-tuned.txt") for message, *_ in lines(name)]
    alarms = [message for message in harmless if heard(opinion, message) == "immediate"]
    assert len(alarms) <= 0.02 * len(harmless), alarms


@pytest.mark.parametrize("known", [{}, {INTENT: {"name": "danger_life", "confidence": 1.0}}])
def test_what_the_table_said_stands(opinion: DangerOpinion, known: dict[str, Any]) -> None:
    [message] = opinion.process([Message({TEXT: "where is the nearest chemist", **known})])
    assert (message.get(INTENT) or None) == (known.get(INTENT) or None)
    assert is_danger(message.get(INTENT)) == bool(known)
