"""All that the simulated Alexa holds, in one object."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from yellowring_tools.simulator.api.traffic import Traffic
from yellowring_tools.simulator.customers.customers import Customers
from yellowring_tools.simulator.customers.linking import AccountLinking
from yellowring_tools.simulator.customers.notifications import Notifications
from yellowring_tools.simulator.faults import Faults, draw
from yellowring_tools.simulator.login.lwa import Tokens
from yellowring_tools.simulator.login.provider import Provider
from yellowring_tools.simulator.publications import Publications
from yellowring_tools.simulator.skill.delivery import Deliverer
from yellowring_tools.simulator.skill.events import (
    Manner,
    Patience,
    Sender,
    SkillEvent,
    SkillMessage,
    make_event,
    make_message,
    resolution,
)
from yellowring_tools.simulator.skill.lambda_invoker import LambdaInvoker
from yellowring_tools.simulator.voice.conversations import Conversations
from yellowring_tools.simulator.voice.interaction_model import SkillPackage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import timedelta
    from random import Random

    from yellowring_tools.simulator.alexa.skill_messages import NewMessage
    from yellowring_tools.simulator.config import SimulatorConfig
    from yellowring_tools.simulator.customers.customers import Customer
    from yellowring_tools.simulator.skill.events import Body


_SPEAKING_AT_ONCE = 4
_NOWHERE = "http://simulator.invalid"


def utc_now() -> datetime:
    """Read the real clock."""
    return datetime.now(UTC)


class Simulation:
    """One Alexa and the one skill that it knows.

    ``url`` is where it listens, which whoever serves it fills in: tokens name their issuer.

    Parameters
    ----------
    config
        The skill.
    clock
        The time of day, aware; what tokens, expiries and skill events go by.
    monotonic
        Seconds; what rates and delays go by.
    invoke
        Delivers an envelope to the skill and gives its answer, or raises ``NotAcknowledged``; by
        default the Lambda function of the configuration, if it names one.
    """

    def __init__(
        self,
        config: SimulatorConfig,
        *,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        invoke: Callable[[bytes], bytes | None] | None = None,
    ) -> None:
        self.config = config
        self.clock = clock
        self.monotonic = monotonic
        self.url = _NOWHERE
        self.skill_package = SkillPackage(config.skill_package)
        self.publications = Publications(config.skill_package)
        if invoke is None and config.function is not None:
            connections = config.lanes + _SPEAKING_AT_ONCE
            invoke = LambdaInvoker(config.function, config.aws_endpoint, connections)
        self._invoke = invoke
        self.deliverer = Deliverer(config, invoke, monotonic)
        self._silent = False
        self.reset()

    def reset(self) -> None:
        """Forget customers, notifications, events, messages, tokens, traffic and faults."""
        self.deliverer.clear()
        self.tokens = Tokens()
        self.traffic = Traffic()
        self.message_traffic = Traffic()
        self.userinfo_traffic = Traffic()
        self.customers = Customers(self._emit)
        self.provider = Provider(self.config, lambda: f"{self.url}/oidc")
        self.linking = AccountLinking(
            self.customers,
            self.provider,
            self.clock,
            lambda: self.faults.userinfo.token_lifetime_seconds,
        )
        self.notifications = Notifications(self.config, self.customers)
        self.conversations = Conversations(
            self.config, self.customers, self._sender, self._invoke, self.clock
        )
        self.events: list[SkillEvent] = []
        self.messages: list[SkillMessage] = []
        self.set_faults(Faults())

    def set_faults(self, faults: Faults) -> None:
        """Replace the faults and begin their randomness anew."""
        self.faults = faults
        self._event_random = draw(faults.seed, "events")
        self._requests_of: Counter[tuple[str, int | str]] = Counter()
        self.deliverer.reset(faults.events, faults.seed)

    def fate(self, scope: str, user_id: str | None) -> Random:
        """Give the randomness of one request to the API of a scope.

        It depends on the seed, on whose turn it is and on how often they were tried, not on the
        order in which requests of many customers come in.
        """
        customer = self.customers.find(user_id) if user_id is not None else None
        key = (scope, customer.number if customer is not None else str(user_id))
        self._requests_of[key] += 1
        return draw(self.faults.seed, *key, self._requests_of[key])

    def send_message(self, customer: Customer, message: NewMessage) -> None:
        """Take a message to the skill, and again until it is acknowledged or expired."""
        manner = self._manner(customer.next_timestamp(self.clock(), self._apart))
        deadline = manner.submitted + message.lifetime.total_seconds()
        patience = Patience(self.faults.messages.first_retry_seconds, deadline=deadline)
        made = make_message(
            self._sender(customer), message.data, manner, message.lifetime, patience
        )
        self.messages.append(made)
        self.deliverer.submit(made)

    def events_summary(self) -> dict[str, int]:
        """Count events by state, and the deliveries tried."""
        return summary(self.events)

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
        for index, body in enumerate(bodies):
            if at is None:
                timestamp = customer.next_timestamp(self.clock(), self._apart)
            else:
                timestamp = at + index * self._apart
            event = make_event(self._sender(customer), body, self._manner(timestamp))
            self.events.append(event)
            self.deliverer.submit(event)

    @property
    def _apart(self) -> timedelta:
        return resolution(self.faults.events.timestamps)

    def _sender(self, customer: Customer) -> Sender:
        return Sender(
            self.config.skill_id,
            customer.user_id,
            customer.region,
            customer.granted,
            self.linking.access_token(customer),
        )

    def _manner(self, timestamp: datetime) -> Manner:
        faults = self.faults.events
        return Manner(
            timestamp=timestamp,
            spelling=faults.timestamps,
            copies=faults.copies,
            random=self._event_random,
            submitted=self.monotonic(),
        )


def summary(told: Iterable[SkillEvent]) -> dict[str, int]:
    """Count what the skill was told by state, and the deliveries tried."""
    told = list(told)
    states = Counter(each.state for each in told)
    return {state: states[state] for state in ("pending", "delivered", "failed")} | {
        "attempts": sum(each.attempts for each in told)
    }
