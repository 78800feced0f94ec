"""The pace: never faster than allowed, shared fairly, slower after a 429, and up again."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yellowring.sender.pace import Pace, Second, back_off
from yellowring.sender.seconds import SharedSeconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb.client import DynamoDBClient


class Time:
    """A clock that goes on only when everybody waits."""

    def __init__(self) -> None:
        self.now = 1_795_165_200.25
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, woken))
        await woken

    async def stall(self, seconds: float) -> None:
        """Let time pass without waking anybody: the machine has something else to do."""
        self.now += seconds
        await settle()

    async def run(self, seconds: float) -> None:
        """Let time pass, waking whoever's time has come."""
        end = self.now + seconds
        while True:
            await settle()
            self._sleepers.sort(key=lambda sleeper: sleeper[0])
            if not self._sleepers or self._sleepers[0][0] > end:
                self.now = end
                return
            due, woken = self._sleepers.pop(0)
            self.now = max(self.now, due)
            woken.set_result(None)


async def settle() -> None:
    """Let everything that can go on go on."""
    for _ in range(30):
        await asyncio.sleep(0)


class InMemory:
    """The shared second without a database."""

    def __init__(self) -> None:
        self.second: Second | None = None

    async def read(self) -> Second | None:
        return self.second

    async def begin(self, latest: Second | None, new: Second) -> bool:
        if (self.second and self.second.number) != (latest and latest.number):
            return False
        self.second = new
        return True

    async def take(self, known: Second, turns: int, workers: int, throttled: int) -> Second | None:
        now = self.second
        if now is None or now.number != known.number:
            return None
        if turns and now.taken > known.limit - turns:
            return None
        self.second = replace(
            now,
            taken=now.taken + turns,
            workers=now.workers + workers,
            throttled=now.throttled + throttled,
        )
        return self.second


