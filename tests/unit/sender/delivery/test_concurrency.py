"""The concurrency: as much as the rate and the latency need, and not much more."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import pytest
from yellowring.sender.delivery.concurrency import LEAST, MOST, Concurrency

from tests.unit.sender.delivery.virtual import Time, play, settle

if TYPE_CHECKING:
    from collections.abc import Callable


async def send(
    time: Time, room: Concurrency, rate: float, seconds: float, latency: Callable[[], float]
) -> int:
    """Send at a rate for some seconds, of any latency; return how many were sent in time."""
    tasks = []
    sent = 0

    async def request() -> None:
        await time.sleep(latency())
        room.release()

    async def dispatch() -> None:
        nonlocal sent
        began = time.now
        for number in range(math.floor(rate * seconds)):
            due = began + number / rate
            if due > time.now:
                await time.sleep(due - time.now)
            await room.acquire()
            tasks.append(asyncio.create_task(request()))
            sent += 1

    dispatching = asyncio.create_task(dispatch())
    await time.run(seconds)
    dispatching.cancel()
    return sent


@pytest.mark.parametrize(("rate", "latency"), [(200, 0.05), (50, 0.4), (400, 0.1)])
def test_it_grows_to_what_rate_and_latency_need(rate: float, latency: float) -> None:
    async def scenario(time: Time) -> None:
        room = Concurrency(clock=time.clock)
        await send(time, room, rate, 8, lambda: latency)
        assert await send(time, room, rate, 3, lambda: latency) >= rate * 3 - 1
        assert rate * latency * 1.5 <= room.limit <= rate * latency * 4

    play(scenario)


def test_it_shrinks_when_the_latency_falls() -> None:
    async def scenario(time: Time) -> None:
        room = Concurrency(clock=time.clock)
        await send(time, room, 100, 10, lambda: 1.0)
        assert room.limit >= 150
        await send(time, room, 100, 10, lambda: 0.1)
        assert room.limit <= 40

    play(scenario)


def test_it_never_leaves_its_bounds() -> None:
    async def scenario(time: Time) -> None:
        room = Concurrency(clock=time.clock)
        assert room.limit == LEAST
        await send(time, room, 5, 5, lambda: 0.01)
        assert room.limit == LEAST
        await send(time, room, 500, 30, lambda: 2.0)
        assert room.limit == room.under_way == MOST

    play(scenario)


def test_no_more_are_under_way_than_there_is_room_for() -> None:
    async def scenario(time: Time) -> None:
        room = Concurrency(3, 3, clock=time.clock)
        acquired = [asyncio.create_task(room.acquire()) for _ in range(5)]
        await settle()
        assert [each.done() for each in acquired] == [True] * 3 + [False] * 2
        room.release()
        await settle()
        assert [each.done() for each in acquired] == [True] * 4 + [False]
        assert room.under_way == 3

    play(scenario)


def test_who_waited_is_why_it_grows() -> None:
    async def scenario(time: Time) -> None:
        rooms = [Concurrency(4, clock=time.clock) for _ in range(2)]
        for room, requests in zip(rooms, (5, 4), strict=True):
            for _ in range(requests):
                asyncio.create_task(room.acquire())  # noqa: RUF006 - ended with the scenario
        await settle()
        for _ in range(4):  # so short that little room is needed
            for room in rooms:
                room.release()
        await time.run(0.6)
        for room in rooms:
            await room.acquire()
        assert [room.limit for room in rooms] == [6, 4]

    play(scenario)


def test_who_waits_is_let_in_when_it_grows() -> None:
    async def scenario(time: Time) -> None:
        room = Concurrency(4, clock=time.clock)
        acquired = [asyncio.create_task(room.acquire()) for _ in range(6)]
        await time.run(0.6)
        assert not acquired[-1].done()
        await room.acquire()
        await settle()
        assert all(each.done() for each in acquired)
        assert room.under_way == 7

    play(scenario)


@pytest.mark.parametrize("given", [False, True])
def test_who_gives_up_waiting_takes_no_place(given: bool) -> None:
    async def scenario(time: Time) -> None:
        room = Concurrency(1, 1, clock=time.clock)
        await room.acquire()
        waiting = asyncio.create_task(room.acquire())
        await settle()
        if given:
            room.release()
        waiting.cancel()
        await settle()
        if not given:
            room.release()
        assert room.under_way == 0

    play(scenario)
