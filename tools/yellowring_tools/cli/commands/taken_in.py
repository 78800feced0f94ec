"""What became of the records of a copy that was taken in, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yellowring_tools.cli.aws.copies import RESULTS
from yellowring_tools.cli.files.erased import InvalidIds, ids_of
from yellowring_tools.cli.terminal.output import complain, counted, failure, say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from yellowring.subscribers import Record

    from yellowring_tools.cli.aws.copies import Result, TakingIn

Rate = Annotated[int, typer.Option(min=1, max=40_000, help="Records per second, at most.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Write nothing; tell what would become of each record.")
]
ErasedFile = Annotated[
    Path | None,
    typer.Option(
        "--erased",
        metavar="FILE",
        help="Ids of those who were erased since, one a line; they are forgotten first.",
    ),
]
NoneErased = Annotated[
    bool, typer.Option("--none-erased", help="Say that nobody was erased since.")
]
MEANINGS: Mapping[Result, str] = {
    "added": "were not here",
    "changed": "told something that was not known here",
    "unchanged": "told nothing new",
    "erased": "were erased since, and stay so",
    "expired": "are past their time, and were left out",
    "failed": "were being written by others all the time",
}


def said_erased(file: Path | None, *, none: bool) -> frozenset[str] | None:
    """Return who was erased since the copy was taken, ``None`` where nothing is said of that."""
    if file is None:
        return frozenset() if none else None
    if none:
        raise failure("--erased and --none-erased say the opposite: leave one out")
    try:
        return ids_of(file)
    except InvalidIds as error:
        raise failure(f"{file}: {error}; nothing was written") from None
    except OSError as error:
        raise failure(f"{file} cannot be read: {error.strerror or error}") from None


def tell_taken_in(
    taking_in: TakingIn,
    copies: Iterable[tuple[str, Record]],
    total: int | None,
    source: str,
    *,
    as_json: bool,
) -> None:
    """Take a copy in and say how many records ended how; end with status 1 where some failed."""
    told = taking_in.all(copies, datetime.now(UTC), total)
    if as_json:
        counts: dict[str, int] = {result: told[result] for result in RESULTS}
        say_json({"from": source, "dryRun": taking_in.dry_run, **counts})
    else:
        say(f"{counted(told.total(), 'record')} of {source}")
        for result in RESULTS:
            if told[result]:
                say(f"  {told[result]:>9,}  {result}: {MEANINGS[result]}")
        if taking_in.dry_run:
            say("nothing was written: leave out --dry-run")
    if told["added"] and not taking_in.said:
        complain(
            f"{counted(told['added'], 'record')} were not here: if tombstones were lost with them, "
            "somebody who was erased came back; customer forget, or --erased FILE, ends that"
        )
    if told["failed"]:
        complain("error: some records could not be written; the same command again takes them in")
        raise typer.Exit(1)
