"""The protocol of a run, played with workers that die anywhere and queues that repeat themselves.

Runs, worker, messages, orders and redrive are the real ones; DynamoDB, SQS and Alexa are in memory
and fail at random. However it goes, every customer must be notified once and counted once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yellowring.sender import plan
from yellowring.sender.app import Invocation, Stores
from yellowring.sender.campaign import parse_campaign
from yellowring.sender.delivery.delivering import Delivered, now_utc
from yellowring.sender.order import parse_order
from yellowring.sender.outcomes import Counts, Outcome
from yellowring.sender.redrive import redrive
from yellowring.sender.runs import Run, Runs, Segment, StaleWorker, Step
from yellowring.sender.work import RetryWork, SegmentWork, WorkQueue, read
from yellowring.sender.worker import Worker
from yellowring.subscribers import Customer, Page

from tests.unit.sender.kit import RUN_ID, SCHEDULED, campaign
from tests.unit.sender.memory import Chaos, Death, Message, Queues, RunsTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from yellowring.sender.work import Work
    from yellowring.settings import SenderSettings

WORK, DEAD = "work", "dead"
MOST_RECEIVES = 5
"""As the work queue's redrive policy has it."""
MOST_ROUNDS = 60
REACHED = (Outcome.ACCEPTED, Outcome.DUPLICATE)

OK, FLAKY, DOWN, LIMITED, REFUSED = "ok", "flaky", "down", "limited", "refused"
FATES = (OK, FLAKY, DOWN, LIMITED, REFUSED)
"""What sending to a customer comes to: reached; now and then; never while Alexa is ill; never."""

type Audience = list[list[list[str]]]
"""The fates of customers, in pages, in segments."""


