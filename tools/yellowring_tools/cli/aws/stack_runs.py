"""The runs of a stack, as commands read them, start them and end with them."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import typer

from yellowring_tools.cli.aws.aws_errors import is_denied
from yellowring_tools.cli.aws.invocation import finish
from yellowring_tools.cli.terminal.output import complain, failure
from yellowring_tools.cli.terminal.run_progress import Look

if TYPE_CHECKING:
    from yellowring.sender.run.lifecycle import Lifecycle
    from yellowring.sender.run.run import Run
    from yellowring.sender.run.store import Runs

    from yellowring_tools.cli.aws.stacks import Stack

COUNTED_CUSTOMERS = 50_000
"""A table with no more items, about, is small enough to be counted for a progress bar."""
HALTED = CANCELLED = 1
NOBODY_REACHED = 5
"""The command's exit status where a run did not do what it was for."""

_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def runs_of(stack: Stack) -> Runs:
    """Reach the runs of a stack."""
    from yellowring.sender.run.store import Runs  # noqa: PLC0415 - loads boto3

    return Runs(stack.dynamodb, stack.outputs["RunsTableName"])


def lifecycle_of(stack: Stack) -> Lifecycle:
    """Reach what starts and ends the runs of a stack."""
    from yellowring.sender.run.announcing import Announcer  # noqa: PLC0415
    from yellowring.sender.run.lifecycle import Lifecycle  # noqa: PLC0415
    from yellowring.sender.run.machine import Machine  # noqa: PLC0415

    return Lifecycle(
        runs_of(stack),
        Machine(stack.workflows, stack.outputs["RunMachineArn"]),
        Announcer(stack.events, stack.outputs["EventBusName"]),
        hand_over=partial(finish, stack),
    )


def look_at(lifecycle: Lifecycle, run: Run) -> Look:
    """Read how far a run is; one that was left without an execution gets it."""
    from botocore.exceptions import ClientError  # noqa: PLC0415

    try:
        run = lifecycle.ensure_execution(run)
    except ClientError as error:
        if not is_denied(error):  # whoever may only look, looks
            raise
    return Look(run, lifecycle.document(run))


def load(runs: Runs, run_id: str) -> Run:
    """Read a run, or end the command."""
    from yellowring.sender.run.store import RunNotFound  # noqa: PLC0415

    try:
        return runs.load(run_id)
    except RunNotFound as error:
        raise failure(f"{error}; runs list gives those there are") from None


def found(runs: Runs, run_id: str) -> Run | None:
    """Read a run that may not be there."""
    from yellowring.sender.run.store import RunNotFound  # noqa: PLC0415

    with suppress(RunNotFound):
        return runs.load(run_id)
    return None


def deliverable_of(stack: Stack, run: Run) -> int | None:
    """Count the customers that a run is for, where that is neither known nor much work."""
    from yellowring.sender.campaign import InvalidCampaign, parse_campaign  # noqa: PLC0415

    from yellowring_tools.cli.aws.customers import audience_of, deliverable  # noqa: PLC0415

    try:
        campaign = parse_campaign(dict(run.campaign))
    except InvalidCampaign:  # of another version, whose total is not worth an error
        return None
    if campaign.audience.type != "subscribers":
        return None
    audience = audience_of(stack, campaign)
    if audience.approximate_count() > COUNTED_CUSTOMERS:
        return None
    return sum(len(page) for page in deliverable(audience, campaign))


def end_with(run: Run, *, quiet: bool = False) -> None:
    """End the command with a status of its own when a run did not do what it was for; say why.

    Nobody to reach is no failure: an audience may be empty, or there was nothing for anybody.
    """
    if run.status == "running":
        return
    if run.status == "completed":
        status = NOBODY_REACHED if reached_nobody(run) else 0
        told = f"run {run.run_id} completed, but {run.cause or 'nobody was reached'}"
    else:
        status = HALTED if run.status == "halted" else CANCELLED
        told = f"run {run.run_id} was {run.status}" + (f": {run.cause}" if run.cause else "")
        if run.resumable:
            told += f"; runs resume {run.run_id} goes on with it"
    if status:
        if not quiet:
            complain(f"error: {told}")
        raise typer.Exit(status)


def reached_nobody(run: Run) -> bool:
    """Check whether there was somebody to tell, and nobody heard."""
    from yellowring.sender.delivery.outcomes import Outcome  # noqa: PLC0415

    return not run.counts.heard and run.counts.total > run.counts[Outcome.SKIPPED]


def console_link(execution_arn: str, endpoint: str) -> str | None:
    """Return where AWS shows an execution; ``None`` when it is not AWS that runs it.

    Examples
    --------
    >>> arn = "arn:aws:states:eu-west-1:123456789012:execution:run:snow-1"
    >>> console_link(arn, "https://states.eu-west-1.amazonaws.com")[:56]
    'https://eu-west-1.console.aws.amazon.com/states/home?reg'
    >>> console_link(arn, "http://127.0.0.1:4566")
    """
    if ".amazonaws.com" not in endpoint:
        return None
    _, partition, _, region, *_ = execution_arn.split(":")
    host = _CONSOLES.get(partition, _CONSOLES["aws"])
    page = f"states/home?region={region}#/v2/executions/details/{execution_arn}"
    return f"https://{region}.{host}/{page}"
