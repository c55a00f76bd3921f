"""How well intents are told apart: stratified cross-validation with the pipeline of config.yml, trained by Rasa.

`rasa test nlu --cross-validation` does the same, and also asks each model the examples that it has learnt from, which
takes as long again and says little. What is settled by a table and not learnt (danger, other languages) stays in the
training, as in the real model, but is not judged here: tests/safety and tests/bot do that.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import multiprocessing
import os
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.utils.io import read_yaml_file, write_yaml
from sklearn.metrics import f1_score

from knowledge.settings import HOME
from tests.evaluation.asking import quieten

FOLDS = 5
# What settles an intent without learning, what only finds names, and what would hide the likeliest intent.
LEFT_OUT = ("DangerDetector", "LanguageDetector", "Gazetteer", "FallbackClassifier")
SETTLED = ("danger_", "other_language")


@dataclass(frozen=True, slots=True)
class Guess:
    """An example, its intent, and the intent that a model guessed which had not learnt the example."""

    text: str
    intent: str
    guessed: str
    confidence: float

    @property
    def right(self) -> bool:
        return self.intent == self.guessed


@dataclass(frozen=True)
class Guesses:
    """All guesses of a cross-validation."""

    all: list[Guess]
    threshold: float  # below it a message counts as not understood

    @property
    def accuracy(self) -> float:
        return sum(guess.right for guess in self.all) / len(self.all)

    @property
    def macro_f1(self) -> float:
        """The mean of all intents' F1: a small intent counts as much as a large one."""
        wanted, guessed = zip(*((guess.intent, guess.guessed) for guess in self.all), strict=True)
        return float(f1_score(wanted, guessed, labels=self.intents, average="macro", zero_division=0))

    @property
    def intents(self) -> list[str]:
        return sorted({guess.intent for guess in self.all})

    @property
    def sure(self) -> float:
        """The share of guesses that are sure enough to act on."""
        return self.share(right=True, sure=True) + self.share(right=False, sure=True)

    def share(self, *, right: bool, sure: bool) -> float:
        """The share of guesses that are right or wrong, above or below the threshold."""
        fitting = (guess.right == right and (guess.confidence >= self.threshold) == sure for guess in self.all)
        return sum(fitting) / len(self.all)

    def confusions(self, most: int = 10) -> list[tuple[Guess, int]]:
        """The commonest pairs of an intent and what it was taken for: the surest example, and how many there are."""
        wrong = sorted((guess for guess in self.all if not guess.right), key=lambda guess: -guess.confidence)
        counts = Counter((guess.intent, guess.guessed) for guess in wrong)
        surest = {(guess.intent, guess.guessed): guess for guess in reversed(wrong)}
        return [(surest[pair], count) for pair, count in counts.most_common(most)]


def cross_validate() -> Guesses:
    """Train `FOLDS` models, each without a fifth of the examples, as many at once as there are processors."""
    config = read_yaml_file(HOME / "config.yml")
    fallback = next((part for part in config["pipeline"] if part["name"] == "FallbackClassifier"), {"threshold": 0.0})
    workers = min(FOLDS, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory() as folder:
        write_yaml(without_rules(config), Path(folder) / "config.yml")
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            folds = list(pool.map(_fold, range(FOLDS), [folder] * FOLDS))
    return Guesses([guess for fold in folds for guess in fold], float(fallback["threshold"]))


def without_rules(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with only those components that the learnt intent depends on."""
    pipeline = [part for part in config["pipeline"] if part["name"].split(".")[-1] not in LEFT_OUT]
    return {"recipe": config["recipe"], "assistant_id": config["assistant_id"], "language": "en", "pipeline": pipeline}


def _fold(number: int, folder: str) -> list[Guess]:
    """Train one model and have it guess the examples it has not seen (in a process of its own)."""
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu
    from rasa.nlu.test import generate_folds
    from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLWriter
    from rasa.shared.nlu.training_data.loading import load_data

    quieten()
    work = Path(folder) / str(number)
    work.mkdir()
    os.environ["RASA_CACHE_DIRECTORY"] = str(work / "cache")  # nothing of it is left behind
    np.random.seed(0)  # Rasa's folds are drawn by it: the same ones at every run
    learnt, unseen = list(generate_folds(FOLDS, load_data(str(HOME / "data" / "nlu"))))[number]
    RasaYAMLWriter().dump(work / "examples.yml", learnt)
    with contextlib.redirect_stdout(io.StringIO()):  # Rasa praises its model in colours
        model = train_nlu(str(Path(folder) / "config.yml"), str(work / "examples.yml"), str(work))
    judged = [example for example in unseen.intent_examples if not example.get(INTENT).startswith(SETTLED)]
    return asyncio.run(_guess(Agent.load(model), judged))


async def _guess(agent: Any, examples: list[Any]) -> list[Guess]:
    guesses = []
    for example in examples:
        intent = (await agent.parse_message(example.get(TEXT)))[INTENT]
        guesses.append(Guess(example.get(TEXT), example.get(INTENT), intent["name"], float(intent["confidence"])))
    return guesses
