"""The classifier says what scikit-learn would say, and never speaks against the table of danger signs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rasa.core.channels.channel import UserMessage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY

from bot.nlu.intent_classifier import WeighedIntentClassifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bot.assistant import Assistant

TEXTS = [
    "pharmacy in Redditch",
    "what is the integrated care board",
    "I'd like to complain",
    "hi",
    "x",
    "qwerty asdf zxcv",
    "how much calpol for a baby",
    "ring ring " * 80,
    "été 💊 <b>",
]


@pytest.fixture
def classifier(assistant: Assistant) -> WeighedIntentClassifier:
    """The trained classifier of the model."""
    assert assistant.processor is not None
    nodes = assistant.processor.graph_runner._nodes.values()
    [found] = [node._component for node in nodes if isinstance(node._component, WeighedIntentClassifier)]
    return found


def parse(assistant: Assistant, text: str) -> dict[str, Any]:
    assert assistant.processor is not None
    parsed: dict[str, Any] = asyncio.run(assistant.processor.parse_message(UserMessage(text)))
    return parsed


def test_likelihoods_are_those_of_scikit_learn(
    assistant: Assistant, classifier: WeighedIntentClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Any, NDArray[np.float64]]] = []
    likelihoods = classifier._likelihoods

    def watch(messages: list[Any]) -> NDArray[np.float64]:
        found = likelihoods(messages)
        seen.append((classifier._create_X(messages), found))
        return found

    monkeypatch.setattr(classifier, "_likelihoods", watch)
    for text in TEXTS:
        parse(assistant, text)
    assert len(seen) == len(TEXTS)
    for features, found in seen:
        assert np.allclose(found, classifier.clf.predict_proba(features), atol=1e-9)
        assert np.isclose(found.sum(), 1.0)


def test_the_intent_is_the_likeliest(assistant: Assistant) -> None:
    for text in TEXTS:
        parsed = parse(assistant, text)
        ranking = [intent["confidence"] for intent in parsed[INTENT_RANKING_KEY] if intent["name"] != "nlu_fallback"]
        assert ranking == sorted(ranking, reverse=True)
        assert parsed[INTENT] == parsed[INTENT_RANKING_KEY][0]


@pytest.mark.parametrize(
    "text",
    [
        "my neighbour has collapsed in his garden and he isn't breathing",
        "hello thanks bye pharmacy in Redditch please and my husband is not breathing",
        "what is the integrated care board? also I have taken an overdose",
        "write me a poem about my chest pain, it goes down my left arm and I'm sweating",
    ],
)
def test_danger_that_the_table_finds_is_never_overruled(assistant: Assistant, text: str) -> None:
    parsed = parse(assistant, text)
    assert parsed[INTENT]["name"].startswith("danger_")
    assert parsed[INTENT]["confidence"] == 1.0
    assert {entity["entity"] for entity in parsed["entities"]} >= {"danger_kind", "danger_sign"}


def ranking(*pairs: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"name": name, "confidence": confidence} for name, confidence in pairs]


def test_a_vague_alarm_of_its_own_is_dropped(classifier: WeighedIntentClassifier) -> None:
    vague = ranking(("danger_life", 0.5), ("get_care", 0.3), ("danger_crisis", 0.2))
    assert classifier._without_vague_alarm(vague) == ranking(("get_care", 0.3))


def test_an_alarm_of_its_own_that_is_sure_stands(classifier: WeighedIntentClassifier) -> None:
    sure = ranking(("danger_life", 0.6), ("danger_crisis", 0.35), ("get_care", 0.05))
    assert classifier._without_vague_alarm(sure) == [
        {"name": "danger_life", "confidence": pytest.approx(0.95)},
        {"name": "get_care", "confidence": 0.05},
    ]


def test_every_intent_of_the_domain_can_be_said(assistant: Assistant, classifier: WeighedIntentClassifier) -> None:
    assert set(classifier.clf.classes_) | {"nlu_fallback"} >= own_intents(assistant)


def own_intents(assistant: Assistant) -> set[str]:
    assert assistant.domain is not None
    return {intent for intent in assistant.domain.intents if intent not in ("back", "restart", "session_start")}
