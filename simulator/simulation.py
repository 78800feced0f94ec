"""All that the simulated Alexa holds, in one object."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulator.customers import Customers
from simulator.delivery import Deliverer
from simulator.faults import Faults, draw
from simulator.lambda_invoker import LambdaInvoker
from simulator.lwa import Tokens
from simulator.notifications import Notifications
from simulator.skill_events import Sender, SkillEvent, make_event, resolution
from simulator.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    from simulator.config import SimulatorConfig
    from simulator.customers import Customer
    from simulator.skill_events import Body


def utc_now() -> datetime:
    """Read the real clock."""
    return datetime.now(UTC)


class Simulation:
    """One Alexa and the one skill that it knows.

    Parameters
    ----------
    config
        The skill.
    clock
        The time of day, aware; what tokens, expiries and skill events go by.
    monotonic
        Seconds; what rates and delays go by.
    invoke
        Delivers an envelope to the skill or raises ``NotAcknowledged``; by default the Lambda
        function of the configuration, if it names one.
    """

    def __init__(
        self,
        config: SimulatorConfig,
        *,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        invoke: Callable[[bytes], None] | None = None,
    ) -> None:
        self.config = config
        self.clock = clock
        self.monotonic = monotonic
        if invoke is None and config.function is not None:
            invoke = LambdaInvoker(config.function, config.aws_endpoint, config.lanes)
        self.deliverer = Deliverer(config, invoke, monotonic)
        self._silent = False
        self.reset()

    def reset(self) -> None:
        """Forget customers, notifications, events, tokens, traffic and faults."""
        self.deliverer.clear()
        self.tokens = Tokens()
        self.traffic = Traffic()
        self.customers = Customers(self._emit)
        self.notifications = Notifications(self.config, self.customers)
        self.events: list[SkillEvent] = []
        self.set_faults(Faults())

    def set_faults(self, faults: Faults) -> None:
        """Replace the faults and begin their randomness anew."""
        self.faults = faults
        self._event_random = draw(faults.seed, "events")
        self._requests_of: Counter[int | str] = Counter()
        self.deliverer.reset(faults.events, faults.seed)

    def fate(self, user_id: str | None) -> Random:
        """Give the randomness of one request.

        It depends on the seed, on whose turn it is and on how often they were tried, not on the
        order in which requests of many customers come in.
        """
        customer = self.customers.find(user_id) if user_id is not None else None
        key = customer.number if customer is not None else str(user_id)
        self._requests_of[key] += 1
        return draw(self.faults.seed, "api", key, self._requests_of[key])

    def events_summary(self) -> dict[str, int]:
        """Count events by state, and the deliveries tried."""
        states = Counter(event.state for event in self.events)
        attempts = sum(event.attempts for event in self.events)
        return {state: states[state] for state in ("pending", "delivered", "failed")} | {
            "attempts": attempts
        }

    @contextmanager
    def hearing(self, heard: bool) -> Iterator[None]:
        """Keep from the skill what customers do meanwhile, unless ``heard``."""
        self._silent = not heard
        try:
            yield
        finally:
            self._silent = False

    def _emit(self, customer: Customer, bodies: Sequence[Body], at: datetime | None) -> None:
        if self._silent:
            return
        faults = self.faults.events
        apart = resolution(faults.timestamps)
        sender = Sender(self.config.skill_id, customer.user_id, customer.region, customer.granted)
        for index, body in enumerate(bodies):
            if at is None:
                timestamp = customer.next_timestamp(self.clock(), apart)
            else:
                timestamp = at + index * apart
            event = make_event(
                sender,
                body,
                timestamp,
                spelling=faults.timestamps,
                copies=faults.copies,
                random=self._event_random,
            )
            self.events.append(event)
            self.deliverer.submit(event)