class Alexa:
    """Remembers who was told, and answers by each customer's fate."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.heard: Counter[str] = Counter()
        self.ill = True

    def answer(self, user_id: str) -> Outcome | None:
        """Answer a send; ``None``: the outcome is not known."""
        fate = user_id.rpartition(".")[2]
        if fate in (LIMITED, REFUSED):
            return Outcome.LIMITED if fate == LIMITED else Outcome.REJECTED
        if self.ill and (fate == DOWN or (fate == FLAKY and self._random.random() < 0.5)):
            return None
        if self.heard[user_id]:
            return Outcome.DUPLICATE
        self.heard[user_id] += 1
        return None if self.ill and self._random.random() < 0.05 else Outcome.ACCEPTED


@dataclass
class StubbedDelivery:
    """Sends to the Alexa above; dies now and then."""

    alexa: Alexa
    chaos: Chaos
    before: Counts

    async def deliver(self, customers: Iterable[Customer], until: datetime) -> Delivered:
        """Send to each."""
        delivered = Delivered()
        for customer in customers:
            if self.chaos.random.random() < 0.1:
                await asyncio.sleep(0)
                self.chaos.may_die()
            outcome = self.alexa.answer(customer.user_id)
            if outcome is None:
                delivered.left.append(customer)
            else:
                delivered.counts.add(outcome)
            if outcome is Outcome.REJECTED:
                delivered.refused.append(customer.user_id)
        return delivered

    def must_halt(self, delivered: Delivered) -> bool:
        """Tell by the real rule."""
        return (self.before + delivered.counts).must_halt


@dataclass
class Pages:
    """An audience, given out page by page."""

    audience: Audience

    def approximate_count(self) -> int:
        """Give so many customers that each segment becomes one."""
        return len(self.audience) * plan.CUSTOMERS_PER_SEGMENT

    def scan(self, _: str, *, segment: int, cursor: str | None, **__: int) -> Page:
        """Give the page after the cursor, which is the number of the page before."""
        pages = self.audience[segment]
        at = 0 if cursor is None else int(cursor) + 1
        customers = tuple(
            Customer(f"amzn1.ask.account.{segment}.{at}.{i}.{fate}", None)
            for i, fate in enumerate(pages[at])
        )
        return Page(customers, str(at) if at + 1 < len(pages) else None)


class Marks:
    """Remembers whom the run marked as rejected."""

    def __init__(self) -> None:
        self.rejected: set[str] = set()

    def mark_rejected(self, user_id: str, _: int) -> None:
        """Mark."""
        self.rejected.add(user_id)


@dataclass(frozen=True)
class SimulatedInvocation(Invocation):
    """An invocation of the sender, but for AWS and Alexa."""

    game: Game

    def _credentials(self) -> Any:
        return None

    async def _do(self, work: Work, run: Run, _: object) -> Run:
        worker = Worker(
            self.stores.runs,
            self.stores.subscribers,
            self.stores.audience,
            self.stores.queue,
            campaign=parse_campaign(run.campaign),
            delivery=cast("Any", StubbedDelivery(self.game.alexa, self.game.chaos, run.counts)),
            personal=False,
            per_second=100,
            time_left=self.time_left,
            now=self.game.clock(),
        )
        if isinstance(work, SegmentWork):
            return await worker.segment(run, work.segment)
        return await worker.retry(run, work)


class Game:
    """One run, played to its end."""

    def __init__(
        self,
        audience: Audience,
        seed: int,
        *,
        deaths: float = 0.02,
        lost_answers: float = 0.02,
        workers: int = 4,
        firings: int = 2,
        cancel: bool = False,
    ) -> None:
        self.audience = audience
        self.random = Random(seed)  # noqa: S311
        self.chaos = Chaos(self.random, deaths, lost_answers)
        self.table = RunsTable(self.chaos)
        self.queues = Queues(self.chaos)
        self.alexa = Alexa(self.random)
        self.marks = Marks()
        self.runs = Runs(cast("Any", self.table), "runs")
        self.queue = WorkQueue(cast("Any", self.queues), WORK, DEAD)
        self.began = now_utc()
        self._workers = workers
        self._firings = firings
        self._cancel = cancel

    def clock(self) -> Callable[[], datetime]:
        """Give a worker a clock that jumps at random: some pages take long, some no time."""
        passed = [timedelta()]

        def now() -> datetime:
            passed[0] += timedelta(seconds=self.random.choice((0, 0, 1, 30)))
            return self.began + passed[0]

        return now

    def play(self, *, fire: bool = True) -> None:
        """Fire, let the workers work, send dead letters again, until there is nothing to do."""
        with (
            mock.patch.object(asyncio, "to_thread", self._interleaved),
            mock.patch.object(plan, "MOST_SEGMENTS", len(self.audience)),
        ):
            asyncio.run(self._play(fire))

    def run(self) -> Run:
        """Read the run as it is now, safely."""
        with self.chaos.calm():
            return self.runs.load(RUN_ID)

    async def _play(self, fire: bool) -> None:
        if fire:
            await self._fire()
        for number in range(MOST_ROUNDS):
            await self._drain()
            if self.queues.all_empty:
                break
            self.alexa.ill = number < MOST_ROUNDS // 3
            if number > MOST_ROUNDS // 2:
                self.chaos.deaths = self.chaos.lost_answers = 0
            self.queues.time_passes()
            with suppress(Death):
                redrive(self.runs, self.queue, RUN_ID)

    async def _drain(self) -> None:
        working: set[asyncio.Task[None]] = set()
        while self.queues.lying(WORK) or working:
            while self.queues.lying(WORK) and len(working) < self._workers:
                working.add(asyncio.create_task(self._give_out(self.queues.give_out(WORK))))
            if self._firings and self.random.random() < 0.2:
                self._firings -= 1
                working.add(asyncio.create_task(self._fire()))
            if self._cancel and self.random.random() < 0.1:
                self._cancel = False
                with self.chaos.calm():
                    self.runs.cancel(RUN_ID, self.began)
            done, working = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def _fire(self) -> None:
        """Fire the schedule; Lambda repeats an invocation that fails, twice."""
        order = parse_order({"campaign": campaign(), "scheduledTime": SCHEDULED}, self.began)
        for _ in range(2):
            with suppress(Death):
                await self._invocation().order(order)
                return
        with self.chaos.calm():
            await self._invocation().order(order)

    async def _give_out(self, message: Message) -> None:
        """Give a message to a worker; if it dies, the queue gives it out again, or gives it up."""
        if self.random.random() < 0.02:  # at least once, says SQS
            self.queues.lying(WORK).append(Message(message.body, message.receives))
        try:
            await self._invocation()._take(read(message.body))
            self.chaos.may_die()
        except Death:
            queue = DEAD if message.receives >= MOST_RECEIVES else WORK
            self.queues.lying(queue).append(message)

    def _invocation(self) -> SimulatedInvocation:
        stores = Stores(
            self.runs,
            cast("Any", None),
            cast("Any", self.marks),
            cast("Any", Pages(self.audience)),
            self.queue,
            cast("Any", None),
            None,
        )
        settings = cast("SenderSettings", None)
        return SimulatedInvocation(settings, stores, timedelta(minutes=5), self)

    async def _interleaved(self, call: Callable[..., Any], *args: Any, **named: Any) -> Any:
        for _ in range(self.random.randrange(3)):
            await asyncio.sleep(0)
        return call(*args, **named)


def assert_all_is_right(game: Game) -> None:
    """Everybody was told once, counted once, and nothing is left over."""
    run = game.run()
    fates = Counter(fate for pages in game.audience for page in pages for fate in page)
    assert (run.status, run.segments, run.retries) == ("completed", {}, {})
    assert run.counts[Outcome.LIMITED] == fates[LIMITED]
    assert run.counts[Outcome.REJECTED] == fates[REFUSED]
    reached = fates[OK] + fates[FLAKY] + fates[DOWN]
    assert sum(run.counts[outcome] for outcome in REACHED) == reached
    assert sum(run.counts.by_outcome.values()) == fates.total()
    assert (len(game.alexa.heard), game.alexa.heard.total()) == (reached, reached)
    assert game.table.statuses == ["running", "completed"] * (len(game.table.statuses) // 2)
    assert game.queues.all_empty


def random_audience(seed: int, segments: int, pages: int, customers: int) -> Audience:
    """Make customers most of whom can be reached; the numbers are the most there are of each."""
    random = Random(seed)  # noqa: S311
    fates = random.choices(FATES, (90, 6, 1, 1, 2), k=segments * pages * customers)
    return [
        [
            [fates.pop() for _ in range(random.randint(0, customers))]
            for _ in range(random.randint(1, pages))
        ]
        for _ in range(segments)
    ]


pages_of_fates = st.lists(
    st.lists(st.sampled_from((OK, OK, OK, FLAKY, DOWN, LIMITED)), max_size=6),
    min_size=1,
    max_size=4,
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(pages_of_fates, min_size=1, max_size=3),
    st.integers(0, 2**32),
    st.sampled_from((0.0, 0.01, 0.03, 0.08)),
    st.sampled_from((0.0, 0.02, 0.1)),
)
def test_a_small_run_ends_right_however_it_goes(
    audience: Audience, seed: int, deaths: float, lost_answers: float
) -> None:
    game = Game(audience, seed, deaths=deaths, lost_answers=lost_answers)
    game.play()
    assert_all_is_right(game)


@pytest.mark.parametrize("seed", range(3))
def test_a_run_of_fifty_segments_ends_right_through_many_deaths(seed: int) -> None:
    game = Game(random_audience(seed, 50, 3, 12), seed, workers=10, firings=3)
    game.play()
    assert_all_is_right(game)


@pytest.mark.slow
def test_a_run_of_a_thousand_segments_ends_right_through_thousands_of_deaths() -> None:
    game = Game(random_audience(7, 1000, 3, 20), 7, deaths=0.03, workers=50, firings=3)
    game.play()
    assert_all_is_right(game)
    assert game.chaos.happened > 1000


@pytest.mark.parametrize("seed", range(20))
def test_a_run_that_is_refused_halts_once_marks_nobody_and_leaves_no_work(seed: int) -> None:
    game = Game([[[REFUSED] * 15] * 3] * 4, seed)
    game.play()
    assert game.table.statuses == ["running", "halted"]
    assert game.queues.all_empty
    assert game.marks.rejected == set()


@pytest.mark.parametrize("seed", range(20))
def test_a_run_that_is_cancelled_stays_so_and_leaves_no_work(seed: int) -> None:
    game = Game(random_audience(seed, 4, 3, 12), seed, cancel=True)
    game.play()
    assert "cancelled" not in game.table.statuses[:-1]
    assert not game.queues.lying(WORK)
    assert max(game.alexa.heard.values(), default=1) == 1


FIRST, SECOND = Segment(1, "cursor", "me"), Segment(2, "later", "me")


@pytest.fixture
def game() -> Game:
    """A game with one segment, whose run has started and where nothing fails."""
    game = Game([[[OK]]], 0, deaths=0, lost_answers=0, firings=0)
    document = {"campaign": campaign(), "scheduledTime": SCHEDULED}
    game.runs.start(plan.plan(parse_order(document, game.began), lambda: 1))
    return game


def test_a_worker_whose_update_was_taken_but_not_answered_is_not_stale(game: Game) -> None:
    game.chaos.lost_answers = 1
    run = game.runs.advance(RUN_ID, 0, Segment(), FIRST, Step(Counts({Outcome.ACCEPTED: 3})))
    assert (run.segments, run.counts[Outcome.ACCEPTED]) == ({0: FIRST}, 3)


def test_a_worker_that_another_has_overtaken_is_stale(game: Game) -> None:
    game.runs.advance(RUN_ID, 0, Segment(), FIRST, Step(Counts()))
    for late in (replace(FIRST, by="you"), replace(SECOND, by="you")):
        with pytest.raises(StaleWorker):
            game.runs.advance(RUN_ID, 0, Segment(), late, Step(Counts()))


def retry(number: int) -> RetryWork:
    """Make a retry of two customers, in its last attempt."""
    customers = tuple(Customer(f"amzn1.ask.account.{number}.{i}", None) for i in range(2))
    return RetryWork(RUN_ID, 5, "0/0", customers)


def test_customers_whom_the_queue_gave_up_by_itself_are_taken_back(game: Game) -> None:
    waiting = retry(1)
    game.runs.advance(RUN_ID, 0, Segment(), None, Step(Counts(), retries={waiting.key: 2}))
    game.queue.give_up(waiting)
    assert redrive(game.runs, game.queue, RUN_ID) == 2
    assert read(game.queues.lying(WORK)[0].body) == waiting
    assert game.run().retries == {waiting.key: 2}
    assert not game.queues.lying(DEAD)


def test_a_dead_letter_that_was_written_twice_takes_back_its_own_customers_once(game: Game) -> None:
    one, other = retry(1), retry(2)
    failed = Step(Counts({Outcome.FAILED: 4}), dead={one.key: 2, other.key: 2})
    game.runs.advance(RUN_ID, 0, Segment(), None, failed)
    game.queue.give_up(one)
    assert redrive(game.runs, game.queue, RUN_ID) == 2
    (taken,) = game.run().retries
    game.runs.settle(RUN_ID, taken, Step(Counts({Outcome.ACCEPTED: 2})))
    for letter in (one, other):
        game.queue.give_up(letter)
    assert redrive(game.runs, game.queue, RUN_ID) == 2
    run = game.run()
    assert (run.counts[Outcome.FAILED], run.counts[Outcome.ACCEPTED]) == (0, 2)
    assert sum(run.retries.values()) == 2
    assert not game.queues.lying(DEAD)


def test_a_dead_letter_of_a_run_that_only_has_to_be_ended_goes_to_a_worker(game: Game) -> None:
    settled = retry(1)
    game.runs.advance(RUN_ID, 0, Segment(), None, Step(Counts({Outcome.ACCEPTED: 2})))
    game.queue.give_up(settled)
    assert redrive(game.runs, game.queue, RUN_ID) == 0
    assert not game.queues.lying(DEAD)
    game.play(fire=False)
    assert game.run().status == "completed"


def test_a_dead_letter_whose_writer_died_before_saying_so_stays(game: Game) -> None:
    game.queue.give_up(retry(1))
    assert redrive(game.runs, game.queue, RUN_ID) == 0
    assert len(game.queues.lying(DEAD)) == 1


@pytest.mark.parametrize(("minutes", "attempt"), [(0, 2), (60, 3)])
def test_an_attempt_for_which_there_was_no_time_does_not_count(
    game: Game, minutes: int, attempt: int
) -> None:
    waiting = RetryWork(RUN_ID, 2, "0/0", (Customer(f"amzn1.ask.account.1.{DOWN}", None),))
    game.runs.advance(RUN_ID, 0, Segment(), None, Step(Counts(), retries={waiting.key: 1}))
    invocation = replace(game._invocation(), time_left=timedelta(minutes=minutes))
    asyncio.run(invocation._take(waiting))
    game.queues.time_passes()
    (again,) = (read(message.body) for message in game.queues.lying(WORK))
    assert isinstance(again, RetryWork)
    assert (again.attempt, again.customers) == (attempt, waiting.customers)
    assert game.run().retries == {again.key: 1}


def random_steps(began: datetime) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Make calls of the runs' store, by name, with their arguments after the run's id."""
    random = Random(11)  # noqa: S311
    for _ in range(300):
        at, key = Segment(random.randrange(3)), f"r{random.randrange(6)}"
        to = None if random.random() < 0.1 else Segment(at.page + 1, "cursor", "me")
        counts = Counts({random.choice(tuple(Outcome)): random.randrange(5)})
        step = Step(
            counts,
            retries={other: 2 for other in ("r1", "r2", "r3") if other != key},
            dead={f"r{random.randrange(6)}": 2} if random.random() < 0.2 else {},
        )
        yield random.choice(
            (
                ("advance", (random.randrange(10), at, to, step)),
                ("settle", (key, step)),
                ("settle", (key, Step(counts))),
                ("reopen", (key, f"again {key}", 2)),
                ("complete", (began,)),
            )
        )
    yield "halt", (began, "why", Step(Counts({Outcome.FAILED: 1})))
    yield "cancel", (began,)
    yield "load", ()


def test_the_table_in_memory_does_what_moto_does(aws: DynamoDBClient) -> None:
    memory = RunsTable(Chaos(Random(0)))  # noqa: S311
    both = [Runs(cast("DynamoDBClient", memory), "runs"), Runs(aws, "runs")]
    began = now_utc()
    document = {"campaign": campaign(), "scheduledTime": SCHEDULED}
    new = plan.plan(parse_order(document, began), lambda: 10 * plan.CUSTOMERS_PER_SEGMENT)

    def outcome(runs: Runs, method: str, arguments: tuple[object, ...]) -> object:
        try:
            return getattr(runs, method)(RUN_ID, *arguments)
        except StaleWorker:
            return "stale"

    assert both[0].start(new) == both[1].start(new) == new
    changed: Counter[str] = Counter()
    for method, arguments in random_steps(began):
        ours, motos = (outcome(runs, method, arguments) for runs in both)
        assert ours == motos, (method, arguments)
        changed[method] += ours not in ("stale", None)
    assert both[0].start(new) == both[1].start(new) != new
    assert min(changed["advance"], changed["settle"]) > 10
