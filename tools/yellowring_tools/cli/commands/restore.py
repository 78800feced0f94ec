"""`yellowring restore`: take what a restored table knows into the live one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from yellowring_tools.cli.aws.copies import RATE, records_of, restored_at
from yellowring_tools.cli.aws.stacks import Stack, on_stack
from yellowring_tools.cli.commands.taken_in import (
    Copy,
    DryRun,
    ErasedFile,
    NoneErased,
    Rate,
    said_erased,
    take_in,
)
from yellowring_tools.cli.terminal.output import AsJson, failure

if TYPE_CHECKING:
    from collections.abc import Callable


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(restore)


def _time(option: str) -> Callable[[str | None], str | None]:
    """Return what checks an option's time before a stack is looked for."""

    def checked(told: str | None) -> str | None:
        if told is not None:
            _parsed(told, option)
        return told

    return checked


def _parsed(told: str, option: str = "") -> datetime:
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise failure(f"{option} must be a time with its zone, such as 2026-12-24T18:00:00Z")
    return moment.astimezone(UTC)


@on_stack
def restore(
    stack: Stack,
    *,
    table: Annotated[
        str, typer.Option("--from", metavar="TABLE", help="A restored table, beside the stack's.")
    ],
    taken_at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When its data was the stack's own; a restored table tells it itself.",
            callback=_time("--taken-at"),
        ),
    ] = None,
    was_live_until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="When a stack last wrote to it, if that was after it was restored.",
            callback=_time("--was-live-until"),
        ),
    ] = None,
    erased: ErasedFile = None,
    none_erased: NoneErased = False,
    rate: Rate = RATE,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take a restored table of customers into the stack's: of each record what is newer wins.

    Whoever was erased since stays erased, and skill events may come in meanwhile. Taking it in
    again is safe.
    """
    since = said_erased(erased, none=none_erased)
    at, total = restored_at(stack, table)
    times = [each for each in (at, _parsed(taken_at) if taken_at else None) if each]
    if was_live_until:
        times = [_parsed(was_live_until)]
    if not times:
        raise failure(
            f"{table} was made by no restore, so nothing says how old its data is: give the time "
            "when a stack last wrote to it, as in --taken-at 2026-12-24T18:00:00Z"
        )

    copy = Copy(table, {table: min(times)}, records_of(stack, table), total)
    take_in(stack, copy, since, rate=rate, dry_run=dry_run, as_json=as_json)
