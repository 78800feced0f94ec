"""The customers of the skill: what each has switched on, and the skill events that says."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from yellowring_tools.simulator.facts import NOTIFICATIONS_SCOPE
from yellowring_tools.simulator.schemas import EVENT_NAMES
from yellowring_tools.simulator.skill.events import Body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from yellowring_tools.simulator.customers.notification import Notification
    from yellowring_tools.simulator.facts import Region
    from yellowring_tools.simulator.login.provider import AccessToken

CustomerState = Literal["new", "enabled", "disabled", "gone"]
Persistence = Literal["PERSISTED", "NOT_PERSISTED"]

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class UnknownCustomer(LookupError):
    """There is no customer with that user id."""


class NotPossible(Exception):
    """A customer cannot do that in the state they are in; the text says what they can do."""


@dataclass(frozen=True, slots=True)
class Link:
    """The account that a customer linked: whose it is there, and the access token for it."""

    subject: str
    claims: dict[str, Any]
    token: AccessToken


@dataclass(slots=True, eq=False)
class Customer:
    """One user id and all that is known of it.

    ``state`` is ``gone`` once the person came back under another user id, ``successor``.
    """

    number: int
    user_id: str
    region: Region
    locale: str
    state: CustomerState = "new"
    granted: bool = False
    subscriptions: tuple[str, ...] = ()
    link: Link | None = None
    persistence: Persistence | None = None
    successor: str | None = None
    predecessor: str | None = None
    notifications: list[Notification] = field(default_factory=list)
    reference_ids: set[str] = field(default_factory=set)
    taken: tuple[date | None, int] = (None, 0)
    last_event: datetime = _LONG_AGO

    @property
    def enabled(self) -> bool:
        return self.state == "enabled"

    def next_timestamp(self, now: datetime, resolution: timedelta) -> datetime:
        """Date an event after this customer's last, so that timestamps tell their order."""
        self.last_event = max(now, self.last_event + resolution)
        return self.last_event

    def document(self, now: datetime) -> dict[str, object]:
        """The customer as the controls show it; ``waiting`` notifications light the ring."""
        return {
            "userId": self.user_id,
            "number": self.number,
            "region": self.region,
            "locale": self.locale,
            "state": self.state,
            "enabled": self.enabled,
            "permissions": [NOTIFICATIONS_SCOPE] if self.granted else [],
            "subscriptions": list(self.subscriptions),
            "subject": None if self.link is None else self.link.subject,
            "persistence": self.persistence,
            "successor": self.successor,
            "predecessor": self.predecessor,
            "notifications": len(self.notifications),
            "waiting": sum(each.waits(now) for each in self.notifications),
        }


type Emit = Callable[[Customer, Sequence[Body], datetime | None], None]
"""Makes skill events of what a customer did, dated now or as told."""


