"""The `help-assistant` command: serve the app, delete old conversations, switch it off and on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from bot import settings
from bot.events import ConversationsError


class PlainErrors(click.Group):
    """Says what went wrong in plain words, without a trace."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; end with status 1 and one clear message where it cannot be done."""
        try:
            return super().invoke(ctx)
        except (OSError, ConversationsError, ValueError) as trouble:
            raise click.ClickException(str(trouble)) from None


@click.group(cls=PlainErrors, invoke_without_command=True)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Serve the assistant, where no command is given."""
    if ctx.invoked_subcommand is None:
        from bot.app import main as serve  # takes seconds, which the other commands need not wait for

        serve()


@main.command()
@click.option("--older-than", "days", type=click.IntRange(min=1), help="Days; as HELP_KEEP_DAYS where not given.")
def forget(days: int | None) -> None:
    """Delete the conversations whose last message is older than so many days. The app may be running."""
    from bot.conversations import ConversationStore

    days = days or settings.keep_days()
    where = settings.conversations()
    if isinstance(where, Path) and not where.exists():
        raise click.ClickException(f"There is no file of conversations at {where}.")
    store = ConversationStore(where)
    try:
        count = asyncio.run(store.delete_older(days))
    finally:
        store.close()
    click.echo(f"{count} conversation{'s' * (count != 1)} older than {days} day{'s' * (days != 1)} deleted.")


@main.command()
@click.option("--who", required=True, help="Your name: it is kept with the reason.")
@click.option("--why", required=True, help="The reason, for your colleagues. Residents don't see it.")
def off(who: str, why: str) -> None:
    """Switch the assistant off at once: only danger is answered, all else gets numbers to ring."""
    _switch(off=True, who=who, why=why)


@main.command()
@click.option("--who", required=True, help="Your name: it is kept with the reason.")
@click.option("--why", default="it is fine again", show_default=True, help="The reason, for your colleagues.")
def on(who: str, why: str) -> None:
    """Switch the assistant on again."""
    _switch(off=False, who=who, why=why)


def _switch(*, off: bool, who: str, why: str) -> None:
    from bot.switch import switch

    if not who.strip() or not why.strip():
        raise click.UsageError("Say who you are and why.")
    click.echo(str(switch(settings.switch_path(), off=off, who=who, why=why)))


if __name__ == "__main__":
    main()
