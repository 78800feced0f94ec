"""The workers of a game: each has a clock of its own, its ways to the world, and one death."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ReadTimeoutError
from yellowring.alexa import TokenUnavailable

from tests.unit.sender.game.alexa import within
from tests.unit.sender.game.memory import MemoryRuns

if TYPE_CHECKING:
    from collections.abc import Callable

    from yellowring.alexa import Region
    from yellowring.alexa.proactive_events import Answer
    from yellowring.sender.run.run import Ending, Run, Segment

    from tests.unit.sender.game.play import Game
    from tests.unit.sender.game.virtual_time import VirtualLoop

BEGINNING = datetime(2026, 11, 20, 9, tzinfo=UTC)


class Death(BaseException):
    """The worker was killed; nothing that it does from now on has an effect."""


class Worker:
    """One invocation of the sender: it has a clock of its own, and dies for good."""

    def __init__(self, game: Game) -> None:
        self._game = game
        self._skew = game.random.uniform(-game.plan.skew / 2, game.plan.skew / 2)
        self._is_dead = False
        self.ended: asyncio.Future[tuple[str | None, Any]] = game.loop.create_future()

    def now(self) -> datetime:
        """Return the time as this worker's clock has it."""
        return BEGINNING + timedelta(seconds=self._game.loop.time() + self._skew)

    def end(self, error: str | None, result: Any = None) -> None:
        """Tell how it ended, once."""
        if not self.ended.done():
            self.ended.set_result((error, result))

    def kill(self) -> None:
        """Die."""
        if not self._is_dead and not self.ended.done():
            self._game.deaths += 1
        self._is_dead = True
        self.end("Lambda.Unknown")

    def may_die(self) -> None:
        """Die, or not; the dead do nothing more."""
        if self._game.random.random() < self._game.plan.deaths:
            self.kill()
        self.check()

    def check(self) -> None:
        """Raise where it is dead."""
        if self._is_dead:
            raise Death

    def latency(self) -> float:
        """Return the seconds that one way of a call of a table takes."""
        return self._game.random.uniform(0.001, 0.1)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
        self.check()

    def through(self, call: Callable[[], Any]) -> Any:
        """Make a call of a table; it may fail, and its caller die before and after it."""
        self.may_die()
        fate = self._game.random.random()
        if fate < self._game.plan.throttles / 2:
            code = "ProvisionedThroughputExceededException"
            raise ClientError({"Error": {"Code": code}}, "Call")
        result = call()
        if fate < self._game.plan.throttles:
            raise ReadTimeoutError(endpoint_url="https://dynamodb")
        self.may_die()
        return result


class Through:
    """What a lifecycle calls, one call after the other, with the world going on between them."""

    def __init__(self, target: object, worker: Worker, loop: VirtualLoop) -> None:
        self._target, self._worker, self._loop = target, worker, loop

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._loop.pause(self._worker.latency())
            result = self._worker.through(lambda: getattr(self._target, name)(*args, **kwargs))
            self._loop.pause(self._worker.latency())
            return result

        return call


class TimedRuns(MemoryRuns):
    """The runs table, with a note of when a run was told to end, and did."""

    def __init__(self, game: Game) -> None:
        super().__init__(lambda: game.random.random() < game.plan.lost)
        self._game = game
        self.told_to_end: dict[int, float] = {}
        self.ended_at: dict[int, float] = {}
        self.resumed_at: list[float] = []

    def end(self, run: Run, ending: Ending) -> bool:
        """Note when."""
        ends = super().end(run, ending)
        if self.runs[run.run_id].ending is not None:
            self.told_to_end.setdefault(run.attempt, self._game.loop.time())
        return ends

    def finish(self, run: Run, *args: Any, **kwargs: Any) -> bool:
        """Note when."""
        ends = super().finish(run, *args, **kwargs)
        if run.attempt in self.ended:
            self.ended_at.setdefault(run.attempt, self._game.loop.time())
        return ends

    def resume(self, *args: Any) -> bool:
        """Note when."""
        self.resumed_at.append(self._game.loop.time())
        return super().resume(*args)

    def checkpoint(self, run: Run, known: Segment, new: Segment) -> Segment:
        """See that an item stays within bounds."""
        assert len(new.waiting) + len(new.held) <= 500
        self._game.most_waiting = max(self._game.most_waiting, len(new.waiting))
        self._game.checkpoints += 1
        return super().checkpoint(run, known, new)


class Events:
    """The client of Alexa that one worker has."""

    def __init__(self, game: Game, worker: Worker) -> None:
        self._game, self._worker = game, worker

    async def ready(self) -> None:
        """Have a token."""
        self._worker.may_die()
        await self._worker.sleep(self._worker.latency())
        if within(self._game.plan.weather.no_token, self._game.loop.time()):
            raise TokenUnavailable("LWA answers 503")

    async def send(self, region: Region, body: bytes) -> Answer:
        """Send a request; the worker may die before Alexa has it, and before the answer comes."""
        game = self._game
        self._worker.may_die()
        if within(game.plan.weather.no_token, game.loop.time()) and game.random.random() < 0.2:
            raise TokenUnavailable("the token is too old, and LWA answers 503")
        game.begun.append(game.loop.time())
        await asyncio.sleep(game.random.uniform(0.01, 0.3))
        answer = game.alexa.take(body)
        await asyncio.sleep(10.0 if answer.status is None else game.random.uniform(0.01, 0.3))
        self._worker.may_die()
        return answer


class Pace:
    """The rate limiter that one worker has; all share the same rate."""

    def __init__(self, game: Game, worker: Worker) -> None:
        self._game, self._worker = game, worker
        self.per_second = game.plan.rate

    async def acquire(self) -> None:
        """Wait for a place in the row."""
        game = self._game
        now = game.loop.time()
        game.paced = max(game.paced, now) + 1 / game.plan.rate
        await self._worker.sleep(game.paced - now)

    def slow_down(self) -> None:
        """Do nothing: how the rate falls is tested elsewhere."""
