"""How far a run is and when it may end: arithmetic on what its item says."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from yellowring.sender.runs import Run

WINDOW = 15.0
"""Seconds that a rate is taken over."""


def settled(run: Run) -> int:
    """Give how many customers have their outcome."""
    return sum(run.counts.document().values())


def waiting(run: Run) -> int:
    """Give how many customers are to be tried again."""
    return sum(run.retries.values())


def expected(run: Run, deliverable: int | None = None) -> int | None:
    """Give how many customers the run is for, about; ``None`` when there is no telling yet.

    Parameters
    ----------
    run
        The run.
    deliverable
        How many customers were counted to be deliverable, where somebody did count.
    """
    known = settled(run) + waiting(run)
    if run.status == "completed":
        return known
    audience = run.campaign.get("audience", {})
    if isinstance(audience, dict) and audience.get("type") == "users":
        return len(audience["userIds"])
    if isinstance(audience, dict) and audience.get("type") == "multicast":
        return 1
    if deliverable is not None:
        return max(deliverable, known)
    done = run.total_segments - len(run.segments)
    return round(known * run.total_segments / done) if done and known else None


@dataclass(slots=True)
class Rate:
    """Customers per second, over the last `WINDOW` seconds of looks."""

    looks: deque[tuple[float, int]] = field(default_factory=deque)

    def look(self, at: float, done: int) -> float | None:
        """Note how many were done at a time in seconds; give the rate once there is one."""
        self.looks.append((at, done))
        while len(self.looks) > 2 and self.looks[1][0] <= at - WINDOW:  # noqa: PLR2004
            self.looks.popleft()
        since, before = self.looks[0]
        return (done - before) / (at - since) if at > since else None


@dataclass(frozen=True, slots=True)
class Advance:
    """A run at one moment.

    Attributes
    ----------
    done, waiting, total
        Customers: with an outcome, to be tried again, expected in all (``None``: unknown).
    rate
        Customers per second; ``None`` until two looks have been taken.
    """

    run: Run
    done: int
    waiting: int
    total: int | None
    rate: float | None

    @property
    def time_left(self) -> timedelta | None:
        """How long the rest takes at this rate."""
        if self.total is None or not self.rate:
            return None
        return timedelta(seconds=round((self.total - self.done) / self.rate))

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, well or not."""
        return self.run.status in {"completed", "halted", "cancelled"}

    def document(self) -> dict[str, object]:
        """Give the run as JSON, with its progress."""
        left = self.time_left
        return self.run.document() | {
            "settled": self.done,
            "expected": self.total,
            "customersPerSecond": None if self.rate is None else round(self.rate, 1),
            "secondsLeft": None if left is None else int(left.total_seconds()),
        }

    def line(self) -> str:
        """Tell it in one line."""
        told = self.run.counts.document()
        counts = ", ".join(f"{name} {n:,}" for name, n in told.items() if n) or "nobody yet"
        of = f" of {self.total:,}" if self.total is not None else ""
        parts = [f"{self.run.status}: {self.done:,}{of} ({counts})"]
        if self.waiting:
            parts.append(f"{self.waiting:,} to be tried again")
        if not self.is_over and self.rate is not None:
            parts.append(f"{self.rate:,.1f}/s")
        if not self.is_over and (left := self.time_left) is not None:
            parts.append(f"{left} left")
        return ", ".join(parts)


def took(run: Run, now: datetime) -> timedelta:
    """Give how long a run has run, or did."""
    return timedelta(seconds=round(((run.ended_at or now) - run.started_at).total_seconds()))