def sent(
    workers: int, most: int, seconds: float, admit: Callable[[float, list[float]], bool]
) -> tuple[list[float], list[list[float]]]:
    """Let workers send for some seconds; give when each request that was admitted was made."""

    async def scenario() -> tuple[list[float], list[list[float]]]:
        time, shared = Time(), InMemory()
        accepted: list[float] = []
        by_worker: list[list[float]] = [[] for _ in range(workers)]

        async def worker(mine: list[float]) -> None:
            pace = Pace(shared, most, clock=time.clock, sleep=time.sleep)
            while True:
                await pace.turn()
                if admit(time.now, accepted):
                    accepted.append(time.now)
                    mine.append(time.now)
                else:
                    pace.throttled()

        tasks = [asyncio.create_task(worker(mine)) for mine in by_worker]
        await time.run(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return accepted, by_worker

    return asyncio.run(scenario())


def most_in_a_second(moments: list[float]) -> int:
    """Give the most that fall into any second, wherever it begins."""
    most = start = 0
    for end, moment in enumerate(moments):
        while moment - moments[start] >= 1:
            start += 1
        most = max(most, end - start + 1)
    return most


@pytest.mark.parametrize("workers", [1, 4])
def test_no_second_has_more_than_a_tenth_above_the_most(workers: int) -> None:
    accepted, _ = sent(workers, 40, 6, lambda *_: True)
    assert most_in_a_second(accepted) <= 44
    assert len(accepted) >= 40 * 5


def test_workers_that_stall_do_not_catch_up_in_a_burst() -> None:
    moments: list[float] = []

    async def sender(pace: Pace, time: Time) -> None:
        while True:
            await pace.turn()
            moments.append(time.now)

    async def scenario() -> None:
        time, shared = Time(), InMemory()
        paces = [Pace(shared, 200, 4, clock=time.clock, sleep=time.sleep) for _ in range(4)]
        tasks = [asyncio.create_task(sender(pace, time)) for pace in paces for _ in range(64)]
        await time.run(2.15)
        for _ in range(3):  # at a different part of the second each time
            await time.stall(0.3)
            await time.run(1.85)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(scenario())
    assert most_in_a_second(moments) <= 220
    assert len(moments) >= 0.85 * 200 * 7.5


def test_workers_get_about_the_same() -> None:
    _, by_worker = sent(4, 40, 8, lambda *_: True)
    counts = sorted(len(mine) for mine in by_worker)
    assert counts[0] >= counts[-1] * 0.6


def test_where_alexa_allows_half_most_of_that_half_is_used() -> None:
    def half(now: float, accepted: list[float]) -> bool:
        return sum(1 for moment in accepted[-60:] if int(moment) == int(now)) < 50

    accepted, _ = sent(2, 100, 25, half)
    settled = [moment for moment in accepted if moment >= accepted[0] + 10]
    assert len(settled) / 15 >= 0.85 * 50


def test_429s_that_come_at_any_pace_do_not_bring_it_to_a_halt() -> None:
    dice = random.Random(1)  # noqa: S311 - repeatable, not secret
    accepted, _ = sent(2, 200, 40, lambda *_: dice.random() >= 0.1)
    settled = [moment for moment in accepted if moment >= accepted[0] + 20]
    assert len(settled) / 20 >= 0.12 * 200


def test_the_limit_falls_by_the_share_of_429s_of_what_it_was_when_they_were_met() -> None:
    met = Second(7, 200, taken=200)
    told = Second(8, 204, taken=204, throttled=100, before=met)
    assert told.next(9, 200).limit == 100 + 4
    assert Second(8, 104, taken=104, before=met).next(9, 200).limit == 104 + 4


def test_when_all_is_refused_a_little_is_still_tried() -> None:
    met = Second(7, 200, taken=200)
    told = Second(8, 200, taken=200, throttled=200, before=met)
    assert told.next(9, 200).limit == 4
    assert told.next(9, 10).limit == 1


@given(limit=st.integers(1, 10_000), most=st.integers(1, 10_000), elapsed=st.integers(1, 100_000))
def test_the_limit_comes_up_with_time_and_never_above_the_most(
    limit: int, most: int, elapsed: int
) -> None:
    limit = min(limit, most)
    later = Second(0, limit).next(elapsed, most)
    assert limit <= later.limit <= most
    assert elapsed < 100 or later.limit == most


@given(
    second=st.builds(
        Second,
        st.just(1),
        st.integers(1, 1000),
        st.integers(0, 1000),
        st.integers(0, 50),
        st.integers(0, 50),
        st.builds(Second, st.just(0), st.just(9), st.just(9), st.integers(0, 50)),
    ).filter(lambda second: second.taken <= second.limit),
    expected=st.integers(1, 50),
)
def test_a_share_never_passes_the_limit(second: Second, expected: int) -> None:
    assert 0 <= second.share(expected) <= second.limit - second.taken


def test_the_table_keeps_the_second_as_memory_does(aws: DynamoDBClient) -> None:
    asyncio.run(_use(SharedSeconds(aws, "runs")))


async def _use(shared: SharedSeconds) -> None:
    assert await shared.read() is None
    first = Second(7, 100)
    assert await shared.begin(None, first)
    assert not await shared.begin(None, first)
    assert await shared.take(first, 60, 1, 0) == Second(7, 100, 60, 1)
    assert await shared.take(first, 60, 1, 0) is None
    assert await shared.take(first, 40, 1, 0) == Second(7, 100, 100, 2)
    assert await shared.take(first, 1, 0, 0) is None
    assert await shared.take(first, 0, 1, 20) == Second(7, 100, 100, 3, 20)
    latest = await shared.read()
    assert latest is not None
    assert await shared.begin(latest, latest.next(8, 100))
    assert await shared.read() == Second(8, 82, before=latest)


def test_back_off_is_jittered_under_a_doubling_bound_that_ends() -> None:
    for attempt in range(12):
        waits = [back_off(attempt) for _ in range(50)]
        assert 0 <= min(waits) <= max(waits) <= min(5.0, 0.2 * 2**attempt)
