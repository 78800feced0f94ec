"""The pace: never faster than allowed, shared fairly, slower after a 429, and up again."""

from __future__ import annotations

import asyncio
import math
import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from yellowring.sender.delivery.rate_limiter import RateLimiter, back_off
from yellowring.sender.delivery.window import SharedWindow, Window

from tests.unit.sender.delivery.virtual import InMemory, Time, play

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from mypy_boto3_dynamodb.client import DynamoDBClient


def sent(
    workers: int, most: int, seconds: float, admit: Callable[[float, list[float]], bool]
) -> tuple[list[float], list[list[float]]]:
    """Let workers send for some seconds; return when each request that was admitted was made."""
    accepted: list[float] = []
    by_worker: list[list[float]] = [[] for _ in range(workers)]

    async def scenario(time: Time) -> None:
        shared = InMemory()

        async def worker(mine: list[float]) -> None:
            limiter = RateLimiter(shared, most, clock=time.clock, sleep=time.sleep)
            while True:
                await limiter.acquire()
                if admit(time.now, accepted):
                    accepted.append(time.now)
                    mine.append(time.now)
                else:
                    limiter.slow_down()

        for mine in by_worker:
            start(worker(mine))
        await time.run(seconds)

    play(scenario)
    return accepted, by_worker


def campaigns(limiters: Iterable[RateLimiter], time: Time, senders: int = 1) -> list[list[float]]:
    """Start workers that send without end; return the lists of when each does."""
    moments: list[list[float]] = []

    async def send(limiter: RateLimiter, mine: list[float]) -> None:
        while True:
            await limiter.acquire()
            mine.append(time.now)

    for limiter in limiters:
        moments.append([])
        for _ in range(senders):
            start(send(limiter, moments[-1]))
    return moments


def together(moments: list[list[float]]) -> list[float]:
    return sorted(moment for mine in moments for moment in mine)


_tasks: set[asyncio.Task[None]] = set()


