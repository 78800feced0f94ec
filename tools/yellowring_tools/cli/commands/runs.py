"""`yellowring runs`: what was sent, how far it is, and how to stop it or go on with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yellowring_tools.cli.aws.stack_runs import (
    console_link,
    deliverable_of,
    end_with,
    lifecycle_of,
    load,
    look_at,
)
from yellowring_tools.cli.aws.stacks import Stack, on_stack
from yellowring_tools.cli.terminal.output import (
    AsJson,
    complain,
    counted,
    failure,
    one_line,
    say,
    say_json,
    table,
)
from yellowring_tools.cli.terminal.run_progress import took
from yellowring_tools.cli.terminal.watching import Watch, aside, display

if TYPE_CHECKING:
    from yellowring_tools.cli.terminal.run_progress import Look

STATUSES = ("running", "completed", "halted", "cancelled")

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as runs list gives it.")]
Interval = Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")]


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    group = typer.Typer(help="Runs: list, show, watch, cancel, resume.", no_args_is_help=True)
    group.command("list")(list_runs)
    for command in (show, watch, cancel, resume):
        group.command()(command)
    app.add_typer(group, name="runs")


@on_stack
def list_runs(
    stack: Stack,
    status: Annotated[
        str | None, typer.Option(help=f"Only those that are {', '.join(STATUSES)}.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most, the newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the runs of the last 90 days, the newest first."""
    if status is not None and status not in STATUSES:
        complain(f"error: {status!r} is not a status; use one of {', '.join(STATUSES)}")
        raise typer.Exit(2)
    lifecycle = lifecycle_of(stack)
    known = [run for run in lifecycle.runs.list() if status in (None, run.status)]
    shown = [look_at(lifecycle, run) for run in known[:limit]]
    if as_json:
        say_json([look.document for look in shown])
        return
    if not shown:
        say(f"no runs{f' that are {status}' if status else ''} in {stack.where}")
        return
    now = datetime.now(UTC)
    headings = ("run", "status", "started", "took", "accepted", "other", "waiting")
    table(headings, (_row(look, now) for look in shown))
    if len(known) > len(shown):
        complain(f"{len(known) - len(shown)} older ones are not shown; --limit shows more")


@on_stack
def show(stack: Stack, run_id: RunId, as_json: AsJson = False) -> None:
    """Show one run: its counts, its progress, what it waits for and, when it ended so, why."""
    lifecycle = lifecycle_of(stack)
    _show(stack, look_at(lifecycle, load(lifecycle.runs, run_id)), as_json=as_json)


@on_stack
def watch(stack: Stack, run_id: RunId, interval: Interval = 1.0, as_json: AsJson = False) -> None:
    """Watch a run to its end; the exit status says how it ended."""
    watch_run(stack, run_id, interval, as_json=as_json)


@on_stack
def cancel(
    stack: Stack,
    run_id: RunId,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Do not stay until the run has ended.")
    ] = False,
    interval: Interval = 1.0,
    as_json: AsJson = False,
) -> None:
    """Stop a run: nothing more is sent within seconds; wait until what was sent is counted."""
    lifecycle = lifecycle_of(stack)
    run = load(lifecycle.runs, run_id)
    if not lifecycle.cancel(run_id):
        raise failure(f"run {run_id} had ended before: it is {run.status}")
    if no_wait:
        _show(stack, look_at(lifecycle, load(lifecycle.runs, run_id)), as_json=as_json)
        return
    try:
        with aside() as shown:
            looks = Watch(
                lambda: look_at(lifecycle, load(lifecycle.runs, run_id)), shown, interval=interval
            )
            last = looks.to_the_end()
    except KeyboardInterrupt:
        raise failure(f"no longer watching; the run is being cancelled: runs show {run_id}") from (
            None
        )
    _show(stack, last, as_json=as_json)
    if last.run.status != "cancelled":
        raise failure(f"run {run_id} had begun to end before: it is {last.run.status}")


@on_stack
def resume(stack: Stack, run_id: RunId, as_json: AsJson = False) -> None:
    """Go on with a run that has ended: try all again whom it could not tell, nobody twice."""
    from yellowring.sender.run.lifecycle import CannotResume  # noqa: PLC0415

    lifecycle = lifecycle_of(stack)
    before = load(lifecycle.runs, run_id)
    try:
        run = lifecycle.resume(run_id)
    except CannotResume as error:
        raise failure(str(error)) from None
    if as_json:
        say_json(lifecycle.document(run))
        return
    left = counted(before.resumable, "customer")
    say(
        f"run {run_id} goes on with {left}: attempt {run.attempt}, its events expire at "
        f"{run.expiry_time:%Y-%m-%d %H:%M:%S} UTC; runs watch {run_id} shows it"
    )


def watch_run(stack: Stack, run_id: str, interval: float = 1.0, *, as_json: bool = False) -> None:
    """Watch a run to its end, and end the command by it."""
    lifecycle = lifecycle_of(stack)
    run = load(lifecycle.runs, run_id)
    deliverable = deliverable_of(stack, run) if run.status == "running" else None
    try:
        with display(as_json=as_json) as shown:
            looks = Watch(
                lambda: look_at(lifecycle, load(lifecycle.runs, run_id)),
                shown,
                deliverable,
                interval,
            )
            last = looks.to_the_end()
    except KeyboardInterrupt:
        raise failure(f"no longer watching; the run goes on: runs cancel {run_id} stops it") from (
            None
        )
    end_with(last.run, quiet=as_json)


def _show(stack: Stack, look: Look, *, as_json: bool) -> None:
    told = look.document
    if as_json:
        say_json(told)
        return
    run, now = look.run, datetime.now(UTC)
    rows: list[tuple[str, Any]] = [
        ("run", run.run_id),
        ("campaign", told["campaign"]),
        (
            "status",
            f"{run.status}, about to be {told['ending']}" if "ending" in told else run.status,
        ),
        ("cause", told.get("cause")),
        ("waits", "; ".join(told.get("waitingFor", ()))),
        ("started", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC, {_before(look, now)}"),
        ("events expire", f"{run.expiry_time:%Y-%m-%d %H:%M:%S} UTC"),
        ("attempt", run.attempt),
        ("segments", f"{told['segments']['total']} in all, {told['segments']['open']} open"),
        ("to be tried again", f"{told['waiting']:,}"),
        *((name, f"{many:,}") for name, many in told["counts"].items()),
    ]
    if run.resumable:
        rows.append(
            ("can be resumed", f"{counted(run.resumable, 'customer')}: runs resume {run.run_id}")
        )
    if run.execution_arn:
        link = console_link(run.execution_arn, stack.workflows.meta.endpoint_url)
        rows.append(("execution", link or run.execution_arn))
    rows = [row for row in rows if row[1] not in (None, "")]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        say(f"{name:<{width}}  {one_line(str(value))}")


def _before(look: Look, now: datetime) -> str:
    return f"{'took' if look.has_ended else 'for'} {took(look.run, now)}"


def _row(look: Look, now: datetime) -> tuple[object, ...]:
    counts = dict(look.document["counts"])
    accepted = counts.pop("accepted")
    other = ", ".join(f"{name} {many:,}" for name, many in counts.items() if many)
    started = f"{look.run.started_at:%Y-%m-%d %H:%M:%S}"
    waiting = f"{look.document['waiting']:,}"
    run = look.run
    return (run.run_id, run.status, started, took(run, now), f"{accepted:,}", other, waiting)
