"""What an answer of Alexa's means for the customer, and when a run must halt."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring.alexa.proactive_events import Answer

HALT_AFTER = 20
"""Sends before a run may halt: refusals of fewer say nothing about the rest."""


class Outcome(StrEnum):
    """How a customer ends in a run; each in exactly one."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    LIMITED = "limited"
    INVALID = "invalid"
    EXPIRED = "expired"
    FAILED = "failed"


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


def outcome_of(answer: Answer) -> Outcome | None:
    """Tell what an answer means; ``None``: unknown, so repeat it with the same reference id.

    Source: "Proactive Events API", response codes.
    """
    status = answer.status
    if status is None or status in _SAYS_NOTHING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    return _BY_STATUS.get(status, Outcome.INVALID)


@dataclass(slots=True)
class Counts:
    """How many customers ended how."""

    by_outcome: dict[Outcome, int] = field(default_factory=dict)

    def add(self, outcome: Outcome, customers: int = 1) -> None:
        """Count customers more that ended so."""
        self.by_outcome[outcome] = self.by_outcome.get(outcome, 0) + customers

    def __getitem__(self, outcome: Outcome) -> int:
        return self.by_outcome.get(outcome, 0)

    def __add__(self, other: Counts) -> Counts:
        return Counts({outcome: self[outcome] + other[outcome] for outcome in Outcome})

    def document(self) -> dict[str, int]:
        """Give all seven, zeros too."""
        return {outcome.value: self[outcome] for outcome in Outcome}

    @property
    def refused(self) -> int:
        """How many Alexa refused: not subscribed in its eyes, or an event it does not take."""
        return self[Outcome.REJECTED] + self[Outcome.INVALID]

    @property
    def answered(self) -> int:
        """How many Alexa gave a final answer for."""
        return sum(self.by_outcome.values()) - self[Outcome.EXPIRED] - self[Outcome.FAILED]

    @property
    def must_halt(self) -> bool:
        """Whether so many are refused that the fault is ours: stage, credentials or event."""
        return self.answered >= HALT_AFTER and self.refused * 2 > self.answered

    def cause(self) -> str:
        """Name the probable cause of a halt."""
        if self[Outcome.INVALID] > self[Outcome.REJECTED]:
            return "event: Alexa finds the event or its expiry wrong (400) for most customers"
        return (
            "stage or credentials: Alexa knows no subscription (403) of most customers; SKILL_STAGE"
            " must be the stage that they enabled, and the credentials must be of the same skill"
        )
