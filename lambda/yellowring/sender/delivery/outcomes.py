"""What an answer of Alexa's means for the customer, and how many customers ended how."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring.alexa.proactive_events import Answer


class Outcome(StrEnum):
    """How a customer ends in a run; each in exactly one.

    ``notSent`` exists only in a run that was halted or cancelled.
    """

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    LIMITED = "limited"
    INVALID = "invalid"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    FAILED = "failed"
    NOT_SENT = "notSent"


NOTIFICATION_LIMIT = 432
"""Alexa's own status: this customer has had all notifications they may have for now."""

_BY_STATUS: Mapping[int, Outcome] = {
    HTTPStatus.OK: Outcome.ACCEPTED,
    HTTPStatus.ACCEPTED: Outcome.ACCEPTED,
    HTTPStatus.CONFLICT: Outcome.DUPLICATE,
    HTTPStatus.FORBIDDEN: Outcome.REJECTED,
    HTTPStatus.BAD_REQUEST: Outcome.INVALID,
    NOTIFICATION_LIMIT: Outcome.LIMITED,
}
_SAYS_NOTHING = (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)

HEARD = (Outcome.ACCEPTED, Outcome.DUPLICATE)
"""Outcomes of customers who have the event."""
REFUSALS = (Outcome.REJECTED, Outcome.INVALID)
"""Outcomes that may be our own fault: a wrong stage or event looks the same as a stale customer."""


def outcome_of(answer: Answer) -> Outcome | None:
    """Return what an answer means; ``None``: unknown, so repeat it with the same reference id.

    Source: "Proactive Events API", response codes.
    """
    status = answer.status
    if status is None or status in _SAYS_NOTHING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    return _BY_STATUS.get(status, Outcome.INVALID)


def overloads(answer: Answer) -> bool:
    """Check whether an answer asks for a lower pace: a 429, a 5xx, or none at all."""
    status = answer.status
    return (
        status is None
        or status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)
        or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


@dataclass(slots=True)
class Counts:
    """How many customers ended how."""

    by_outcome: dict[Outcome, int] = field(default_factory=dict)

    def add(self, outcome: Outcome, customers: int = 1) -> None:
        """Count more customers that ended so."""
        self.by_outcome[outcome] = self.by_outcome.get(outcome, 0) + customers

    def copy(self) -> Counts:
        """Return counts of their own."""
        return Counts(dict(self.by_outcome))

    def __getitem__(self, outcome: Outcome) -> int:
        return self.by_outcome.get(outcome, 0)

    def __add__(self, other: Counts) -> Counts:
        return Counts({outcome: self[outcome] + other[outcome] for outcome in Outcome})

    @property
    def total(self) -> int:
        """How many customers there are in all."""
        return sum(self.by_outcome.values())

    @property
    def heard(self) -> int:
        """How many customers have the event: accepted now, or in an earlier try."""
        return sum(self[outcome] for outcome in HEARD)

    def document(self) -> dict[str, int]:
        """Return all of them as JSON, zeros too; ``notSent`` only where there are any."""
        return {
            outcome.value: self[outcome]
            for outcome in Outcome
            if outcome is not Outcome.NOT_SENT or self[outcome]
        }
