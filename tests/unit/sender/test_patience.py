"""How long a delivery waits: never beyond the time that its worker has."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from yellowring.alexa.calls import Answer
from yellowring.sender.content import SameForAll
from yellowring.sender.delivery.delivering import Delivery, now_utc
from yellowring.sender.order import parse_order
from yellowring.sender.outcomes import Counts, Outcome
from yellowring.sender.plan import plan, request
from yellowring.subscribers import Customer

from tests.unit.sender.kit import SCHEDULED, campaign

if TYPE_CHECKING:
    from yellowring.sender.delivery.delivering import Delivered

CUSTOMERS = [Customer(f"amzn1.ask.account.{number}", None) for number in range(200)]
LONG = 30.0
"""Seconds; a delivery that waits so long has lost its worker."""


class Throttling:
    """An Alexa that is busy for the next hour."""

    async def ready(self) -> None:
        pass

    async def send(self, *_: object) -> Answer:
        return Answer(429, retry_after=3600)


class Limiter:
    """Lets some requests go, then none for ever."""

    def __init__(self, turns: int) -> None:
        self.turns = turns
        self.asked = 0

    async def acquire(self) -> None:
        self.asked += 1
        if self.asked > self.turns:
            await asyncio.Event().wait()

    def slow_down(self) -> None:
        pass


def delivered(limiter: Limiter, time_left: float, counted: int = 20) -> Delivered:
    """Deliver to all customers within a time in seconds, after so many were accepted."""
    order = parse_order({"campaign": campaign(), "scheduledTime": SCHEDULED}, now_utc())
    event = request(plan(order, lambda: 1), order.campaign)
    delivery = Delivery(
        cast("Any", Throttling()),
        event,
        SameForAll(event.unicast()),
        cast("Any", limiter),
        home="na",
        before=Counts({Outcome.ACCEPTED: counted}),
    )

    async def deliver() -> Delivered:
        async with asyncio.timeout(LONG):
            return await delivery.deliver(CUSTOMERS, now_utc() + timedelta(seconds=time_left))

    return asyncio.run(deliver())


def test_a_retry_after_that_is_longer_than_the_time_leaves_the_customer_for_later() -> None:
    assert len(delivered(Limiter(10_000), LONG * 2).left) == len(CUSTOMERS)


@pytest.mark.parametrize("counted", [0, 20])
def test_a_turn_that_does_not_come_is_not_waited_for_beyond_the_time(counted: int) -> None:
    assert len(delivered(Limiter(3), 0.2, counted).left) == len(CUSTOMERS)


def test_no_turn_is_taken_when_the_time_is_up() -> None:
    limiter = Limiter(0)
    assert len(delivered(limiter, 0).left) == len(CUSTOMERS)
    assert limiter.asked == 0
