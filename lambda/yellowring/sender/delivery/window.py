"""The window: the present second of sending, which all workers of a stack share.

It is one item of the runs table, and the only one that this module knows.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from yellowring.aws import decode, encode
from yellowring.subscribers import is_conflict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mypy_boto3_dynamodb.client import DynamoDBClient

INCREASE = 0.02
"""The part of the most that each second gives back to a lowered limit, and one at least."""
KEY = {"runId": {"S": "#pace"}, "part": {"S": "window"}}
"""Key of the item; no run can have it, for run ids have no ``#``."""
PATIENCE = 3.0
"""Seconds after which a call of the table has failed."""


@dataclass(frozen=True, slots=True)
class Window:
    """One second of sending.

    Attributes
    ----------
    number
        Which second: since the epoch, by the clock of whoever is furthest ahead.
    limit
        The most that may be sent in it.
    taken
        How many requests campaigns have taken of it.
    urgent
        How many requests notifications have taken of it.
    owed
        How many of its requests are not for campaigns, because so many too many were taken before.
    workers
        How many workers took any for a campaign.
    slowed
        How many requests were met with a 429, a 5xx or no answer since the window before began, as
        far as workers have told.
    before
        The window before, if anything was sent in it; its own ``before`` is not kept.
    """

    number: int
    limit: int
    taken: int = 0
    urgent: int = 0
    owed: int = 0
    workers: int = 0
    slowed: int = 0
    before: Window | None = None

    def next(self, number: int, most: int) -> Window:
        """Return a later window, fresh.

        Its limit is lower by the share of requests that were slowed, and a little higher for the
        time; what was taken beyond this one's limit is owed in it.
        """
        elapsed = number - self.number
        limit = min(self.limit, self._taken_well()) + max(1, math.floor(most * INCREASE)) * elapsed
        over = self.owed + self.taken + self.urgent - self.limit * elapsed
        before = replace(self, before=None) if elapsed == 1 else None
        return Window(number, min(most, limit), owed=max(0, over), before=before)

    def _taken_well(self) -> int:
        """Return what Alexa would have taken of the limit that was in force when it slowed us.

        That was in the window before: what is told in this one was met in that one.
        """
        met = self.before if self.before and self.before.sent else self
        share = min(1.0, self.slowed / max(1, met.sent))
        return math.floor(met.limit * (1 - share)) if self.slowed else self.limit

    @property
    def sent(self) -> int:
        """How many requests were taken of it, by whomever."""
        return self.taken + self.urgent

    @property
    def rate(self) -> int:
        """How many requests were taken in a second of late, this one or the one before."""
        return max(self.sent, self.before.sent if self.before else 0)

    @property
    def room(self) -> int:
        """How many requests campaigns can still take."""
        return max(0, self.limit - self.owed - self.taken)

    @property
    def urgent_room(self) -> int:
        """How many requests notifications can still take, whatever campaigns took."""
        return max(0, self.limit - self.urgent)

    def share(self, expected: int) -> int:
        """Return how many requests one worker should take; ``expected`` is the least of workers."""
        before = self.before.workers if self.before else 0
        workers = max(before, self.workers, expected, 1)
        return min(max(1, (self.limit - self.owed) // workers), self.room)


class SharedWindow:
    """Keeps the present window in the runs table; every method is one call."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    async def read(self) -> Window | None:
        """Return the latest window, if there ever was one."""
        async with asyncio.timeout(PATIENCE):
            answer = await asyncio.to_thread(
                self._client.get_item, TableName=self._table, Key=KEY, ConsistentRead=True
            )
        return _window(answer["Item"]) if "Item" in answer else None

    async def begin(self, latest: Window | None, new: Window) -> bool:
        """Put a new window in the place of the latest; return whether that was still the latest."""
        values = {f":{name}": value for name, value in _attributes(new).items()}
        changed = await self._update(
            "SET " + ", ".join(f"#{name} = :{name}" for name in _attributes(new)),
            "#number = :latest" if latest else "attribute_not_exists(runId)",
            values | ({":latest": latest.number} if latest else {}),
        )
        return changed is not None

    async def take(self, known: Window, share: int, workers: int, slowed: int) -> Window | None:
        """Add a campaign's requests, a worker and what was slowed, where there is room.

        Without requests there is always room: that only tells that one more worker is about.
        """
        return await self._update(
            "SET #taken = #taken + :share, #workers = #workers + :workers, "
            "#slowed = #slowed + :slowed",
            "#number = :number" + (" AND #taken <= :fits" if share else ""),
            {":number": known.number, ":share": share, ":workers": workers, ":slowed": slowed}
            | ({":fits": known.limit - known.owed - share} if share else {}),
        )

    async def take_urgent(self, known: Window, requests: int, slowed: int) -> Window | None:
        """Add notifications' requests and what was slowed, where there is room for them."""
        return await self._update(
            "SET #urgent = #urgent + :requests, #slowed = #slowed + :slowed",
            "#number = :number AND #urgent <= :fits",
            {
                ":number": known.number,
                ":requests": requests,
                ":slowed": slowed,
                ":fits": known.limit - requests,
            },
        )

    async def _update(
        self, change: str, condition: str, values: Mapping[str, object]
    ) -> Window | None:
        """Write, and return the window as it is then; ``None`` if the condition did not hold."""
        expressions = f"{change} {condition}"
        names = {f"#{name}": name for name in _NAMES if f"#{name}" in expressions}
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await asyncio.to_thread(
                    self._client.update_item,
                    TableName=self._table,
                    Key=KEY,
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues={k: encode(v) for k, v in values.items()},
                    ReturnValues="ALL_NEW",
                )
        except ClientError as error:
            if not is_conflict(error):
                raise
            return None
        return _window(answer["Attributes"])


_COUNTS = ("number", "limit", "taken", "urgent", "owed", "workers", "slowed")
_BEFORE = {name: f"{name}Before" for name in _COUNTS}
_NAMES = (*_BEFORE.values(), *_COUNTS)


def _attributes(window: Window) -> dict[str, int]:
    """Return a window as the item has it; where nothing was sent before, the one before is 0."""
    before = window.before
    present = {name: getattr(window, name) for name in _COUNTS}
    return present | {
        alias: getattr(before, name) if before else 0 for name, alias in _BEFORE.items()
    }


def _window(item: Mapping[str, Any]) -> Window:
    plain = {name: int(decode(item[name])) for name in _NAMES}
    present, before = (
        Window(*(plain[name] for name in names))  # type: ignore[arg-type]  # mypy counts no items
        for names in (_COUNTS, _BEFORE.values())
    )
    return replace(present, before=before if before.limit else None)
