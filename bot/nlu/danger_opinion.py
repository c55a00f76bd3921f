"""A second opinion on danger, for what no reviewed wording foresees: hints, and signs buried in a long message.

It looks at the whole message: its words as typed and in plain form, its letters, its meaning, and which groups of words
of the table of signs are in it. It learns from `data/safety/examples`
(frightening words with and without danger behind them, labelled by people), from the examples of danger in
`data/nlu/danger.yml` and, as examples of no danger, from everything else in `data/nlu`.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import joblib
import numpy as np
from scipy.sparse import csr_matrix, hstack
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from knowledge import content
from knowledge.schema import KINDS, split_list
from knowledge.settings import CONTENT
from knowledge.vectors import shared_encoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from bot.nlu.danger import DangerTable, Reading

EXAMPLES = Path(__file__).resolve().parents[2] / "data" / "safety" / "examples"
HARMLESS = "harmless"
LABELS = (HARMLESS, "life", "crisis", "violence", "urgent")
ABOUT_DANGER = {  # subjects of the content
    "accident-and-emergency",
    "domestic-abuse",
    "mental-health-crisis",
    "safeguarding-adults",
    "safeguarding-children",
    "sexual-assault",
}
MEANING = 3.0  # how much the sentence vector weighs beside each of the counts, all of length 1


def labelled_examples(folder: Path = EXAMPLES) -> list[tuple[str, str]]:
    """Messages with their labels: each label has a file, with a message a line. A missing file raises an `OSError`."""
    texts = {label: (folder / f"{label}.txt").read_text(encoding="utf-8") for label in LABELS}
    return [(message, label) for label, text in texts.items() for message in text.splitlines() if message.strip()]


def everyday_questions(folder: Path = CONTENT) -> list[str]:
    """How residents ask for the records of the content, as it stands now: a change of it alone trains nothing anew.

    Without those for records about danger: they are asked by people in it and by others, in the same words.
    """
    tables = content.read(folder)
    about_danger = {
        row["id"]
        for kind in KINDS
        for row in tables[kind]
        if row.get("urgency") == "immediate" or ABOUT_DANGER & set(split_list(row["taxonomy_terms"]))
    }
    return [row["question"] for row in tables["question"] if row["record_id"] not in about_danger]


@dataclass(frozen=True)
class DangerOpinion:
    """What was learnt: how a message's features are counted, and the weight of each for each label."""

    counts: tuple[TfidfVectorizer, ...]  # of the words as typed, in plain form, the letters, the groups of the table
    weights: NDArray[np.float32]  # shape (features, labels)
    intercept: NDArray[np.float64]  # shape (labels,)

    @classmethod
    def learn(cls, table: DangerTable, examples: Sequence[tuple[str, str]]) -> DangerOpinion:
        """Learn from messages and their labels: for each label, what tells it from all others."""
        texts, labels = zip(*examples, strict=True)
        counts = (
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, dtype=np.float32),
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, dtype=np.float32),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=3, dtype=np.float32),
            TfidfVectorizer(analyzer=list, sublinear_tf=True, min_df=2, dtype=np.float32),
        )
        columns = zip(*(_views(text, table.read(text)) for text in texts), strict=True)
        counted = [count.fit_transform(column) for count, column in zip(counts, columns, strict=True)]
        features = hstack([*counted, csr_matrix(shared_encoder().encode(texts) * MEANING)]).tocsr()

        def tell(label: str) -> LogisticRegression:
            classifier = LogisticRegression(C=10.0, solver="liblinear", dual=True, tol=0.01, random_state=0)
            return classifier.fit(features, np.array(labels) == label)

        with ThreadPoolExecutor() as pool:  # the solver lets go of Python's lock
            told = list(pool.map(tell, LABELS))
        weights = np.array([classifier.coef_[0] for classifier in told], dtype=np.float32).T.copy()
        return cls(counts, weights, np.array([classifier.intercept_[0] for classifier in told]))

    @staticmethod
    def get_ready(texts: Sequence[str]) -> None:
        """Work out together what `likelihoods` needs of each text, which takes little longer than for one of them."""
        shared_encoder().remember(texts)

    def likelihoods(self, text: str, reading: Reading) -> dict[str, float]:
        """The likelihood of each label, 0 to 1, together 1, for a text and what the table makes of it."""
        logits, at = self.intercept.copy(), 0
        for count, view in zip(self.counts, _views(text, reading), strict=True):
            columns, values = _counted(count, view)
            logits += values @ self.weights[at + columns]
            at += len(count.vocabulary_)
        logits += shared_encoder().encode_one(text) * MEANING @ self.weights[at:]
        each = expit(logits)
        return dict(zip(LABELS, map(float, each / each.sum()), strict=True))

    def save(self, path: Path) -> None:
        """Write what was learnt to a file."""
        joblib.dump((self.counts, self.weights, self.intercept), path)

    @classmethod
    def load(cls, path: Path) -> DangerOpinion:
        """Read it from a file that `save` wrote."""
        return cls(*joblib.load(path))


def _views(text: str, reading: Reading) -> tuple[str, str, str, list[str]]:
    """A message as each of the counts takes it, with the wording that matched: trust in it can be learnt."""
    seen = [f"group {group}" for group in reading.groups]
    if reading.danger:
        sign = reading.danger.sign
        seen += [f"wording {reading.danger.wording}", f"card {sign.card}", f"kind {sign.kind}"]
    return text, reading.words, text, seen


def _counted(count: TfidfVectorizer, view: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The columns that a message has, and their values: what `count.transform` gives, in a tenth of its time."""
    analyze, idf = _ready(count)
    vocabulary = count.vocabulary_
    times = Counter(vocabulary[part] for part in analyze(view) if part in vocabulary)
    columns = np.fromiter(times, dtype=np.intp, count=len(times))
    values = (np.log(np.fromiter(times.values(), dtype=np.float64, count=len(times))) + 1.0) * idf[columns]
    length = np.sqrt(values @ values)
    return columns, values / length if length else values


@lru_cache(maxsize=8)
def _ready(count: TfidfVectorizer) -> tuple[Callable[[Sequence[str]], list[str]], NDArray[np.float32]]:
    """What scikit-learn would work out anew for every message."""
    return count.build_analyzer(), count.idf_
