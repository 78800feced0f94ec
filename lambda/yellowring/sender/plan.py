"""A run's plan: how its audience is cut, and what every one of its requests says."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from yellowring.alexa.proactive_events import CreateProactiveEventRequest
from yellowring.sender.delivery.delivering import LAST_MINUTES, now_utc
from yellowring.sender.runs import Run, Segment
from yellowring.sender.worker import USERS_PER_SEGMENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from yellowring.sender.campaign import Audience, Campaign
    from yellowring.sender.order import Order

CUSTOMERS_PER_SEGMENT = 5_000
MOST_SEGMENTS = 100
SHORTEST_LIFE = LAST_MINUTES + timedelta(minutes=1)
"""An event lives at least so long, or it could not be sent a second after its run has started."""


def plan(
    order: Order,
    customers: Callable[[], int],
    now: Callable[[], datetime] = now_utc,
) -> Run:
    """Make a new run, not yet stored.

    Parameters
    ----------
    order
        What to send, and the run's id.
    customers
        Tells how many there are, about; asked only when it matters.
    now
        The clock.
    """
    started_at = now().replace(microsecond=0)
    segments = _segments(order.campaign.audience, customers)
    return Run(
        run_id=order.run_id,
        campaign=order.campaign.document(),
        status="running",
        started_at=started_at,
        expiry_time=started_at + max(order.campaign.expires_in, SHORTEST_LIFE),
        total_segments=segments,
        segments={number: Segment() for number in range(segments)},
    )


def request(run: Run, campaign: Campaign) -> CreateProactiveEventRequest:
    """Make the request that a run sends: the same however often and by whichever worker."""
    return CreateProactiveEventRequest(
        timestamp=run.started_at,
        reference_id=run.run_id,
        expiry_time=run.expiry_time,
        event_name=campaign.event_name,
        payload=campaign.payload,
        localized_attributes=campaign.localized_attributes,
    )


def _segments(audience: Audience, customers: Callable[[], int]) -> int:
    match audience.type:
        case "multicast":
            return 1
        case "users":
            return math.ceil(len(audience.user_ids) / USERS_PER_SEGMENT)
        case "subscribers":
            return max(1, min(MOST_SEGMENTS, math.ceil(customers() / CUSTOMERS_PER_SEGMENT)))
