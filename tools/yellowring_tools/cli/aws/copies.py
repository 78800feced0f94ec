"""Copies of the subscribers table, taken into the live one: a restored table, or an export.

Each record is merged with the one that is there (`yellowring.subscribers.merge`) and put on the
condition that nobody has written it since, so that skill events, runs and erasures may go on
meanwhile, and so that the same copy may be taken in again: what is in already costs a read.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING, Literal

from yellowring_tools.cli.aws.ownership import check_owner
from yellowring_tools.cli.terminal.output import failure
from yellowring_tools.cli.terminal.progress import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from yellowring.subscribers import Record, Subscribers

    from yellowring_tools.cli.aws.stacks import Stack

type Result = Literal["added", "changed", "unchanged", "erased", "expired", "failed"]
"""What became of a record of a copy: it is new here, it told something new, or nothing new; its
customer was erased since; its time is over and nothing is here that it could change; or others kept
writing it."""

RESULTS: tuple[Result, ...] = ("added", "changed", "unchanged", "erased", "expired", "failed")
RATE = 500
"""Records per second unless another rate is asked for: twice that many units at the most."""
AT_ONCE = 8
"""Records that are written at once."""
_BATCH = 200
_TRIES = 3
_AHEAD = timedelta(minutes=10)


def oldest() -> timedelta:
    """Return how old a copy may be: a day less than tombstones live.

    After that a customer may be in it who was erased since, and whose tombstone has gone. The day
    is for erasures that were told late.
    """
    from yellowring.subscribers import TOMBSTONE_DAYS  # noqa: PLC0415 - loads boto3

    return timedelta(days=TOMBSTONE_DAYS - 1)


def check_age(what: str, taken_at: datetime, now: datetime) -> None:
    """End the command where a copy is too old to be taken in, or dated ahead of the clock."""
    if taken_at > now + _AHEAD:
        raise failure(
            f"{what} says that it was taken at {taken_at:%Y-%m-%d %H:%M} UTC, which is still to "
            "come: give the time when its data was the stack's own"
        )
    if now - taken_at > oldest():
        days = (now - taken_at).days
        raise failure(
            f"{what} is {days} days old, and one of more than {oldest().days} is not taken in: "
            "whoever was erased since would come back, for an erasure leaves its mark for no "
            "longer; take a newer one, or let customers come back by their next skill event"
        )


@dataclass(frozen=True, slots=True)
class TakingIn:
    """Takes the records of a copy into a stack's table.

    Parameters
    ----------
    subscribers
        The live table.
    rate
        Records per second, at most.
    dry_run
        Whether to write nothing, and only to tell what would become of each.
    erased
        User ids and customer ids of whoever was erased since: none of their accounts comes back.
    said
        Whether anybody has said who that is.
    still
        Is called before each of the batches that are written, and ends the command once the copy
        has become too old meanwhile.
    clock, sleep
        Seconds, for the rate.
    """

    subscribers: Subscribers
    rate: int = RATE
    dry_run: bool = False
    erased: Collection[str] = ()
    said: bool = True
    still: Callable[[], None] = lambda: None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def all(
        self, copies: Iterable[tuple[str, Record]], now: datetime, total: int | None = None
    ) -> Counter[Result]:
        """Take all in, some at once; return how many ended how.

        Parameters
        ----------
        copies
            User ids and their records in the copy.
        now
            The present, aware: what has expired by then is left out.
        total
            How many there are, about, for the progress that is shown.
        """
        pace = _Pace(self.rate, self.clock, self.sleep)

        def take(copy: tuple[str, Record]) -> Result:
            pace.wait()
            return self._one(*copy, now)

        def results() -> Iterator[Counter[Result]]:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for batch in batched(copies, _BATCH):
                    self.still()
                    yield Counter(pool.map(take, batch))

        told: Counter[Result] = Counter()
        for each in shown(results(), "records taken in", total, lambda counted: counted.total()):
            told += each
        return told

    def _one(self, user_id: str, copy: Record, now: datetime) -> Result:
        from yellowring.subscribers import (  # noqa: PLC0415 - loads boto3
            ConcurrentChange,
            Record,
            customer_id_of,
            erase_account,
            expires_at,
            merge,
        )

        ids = user_id, customer_id_of(copy, past_disables=True)
        if any(each in self.erased for each in ids):
            if not self.dry_run:
                erase_account(self.subscribers, user_id, partial(datetime.now, UTC))
            return "erased"
        known = self.subscribers.get(user_id)
        expiry = expires_at(copy)
        if known is None and expiry is not None and expiry <= now.timestamp():
            return "expired"
        merged = merge(known or Record(), copy)
        if known is not None and merged == known:
            gone = known.is_erased and not copy.is_tombstone
            return "erased" if gone else "unchanged"
        for _ in range(0 if self.dry_run else _TRIES):
            try:
                self.subscribers.merge(user_id, copy)
                break
            except ConcurrentChange:
                continue
        else:
            if not self.dry_run:
                return "failed"
        return "added" if known is None else "changed"


class _Pace:
    """Lets so many through each second, whichever thread asks."""

    def __init__(
        self, rate: int, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._interval = 1 / rate
        self._clock = clock
        self._sleep = sleep
        self._next = clock()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait for the caller's turn."""
        with self._lock:
            turn = max(self._next, self._clock())
            self._next = turn + self._interval
            ahead = turn - self._clock()
        if ahead > 0:
            self._sleep(ahead)


def restored_at(stack: Stack, table: str) -> tuple[datetime | None, int]:
    """Return of when a restored table's data is, and how many items it has, about.

    The time is ``None`` for a table that no restore made. Ends the command where there is no such
    table, it cannot be read yet, it holds no customers, or it is a stack's that is still there.
    """
    if table == stack.outputs["SubscribersTableName"]:
        raise failure(f"{table} is the stack's own table: name the one that was restored")
    try:
        told = stack.dynamodb.describe_table(TableName=table)["Table"]
    except stack.dynamodb.exceptions.ResourceNotFoundException:
        raise failure(
            f"there is no table {table} beside {stack.where}: restore it there first, with aws "
            "dynamodb restore-table-to-point-in-time or restore-table-from-backup"
        ) from None
    if told.get("TableStatus") != "ACTIVE":
        raise failure(f"{table} is {told.get('TableStatus')}: wait until it is ACTIVE")
    keys = [(each["AttributeName"], each["KeyType"]) for each in told.get("KeySchema", [])]
    if keys != [("userId", "HASH")]:
        raise failure(f"{table} holds no customers: the key of their table is userId alone")
    check_owner(stack, table, told["TableArn"])
    at = told.get("RestoreSummary", {}).get("RestoreDateTime")
    return (at.astimezone(UTC) if at else None), told.get("ItemCount", 0)


def records_of(stack: Stack, table: str) -> Iterator[tuple[str, Record]]:
    """Read every record of a table in the stack's account and region."""
    from yellowring.subscribers.items import load  # noqa: PLC0415 - loads boto3

    for page in stack.dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            yield item["userId"]["S"], load(item)
