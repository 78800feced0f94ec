"""A run: what is known of it, and what one step of a worker adds to that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from yellowring.sender.outcomes import Counts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Status = Literal["running", "completed", "halted", "cancelled"]


@dataclass(frozen=True, slots=True)
class Segment:
    """Where a segment is.

    Attributes
    ----------
    page
        The number of its next page.
    cursor
        The user id to go on after.
    by
        The worker that moved it there: one whose update was taken, but which never got the answer,
        finds its own name and knows that it is not stale.
    """

    page: int = 0
    cursor: str | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its item tells it.

    Attributes
    ----------
    run_id
        Also the reference id of every event that it sends.
    campaign
        The campaign's document.
    started_at, expiry_time, ended_at
        Aware times; the first two are the event's ``timestamp`` and ``expiryTime``.
    total_segments, segments
        How many there were, and those not done yet by number.
    retries
        Customers waiting in each retry, by its key.
    cause
        Why it was halted.
    """

    run_id: str
    campaign: Mapping[str, object]
    status: Status
    started_at: datetime
    expiry_time: datetime
    total_segments: int
    segments: Mapping[int, Segment] = field(default_factory=dict)
    retries: Mapping[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    ended_at: datetime | None = None
    cause: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether every customer of the audience has an outcome."""
        return not self.segments and not self.retries

    def awaits(self, parent: str) -> bool:
        """Tell whether a step is still to be written: a segment's page (``3/17``), or a retry."""
        number, _, page = parent.partition("/")
        if not page:
            return parent in self.retries
        segment = self.segments.get(int(number))
        return segment is not None and segment.page <= int(page)

    def document(self) -> dict[str, object]:
        """Give what the sender answers: plain JSON."""
        return {
            "runId": self.run_id,
            "campaign": self.campaign["name"],
            "status": self.status,
            "counts": self.counts.document(),
            "startedAt": self.started_at.isoformat(),
            "expiryTime": self.expiry_time.isoformat(),
            "endedAt": self.ended_at.isoformat() if self.ended_at else None,
            "segments": {"total": self.total_segments, "open": len(self.segments)},
            "waiting": sum(self.retries.values()),
            **({"cause": self.cause} if self.cause else {}),
        }


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of a worker found out.

    Attributes
    ----------
    counts
        Customers by outcome.
    retries, dead
        Customers that it has queued for later, and that it has given up, each by the key of their
        message.
    """

    counts: Counts
    retries: Mapping[str, int] = field(default_factory=dict)
    dead: Mapping[str, int] = field(default_factory=dict)
