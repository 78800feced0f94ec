"""Refusals: when to believe one, and when so many of them mean that the fault is ours.

A wrong stage, another skill's credentials and a customer who has left all look the same: 403. So a
refused customer is *held* until their region accepts somebody whose request was begun after the
refusal had come: then it was about the customer. Refusals without an acceptance between them halt
the run, and nobody who is held is ever marked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yellowring.sender.delivery.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring.alexa import Region

HALT_AT_ONCE = 20
"""Refusals in a row that halt a run in a region that never accepted anybody."""
HALT_LATER = 50
"""Refusals in a row that halt it where somebody was accepted before."""
UNAUTHORIZED_SECONDS = 30
"""For how long Alexa must refuse every token before that halts a run."""


@dataclass(frozen=True, slots=True)
class Held:
    """A refused customer who may be innocent.

    Attributes
    ----------
    user_id
        The customer.
    region
        Which of Alexa's regions refused.
    outcome
        ``rejected`` (403) or ``invalid`` (400).
    sent_at
        When the request was begun, in milliseconds since the epoch.
    host_known
        Whether their own host was asked; another's refusal says nothing about them.
    answered
        The number of requests begun in this slice when the refusal came.
    link
        Which customer id they were visited for, as `Waiting` has it.
    deliverable
        Whether their record allowed the event, as `Waiting` has it. Where it did not, the refusal
        is no news, and a mark would silence the events that they are subscribed to.
    """

    user_id: str
    region: Region
    outcome: Outcome
    sent_at: int
    host_known: bool = True
    answered: int = 0
    link: str = ""
    deliverable: bool = True

    @property
    def is_markable(self) -> bool:
        """Check whether the refusal, once believed, says something new about the customer."""
        return self.outcome is Outcome.REJECTED and self.host_known and self.deliverable


@dataclass(slots=True)
class Evidence:
    """What a region has answered: refusals since its last acceptance, and whether it had one."""

    in_a_row: int = 0
    accepted: bool = False

    @property
    def most(self) -> int:
        """The refusals in a row that this region may have."""
        return HALT_LATER if self.accepted else HALT_AT_ONCE


@dataclass(frozen=True, slots=True)
class Unauthorized:
    """Tokens refused (401) since the last acceptance: how many, and since when (s, epoch)."""

    answers: int = 0
    since: int = 0


@dataclass(slots=True)
class Refusals:
    """The evidence of one segment, by region, and who is held.

    Rules only: no clock, no network. Requests are numbered by the caller, from 1 in each slice.
    """

    evidence: dict[Region, Evidence] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    unauthorized: Unauthorized = Unauthorized()

    def of(self, region: Region) -> Evidence:
        """Return a region's evidence."""
        return self.evidence.setdefault(region, Evidence())

    def room(self, region: Region, under_way: int) -> bool:
        """Check whether one more request to a region could not carry the refusals past a halt."""
        evidence = self.of(region)
        return evidence.accepted or evidence.in_a_row + under_way < evidence.most

    def refused(self, held: Held) -> None:
        """Hold a customer."""
        self.held.append(held)
        self.of(held.region).in_a_row += 1

    def accepted(self, region: Region, begun: int) -> list[Held]:
        """Note an acceptance; return whom it proves refused for their own sake, held no more.

        Parameters
        ----------
        region
            Where somebody was accepted.
        begun
            The number of that request.
        """
        evidence = self.of(region)
        evidence.in_a_row, evidence.accepted = 0, True
        self.unauthorized = Unauthorized()
        believed = [each for each in self.held if each.region == region and each.answered < begun]
        if believed:
            kept = [each for each in self.held if each.region != region or each.answered >= begun]
            self.held = kept
        return believed

    def refused_token(self, now: float) -> None:
        """Note that Alexa refused a token that Login with Amazon had just given (401)."""
        before = self.unauthorized
        since = before.since if before.answers else int(now)
        self.unauthorized = Unauthorized(before.answers + 1, since)

    def cause(self, now: float) -> str | None:
        """Return why the run must halt; ``None`` when it need not."""
        answers, since = self.unauthorized.answers, self.unauthorized.since
        if answers >= HALT_AT_ONCE and now - since >= UNAUTHORIZED_SECONDS:
            return (
                f"credentials: Alexa refused {answers} fresh tokens (401); the"
                " credentials secret must hold client id and client secret of this very skill"
            )
        for region, evidence in self.evidence.items():
            if evidence.in_a_row >= evidence.most:
                return self._refused_by(region, evidence)
        return None

    def _refused_by(self, region: Region, evidence: Evidence) -> str:
        here = [each.outcome for each in self.held if each.region == region]
        row = f"{evidence.in_a_row} customers in a row in region {region}"
        since = "nobody was accepted before" if not evidence.accepted else "others were before"
        if here.count(Outcome.INVALID) * 2 > len(here):
            return (
                f"event: Alexa finds the event or its expiry wrong (400) for {row}; {since}: "
                "compare it with the event's schema, then resume"
            )
        return (
            f"stage or credentials: Alexa knows no subscription (403) of {row}; {since}:"
            " SKILL_STAGE must be the stage that they enabled, the credentials must be of the same"
            " skill; mend it, then resume"
        )


def nobody_reached(counts: Mapping[Outcome, int]) -> str:
    """Return what to say of a run that ended without reaching anybody."""
    worst = max(counts, key=lambda outcome: counts[outcome])
    return _NOBODY.get(worst, f"nobody was reached: all ended as {worst.value}")


_NOBODY: Mapping[Outcome, str] = {
    Outcome.REJECTED: (
        "nobody was reached: Alexa knows no subscription (403) of anybody; SKILL_STAGE must be the "
        "stage that they enabled, the credentials must be of the same skill; nobody was marked"
    ),
    Outcome.INVALID: (
        "nobody was reached: the event is refused (400), or no customer's content could be made"
    ),
    Outcome.FAILED: "nobody was reached: Alexa or Login with Amazon gave no final answer",
    Outcome.EXPIRED: "nobody was reached: the event expired before it could be sent",
    Outcome.SKIPPED: "nobody was reached: there was nothing for anybody",
    Outcome.LIMITED: "nobody was reached: everybody has had all notifications they may have (432)",
}
