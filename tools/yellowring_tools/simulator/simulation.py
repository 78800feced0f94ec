"""All that the simulated Alexa holds, in one object."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from yellowring_tools.simulator.api.traffic import Traffic
from yellowring_tools.simulator.config import SkillIdentity
from yellowring_tools.simulator.customers.customers import Customers
from yellowring_tools.simulator.customers.linking import AccountLinking
from yellowring_tools.simulator.customers.notifications import Notifications
from yellowring_tools.simulator.facts import HOME_LOCALES
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
from yellowring_tools.simulator.skill.manifest_invoker import ManifestInvoker
from yellowring_tools.simulator.smapi.account import Account
from yellowring_tools.simulator.smapi.manifest_rules import endpoint_of, names_of, subscribed
from yellowring_tools.simulator.smapi.triggers import LambdaPolicies
from yellowring_tools.simulator.voice.conversations import Conversations
from yellowring_tools.simulator.voice.interaction_model import SkillPackage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import timedelta
    from pathlib import Path
    from random import Random

    from yellowring_tools.simulator.alexa.skill_messages import NewMessage
    from yellowring_tools.simulator.config import SimulatorConfig
    from yellowring_tools.simulator.customers.customers import Customer
    from yellowring_tools.simulator.login.lwa import Client
    from yellowring_tools.simulator.skill.events import Body
    from yellowring_tools.simulator.smapi.skills import ManagedSkill
    from yellowring_tools.simulator.voice.conversations import Invoke


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
        policies = LambdaPolicies(config.aws_endpoint) if config.check_triggers else None
        self.account = Account(config, clock, monotonic, policies)
        self.skill_package = SkillPackage(self._package)
        self.publications = Publications(self._package)
        self._invoke = invoke or self._own_invoke()
        invoke = self._invoke
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
        self.provider = Provider(self.config, self.clients, lambda: f"{self.url}/oidc")
        self._developer: str | None = None
        self.linking = AccountLinking(
            self.customers,
            self.provider,
            self.clock,
            lambda: self.faults.userinfo.token_lifetime_seconds,
        )
        self.notifications = Notifications(lambda: self.skill, self.customers)
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
        self._struck = 0
        self.deliverer.reset(faults.events, faults.seed)

    def strike(self, most: int) -> bool:
        """Tell whether a fault of SMAPI may strike once more, and count that it does."""
        self._struck += 1
        return self._struck <= most

    @property
    def skill(self) -> SkillIdentity:
        """The skill that the customers have; its ids are empty while there is none."""
        served, stage = self.account.served, self.config.stage
        if served is None:
            return SkillIdentity("", "", stage)
        return SkillIdentity(served.skill_id, served.client_id, stage)

    @property
    def function(self) -> str | None:
        """Where skill events of North America go, if they go anywhere."""
        served = self.account.served
        if served is not None and served.managed:
            return endpoint_of(served.manifest(), "events", "NA")
        return self.config.function

    def clients(self) -> list[Client]:
        """List client id and secret of every skill."""
        return [(each.client_id, each.client_secret) for each in self.account.skills()]

    @property
    def developer(self) -> Customer | None:
        """The developer as a customer of the skill, once they enabled it for themselves."""
        customer = None if self._developer is None else self.customers.find(self._developer)
        while customer is not None and customer.successor is not None:
            customer = self.customers.find(customer.successor)
        return customer

    def enable_for_developer(self, skill: ManagedSkill) -> None:
        """Enable a skill for the developer's own account; again changes nothing."""
        self.account.serve(skill)
        customer = self.developer
        if customer is None:
            locales = [*names_of(skill.manifest())]
            home = HOME_LOCALES["na"]
            locale = home if home in locales or not locales else locales[0]
            customer = self.customers.add("na", locale)
        if not customer.enabled:
            customer = self.customers.enable(customer)
        self._developer = customer.user_id

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

    def _own_invoke(self) -> Invoke | None:
        """Make the way to the function of the configuration, or to those of a manifest."""
        config, connections = self.config, self.config.lanes + _SPEAKING_AT_ONCE
        if config.function is not None:
            return LambdaInvoker(config.function, config.aws_endpoint, connections)
        if config.skill_id:
            return None
        return ManifestInvoker(self._endpoint, config.aws_endpoint, connections)

    def _endpoint(self, area: str, region: str) -> str | None:
        served = self.account.served
        return None if served is None else endpoint_of(served.manifest(), area, region)

    def _package(self) -> Path | None:
        served = self.account.served
        return None if served is None else served.folder

    def _hears(self, body: Body) -> bool:
        """Tell whether the skill subscribes to an event; one that SMAPI does not know hears all."""
        served = self.account.served
        if served is None or not served.managed:
            return True
        return subscribed(served.manifest(), body.type)

    def _emit(self, customer: Customer, bodies: Sequence[Body], at: datetime | None) -> None:
        if self._silent:
            return
        for index, body in enumerate(filter(self._hears, bodies)):
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
            self.skill.skill_id,
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
