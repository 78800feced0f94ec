"""A run and its segments: what is known of them, as plain values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from yellowring.sender.campaign import Listed
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.run.refusals import Unauthorized

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from yellowring.alexa import Region
    from yellowring.sender.run.refusals import Evidence, Held

Status = Literal["running", "completed", "halted", "cancelled"]

LAST_MINUTES = timedelta(minutes=5, seconds=30)
"""No request is begun so shortly before the event's expiry: Alexa refuses one that expires within
five minutes of its arrival, by a clock of its own."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a run is to end before its time: nothing more is sent, and what was sent is counted."""

    status: Status
    cause: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its item tells it.

    Attributes
    ----------
    run_id
        Also the reference id of every event that it sends.
    campaign
        The campaign's document; of a list only its digest.
    segments
        How many parts the audience is cut into: each is one worker's.
    attempt
        1, and one more with every resume.
    executions
        How many executions of the workflow this attempt has had, 0 while none was started.
    event_time, expiry_time
        Aware times; the event's ``timestamp`` and ``expiryTime``.
    started_at, ended_at
        Aware times of the run itself.
    ending
        Set as soon as a run is to be halted or cancelled; ``status`` follows when all is counted.
    counts
        Final once the run has ended; before that they are in the segments.
    resumable
        How many customers a resume would try (again).
    announced
        Whether the world was told of the end.
    correlation_id
        What asked for it, as its log lines have it; ``None``: nothing but the run itself.
    """

    run_id: str
    campaign: Mapping[str, object]
    status: Status
    segments: int
    started_at: datetime
    event_time: datetime
    expiry_time: datetime
    attempt: int = 1
    executions: int = 0
    execution_arn: str | None = None
    ending: Ending | None = None
    counts: Counts = field(default_factory=Counts)
    resumable: int = 0
    ended_at: datetime | None = None
    cause: str | None = None
    announced: bool = False
    correlation_id: str | None = None

    @property
    def listed(self) -> Listed | None:
        """The list of users or customers that the run is for, where it is for one."""
        audience: Any = self.campaign["audience"]
        return Listed(**audience["list"]) if "list" in audience else None

    @property
    def last_send(self) -> datetime:
        """When the last request may be begun."""
        return self.expiry_time - LAST_MINUTES


def link_of(customer_id: str | None) -> str:
    """Return a short hash of a customer id, to know it again by; of none, an empty text."""
    return hashlib.blake2s(customer_id.encode(), digest_size=8).hexdigest() if customer_id else ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer whose outcome is not known.

    Attributes
    ----------
    user_id
        The customer.
    due
        When to try again, in milliseconds since the epoch.
    tries
        Requests begun so far; with none, only their turn did not come.
    deliverable
        Whether their record allowed the event when it was read first; who loses that is skipped.
    link
        Which customer id they were visited for, as `link_of` says.
    """

    user_id: str
    due: int
    tries: int
    deliverable: bool = True
    link: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a run's audience, as its item tells it; a fresh one has no item yet.

    Attributes
    ----------
    version
        Raised by every checkpoint; 0 where there is no item.
    attempt
        The run's attempt that this was checkpointed in.
    cursor
        Where to go on in the audience.
    visited
        Whether everybody in it was visited.
    counts
        Customers with a final outcome.
    waiting, held, evidence, unauthorized
        Customers without one, and what their regions have answered.
    rest
        Customers after the cursor, counted when nothing is sent any more.
    done
        Whether nothing is left to do in this attempt.
    problem
        What the segment waits for, in words, where it waits.
    """

    number: int
    version: int = 0
    attempt: int = 1
    cursor: str | None = None
    visited: bool = False
    counts: Counts = field(default_factory=Counts)
    waiting: tuple[Waiting, ...] = ()
    held: tuple[Held, ...] = ()
    evidence: Mapping[Region, Evidence] = field(default_factory=dict)
    unauthorized: Unauthorized = field(default_factory=Unauthorized)
    rest: int = 0
    rest_cursor: str | None = None
    done: bool = False
    problem: str | None = None

    def reopened(self, attempt: int) -> Segment:
        """Return the segment as a later attempt begins it: who has no final outcome is due now."""
        due = (
            *(replace(each, due=0) for each in self.waiting),
            *(Waiting(each.user_id, 0, 1, each.deliverable, each.link) for each in self.held),
        )
        return Segment(
            self.number,
            version=self.version,
            attempt=attempt,
            cursor=self.cursor,
            visited=self.visited,
            counts=self.counts,
            waiting=due,
            done=self.visited and not due,
        )

    def final_counts(self, status: Status) -> Counts:
        """Return how everybody in the segment ended, given how the run ended."""
        counts = self.counts.copy()
        never_tried = Outcome.EXPIRED if status == "completed" else Outcome.NOT_SENT
        for held in self.held:
            counts.add(held.outcome)
        for each in self.waiting:
            counts.add(Outcome.FAILED if each.tries else never_tried)
        counts.add(never_tried, self.rest)
        return counts

    @property
    def resumable(self) -> int:
        """How many customers a resume would try."""
        return len(self.waiting) + len(self.held) + self.rest


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: the sum of its segments.

    Attributes
    ----------
    counts
        Everybody who was visited so far; held customers as what they were refused as.
    done
        How many segments have nothing left to do.
    waiting
        How many customers wait for another try.
    problems
        What segments wait for, each once.
    """

    counts: Counts
    done: int
    waiting: int
    problems: tuple[str, ...]


def progress_of(segments: Iterable[Segment], attempt: int) -> Progress:
    """Add segments up."""
    total = Counts()
    done = waiting = 0
    problems: dict[str, None] = {}
    for segment in segments:
        total += segment.counts
        for held in segment.held:
            total.add(held.outcome)
        waiting += len(segment.waiting)
        done += segment.done and segment.attempt == attempt
        if segment.problem and not segment.done:
            problems[segment.problem] = None
    return Progress(total, done, waiting, tuple(problems))


def document_of(run: Run, progress: Progress) -> dict[str, object]:
    """Return a run as plain JSON: what the sender answers and the commands show."""
    ended = run.status != "running"
    counts = run.counts if ended else progress.counts
    document: dict[str, object] = {
        "runId": run.run_id,
        "campaign": run.campaign["name"],
        "status": run.status,
        "counts": counts.document(),
        "startedAt": run.started_at.isoformat(),
        "expiryTime": run.expiry_time.isoformat(),
        "endedAt": run.ended_at.isoformat() if run.ended_at else None,
        "attempt": run.attempt,
        "segments": {
            "total": run.segments,
            "open": 0 if ended else run.segments - progress.done,
        },
        "waiting": 0 if ended else progress.waiting,
    }
    if run.execution_arn:
        document["execution"] = run.execution_arn
    cause = run.cause or (run.ending.cause if run.ending else None)
    if cause:
        document["cause"] = cause
    if not ended:
        if run.ending:
            document["ending"] = run.ending.status
        if progress.problems:
            document["waitingFor"] = list(progress.problems)
    elif run.resumable:
        document["resumable"] = run.resumable
    return document
