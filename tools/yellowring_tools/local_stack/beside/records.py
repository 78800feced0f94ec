"""Whether a function that is not ours keeps the customers' records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring_tools.local_stack.beside.problems import KeepsNoRecords

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from yellowring_tools.local_stack.stack import LocalStack

ENOUGH = 20
"""Deliveries, of which a function that takes skill events has taken one."""
UNWRAPPED = (
    "your function does not keep records: wrap it (docs/your-skill.md, step 1). Alexa's skill "
    "events"
)


def check_taken(stack: LocalStack, summary: Mapping[str, int]) -> None:
    """Check that the function takes skill events, as soon as all of them were tried.

    Parameters
    ----------
    stack
        The stack.
    summary
        The simulator's: events pending and delivered, and the attempts at them.

    Raises
    ------
    KeepsNoRecords
        When it took none; shows what it logged last.
    """
    tried = summary["attempts"] >= max(ENOUGH, 2 * summary["pending"])
    if tried and not summary["delivered"]:
        raise KeepsNoRecords(
            f"{UNWRAPPED} are not taken.\n{stack.last_lines(stack.outputs.SkillFunctionName)}"
        )


def check_kept(stack: LocalStack, user_ids: Iterable[str]) -> None:
    """Check that somebody has a record, once all skill events are delivered.

    Raises
    ------
    KeepsNoRecords
        When nobody has.
    """
    if not any(map(stack.record, user_ids)):
        raise KeepsNoRecords(f"{UNWRAPPED} are answered, and no customer has a record")