def start(work: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(work)
    _tasks.add(task)  # the loop itself holds tasks weakly
    task.add_done_callback(_tasks.discard)


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
    moments: list[list[float]] = []

    async def scenario(time: Time) -> None:
        shared = InMemory()
        limiters = [
            RateLimiter(shared, 200, 4, clock=time.clock, sleep=time.sleep) for _ in range(4)
        ]
        moments.extend(campaigns(limiters, time, senders=64))
        await time.run(2.15)
        for _ in range(3):  # at a different part of the second each time
            await time.stall(0.3)
            await time.run(1.85)

    play(scenario)
    assert most_in_a_second(together(moments)) <= 220
    assert len(together(moments)) >= 0.85 * 200 * 7.5


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
    met = Window(7, 200, taken=200)
    told = Window(8, 204, taken=204, slowed=100, before=met)
    assert told.next(9, 200).limit == 100 + 4
    assert Window(8, 104, taken=104, before=met).next(9, 200).limit == 104 + 4


def test_when_all_is_refused_a_little_is_still_tried() -> None:
    met = Window(7, 200, taken=200)
    told = Window(8, 200, taken=200, slowed=200, before=met)
    assert told.next(9, 200).limit == 4
    assert told.next(9, 10).limit == 1


@given(limit=st.integers(1, 10_000), most=st.integers(1, 10_000), elapsed=st.integers(1, 100_000))
def test_the_limit_comes_up_with_time_and_never_above_the_most(
    limit: int, most: int, elapsed: int
) -> None:
    limit = min(limit, most)
    later = Window(0, limit).next(elapsed, most)
    assert limit <= later.limit <= most
    assert elapsed < 100 or later.limit == most


@given(
    window=st.builds(
        Window,
        st.just(1),
        st.integers(1, 1000),
        st.integers(0, 1000),
        urgent=st.integers(0, 50),
        owed=st.integers(0, 1000),
        workers=st.integers(0, 50),
        before=st.builds(Window, st.just(0), st.just(9), st.just(9), workers=st.integers(0, 50)),
    ),
    expected=st.integers(1, 50),
)
def test_a_share_never_passes_the_room(window: Window, expected: int) -> None:
    share = window.share(expected)
    assert 0 <= share <= max(0, window.limit - window.owed - window.taken)
    assert share >= min(1, window.room)
    assert share <= max(1, window.limit // expected)


def test_what_notifications_took_beyond_the_limit_is_owed_in_the_next_window() -> None:
    full = Window(7, 100, taken=90, urgent=30, owed=10)
    assert full.urgent_room == 70
    assert full.next(8, 100).owed == 30
    assert full.next(8, 100).room == 70
    assert full.next(9, 100).owed == 0
    assert Window(8, 40, owed=20).share(4) == 5
    assert Window(7, 100, taken=60, urgent=40).next(8, 100).owed == 0


def test_only_the_window_right_before_is_kept() -> None:
    first = Window(7, 100, taken=90, workers=2)
    second = first.next(8, 100)
    assert second.before == first
    assert second.next(9, 100).before == Window(8, 100)
    assert first.next(9, 100).before is None


def test_what_slowed_notifications_lowers_the_limit_too() -> None:
    met = Window(7, 100, taken=50, urgent=50)
    assert Window(8, 100, slowed=50, before=met).next(9, 100).limit == 50 + 2


@pytest.mark.parametrize("skews", [(0, 0, 60), (0, -60, 0), (60, -60, 30.5), (0.4, -0.3, 0.1)])
def test_skewed_clocks_neither_burst_nor_stall(skews: tuple[float, ...]) -> None:
    moments: list[list[float]] = []
    began = Time().now

    async def scenario(time: Time) -> None:
        dice = random.Random(3)  # noqa: S311 - repeatable, not secret
        shared = InMemory(lambda: time.sleep(dice.uniform(0.002, 0.03)))
        for skew in skews:
            limiter = RateLimiter(shared, 30, 3, clock=time.skewed(skew), sleep=time.sleep)
            moments.extend(campaigns([limiter], time))
            await time.run(0.5)
        await time.run(20)

    play(scenario)
    settled = [moment for moment in together(moments) if moment >= began + 4]
    assert most_in_a_second(together(moments)) <= 30 * 1.2
    assert most_in_a_second(settled) <= 30 * 1.1 + 1
    assert len(settled) >= 0.85 * 30 * 17
    for mine in moments:
        assert len(mine) >= 0.5 * 10 * 17
        assert max(later - earlier for earlier, later in pairwise(mine)) <= 1.1


def test_a_window_ahead_is_not_waited_for_when_whoever_began_it_is_gone() -> None:
    moments: list[list[float]] = []

    async def scenario(time: Time) -> None:
        shared = InMemory()
        shared.window = Window(math.floor(time.now) + 60, 30, taken=30, workers=1)
        limiter = RateLimiter(shared, 30, clock=time.clock, sleep=time.sleep)
        moments.extend(campaigns([limiter], time))
        await time.run(10)

    play(scenario)
    assert len(moments[0]) >= 30 * 8.5
    assert most_in_a_second(moments[0]) <= 33


def test_a_window_ahead_is_not_taken_whole() -> None:
    moments: list[list[float]] = []

    async def scenario(time: Time) -> None:
        shared = InMemory()
        limiter = RateLimiter(shared, 40, clock=time.clock, sleep=time.sleep)
        moments.extend(campaigns([limiter], time))
        await time.run(0.74)
        moments[0].clear()
        shared.window = Window(math.floor(time.now) + 60, 40, taken=10, workers=1)
        await time.run(0.9)

    play(scenario)
    assert 5 <= len(moments[0]) <= 20


def test_the_first_of_several_workers_leaves_the_others_their_share() -> None:
    async def scenario(time: Time) -> None:
        time.now = math.ceil(time.now)
        shared = InMemory()
        await RateLimiter(shared, 40, 4, clock=time.clock, sleep=time.sleep).acquire()
        assert shared.window == Window(int(time.now), 40, taken=10, workers=1)

    play(scenario)


def test_what_was_not_sent_in_its_window_is_lost() -> None:
    async def scenario(time: Time) -> None:
        time.now = math.ceil(time.now)
        shared = InMemory()
        limiter = RateLimiter(shared, 40, clock=time.clock, sleep=time.sleep)
        await limiter.acquire()
        await time.run(1.3)
        await limiter.acquire()
        assert shared.window is not None
        assert (shared.window.number, shared.window.taken) == (int(time.now), 28)

    play(scenario)


def test_a_worker_keeps_its_spacing_from_one_window_to_the_next() -> None:
    async def scenario(time: Time) -> None:
        time.now = math.ceil(time.now) + 0.4
        limiter = RateLimiter(InMemory(), 1, clock=time.clock, sleep=time.sleep)
        moments = campaigns([limiter], time)[0]
        await time.run(10)
        assert len(moments) >= 9
        assert min(later - earlier for earlier, later in pairwise(moments)) >= 0.95

    play(scenario)


def test_a_newcomer_counts_what_was_sent_last_for_its_clock_may_be_ahead() -> None:
    async def scenario(time: Time) -> None:
        shared = InMemory()
        before = Window(math.floor(time.now) - 41, 30, taken=15, urgent=5, workers=1)
        shared.window = Window(before.number + 1, 30, taken=1, workers=1, before=before)
        limiter = RateLimiter(shared, 30, clock=time.clock, sleep=time.sleep)
        await limiter.acquire()
        assert shared.window.owed == 20
        await time.run(40)
        await limiter.acquire()
        assert shared.window.owed == 0

    play(scenario)


@pytest.mark.parametrize(("most", "workers"), [(1, 4), (5, 4), (50, 4), (200, 1)])
def test_a_campaign_delays_a_notification_by_less_than_two_seconds(most: int, workers: int) -> None:
    waits: list[float] = []
    moments: list[list[float]] = []

    async def scenario(time: Time) -> None:
        dice = random.Random(5)  # noqa: S311 - repeatable, not secret
        shared = InMemory(lambda: time.sleep(dice.uniform(0.002, 0.03)))

        def limiter() -> RateLimiter:
            return RateLimiter(shared, most, workers, clock=time.clock, sleep=time.sleep)

        moments.extend(campaigns([limiter() for _ in range(workers)], time))
        urgent = limiter()

        async def notify() -> None:
            asked = time.now
            await urgent.acquire_urgent()
            waits.append(time.now - asked)
            moments[0].append(time.now)

        for _ in range(20):
            await time.run(dice.uniform(1.1, 3))
            start(notify())
        await time.run(3)

    play(scenario)
    assert len(waits) == 20
    assert max(waits) <= 2
    elapsed = together(moments)[-1] - together(moments)[0]
    assert 0.8 * most <= len(together(moments)) / elapsed <= 1.05 * most + 1 / elapsed


def test_notifications_alone_keep_to_the_limit() -> None:
    moments: list[float] = []

    async def scenario(time: Time) -> None:
        shared = InMemory()
        limiter = RateLimiter(shared, 10, clock=time.clock, sleep=time.sleep)

        async def notify() -> None:
            await limiter.acquire_urgent(25)
            moments.append(time.now)

        start(notify())
        await time.run(1.7)
        assert moments == []
        await time.run(1.2)

    play(scenario)
    assert len(moments) == 1


def test_notifications_do_not_wait_for_a_campaigns_turn_in_the_same_worker() -> None:
    async def scenario(time: Time) -> None:
        limiter = RateLimiter(InMemory(), 1, clock=time.clock, sleep=time.sleep)
        campaigns([limiter], time)
        await time.run(1)
        notified = asyncio.create_task(limiter.acquire_urgent())
        await time.run(0)
        assert notified.done()

    play(scenario)


def test_the_limit_in_force_is_told() -> None:
    async def scenario(time: Time) -> None:
        limiter = RateLimiter(InMemory(), 50, clock=time.clock, sleep=time.sleep)
        assert limiter.per_second is None
        await campaign_of(limiter, 50, time)
        assert limiter.per_second == 50
        for _ in range(25):
            limiter.slow_down()
        await campaign_of(limiter, 80, time)
        assert limiter.per_second is not None
        assert limiter.per_second <= 30

    play(scenario)


async def campaign_of(limiter: RateLimiter, requests: int, time: Time) -> None:
    async def send() -> None:
        for _ in range(requests):
            await limiter.acquire()

    sending = asyncio.create_task(send())
    while not sending.done():
        await time.run(0.1)


@pytest.fixture(autouse=True)
def _repeatable() -> None:
    random.seed(1)


class Failing:
    """A table whose calls fail by turns, as it is told."""

    def __init__(self, share: float, error: Exception) -> None:
        self.calls = 0
        self._share = share
        self._error = error
        self._dice = random.Random(9)  # noqa: S311 - repeatable, not secret

    async def call(self) -> None:
        self.calls += 1
        if self._dice.random() < self._share:
            raise self._error


THROTTLED = ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")


@pytest.mark.parametrize(
    "error", [THROTTLED, TimeoutError(), EndpointConnectionError(endpoint_url="x")]
)
def test_a_table_that_fails_now_and_then_is_asked_again(error: Exception) -> None:
    moments: list[list[float]] = []

    async def scenario(time: Time) -> None:
        shared = InMemory(Failing(0.1, error).call)
        limiters = [
            RateLimiter(shared, 20, 2, clock=time.clock, sleep=time.sleep) for _ in range(2)
        ]
        moments.extend(campaigns(limiters, time))
        await time.run(20)

    play(scenario)
    assert len(together(moments)) >= 0.6 * 20 * 20
    assert most_in_a_second(together(moments)) <= 24


@pytest.mark.parametrize("most", [1, 40])
def test_without_the_table_each_worker_goes_on_at_its_share(most: int) -> None:
    moments: list[list[float]] = []
    table = Failing(1, THROTTLED)

    async def scenario(time: Time) -> None:
        shared = InMemory(table.call)
        limiters = [
            RateLimiter(shared, most, 4, clock=time.clock, sleep=time.sleep) for _ in range(4)
        ]
        moments.extend(campaigns(limiters, time))
        await time.run(40)

    play(scenario)
    assert most_in_a_second(together(moments)) <= most * 1.1 + 3
    assert 0.2 * most * 40 <= len(together(moments)) <= most * 40
    assert table.calls <= 4 * 40 * 3  # it is not hammered


def test_without_the_table_notifications_go_on() -> None:
    async def scenario(time: Time) -> None:
        shared = InMemory(Failing(1, THROTTLED).call)
        limiter = RateLimiter(shared, 10, clock=time.clock, sleep=time.sleep)
        notified = asyncio.create_task(limiter.acquire_urgent(3))
        await time.run(12)
        assert notified.done()

    play(scenario)


def test_requests_go_in_small_groups_for_a_wake_up_costs_more_than_a_request() -> None:
    async def scenario(time: Time) -> None:
        limiter = RateLimiter(InMemory(), 200, clock=time.clock, sleep=time.sleep)
        moments = campaigns([limiter], time)[0]
        await time.run(3)
        assert len(set(moments)) <= len(moments) / 4
        assert most_in_a_second(moments) <= 200 * 1.1

    play(scenario)


@pytest.fixture
def table(aws: DynamoDBClient) -> SharedWindow:
    """A runs table with nothing in it."""
    keys = {"runId": "HASH", "part": "RANGE"}
    aws.create_table(
        TableName="runs-by-part",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],  # type: ignore[typeddict-item]
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        BillingMode="PAY_PER_REQUEST",
    )
    return SharedWindow(aws, "runs-by-part")


@pytest.mark.parametrize("kept", ["table", "memory"])
def test_the_table_keeps_the_window_as_memory_does(table: SharedWindow, kept: str) -> None:
    asyncio.run(_use(table if kept == "table" else InMemory()))


async def _use(shared: SharedWindow | InMemory) -> None:
    assert await shared.read() is None
    first = Window(7, 100, owed=10)
    assert await shared.begin(None, first)
    assert not await shared.begin(None, first)
    assert not await shared.begin(Window(9, 100), Window(10, 100))
    assert await shared.take(first, 60, 1, 0) == Window(7, 100, 60, 0, 10, 1)
    assert await shared.take(first, 60, 1, 0) is None
    assert await shared.take(first, 31, 1, 0) is None
    assert await shared.take(first, 30, 1, 0) == Window(7, 100, 90, 0, 10, 2)
    assert await shared.take(first, 1, 0, 0) is None
    assert await shared.take(first, 0, 1, 20) == Window(7, 100, 90, 0, 10, 3, 20)
    assert await shared.take_urgent(first, 60, 1) == Window(7, 100, 90, 60, 10, 3, 21)
    assert await shared.take_urgent(first, 41, 0) is None
    assert await shared.take_urgent(first, 40, 0) == Window(7, 100, 90, 100, 10, 3, 21)
    latest = await shared.read()
    assert latest is not None
    new = latest.next(8, 100)
    assert await shared.begin(latest, new)
    assert await shared.take(latest, 0, 1, 0) is None
    assert await shared.take_urgent(latest, 0, 0) is None
    assert await shared.read() == new
    assert (new.owed, new.before) == (100, latest)


def test_back_off_is_jittered_under_a_doubling_bound_that_ends() -> None:
    for attempt in range(12):
        waits = [back_off(attempt) for _ in range(50)]
        assert 0 <= min(waits) <= max(waits) <= min(5.0, 0.2 * 2**attempt)
