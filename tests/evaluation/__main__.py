"""`python -m tests.evaluation`: ask the question sets, measure, print, and write the report when told to."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rasa.exceptions import ModelNotFound

from bot import settings
from knowledge import published
from knowledge.search import KnowledgeBaseError
from knowledge.settings import HOME
from tests.evaluation import intents, refusal, report
from tests.evaluation.asking import Asker
from tests.evaluation.questions import FRESH, OPEN, SETS, load_open, load_ours

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.evaluation.questions import QuestionSet

REPORT = HOME / "docs" / "evaluation"


@click.command(help=__doc__)
@click.option("--open", "open_folder", type=click.Path(path_type=Path), default=HOME / OPEN, help="The open questions.")
@click.option("--set", "names", type=click.Choice(SETS), multiple=True, help="Ask this set of ours only (repeatable).")
@click.option("--fresh", is_flag=True, help="Ask the sealed set too; of its failures only counts are shown.")
@click.option("--show-fresh", is_flag=True, help="Break the seal: show what failed of it. It measures no more then.")
@click.option("--quick", is_flag=True, help="Ask the sets only: no cross-validation, no refusal curve.")
@click.option("--write", is_flag=True, help=f"Write {REPORT.relative_to(HOME)} with its pictures.")
def main(open_folder: Path, names: tuple[str, ...], *, fresh: bool, show_fresh: bool, quick: bool, write: bool) -> None:
    """Measure and print; write the report at the end."""
    if write and (names or quick):
        raise click.UsageError("A report is of a whole run: --write goes with neither --set nor --quick.")
    with tempfile.TemporaryDirectory() as folder:
        try:
            asker = Asker.start(settings.models_folder(), Path(folder))
            base = published.current()
        except (ModelNotFound, KnowledgeBaseError) as trouble:
            raise click.ClickException(f"{trouble} Run: make model") from None
        versions = report.Versions(asker.model, base.version, base.built_at)
        say([versions.line().replace("`", "")])
        results = [asker.ask(one) for one in wanted(open_folder, names, fresh=fresh or show_fresh)]
        for result in results:
            say(["", *report.set_lines(result)])
        for result in results:
            say(["", *report.failure_lines(result, sealed=result.name == FRESH and not show_fresh)])
        if quick:
            return
        curves = refusal.curves(asker, results)
    say(["", *report.curve_lines(curves)])
    guesses = intents.cross_validate()
    say(["", *report.intent_lines(guesses)])
    if write:
        report.write(REPORT, versions, results, guesses, curves)
        say(["", f"Written to {REPORT.relative_to(HOME)}"])


def wanted(open_folder: Path, names: tuple[str, ...], *, fresh: bool) -> Iterable[QuestionSet]:
    """The sets to ask, the open one first where it is there."""
    if not names:
        found = load_open(open_folder)
        if found:
            yield found
        else:
            say([f"There are no open questions in {open_folder}: that set is left out."])
    yield from (load_ours(name) for name in names or SETS)
    if fresh:
        yield load_ours(FRESH)


def say(lines: Iterable[str]) -> None:
    """Print lines at once."""
    for line in lines:
        click.echo(line)


if __name__ == "__main__":
    main()