class Customers:
    """Every customer, and what they can do.

    Parameters
    ----------
    emit
        Called with what each action tells the skill.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._by_id: dict[str, Customer] = {}

    def __iter__(self) -> Iterator[Customer]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def find(self, user_id: str) -> Customer | None:
        """Look a user id up."""
        return self._by_id.get(user_id)

    def get(self, user_id: str) -> Customer:
        """Look a user id up that must be there.

        Raises
        ------
        UnknownCustomer
            When it is not.
        """
        customer = self._by_id.get(user_id)
        if customer is None:
            raise UnknownCustomer(f"no customer {user_id!r}; GET /_sim/customers lists them")
        return customer

    def add(self, region: Region, locale: str, user_id: str | None = None) -> Customer:
        """Make a customer who has not enabled the skill yet.

        Raises
        ------
        NotPossible
            When the user id is taken.
        """
        chosen = user_id or f"amzn1.ask.account.TEST{secrets.token_hex(32).upper()}"
        if chosen in self._by_id:
            raise NotPossible(f"there is a customer {chosen!r} already; leave userId out for a new")
        customer = Customer(len(self._by_id) + 1, chosen, region, locale)
        self._by_id[chosen] = customer
        return customer

    def enable(self, customer: Customer, at: datetime | None = None) -> Customer:
        """Enable the skill; after NOT_PERSISTED the answer is the same person's new user id."""
        if customer.enabled:
            raise NotPossible("the skill is enabled already; disable it first")
        self._check_here(customer)
        if customer.state == "disabled" and customer.persistence == "NOT_PERSISTED":
            successor = self.add(customer.region, customer.locale)
            customer.state, customer.successor = "gone", successor.user_id
            successor.predecessor = customer.user_id
            customer = successor
        customer.state, customer.persistence = "enabled", None
        self._emit(customer, [Body("SkillEnabled", None)], at)
        return customer

    def disable(
        self,
        customer: Customer,
        persistence: Persistence = "NOT_PERSISTED",
        at: datetime | None = None,
    ) -> Customer:
        """Disable the skill: consent, subscriptions and link end without an event of their own."""
        if not customer.enabled:
            raise NotPossible("the skill is not enabled; enable it first")
        customer.state, customer.persistence = "disabled", persistence
        customer.granted, customer.subscriptions, customer.link = False, (), None
        body = {"userInformationPersistenceStatus": persistence}
        self._emit(customer, [Body("SkillDisabled", body)], at)
        return customer

    def grant(self, customer: Customer, at: datetime | None = None) -> Customer:
        """Accept the notifications permission; who is new to the skill enables it first."""
        self.ensure_enabled(customer, at)
        self._emit(customer, [self._grant(customer)], at)
        return customer

    def revoke(self, customer: Customer, at: datetime | None = None) -> Customer:
        """Take the notifications permission back, which ends every subscription."""
        self.ensure_enabled(customer, at)
        customer.granted, customer.subscriptions = False, ()
        permissions = Body("SkillPermissionChanged", {"acceptedPermissions": []})
        self._emit(customer, [permissions, Body("ProactiveSubscriptionChanged", None)], at)
        return customer

    def subscribe(
        self,
        customer: Customer,
        events: Iterable[str] = EVENT_NAMES,
        at: datetime | None = None,
    ) -> Customer:
        """Add to the subscriptions, accepting the permission first where it is missing."""
        self.ensure_enabled(customer, at)
        bodies = [] if customer.granted else [self._grant(customer)]
        wanted = {*customer.subscriptions, *events}
        customer.subscriptions = tuple(name for name in EVENT_NAMES if name in wanted)
        self._emit(customer, [*bodies, _subscriptions(customer)], at)
        return customer

    def unsubscribe(
        self,
        customer: Customer,
        events: Iterable[str] = EVENT_NAMES,
        at: datetime | None = None,
    ) -> Customer:
        """Take from the subscriptions; the permission stays."""
        self.ensure_enabled(customer, at)
        unwanted = set(events)
        customer.subscriptions = tuple(
            name for name in customer.subscriptions if name not in unwanted
        )
        self._emit(customer, [_subscriptions(customer)], at)
        return customer

    def link(self, customer: Customer, link: Link, at: datetime | None = None) -> Customer:
        """Link an account, in the place of any other."""
        self.ensure_enabled(customer, at)
        customer.link = link
        self._emit(customer, [Body("SkillAccountLinked", {"accessToken": link.token.text})], at)
        return customer

    def unlink(self, customer: Customer, at: datetime | None = None) -> Customer:
        """Take the link of an account back."""
        if customer.link is None:
            raise NotPossible("no account is linked; link one first")
        customer.link = None
        self._emit(customer, [Body("SkillAccountUnlinked", None)], at)
        return customer

    def _check_here(self, customer: Customer) -> None:
        if customer.successor is not None:
            raise NotPossible(f"this user id is gone; the person is now {customer.successor!r}")

    def ensure_enabled(self, customer: Customer, at: datetime | None = None) -> None:
        """Let who is new to the skill enable it; who disabled it has to do that first.

        Raises
        ------
        NotPossible
            When the customer has disabled the skill, or is another one now.
        """
        self._check_here(customer)
        if customer.state == "disabled":
            raise NotPossible("the skill is disabled; enable it first")
        if customer.state == "new":
            self.enable(customer, at)

    def _grant(self, customer: Customer) -> Body:
        customer.granted = True
        accepted = {"acceptedPermissions": [{"scope": NOTIFICATIONS_SCOPE}]}
        return Body("SkillPermissionAccepted", accepted)


def _subscriptions(customer: Customer) -> Body:
    names = [{"eventName": name} for name in customer.subscriptions]
    # All off has been seen without a body, with a null one and with an empty list.
    if not names and customer.number % 3 != 0:
        return Body("ProactiveSubscriptionChanged", None, spell_null=customer.number % 3 == 1)
    return Body("ProactiveSubscriptionChanged", {"subscriptions": names})
