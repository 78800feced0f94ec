"""Takes skill events to the skill's function as Alexa does: again until acknowledged, in any order.

A few lanes deliver side by side, one at a time each. A customer's events share a lane, and so
keep their order, unless the faults shuffle them.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
import zlib
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from yellowring_tools.simulator.skill.events import Patience
from yellowring_tools.simulator.skill.lambda_invoker import NotAcknowledged

if TYPE_CHECKING:
    from collections.abc import Callable

    from yellowring_tools.simulator.config import SimulatorConfig
    from yellowring_tools.simulator.faults import EventFaults
    from yellowring_tools.simulator.skill.events import SkillEvent

_log = logging.getLogger(__name__)

SHUFFLE_WINDOW_S = 1.0
"""How far shuffled events are spread when the faults name no delay of their own."""


class NoFunction(Exception):
    """There is no function to deliver to."""


@dataclass(order=True, slots=True)
class _Delivery:
    due: float
    number: int
    event: SkillEvent = field(compare=False)
    tries: int = field(default=0, compare=False)
    lane: int = field(default=0, compare=False)


class Deliverer:
    """Every delivery that waits, and the threads that make them.

    Parameters
    ----------
    config
        Lanes and patience.
    invoke
        Delivers one envelope or raises `NotAcknowledged`; ``None`` keeps every event.
    monotonic
        The clock of the delays, in seconds.
    """

    def __init__(
        self,
        config: SimulatorConfig,
        invoke: Callable[[bytes], object] | None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._patience = Patience(
            config.first_retry_seconds, config.longest_retry_seconds, config.max_attempts
        )
        self._invoke = invoke
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._lanes: list[list[_Delivery]] = [[] for _ in range(config.lanes)]
        self._held: list[_Delivery] = []
        self._random = Random()  # noqa: S311 - an order, not a secret
        self._faults: EventFaults | None = None
        self._number = 0
        self._epoch = 0
        self._started = False
        self._stopped = False

    def reset(self, faults: EventFaults, seed: int) -> None:
        """Take new faults; what waits keeps the delays it has."""
        with self._changed:
            self._faults = faults
            self._random.seed(f"{seed}:deliveries")

    def clear(self) -> None:
        """Forget everything that waits; what is being delivered is not delivered again."""
        with self._changed:
            self._epoch += 1
            self._held.clear()
            for lane in self._lanes:
                lane.clear()

    def submit(self, event: SkillEvent) -> None:
        """Queue each copy of an event, or keep it where the faults say hold."""
        faults = self._faults
        assert faults is not None  # noqa: S101 - reset comes first
        with self._changed:
            for _ in range(event.copies):
                delivery = _Delivery(0, 0, event)
                if faults.hold or self._invoke is None:
                    self._held.append(delivery)
                else:
                    self._queue(delivery, self._delay(faults), shuffle=faults.shuffle)
            self._changed.notify_all()

    def flush(self) -> int:
        """Deliver now everything that waits, shuffled together where the faults say so.

        Returns
        -------
        int
            How many deliveries that is.

        Raises
        ------
        NoFunction
            When there is no function to deliver to.
        """
        if self._invoke is None:
            raise NoFunction("there is no function to deliver to; start with --function NAME")
        with self._changed:
            shuffle = self._faults is not None and self._faults.shuffle
            waiting = [delivery for lane in self._lanes for delivery in sorted(lane)]
            waiting += self._held
            self._held = []
            for lane in self._lanes:
                lane.clear()
            if shuffle:
                self._random.shuffle(waiting)
            for delivery in waiting:
                self._queue(delivery, 0.0, shuffle=shuffle)
            self._changed.notify_all()
            return len(waiting)

    def stop(self) -> None:
        """End the lanes; the threads are daemons, so nobody waits for a call under way."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _delay(self, faults: EventFaults) -> float:
        least, most = faults.delay_ms
        if most > 0:
            return self._random.uniform(least, most) / 1000
        return self._random.uniform(0, SHUFFLE_WINDOW_S) if faults.shuffle else 0.0

    def _queue(self, delivery: _Delivery, delay: float, *, shuffle: bool) -> None:
        lanes = len(self._lanes)
        by_customer = zlib.crc32(delivery.event.user_id.encode()) % lanes
        delivery.lane = self._random.randrange(lanes) if shuffle else by_customer
        self._push(delivery, delay)

    def _push(self, delivery: _Delivery, delay: float) -> None:
        self._number += 1
        delivery.due, delivery.number = self._monotonic() + delay, self._number
        heapq.heappush(self._lanes[delivery.lane], delivery)
        if not self._started:
            self._started = True
            for lane in range(len(self._lanes)):
                name = f"delivery-{lane}"
                threading.Thread(target=self._run, args=(lane,), name=name, daemon=True).start()

    def _run(self, lane: int) -> None:
        while taken := self._take(lane):
            delivery, epoch = taken
            late = self._patience_with(delivery.event).over(self._monotonic())
            error = None if late else self._attempt(delivery.event)
            with self._changed:
                if epoch != self._epoch:
                    continue
                if late:
                    self._expire(delivery.event)
                else:
                    self._conclude(delivery, error)

    def _take(self, lane: int) -> tuple[_Delivery, int] | None:
        with self._changed:
            while not self._stopped:
                waiting = self._lanes[lane]
                wait = waiting[0].due - self._monotonic() if waiting else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(waiting), self._epoch
                self._changed.wait(wait)
            return None

    def _attempt(self, event: SkillEvent) -> str | None:
        assert self._invoke is not None  # noqa: S101 - a lane runs only with a function
        try:
            self._invoke(event.envelope)
        except NotAcknowledged as error:
            return str(error) or "not acknowledged"
        except Exception as error:
            _log.exception("the delivery of %s broke", event.id)
            return f"{type(error).__name__}: {error}"
        return None

    def _conclude(self, delivery: _Delivery, error: str | None) -> None:
        event, moment = delivery.event, self._monotonic()
        event.attempted(moment, error)
        delivery.tries += 1
        if error is None:
            event.conclude(acknowledged=True)
            return
        wait = self._patience_with(event).wait(delivery.tries, moment)
        if wait is None:
            event.conclude(acknowledged=False)
        else:
            self._push(delivery, wait)

    def _expire(self, event: SkillEvent) -> None:
        event.last_error = event.last_error or "it expired before it was delivered"
        event.conclude(acknowledged=False)

    def _patience_with(self, event: SkillEvent) -> Patience:
        return event.patience or self._patience
