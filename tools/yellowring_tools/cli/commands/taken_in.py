"""Taking a copy of the table in: the options, the order of things, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yellowring_tools.cli.aws.copies import RESULTS, TakingIn, check_age
from yellowring_tools.cli.aws.customers import subscribers_of
from yellowring_tools.cli.aws.erasures import check_tombstones, forget_all
from yellowring_tools.cli.files.erased import InvalidIds, ids_of
from yellowring_tools.cli.terminal.output import complain, counted, failure, say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from yellowring.subscribers import Record

    from yellowring_tools.cli.aws.copies import Result
    from yellowring_tools.cli.aws.stacks import Stack

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


@dataclass(frozen=True, slots=True)
class Copy:
    """Records of a copy of the table.

    Attributes
    ----------
    source
        What it is, as it was named to the command.
    ages
        When it was taken, by what of it was taken then; the oldest comes first.
    records
        By user id.
    total
        How many they are, where that is known.
    """

    source: str
    ages: Mapping[str, datetime]
    records: Iterable[tuple[str, Record]]
    total: int | None


def take_in(
    stack: Stack,
    copy: Copy,
    since: frozenset[str] | None,
    *,
    rate: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take a copy in and say how many records ended how; end with status 1 where some failed.

    Whoever was erased since (as `said_erased` returns them) is forgotten first.
    """

    def still() -> None:
        for what, taken_at in copy.ages.items():
            check_age(what, taken_at, datetime.now(UTC))

    still()
    what, taken_at = next(iter(copy.ages.items()))
    check_tombstones(stack, what, taken_at, since)
    if since and not dry_run:
        forget_all(stack, since)
    taking_in = TakingIn(
        subscribers_of(stack),
        rate=rate,
        dry_run=dry_run,
        erased=since or (),
        said=since is not None,
        still=still,
    )
    told = taking_in.all(copy.records, datetime.now(UTC), copy.total)
    if as_json:
        counts: dict[str, int] = {result: told[result] for result in RESULTS}
        say_json({"from": copy.source, "dryRun": taking_in.dry_run, **counts})
    else:
        say(f"{counted(told.total(), 'record')} of {copy.source}")
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
