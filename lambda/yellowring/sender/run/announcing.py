"""What the world is told of a run's end: an event on the stack's EventBridge bus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_events.client import EventBridgeClient

    from yellowring.sender.run.run import Run, Status

SOURCE = "yellowring"
DETAIL_TYPES: Mapping[Status, str] = {
    "completed": "RunCompleted",
    "halted": "RunHalted",
    "cancelled": "RunCancelled",
}


class NotAnnounced(RuntimeError):
    """EventBridge did not take an event; announcing again will do."""


class Announcer:
    """The only place that knows the bus."""

    def __init__(self, client: EventBridgeClient, bus: str) -> None:
        self._client = client
        self._bus = bus

    def announce(self, run: Run) -> None:
        """Put the event of a run's end on the bus; more than once carries the same ``id``.

        Raises
        ------
        NotAnnounced
            The bus did not take it.
        """
        if not self._bus:
            return
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._bus,
                    "Source": SOURCE,
                    "DetailType": DETAIL_TYPES[run.status],
                    "Detail": json.dumps(detail(run)),
                }
            ]
        )
        if answer["FailedEntryCount"]:
            raise NotAnnounced(f"EventBridge did not take the end of run {run.run_id}")


def detail(run: Run) -> dict[str, object]:
    """Return what the event says; its ``id`` is the same however often it is sent."""
    return {
        "id": f"{run.run_id}/{run.attempt}/{run.status}",
        "runId": run.run_id,
        "campaign": run.campaign["name"],
        "status": run.status,
        "attempt": run.attempt,
        "counts": run.counts.document(),
        "cause": run.cause,
        "startedAt": run.started_at.isoformat(),
        "endedAt": run.ended_at.isoformat() if run.ended_at else None,
    }
