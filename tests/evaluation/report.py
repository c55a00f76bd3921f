"""What was measured, in words: lines to be read in a terminal, and a short report for whoever keeps the content."""

from __future__ import annotations

import math
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING

from tests.evaluation.intents import FOLDS
from tests.evaluation.questions import FRESH, TOPICS
from tests.evaluation.refusal import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.evaluation.asking import SetResult
    from tests.evaluation.intents import Guesses
    from tests.evaluation.refusal import Curve

LOST = (0.01, 0.02, 0.05, 0.10)  # shares of our own questions at which the curve is told
SETS = {
    "open": "the development questions that came with the task",
    "dev": "our own; what fails is looked at and mended, so the figures flatter",
    "validation": "our own; a check on questions that are not looked at while mending",
    FRESH: "our own; sealed, and asked only when the work is done",
}


@dataclass(frozen=True)
class Versions:
    """What was measured."""

    model: str
    knowledge: str
    built_at: str

    def line(self) -> str:
        python = ".".join(str(part) for part in sys.version_info[:3])
        made = f"knowledge `{self.knowledge}` (published {self.built_at[:10]})"
        return f"model `{self.model}`, {made}, Rasa {version('rasa')}, Python {python}"


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def _of(right: int, total: int) -> str:
    return f"{right}/{total} ({right / total:.1%})" if total else "-"


def rows_of(result: SetResult) -> Iterator[tuple[str, str]]:
    """The figures of a set, each with its name."""
    for topic in TOPICS:
        if asked := result.of(topic):
            yield topic, _of(sum(not one.complaints for one in asked), len(asked))
    yield "all questions", _of(len(result.asked) - len(result.failed), len(result.asked))
    yield "out of scope, refused", _of(sum(one.not_ours for one in result.foreign), len(result.foreign))
    yield "ours, but refused", _of(sum(one.answers[-1].refused for one in result.ours), len(result.ours))
    p50, p95 = (1000 * percentile(result.seconds, share) for share in (0.5, 0.95))
    yield "a turn, p50 / p95", f"{p50:.0f} / {p95:.0f} ms"


def set_lines(result: SetResult) -> Iterator[str]:
    """A set for the terminal."""
    yield f"{result.name}: {SETS.get(result.name, '')}"
    for name, figure in rows_of(result):
        yield f"  {name:<24}{figure}"


def failure_lines(result: SetResult, *, sealed: bool) -> Iterator[str]:
    """What failed, with how it was understood; of a sealed set only how many by topic."""
    if sealed:
        counts = Counter(one.question.topic for one in result.failed)
        yield f"{result.name}: failed by topic " + (", ".join(f"{t} {n}" for t, n in counts.items()) or "none")
        return
    for one in result.failed:
        yield f"{result.name} {one.question.id} ({one.question.topic}): {' | '.join(one.question.turns)}"
        yield f"    {'; '.join(one.complaints)}"
        yield f"    {one.answers[-1].understood}"
    for answer in result.foreign:
        if not answer.not_ours:
            yield f"{result.name}, not ours but answered: {answer.text}"
            yield f"    {answer.understood}"


def intent_lines(guesses: Guesses) -> Iterator[str]:
    """The cross-validation for the terminal."""
    yield f"Intents: {len(guesses.all)} examples, accuracy {guesses.accuracy:.1%}, macro F1 {guesses.macro_f1:.3f}"
    right, wrong = guesses.share(right=True, sure=True), guesses.share(right=False, sure=True)
    yield f"  {right:.1%} right and sure, {wrong:.1%} wrong and sure, {1 - guesses.sure:.1%} not sure enough to act on"
    yield "  commonest confusions, each with the example that was surest:"
    for guess, count in guesses.confusions():
        yield f"  {count:>4}  {guess.intent} taken for {guess.guessed}: {guess.text} ({guess.confidence:.2f})"


def curve_lines(curves: Sequence[Curve]) -> Iterator[str]:
    """The refusal curves for the terminal."""
    yield "Refusal: foreign messages that can be refused for so many of our own questions refused"
    for curve in curves:
        yield f"  {curve.name} ({len(curve.real)}) against {len(curve.foreign)} foreign: area {curve.area:.3f}"
        yield "    " + ", ".join(f"{curve.at(lost):.1%} for {lost:.0%}" for lost in LOST)
        yield f"    in use: {curve.foreign_refused:.1%} for {curve.real_refused:.1%}"


