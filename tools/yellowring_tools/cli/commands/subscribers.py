"""`yellowring subscribers`: who is notified of what, why one customer is not, and all of them."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - read by typer
from typing import TYPE_CHECKING, Annotated, Any

import typer
from yellowring.catalog import EVENT_NAMES

from yellowring_tools.cli.aws.copies import RATE
from yellowring_tools.cli.aws.customers import plain, records, subscribers_of
from yellowring_tools.cli.aws.stacks import Stack, on_stack
from yellowring_tools.cli.commands.catalog import event_named
from yellowring_tools.cli.commands.taken_in import (
    Copy,
    DryRun,
    ErasedFile,
    NoneErased,
    Rate,
    said_erased,
    take_in,
)
from yellowring_tools.cli.files import exports
from yellowring_tools.cli.files.exports import line_of
from yellowring_tools.cli.terminal.output import (
    AsJson,
    complain,
    failure,
    one_line,
    printable,
    say,
    say_json,
    table,
)
from yellowring_tools.cli.terminal.standing import REASONS, STANDINGS, masked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

OneEvent = Annotated[str | None, typer.Option(help="Only this event, such as WeatherAlert.")]


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    group = typer.Typer(help="Customers: count, show, export, import.", no_args_is_help=True)
    for command in (count, show, export):
        group.command()(command)
    group.command("import")(import_)
    app.add_typer(group, name="subscribers")


@on_stack
def count(stack: Stack, event: OneEvent = None, as_json: AsJson = False) -> None:
    """Count the customers of each event: deliverable ones, and why the others are not."""
    from yellowring.subscribers import deliverability  # noqa: PLC0415 - loads boto3

    wanted = (event_named(event),) if event else EVENT_NAMES
    standings = {name: Counter[str]() for name in wanted}
    kept = tombstones = 0
    for _, record in records(stack):
        if record.is_tombstone:
            tombstones += 1
            continue
        kept += 1
        for name in wanted:
            standings[name][deliverability(record, name)] += 1
    if as_json:
        events = {
            name: {each: counted[each] for each in STANDINGS} for name, counted in standings.items()
        }
        say_json({"customers": kept, "tombstones": tombstones, "events": events})
        return
    say(f"{kept:,} customers, and {tombstones:,} tombstones of such as have gone")
    rows = ((name, *(f"{n[each]:,}" for each in STANDINGS)) for name, n in standings.items())
    table(("event", *STANDINGS), rows)


@on_stack
def show(
    stack: Stack,
    user_id: Annotated[str, typer.Argument(metavar="USER", help="amzn1.ask.account.…")],
    as_json: AsJson = False,
) -> None:
    """Show one customer's record, and why they are or are not notified of each event."""
    from yellowring.subscribers import deliverability  # noqa: PLC0415 - loads boto3

    record = subscribers_of(stack).get(user_id)
    if record is None:
        raise failure(
            "there is no such customer: the id begins with amzn1.ask.account. and is the one "
            "that this skill was given; each skill has its own"
        )
    standings = {name: deliverability(record, name) for name in EVENT_NAMES}
    shown = plain(record) | {"userId": masked(user_id)}
    if as_json:
        say_json({"record": shown, "standing": standings})
        return
    lines = [(one_line(name), _told(name, value)) for name, value in shown.items()]
    width = max(len(name) for name in (*(name for name, _ in lines), *EVENT_NAMES))
    for name, told in lines:
        say(f"{name:<{width}}  {told}")
    say("")
    for name, each in standings.items():
        say(f"{name:<{width}}  {REASONS[each]}")


@on_stack
def export(
    stack: Stack,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file to write. [standard output]")
    ] = None,
    event: OneEvent = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write every record as a line of JSON, user ids included: your customers' personal data.

    Each line has the whole record as well, and the time, so that subscribers import can take it in.
    With --event, only customers who are deliverable for it. --json prints a summary when the
    records go to a file.
    """
    from yellowring.subscribers import deliverability  # noqa: PLC0415 - loads boto3

    wanted = event_named(event) if event else None
    written, began = 0, datetime.now(UTC)
    with _opened(output, force=force) as lines:
        for user_id, record in records(stack, consistent=True, quiet=output is None):
            if wanted is None or deliverability(record, wanted) == "deliverable":
                line = line_of(user_id, record, plain(record), began, datetime.now(UTC))
                lines.write(printable(line) + "\n")
                written += 1
    if output is None:
        return
    if as_json:
        say_json({"file": str(output), "records": written})
    else:
        complain(f"{written:,} records written to {output}, readable by you only")


@on_stack
def import_(
    stack: Stack,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As subscribers export wrote it.")],
    *,
    erased: ErasedFile = None,
    none_erased: NoneErased = False,
    rate: Rate = RATE,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take an export into the table: newer records stay, and whoever was erased stays erased.

    The whole file is checked before anything is written. Taking it in again is safe.
    """
    since = said_erased(erased, none=none_erased)
    try:
        times = [each.exported_at for each in exports.read(file)]
        if not times:
            raise failure(f"{file} is empty: subscribers export writes a line for each record")
        ages = {
            f"the oldest line of {file}": min(times),
            f"the newest line of {file}": max(times),
        }
        records_in = ((each.user_id, each.record) for each in exports.read(file))
        copy = Copy(str(file), ages, records_in, len(times))
        take_in(stack, copy, since, rate=rate, dry_run=dry_run, as_json=as_json)
    except exports.InvalidExport as error:
        raise failure(f"{file}: {error}; nothing was written") from None
    except OSError as error:
        raise failure(f"{file} cannot be read: {error.strerror or error}") from None


@contextmanager
def _opened(output: Path | None, *, force: bool) -> Iterator[TextIO]:
    """Open what is written to; a file is there when it is whole, and for its owner only."""
    if output is None:
        yield sys.stdout
        return
    if output.exists() and not force:
        raise failure(f"{output} exists; name another file, or replace it with --force")
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            yield file
        part.replace(output)
    except OSError as error:
        raise failure(f"{output} cannot be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def _told(name: str, value: Any) -> str:  # noqa: ANN401 - whatever a record holds
    if name == "expiresAt" and isinstance(value, int):
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if name.endswith("At") and isinstance(value, int):
        return f"{datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec='milliseconds')}"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return one_line(", ".join(value))
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return one_line(str(value))
