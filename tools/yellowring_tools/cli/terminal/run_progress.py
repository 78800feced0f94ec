"""How far a run is and when it may end: arithmetic on what the sender says of it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from yellowring.sender.run.run import Run

WINDOW = 15.0
"""Seconds that a rate is taken over."""


@dataclass(frozen=True, slots=True)
class Look:
    """A run at one moment, and its document: the sum of its segments while it is running."""

    run: Run
    document: Mapping[str, Any]

    @property
    def settled(self) -> int:
        """How many customers have their outcome."""
        return sum(self.document["counts"].values())

    @property
    def has_ended(self) -> bool:
        """Whether the run has ended, well or not."""
        return self.run.status != "running"

    def expected(self, deliverable: int | None = None) -> int | None:
        """Return how many customers the run is for, about; ``None`` when there is no telling.

        Parameters
        ----------
        deliverable
            How many customers were counted to be deliverable, where somebody did count.
        """
        known = self.settled + int(self.document["waiting"])
        if self.has_ended:
            return known
        audience: Any = self.run.campaign["audience"]
        if audience["type"] == "multicast":
            return 1
        if audience["type"] == "users" and self.run.listed is not None:
            return self.run.listed.count  # of customers nobody knows how many accounts they have
        return None if deliverable is None else max(deliverable, known)


@dataclass(slots=True)
class Rate:
    """Customers per second, over the last `WINDOW` seconds of looks."""

    looks: deque[tuple[float, int]] = field(default_factory=deque)

    def look(self, at: float, done: int) -> float | None:
        """Note how many were done at a time in seconds; return the rate once there is one."""
        self.looks.append((at, done))
        while len(self.looks) > 2 and self.looks[1][0] <= at - WINDOW:  # noqa: PLR2004
            self.looks.popleft()
        since, before = self.looks[0]
        return (done - before) / (at - since) if at > since else None


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is, and how fast it gets on.

    Attributes
    ----------
    total
        Customers expected in all; ``None``: unknown.
    rate
        Customers per second; ``None`` until two looks have been taken.
    """

    look: Look
    total: int | None
    rate: float | None

    @property
    def time_left(self) -> timedelta | None:
        """How long the rest takes at this rate."""
        if self.total is None or not self.rate:
            return None
        return timedelta(seconds=round((self.total - self.look.settled) / self.rate))

    def document(self) -> dict[str, object]:
        """Return the run as JSON, with its progress."""
        left = self.time_left
        return {
            **self.look.document,
            "settled": self.look.settled,
            "expected": self.total,
            "customersPerSecond": None if self.rate is None else round(self.rate, 1),
            "secondsLeft": None if left is None else int(left.total_seconds()),
        }

    def line(self) -> str:
        """Tell it in one line."""
        told = self.look.document
        counts = ", ".join(f"{name} {n:,}" for name, n in told["counts"].items() if n)
        of = f" of {self.total:,}" if self.total is not None else ""
        parts = [f"{told['status']}: {self.look.settled:,}{of} ({counts or 'nobody yet'})"]
        if told["waiting"]:
            parts.append(f"{told['waiting']:,} to be tried again")
        if not self.look.has_ended:
            if self.rate is not None:
                parts.append(f"{self.rate:,.1f}/s")
            if (left := self.time_left) is not None:
                parts.append(f"{left} left")
            if "ending" in told:
                parts.append(f"about to be {told['ending']}")
            elif "waitingFor" in told:
                parts.append(f"waits: {'; '.join(told['waitingFor'])}")
        return ", ".join(parts)


def took(run: Run, now: datetime) -> timedelta:
    """Return how long a run has run, or did."""
    return timedelta(seconds=round(((run.ended_at or now) - run.started_at).total_seconds()))
