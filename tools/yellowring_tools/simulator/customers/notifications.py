"""What customers received, who may receive, and what Alexa answers when they may not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from yellowring_tools.simulator.alexa.proactive_events import Refused
from yellowring_tools.simulator.customers.notification import Notification

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from yellowring_tools.simulator.alexa.proactive_events import ProactiveEvent
    from yellowring_tools.simulator.config import SkillIdentity
    from yellowring_tools.simulator.customers.customers import Customer, Customers
    from yellowring_tools.simulator.facts import Region, Stage


def listen(customer: Customer, now: datetime) -> list[Notification]:
    """Have Alexa read out what waits for a customer, oldest first; the ring goes out."""
    waiting = [each for each in customer.notifications if each.waits(now)]
    for each in waiting:
        each.heard_at = now
    return waiting


@dataclass(frozen=True, slots=True)
class Door:
    """Where a request came in: the region of its host and the stage of its path."""

    region: Region
    stage: Stage


class Notifications:
    """Takes checked events to the customers who may have them.

    Parameters
    ----------
    skill
        Gives the skill that the customers have.
    customers
        Who there is.
    """

    def __init__(self, skill: Callable[[], SkillIdentity], customers: Customers) -> None:
        self._skill = skill
        self._customers = customers
        self.all: list[Notification] = []

    def notify(
        self, event: ProactiveEvent, door: Door, now: datetime, daily_limit: int | None
    ) -> int:
        """Record the event for its audience; returns how many customers received it.

        Raises
        ------
        Refused
            With 403, 409 or 432, when it is for one customer who cannot have it.
        """
        if event.user_id is None:
            return self._notify_everyone(event, door, now, daily_limit)
        customer = self._customers.find(event.user_id)
        if refusal := self._refusal(customer, event, door, now, daily_limit):
            raise refusal
        assert customer is not None  # noqa: S101 - an unknown customer is a refusal
        self._record(customer, event, door, now)
        return 1

    def _notify_everyone(
        self, event: ProactiveEvent, door: Door, now: datetime, daily_limit: int | None
    ) -> int:
        reached = [
            customer
            for customer in self._customers
            if self._refusal(customer, event, door, now, daily_limit) is None
        ]
        for customer in reached:
            self._record(customer, event, door, now)
        return len(reached)

    def _refusal(
        self,
        customer: Customer | None,
        event: ProactiveEvent,
        door: Door,
        now: datetime,
        daily_limit: int | None,
    ) -> Refused | None:
        skill = self._skill()
        if customer is None or not customer.enabled or customer.region != door.region:
            return Refused(
                403,
                f"No enablement for clientId: {skill.client_id}, userId: {event.user_id}",
                type="Forbidden",
            )
        name = event.content.event_name
        if door.stage != skill.stage or name not in customer.subscriptions:
            return Refused(
                403,
                f"Can't find any subscription for stage={door.stage},"
                f" skillId={skill.skill_id}, topicId={name}",
            )
        if event.reference_id in customer.reference_ids:
            return Refused(409, f"referenceId {event.reference_id} was already sent to this user")
        if (
            daily_limit is not None
            and door.stage == "live"
            and _taken(customer, now) >= daily_limit
        ):
            return Refused(432, "The user's limit of notifications for the day is reached")
        return None

    def _record(self, customer: Customer, event: ProactiveEvent, door: Door, now: datetime) -> None:
        notification = Notification(
            user_id=customer.user_id,
            locale=customer.locale,
            reference_id=event.reference_id,
            content=event.content,
            region=door.region,
            stage=door.stage,
            accepted_at=now,
            expiry=event.expiry,
        )
        self.all.append(notification)
        customer.notifications.append(notification)
        customer.reference_ids.add(event.reference_id)
        customer.taken = (now.astimezone(UTC).date(), _taken(customer, now) + 1)


def _taken(customer: Customer, now: datetime) -> int:
    day, count = customer.taken
    return count if day == now.astimezone(UTC).date() else 0
