"""The stack's EventBridge schedule: let it fire, and let it fire once more for the same time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yellowring_tools.local_stack.stack import LocalStack

POLL_SECONDS = 0.2
OVER = frozenset({"completed", "halted", "cancelled"})


class NothingHappened(RuntimeError):
    """The schedule fired no function, or its run did not end, in the time it had."""


def run_id(campaign_name: str, scheduled_time: str) -> str:
    """Return the id that the run of a campaign has, for a time such as 2026-11-20T09:00:00Z.

    >>> run_id("storm-warning", "2026-11-20T09:00:00Z")
    'storm~warning~20261120T090000Z'
    """
    compact = scheduled_time.replace("-", "").replace(":", "")
    return f"{campaign_name.replace('-', '~')}~{compact}"


def fire(stack: LocalStack) -> None:
    """Enable the deployed schedule as it is; EventBridge fires it when its time has come."""
    outputs = stack.outputs
    known = stack.aws.scheduler.get_schedule(
        GroupName=outputs.ScheduleGroupName, Name=outputs.ScheduleName
    )
    stack.aws.scheduler.update_schedule(
        GroupName=outputs.ScheduleGroupName,
        Name=outputs.ScheduleName,
        ScheduleExpression=known["ScheduleExpression"],
        FlexibleTimeWindow=known["FlexibleTimeWindow"],
        Target=known["Target"],
        State="ENABLED",
    )


def fire_again(stack: LocalStack) -> None:
    """Let EventBridge deliver the same input to the same target a second time.

    A second schedule with the target of the first does it, for a one-time schedule fires once.
    """
    outputs = stack.outputs
    known = stack.aws.scheduler.get_schedule(
        GroupName=outputs.ScheduleGroupName, Name=outputs.ScheduleName
    )
    stack.aws.scheduler.create_schedule(
        GroupName=outputs.ScheduleGroupName,
        Name=f"{outputs.ScheduleName}-again",
        ScheduleExpression=known["ScheduleExpression"],
        FlexibleTimeWindow=known["FlexibleTimeWindow"],
        Target=known["Target"],
        State="ENABLED",
    )


def firings(stack: LocalStack) -> int:
    """Count how often the sender was asked to start a run, and answered."""
    lines = stack.log_lines(stack.outputs.SenderFunctionName)
    return sum('"run started or found"' in line for line in lines)


def wait_for_run(stack: LocalStack, wanted: str, timeout: float) -> dict[str, Any]:
    """Wait until a run is over, and return its item.

    Raises
    ------
    NothingHappened
        When it is not within ``timeout`` seconds; shows what the sender logged last.
    """
    deadline = time.monotonic() + timeout
    item: dict[str, Any] | None = None
    while time.monotonic() < deadline:
        item = stack.run(wanted)
        if item is not None and item["status"]["S"] in OVER:
            return item
        stack.check()
        time.sleep(POLL_SECONDS)
    state = "was never started" if item is None else f"is still {item['status']['S']}"
    raise NothingHappened(
        f"run {wanted} {state} after {timeout:.0f} s.\n"
        f"{stack.last_lines(stack.outputs.SenderFunctionName)}"
    )


def wait_for_firing(stack: LocalStack, number: int, timeout: float) -> None:
    """Wait until the sender was asked ``number`` times to start a run.

    Raises
    ------
    NothingHappened
        When it was not within ``timeout`` seconds; shows what the sender logged last.
    """
    deadline = time.monotonic() + timeout
    while firings(stack) < number:
        if time.monotonic() > deadline:
            raise NothingHappened(
                f"the sender was not fired {number} times within {timeout:.0f} s.\n"
                f"{stack.last_lines(stack.outputs.SenderFunctionName)}"
            )
        stack.check()
        time.sleep(POLL_SECONDS)
