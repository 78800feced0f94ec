"""A notification that waits for a customer, or was heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yellowring_tools.simulator.alexa.sentences import sentence, silence
from yellowring_tools.simulator.skill.events import spell

if TYPE_CHECKING:
    from datetime import datetime

    from yellowring_tools.simulator.alexa.proactive_events import Content
    from yellowring_tools.simulator.facts import Region, Stage


@dataclass(slots=True, eq=False)
class Notification:
    """One event that Alexa accepted for one customer.

    It lights the ring until it is heard or expires, unless it has no texts for their locale.
    """

    user_id: str
    locale: str
    reference_id: str
    content: Content
    region: Region
    stage: Stage
    accepted_at: datetime
    expiry: datetime
    heard_at: datetime | None = None

    @property
    def sentence(self) -> str | None:
        return sentence(self.content, self.locale)

    def waits(self, now: datetime) -> bool:
        """Tell whether the ring is yellow for it."""
        return self.heard_at is None and self.expiry > now and self.sentence is not None

    def document(self) -> dict[str, object]:
        """The notification as its control shows it, with the sentence that Alexa says, if any."""
        return {
            "userId": self.user_id,
            "locale": self.locale,
            "referenceId": self.reference_id,
            "eventName": self.content.event_name,
            "payload": self.content.payload,
            "sentence": self.sentence,
            "noRing": silence(self.content, self.locale),
            "region": self.region,
            "stage": self.stage,
            "acceptedAt": spell(self.accepted_at, "iso-ms"),
            "expiryTime": spell(self.expiry, "iso-ms"),
            "heardAt": None if self.heard_at is None else spell(self.heard_at, "iso-ms"),
        }
