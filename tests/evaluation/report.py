"""What was measured, in words: lines to be read in a terminal, and a short report for whoever keeps the content."""

from __future__ import annotations

import math
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING

from tests.evaluation.questions import FRESH, TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.evaluation.asking import SetResult
    from tests.evaluation.intents import Guesses
    from tests.evaluation.refusal import Curve

LOST = (0.01, 0.02, 0.05, 0.10)  # shares of our own questions at which the curve is told
SETS = {
    "open": "the public development questions; anyone may look at them",
    "dev": "written by us; their failures are looked at and mended, so they flatter",
    "dev2": "written later by us, for the same use",
    "validation": "written by us to check what was mended; nothing is mended after their lines",
    FRESH: "sealed: asked only when the work is done",
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
    yield f"  {_certainty(guesses)}"
    yield "  commonest confusions, each with the example that was surest:"
    for guess, count in guesses.confusions():
        yield f"  {count:>4}  {guess.intent} taken for {guess.guessed}: {guess.text} ({guess.confidence:.2f})"


def _certainty(guesses: Guesses) -> str:
    sure, wrong = guesses.share(right=True, sure=True), guesses.share(right=False, sure=True)
    return f"{sure:.1%} right and sure, {wrong:.1%} wrong and sure, {1 - sure - wrong:.1%} not sure enough to act on"


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

This page says how often the assistant answers rightly, how well it understands what people mean, and how well it turns
away what is not its business. Every figure comes from one run of the real model and the published knowledge. Which
questions failed, and why, is not kept here: `make evaluate` prints it."""


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
- A question counts as **right** when the reply holds all that a good reply must (a number, a name, a "closed") and
  nothing that it must not. Topics: `ics`, what the integrated care system is; `find`, where is something; `route`, how
  to get care; `community`, help from charities and councils; `follow`, a second question that leans on the first;
  `scope`, what we must not do, such as advice or bookings.
- **Out of scope, refused**: messages that are none of our business and were politely turned away. More is better.
- **Ours, but refused**: real questions to which we said "not understood" or "not ours". Fewer is better. When this
  rises, add ways to ask (`question.csv`) to the records concerned.
- **A turn**: milliseconds to answer, for half of all turns and for 95 of 100, without the network.
"""
    yield "Question sets: " + "; ".join(f"**{one.name}**, {SETS.get(one.name, 'other')}" for one in results) + "."
    if not any(result.name == FRESH for result in results):
        yield f"The sealed set **{FRESH}** was not asked in this run."


def _topics_alt(results: Sequence[SetResult]) -> str:
    figures = (f"{one.name} {_of(len(one.asked) - len(one.failed), len(one.asked))}" for one in results)
    return "Bars: right replies by topic for each question set; in all " + ", ".join(figures)


def _intents(guesses: Guesses) -> Iterator[str]:
    yield f"""## Is the aim understood?

Before it looks anything up, the assistant guesses the resident's aim (the *intent*): to find a service, to complain, to
ask for opening hours. Each of the {len(guesses.all)} examples in `data/nlu` was guessed by a model that had been
trained without it. **{guesses.accuracy:.1%}** were right (macro F1 {guesses.macro_f1:.3f}, the mean over the
{len(guesses.intents)} intents, small and large alike).

It acts on a guess only when it is sure enough ({guesses.threshold:.0%}): {_certainty(guesses)}. Unsure messages are not
lost: the knowledge base is asked all the same. Real messages are easier than these, because examples that say the same
were avoided. Signs of danger and other languages are settled by tables before, and are not counted here.

![{_confusion_alt(guesses)}](confusion-matrix.png)

Read a row from left to right: what was meant, and what it was taken for. All would be on the diagonal. The commonest
confusions, each with the example that the assistant was surest of:

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
        f"{curve.name}: {curve.real_refused:.1%} refused with {curve.foreign_refused:.0%} of the foreign messages"
        for curve in curves
    )
    yield f"""## Does it know what is not its business?

Every message gets a score of how far we believe that it is ours, from the knowledge base and the guessed aim together.
Where to draw the line is a choice: a stricter line turns away more foreign messages, and more residents. A curve shows
every possible line; the closer to the upper left corner, the better. A mark shows where the whole assistant stands now.
The content's own questions were asked with a fifth of them left out of the knowledge base.

![Curves: foreign messages refused against questions of ours refused. In use, {marks}](refusal-curve.png)

| questions of ours | foreign messages | foreign refused when 1%, 2%, 5%, 10% of ours are | in use: ours / foreign refused |
|---|---|---|---|"""
    for curve in curves:
        could = ", ".join(f"{curve.at(lost):.0%}" for lost in LOST)
        sizes = f"{curve.name} ({len(curve.real)}) | {len(curve.foreign)}"
        yield f"| {sizes} | {could} | {curve.real_refused:.1%} / {curve.foreign_refused:.1%} |"