def write(
    folder: Path,
    versions: Versions,
    results: Sequence[SetResult],
    guesses: Guesses,
    curves: Sequence[Curve],
) -> None:
    """Write the report with its pictures."""
    from tests.evaluation import pictures

    folder.mkdir(parents=True, exist_ok=True)
    pictures.write_topics(results, folder / "topics.png")
    pictures.write_confusion(guesses, folder / "confusion-matrix.png")
    pictures.write_refusal(curves, folder / "refusal-curve.png")
    parts = [
        _heading(versions),
        "\n".join(_sets(results)),
        "\n".join(_intents(guesses)),
        "\n".join(_refusal(curves)),
    ]
    (folder / "README.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _heading(versions: Versions) -> str:
    today = date.today()  # noqa: DTZ011  # the day where the report is written
    return f"""# How good the assistant is
*{today.isoformat()}. Measured by `make evaluate`, which writes this page: {versions.line()}.*

This page says how often the assistant answers rightly, how well it understands what people are after, and how well it
turns away what is not its business. Every figure comes from one run of the real model and the published knowledge.
`make evaluate` also prints which questions failed, and why."""


def _sets(results: Sequence[SetResult]) -> Iterator[str]:
    yield "## Are the answers right?\n"
    yield f"![{_topics_alt(results)}](topics.png)\n"
    tables = [dict(rows_of(result)) for result in results]
    names = list(dict.fromkeys(name for table in tables for name in table))
    yield "| | " + " | ".join(result.name for result in results) + " |"
    yield "|---|" + "---|" * len(results)
    for name in names:
        yield f"| {name} | " + " | ".join(table.get(name, "-") for table in tables) + " |"
    yield """
- A question is answered **right** when the reply holds all that a good reply must (a number, a name, that a service has
  closed) and nothing that it must not. The topics: `ics`, what the integrated care system is; `find`, where something
  is; `route`, how to get care; `community`, help from charities and councils; `follow`, a question that leans on the
  one before; `scope`, what we must not do, such as give advice or book.
- **Out of scope, refused**: messages that are none of our business and were turned away. More is better.
- **Ours, but refused**: real questions that were answered "not known" or "not ours". Fewer is better. Where this rises,
  add ways of asking (`question.csv`) to the records that were meant.
- **A turn**: milliseconds until the answer, for half of all turns and for 95 of 100, without the network.

The question sets:
"""
    for result in results:
        yield f"- **{result.name}**: {SETS.get(result.name, 'another set')}."
    if not any(result.name == FRESH for result in results):
        yield f"- **{FRESH}** ({SETS[FRESH]}) was not asked in this run."


def _topics_alt(results: Sequence[SetResult]) -> str:
    figures = (f"{one.name} {_of(len(one.asked) - len(one.failed), len(one.asked))}" for one in results)
    return "Bars: right replies by topic for each question set; in all " + ", ".join(figures)


def _intents(guesses: Guesses) -> Iterator[str]:
    yield f"""## Is it understood what people are after?

Before it looks anything up, the assistant guesses what the resident is after (the *intent*): to find a service, to
complain, to hear opening hours. Each of the {len(guesses.all)} examples in `data/nlu` was guessed by a model that had
been trained without it, in {FOLDS} rounds.

| | |
|---|---|
| right (accuracy) | {guesses.accuracy:.1%} |
| macro F1: the mean over {len(guesses.intents)} intents, small and large alike; 1 is perfect | {guesses.macro_f1:.3f} |
| right, and sure enough to act on ({guesses.threshold:.0%} or more) | {guesses.share(right=True, sure=True):.1%} |
| wrong, and sure enough to act on | {guesses.share(right=False, sure=True):.1%} |
| not sure enough: the knowledge base is asked all the same | {1 - guesses.sure:.1%} |

Signs of danger and other languages are settled by tables before any guess, and are not counted here.

![{_confusion_alt(guesses)}](confusion-matrix.png)

Read a row from left to right: what was meant, and what it was taken for. Perfect would be 100 all along the diagonal.
The commonest confusions, each with the example that the assistant was surest of:

| times | meant | taken for | example |
|---|---|---|---|"""
    for guess, count in guesses.confusions():
        yield f"| {count} | {_plain(guess.intent)} | {_plain(guess.guessed)} | {guess.text.replace('|', '/')} |"


def _confusion_alt(guesses: Guesses) -> str:
    start = "Table of colours: what the examples of each intent were taken for"
    if not (found := guesses.confusions(1)):
        return f"{start}; all were right"
    [(worst, count)] = found
    return f"{start}; the commonest mistake is {_plain(worst.intent)} taken for {_plain(worst.guessed)}, {count} times"


def _plain(intent: str) -> str:
    return intent.replace("_", " ")


def _refusal(curves: Sequence[Curve]) -> Iterator[str]:
    marks = "; ".join(
        f"{curve.name}: {curve.real_refused:.1%} refused with {curve.foreign_refused:.1%} of the foreign messages"
        for curve in curves
    )
    yield f"""## Does it know what is not its business?

Every message gets a score of how far we believe that it is ours, from the knowledge base and the guessed intent
together. Where to draw the line is a choice: a stricter line turns away more foreign messages, and more residents. A
curve shows every possible line; the closer to the upper left corner, the better. A mark shows where the assistant as a
whole stands now; it looks at more than this score. The foreign messages are those of the sets above. Of the content's
own questions, one in {PARTS} was taken out of the knowledge base and then asked.

![Curves: foreign messages refused against questions of ours refused. In use, {marks}](refusal-curve.png)

| questions of ours | foreign messages | foreign refused when {_lost()} of ours are | in use: ours / foreign refused |
|---|---|---|---|"""
    for curve in curves:
        could = ", ".join(f"{curve.at(lost):.0%}" for lost in LOST)
        sizes = f"{curve.name} ({len(curve.real)}) | {len(curve.foreign)}"
        yield f"| {sizes} | {could} | {curve.real_refused:.1%} / {curve.foreign_refused:.1%} |"


def _lost() -> str:
    return ", ".join(f"{lost:.0%}" for lost in LOST)
