"""Who was erased since a copy was taken, where the live table has no tombstone left to say so."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from yellowring_tools.cli.aws.customers import subscribers_of
from yellowring_tools.cli.terminal.output import failure

if TYPE_CHECKING:
    from collections.abc import Collection

    from yellowring_tools.cli.aws.stacks import Stack


def check_tombstones(
    stack: Stack, what: str, taken_at: datetime, erased: Collection[str] | None
) -> None:
    """End the command where the live table cannot know who was erased since a copy was taken.

    It knows of no erasure before it was made: of a table that is newer than the copy somebody has
    to say who was erased between the two.

    Parameters
    ----------
    stack
        The stack.
    what
        The copy, in words.
    taken_at
        When it was taken (aware).
    erased
        The ids of whoever was erased since; ``None`` where nobody has said.
    """
    if erased is not None:
        return
    table = stack.outputs["SubscribersTableName"]
    made_at = stack.dynamodb.describe_table(TableName=table)["Table"]["CreationDateTime"]
    # An export tells its time in whole seconds.
    if made_at.replace(microsecond=0) > taken_at:
        raise failure(
            f"{what} was taken at {taken_at:%Y-%m-%d %H:%M} UTC, and the stack's table was made "
            f"later, at {made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: whoever was erased between "
            "the two would come back, for this table has no tombstone of theirs; give a file of "
            "their ids, one a line, with --erased FILE, or say with --none-erased that there is "
            "nobody"
        )


def forget_all(stack: Stack, ids: Collection[str]) -> None:
    """Erase every account of some ids: user ids, known here or not, and customer ids.

    Raises
    ------
    yellowring.subscribers.ConcurrentChange
        Others kept changing a record: erase again.
    """
    from yellowring.subscribers import (  # noqa: PLC0415 - loads boto3
        Audience,
        erase_account,
        is_user_id,
    )

    subscribers, clock = subscribers_of(stack), partial(datetime.now, UTC)
    audience = Audience(stack.dynamodb, stack.outputs["SubscribersTableName"])
    for each in sorted(ids):
        accounts = {each} if is_user_id(each) else {*audience.accounts(each, past_disables=True)}
        for user_id in accounts:
            erase_account(subscribers, user_id, clock)
