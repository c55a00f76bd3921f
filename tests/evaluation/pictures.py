"""The report's pictures: large enough to read, in colours that everybody can tell apart."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import matplotlib as mpl  # type: ignore[import-untyped]
import numpy as np

from tests.evaluation.questions import TOPICS

mpl.use("Agg")  # no screen is needed
logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it complains of its own style files

from matplotlib import pyplot as plt  # noqa: E402  # after both

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.evaluation.asking import SetResult
    from tests.evaluation.intents import Guesses
    from tests.evaluation.refusal import Curve

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")  # Okabe and Ito's, told apart by everybody
FOREIGN = "out of scope"
ANOTHER = "(a danger)"  # a false alarm: the danger intents themselves are not judged
TOLD = 3  # per cent: smaller shares of a row go without a number
DPI = 110


def write_topics(results: Sequence[SetResult], path: Path) -> None:
    """Bars: the share of right replies by topic and set."""
    figure, axes = plt.subplots(figsize=(12, 5.5), constrained_layout=True)
    groups = [topic for topic in TOPICS if any(result.of(topic) for result in results)]
    groups += [FOREIGN] if any(result.foreign for result in results) else []
    width = 0.84 / len(results)
    for number, (result, colour) in enumerate(zip(results, COLOURS, strict=False)):
        shares = [_share(result, group) for group in groups]
        places = np.arange(len(groups)) + (number - (len(results) - 1) / 2) * width
        axes.bar(places, np.nan_to_num(shares), width * 0.94, color=colour, label=result.name)
        for place, share in zip(places, shares, strict=True):
            if not np.isnan(share):
                axes.text(place, share + 0.8, f"{share:.0f}", ha="center", va="bottom", fontsize=9)
    axes.set_xticks(np.arange(len(groups)), groups, fontsize=12)
    axes.set(ylim=(0, 108), ylabel="right replies, per cent", yticks=range(0, 101, 20))
    axes.set_title("Right replies by topic and question set", fontsize=14)
    axes.legend(title="question set", ncol=len(results), loc="upper center", bbox_to_anchor=(0.5, -0.07), frameon=False)
    _save(figure, axes, path)


def _share(result: SetResult, group: str) -> float:
    right = [answer.not_ours for answer in result.foreign] if group == FOREIGN else _right(result, group)
    return 100 * sum(right) / len(right) if right else float("nan")


def _right(result: SetResult, topic: str) -> list[bool]:
    return [not one.complaints for one in result.of(topic)]


def write_confusion(guesses: Guesses, path: Path) -> None:
    """A table of colours: each row an intent, each column what its examples were taken for, in per cent of the row."""
    intents, columns = guesses.intents, [*guesses.intents, ANOTHER]
    shares = _shares(guesses, intents, columns)
    if not shares[:, -1].any():
        columns, shares = intents, shares[:, :-1]
    figure, axes = plt.subplots(figsize=(13, 12), constrained_layout=True)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for row, column in _places(shares):
        dark = shares[row, column] > 55
        axes.text(
            column, row, f"{shares[row, column]:.0f}", ha="center", va="center", fontsize=10, color="w" if dark else "k"
        )
    axes.set_xticks(range(len(columns)), [_plain(name) for name in columns], rotation=90, fontsize=11)
    axes.set_yticks(range(len(intents)), [_plain(name) for name in intents], fontsize=11)
    axes.set_xlabel("taken for", fontsize=13)
    axes.set_ylabel("what was meant", fontsize=13)
    axes.set_title(f"What each intent’s examples were taken for (per cent of the row, from {TOLD} on)", fontsize=14)
    _save(figure, axes, path, grid=False)


def _shares(guesses: Guesses, intents: list[str], columns: list[str]) -> NDArray[np.float64]:
    """The share of each row's examples in each column, in per cent, shape (intents, columns)."""
    counts = np.zeros((len(intents), len(columns)))
    place = {name: number for number, name in enumerate(columns)}
    for guess in guesses.all:
        counts[place[guess.intent], place.get(guess.guessed, len(columns) - 1)] += 1
    shares: NDArray[np.float64] = 100 * counts / counts.sum(axis=1, keepdims=True)
    return shares


def _places(shares: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    for row, column in np.argwhere(shares >= TOLD):
        yield int(row), int(column)


def _plain(intent: str) -> str:
    return intent.replace("_", " ")


def write_refusal(curves: Sequence[Curve], path: Path) -> None:
    """Curves: how many foreign messages can be refused for how many of our own, and what the assistant does."""
    figure, axes = plt.subplots(figsize=(9.5, 6.5), constrained_layout=True)
    for curve, colour, line, mark in zip(curves, COLOURS, ("-", "--"), ("o", "s"), strict=False):
        real, foreign = curve.points()
        axes.plot(100 * real, 100 * foreign, line, color=colour, lw=2.2, label=f"{curve.name} ({len(curve.real)})")
        axes.plot(
            100 * curve.real_refused,
            100 * curve.foreign_refused,
            mark,
            color=colour,
            ms=11,
            mec="k",
            label=f"in use: {100 * curve.real_refused:.1f}% refused, {100 * curve.foreign_refused:.0f}% of the foreign",
        )
    axes.set(xlim=(0, 20), ylim=(0, 101), xticks=range(0, 21, 2), yticks=range(0, 101, 10))
    axes.set_xlabel("questions of ours that are refused, per cent (fewer is better)", fontsize=12)
    axes.set_ylabel("foreign messages that are refused, per cent", fontsize=12)
    axes.set_title("Refusing what is not ours", fontsize=14)
    axes.legend(loc="lower right", fontsize=11)
    _save(figure, axes, path)


def _save(figure: Any, axes: Any, path: Path, *, grid: bool = True) -> None:
    """Write the picture, without what changes from run to run though nothing else does."""
    if grid:
        axes.grid(axis="both" if axes.lines else "y", color="0.88")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=DPI, metadata={"Software": None})
    plt.close(figure)
