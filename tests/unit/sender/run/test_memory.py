"""A worker's memory: it does not grow with the customers of its segment."""

from __future__ import annotations

import asyncio
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from yellowring.alexa.proactive_events import Answer
from yellowring.sender.delivery.noting import Noting
from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.run.audience import Visits
from yellowring.sender.run.run import Segment
from yellowring.sender.run.slice import Slice, Tools
from yellowring.subscribers import Customer

from tests.unit.sender.run.kit import NOW, USER, run

if TYPE_CHECKING:
    from yellowring.alexa import Region

FEW, MANY, PAGE = 2_000, 20_000, 1_000
MORE_BYTES = 256 * 1024


class Table:
    """Customers who are made when their page is read, and a run's item that takes checkpoints."""

    def __init__(self, customers: int) -> None:
        self._customers = customers
        self.segment = Segment(0)

    async def page(self, cursor: str | None) -> Visits:
        begin = int(cursor or 0)
        end = min(begin + PAGE, self._customers)
        found = [
            (Customer(f"{USER}{'A' * 176}{number:07}", None), str(number + 1))
            for number in range(begin, end)
        ]
        return Visits(found, str(end) if end < self._customers else None)

    def rules_out(self, customer: Customer) -> bool:
        return False

    def ending(self, run_id: str, attempt: int) -> bool:
        return False

    def checkpoint(self, run: object, known: Segment, new: Segment) -> Segment:
        self.segment = replace(new, version=known.version + 1)
        return self.segment


class Accepting:
    """An Alexa that accepts whatever comes."""

    places = 64

    async def ready(self) -> None:
        pass

    def region(self, customer: Customer) -> Region:
        return "na"

    async def acquire(self) -> None:
        await asyncio.sleep(0)

    def release(self) -> None:
        pass

    async def send(self, region: Region, body: bytes) -> Answer:
        await asyncio.sleep(0)
        return Answer(202)

    def tell_pace(self) -> None:
        pass


class Same:
    """The same content for everybody."""

    page = 1

    async def body(self, customer: Customer, now: object) -> bytes:
        return b"{}"


def peak(customers: int) -> int:
    """Send to so many customers; return the most bytes that were held meanwhile."""
    table: Any = Table(customers)
    accepting: Any = Accepting()
    same: Any = Same()
    tools = Tools(
        runs=table,
        subscribers=table,
        visiting=table,
        noting=Noting(table),
        content=same,
        sending=accepting,
        until=float("inf"),
        now=lambda: NOW,
    )
    tracemalloc.start()
    try:
        turn = asyncio.run(Slice(run(), Segment(0), tools).work())
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert turn.done
    assert table.segment.counts[Outcome.ACCEPTED] == customers
    return held


def test_a_slice_takes_no_more_memory_for_many_customers_than_for_few() -> None:
    assert peak(MANY) <= peak(FEW) + MORE_BYTES
