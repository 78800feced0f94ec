"""The last runs: whether they ended well, and whom they reached."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from yellowring.sender.delivery.outcomes import Outcome

from yellowring_tools.cli.aws.stack_runs import reached_nobody, runs_of
from yellowring_tools.cli.terminal.output import counted
from yellowring_tools.doctor.finding import fault, warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from yellowring.sender.run.run import Run

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment

RECENT = timedelta(days=7)
"""What ended longer ago says little of today."""
START = timedelta(minutes=5)
"""By then a run has an execution of the workflow."""


def check_runs(deployment: Deployment, now: datetime) -> Iterator[Finding]:
    """Check the newest run of each campaign."""
    yield from of_runs(runs_of(deployment.stack).list(), now)


def of_runs(runs: Iterable[Run], now: datetime) -> Iterator[Finding]:
    """Check of each campaign the newest run; ``runs`` are the newest first."""
    seen: set[object] = set()
    for run in runs:
        name = run.campaign["name"]
        if name in seen:
            continue
        seen.add(name)
        if run.started_at >= now - RECENT:
            yield from of_run(run, now)


def of_run(run: Run, now: datetime) -> Iterator[Finding]:
    """Check how one run is doing, or how it ended."""
    where = f"run {run.run_id}"
    cause = run.cause
    if run.status == "running":
        yield from _of_running(run, where, now)
    elif run.status == "halted":
        remedy = f"mend what it names, then yellowring runs resume {run.run_id}"
        yield fault("runs", where, f"was halted: {cause or 'nobody noted why'}", remedy)
    elif run.status == "completed" and reached_nobody(run):
        what = f"reached nobody: {cause or 'nobody heard'}"
        yield fault("runs", where, what, f"yellowring runs show {run.run_id} tells the counts")
    if run.status != "running" and (failed := run.counts[Outcome.FAILED]):
        what = f"has {counted(failed, 'customer')} of whom nobody knows whether it rang"
        yield warning("runs", where, what, "Alexa did not answer: are 5xx in the sender's logs?")


def _of_running(run: Run, where: str, now: datetime) -> Iterator[Finding]:
    remedy = f"yellowring runs watch {run.run_id} looks after it"
    if now > run.expiry_time + START:
        yield fault("runs", where, "runs on past its event's expiry", remedy)
    elif not run.executions and now > run.started_at + START:
        what = "was put down, but its workflow was never started"
        yield fault("runs", where, what, remedy)
