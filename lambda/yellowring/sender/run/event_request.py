"""The request that a run sends: the same however often, and by whichever worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yellowring.alexa.proactive_events import CreateProactiveEventRequest

if TYPE_CHECKING:
    from yellowring.sender.run.run import Run


def request_of(run: Run) -> CreateProactiveEventRequest:
    """Return a run's request, all but its audience."""
    event: Any = run.campaign["event"]
    localized: Any = run.campaign["localizedAttributes"]
    return CreateProactiveEventRequest(
        timestamp=run.event_time,
        reference_id=run.run_id,
        expiry_time=run.expiry_time,
        event_name=event["name"],
        payload=event.get("payload", {}),  # an event source may make it for each customer
        localized_attributes=localized,
    )
