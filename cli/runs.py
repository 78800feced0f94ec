"""`yellowring runs`: what was sent, how far it is, and how to stop or repeat it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.advance import took
from cli.output import AsJson, complain, failure, say, say_json, table
from cli.stacks import Stack, on_stack
from cli.watching import Watch, display

if TYPE_CHECKING:
    from yellowring.sender.runs import Run, Runs

STATUSES = ("running", "completed", "halted", "cancelled")
COUNTED_SEGMENTS = 20
"""A table cut into no more segments is small enough to be counted for a progress bar."""

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as runs list gives it.")]


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    group = typer.Typer(help="Runs: list, show, watch, cancel, redrive.", no_args_is_help=True)
    group.command("list")(list_runs)
    for command in (show, watch, cancel, redrive):
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
    found = [run for run in runs_of(stack).list() if status in (None, run.status)]
    shown = found[:limit]
    if as_json:
        say_json([run.document() for run in shown])
        return
    if not shown:
        say(f"no runs{f' that are {status}' if status else ''} in {stack.where}")
        return
    now = datetime.now(UTC)
    headings = ("run", "status", "started", "took", "accepted", "other", "waiting")
    table(headings, (_row(run, now) for run in shown))
    if len(found) > len(shown):
        complain(f"{len(found) - len(shown)} older ones are not shown; --limit shows more")


@on_stack
def show(stack: Stack, run_id: RunId, as_json: AsJson = False) -> None:
    """Show one run: its counts, its progress and, when it was halted, why."""
    _show(load(runs_of(stack), run_id), as_json=as_json)


@on_stack
def watch(
    stack: Stack,
    run_id: RunId,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Watch a run to its end: exit 0 when it completed, 1 when it was halted or cancelled."""
    runs = runs_of(stack)
    run = load(runs, run_id)
    deliverable = deliverable_of(stack, run) if run.status == "running" else None
    try:
        with display(as_json=as_json) as shown:
            looks = Watch(lambda: load(runs, run_id), shown, deliverable, interval)
            last = looks.until(lambda: False)
    except KeyboardInterrupt:
        raise failure(f"no longer watching; the run goes on: runs cancel {run_id} stops it") from (
            None
        )
    if last is not None:
        end(last, as_json=as_json)


@on_stack
def cancel(stack: Stack, run_id: RunId, as_json: AsJson = False) -> None:
    """Stop a run: nobody more is notified, once the sends under way have ended."""
    runs = runs_of(stack)
    cancelled = runs.cancel(run_id, datetime.now(UTC).replace(microsecond=0))
    if cancelled is None:
        ended = load(runs, run_id)
        raise failure(f"run {run_id} had ended before: it is {ended.status}")
    _show(cancelled, as_json=as_json)


@on_stack
def redrive(stack: Stack, run_id: RunId, as_json: AsJson = False) -> None:
    """Send again to the customers of a run that no try could reach."""
    from yellowring.sender import redrive as redriving  # noqa: PLC0415
    from yellowring.sender.work import WorkQueue  # noqa: PLC0415

    runs = runs_of(stack)
    before = load(runs, run_id)
    if before.status in ("halted", "cancelled"):
        raise failure(f"run {run_id} is {before.status}, and so is not gone on with; send it anew")
    outputs = stack.outputs
    queue = WorkQueue(stack.sqs, outputs["WorkQueueUrl"], outputs["DeadLetterQueueUrl"])
    customers = redriving.redrive(runs, queue, run_id)
    if as_json:
        say_json(load(runs, run_id).document() | {"redriven": customers})
    elif customers:
        say(f"{customers:,} customers of {run_id} are sent to again; runs watch {run_id}")
    else:
        say(f"the dead-letter queue has nobody of {run_id}")


def load(runs: Runs, run_id: str) -> Run:
    """Read a run, or end the command."""
    from yellowring.sender.runs import RunNotFound  # noqa: PLC0415

    try:
        return runs.load(run_id)
    except RunNotFound as error:
        raise failure(f"{error}; runs list gives those there are") from None


def runs_of(stack: Stack) -> Runs:
    """Reach the runs of a stack."""
    from yellowring.sender.runs import Runs  # noqa: PLC0415 - loads boto3

    return Runs(stack.dynamodb, stack.outputs["RunsTableName"])


def deliverable_of(stack: Stack, run: Run) -> int | None:
    """Count the customers that a run is for, where that is neither known nor much work."""
    from yellowring.sender.campaign import InvalidCampaign, parse_campaign  # noqa: PLC0415

    from cli.customers import audience_of, deliverable  # noqa: PLC0415

    try:
        campaign = parse_campaign(dict(run.campaign))
    except InvalidCampaign:  # of another version, whose total is not worth an error
        return None
    if campaign.audience.type != "subscribers" or run.total_segments > COUNTED_SEGMENTS:
        return None
    audience = audience_of(stack, campaign)
    return sum(len(page) for page in deliverable(audience, campaign))


def end(run: Run, *, as_json: bool = False) -> None:
    """End the command with status 1 when the run did not complete; say why."""
    if run.status in ("halted", "cancelled"):
        if run.cause and not as_json:
            complain(f"error: run {run.run_id} was {run.status}: {run.cause}")
        raise typer.Exit(1)


def _show(run: Run, *, as_json: bool) -> None:
    if as_json:
        say_json(run.document())
        return
    now = datetime.now(UTC)
    rows: list[tuple[str, object]] = [
        ("run", run.run_id),
        ("campaign", run.campaign["name"]),
        ("status", run.status),
        ("started", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC, {_before(run, now)}"),
        ("events expire", f"{run.expiry_time:%Y-%m-%d %H:%M:%S} UTC"),
        ("segments", f"{run.total_segments} in all, {len(run.segments)} open"),
        ("to be tried again", sum(run.retries.values())),
        *((name, f"{customers:,}") for name, customers in run.counts.document().items()),
    ]
    if run.cause:
        rows.insert(3, ("cause", run.cause))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        say(f"{name:<{width}}  {value}")


def _before(run: Run, now: datetime) -> str:
    return f"{'took' if run.ended_at else 'for'} {took(run, now)}"


def _row(run: Run, now: datetime) -> tuple[object, ...]:
    counts = run.counts.document()
    accepted = counts.pop("accepted")
    other = ", ".join(f"{name} {customers:,}" for name, customers in counts.items() if customers)
    started = f"{run.started_at:%Y-%m-%d %H:%M:%S}"
    waiting = f"{sum(run.retries.values()):,}"
    return (run.run_id, run.status, started, took(run, now), f"{accepted:,}", other, waiting)
