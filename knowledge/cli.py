"""The `knowledge` command: build, check and look into the knowledge base."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from knowledge import content
from knowledge.build import build as build_database
from knowledge.schema import KINDS
from knowledge.search import KnowledgeBase, KnowledgeBaseError, Query
from knowledge.settings import CONTENT, knowledge_path, sentence_model_path
from knowledge.vectors import SentenceModelError, prepare, shared_encoder

if TYPE_CHECKING:
    from knowledge.places import Spot
    from knowledge.schema import Record

folder_option = click.option(
    "--content",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=CONTENT,
    show_default=True,
    help="The folder with the content tables.",
)


class PlainErrors(click.Group):
    """Says our own errors in plain words, without a trace."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; end with status 1 and one clear message where it cannot be done."""
        try:
            return super().invoke(ctx)
        except content.ContentError as wrong:
            count = len(wrong.problems)
            raise click.ClickException(
                f"Nothing was published: {count} thing{'s' * (count != 1)} to mend.\n{wrong}"
            ) from None
        except (KnowledgeBaseError, SentenceModelError) as trouble:
            raise click.ClickException(str(trouble)) from None
        except BrokenPipeError:  # whoever read along has had enough, which click knows how to take
            raise
        except OSError as trouble:
            raise click.ClickException(f"{trouble.strerror}: {trouble.filename}") from None


@click.group(cls=PlainErrors)
def main() -> None:
    """Build, check and search the knowledge base of organisations, services, routes to care and facts."""


@main.command("prepare")
def prepare_model() -> None:
    """Make the sentence model ready, once."""
    written = prepare(sentence_model_path())
    click.echo(f"Sentence model {'written to' if written else 'is ready in'} {sentence_model_path()}")


@main.command()
@folder_option
@click.option("--if-changed", is_flag=True, help="Do nothing when this very content is already published.")
def build(folder: Path, if_changed: bool) -> None:
    """Check the content and publish it; a failed check changes nothing."""
    if if_changed and _is_published(folder):
        click.echo(f"Knowledge is up to date: {knowledge_path()}")
        return
    click.echo("Checking and publishing the content: about 20 seconds")
    version = build_database(folder, knowledge_path(), shared_encoder())
    click.echo(f"Published knowledge {version} at {knowledge_path()}")


def _is_published(folder: Path) -> bool:
    from knowledge.build import fingerprint

    try:
        with KnowledgeBase(knowledge_path(), shared_encoder()) as base:
            return base.version == fingerprint(content.read(folder))
    except KnowledgeBaseError:
        return False


@main.command()
@folder_option
def check(folder: Path) -> None:
    """Check the content without publishing it."""
    tables = content.read(folder)
    problems = content.check(tables)
    if problems:
        raise content.ContentError(problems)
    click.echo(f"{sum(len(tables[kind]) for kind in KINDS)} records, nothing to mend.")


@main.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--near", help="A town, village or postcode.")
@click.option("--kind", type=click.Choice(KINDS), help="Only records of this kind.")
@click.option("--limit", type=click.IntRange(min=1), default=5, show_default=True, help="How many to show.")
def search(words: tuple[str, ...], near: str | None, kind: str | None, limit: int) -> None:
    """Find records by what somebody says."""
    with KnowledgeBase(knowledge_path(), shared_encoder()) as base:
        spot = _spot(base, near) if near else None
        found = base.search(Query(" ".join(words), spot, only=(kind,) if kind else ()), limit)
        click.echo(f"belief {found.belief:.2f}, {'believable' if found.believable else 'refused'}")
        for hit in found.hits:
            away = "" if hit.miles is None else f", {hit.miles:.1f} miles"
            click.echo(f"{hit.score:.2f}  {hit.record.id}  {hit.record.name} ({hit.record.kind}{away})")


def _spot(base: KnowledgeBase, near: str) -> Spot:
    postcode = base.places.postcode(near)
    if postcode:
        return postcode[1]
    spot = base.places.named(near)
    if spot is None:
        raise click.ClickException(f"We don't know a place called “{near}”.")
    return spot


@main.command()
@click.argument("record_id", metavar="ID")
def show(record_id: str) -> None:
    """Show one record in full."""
    with KnowledgeBase(knowledge_path(), shared_encoder()) as base:
        try:
            record = base.get(record_id)
        except KeyError:
            raise click.ClickException(f"There is no record “{record_id}”.") from None
        _print(record)


def _print(record: Record) -> None:
    for column in record.__dataclass_fields__:
        value = getattr(record, column)
        if value in ("", (), None):
            continue
        if isinstance(value, tuple):
            click.echo(f"{column}:")
            for part in value:
                click.echo(f"  {part}")
        else:
            click.echo(f"{column}: {value}")


if __name__ == "__main__":
    sys.exit(main())
