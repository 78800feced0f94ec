"""What a right request to one of Alexa's APIs does when it is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from yellowring_tools.simulator.alexa.proactive_events import Refused

if TYPE_CHECKING:
    from yellowring_tools.simulator.alexa.proactive_events import ProactiveEvent
    from yellowring_tools.simulator.alexa.skill_messages import NewMessage
    from yellowring_tools.simulator.customers.notifications import Door
    from yellowring_tools.simulator.facts import Region
    from yellowring_tools.simulator.simulation import Simulation


class Operation(Protocol):
    """A checked request for one customer, or for all of them."""

    @property
    def user_id(self) -> str | None:
        """Whom it is for; ``None`` is everyone."""

    def carry_out(self) -> None:
        """Do it, or raise ``Refused`` when that customer cannot have it."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A proactive event that came in at a door."""

    simulation: Simulation
    door: Door
    event: ProactiveEvent

    @property
    def user_id(self) -> str | None:
        return self.event.user_id

    def carry_out(self) -> None:
        """Notify its audience."""
        simulation = self.simulation
        now, limit = simulation.clock(), simulation.faults.daily_limit
        simulation.notifications.notify(self.event, self.door, now, limit)


@dataclass(frozen=True, slots=True)
class Message:
    """A message for the skill, about a customer of a region."""

    simulation: Simulation
    region: Region
    user_id: str
    message: NewMessage

    def carry_out(self) -> None:
        """Queue it for the skill; only customers who have the skill enabled can be its subject."""
        customer = self.simulation.customers.find(self.user_id)
        if customer is None or not customer.enabled or customer.region != self.region:
            raise Refused(404, f"User {self.user_id} is not a user of this skill in this region")
        self.simulation.send_message(customer, self.message)
