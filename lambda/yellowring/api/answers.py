"""What the API answers, as OpenAPI describes it and every answer is held against."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from yellowring.api.examples import ACCEPTED


class Answer(BaseModel):
    """An object of an answer: members in camel case, none that is not named here."""

    model_config = ConfigDict(
        extra="forbid", alias_generator=to_camel, validate_by_name=True, frozen=True
    )


class ProblemError(Answer):
    """One thing that is wrong."""

    path: str = Field(description="A JSON path of the body, or a parameter.", examples=["$.to"])
    message: str


class ProblemDetails(Answer):
    """What is wrong, as RFC 9457 has it."""

    type: str = Field(examples=["urn:yellowring:problem:invalid"])
    title: str
    status: int
    detail: str
    errors: list[ProblemError]


class AcceptedNotification(Answer):
    """A notification that is on its queue: the same for every repeat of the same request."""

    model_config = ConfigDict(json_schema_extra={"examples": [ACCEPTED]})

    id: str = Field(description="Also the reference id of the event that Alexa gets.")
    status: Literal["queued"] = "queued"
    created_at: datetime
    expiry_time: datetime = Field(description="Nothing rings later than this.")


class BatchOutcome(Answer):
    """How one entry of a batch went: a notification, or a problem."""

    status: int = Field(description="The HTTP status that the entry by itself would have got.")
    notification: AcceptedNotification | None = None
    problem: ProblemDetails | None = None


class BatchAnswer(Answer):
    """An outcome for each entry, in their order."""

    outcomes: list[BatchOutcome]


class AccountOutcome(Answer):
    """How a notification ended for one account."""

    account: str | None = Field(
        description="The account's hash, as the logs have it; null where no account was told."
    )
    outcome: str
    reason: str = Field(description="Why, where the ring stays dark.")


class NotificationAnswer(Answer):
    """What became of a notification."""

    id: str
    status: Literal["queued", "done"]
    created_at: datetime
    expiry_time: datetime
    outcomes: list[AccountOutcome]
    reason: str = Field(description="Why nobody heard, once it is done; empty when anybody did.")


class Segments(Answer):
    """The parts of a run's audience."""

    total: int
    open: int


class RunAnswer(Answer):
    """A run, as it is now."""

    run_id: str
    campaign: str
    status: Literal["running", "completed", "halted", "cancelled"]
    counts: dict[str, int] = Field(description="Customers by outcome; each is in exactly one.")
    started_at: datetime
    expiry_time: datetime
    ended_at: datetime | None
    attempt: int
    segments: Segments
    waiting: int = Field(description="Customers who wait for another try.")
    cause: str = Field("", description="Why the run ended before its time, and what to do.")
    ending: str = Field("", description="What the run is about to be.")
    waiting_for: list[str] = Field(default_factory=list, description="What holds it up.")
    resumable: int = Field(0, description="Customers whom a resume would try.")


class Reachability(Answer):
    """Whether somebody is notified, and why not."""

    reachable: bool
    reason: str = Field(description="Empty when reachable.", examples=["not subscribed"])


class Account(Answer):
    """One of a customer's accounts."""

    account: str = Field(description="The account's hash, as the logs have it.")
    locale: str | None
    reachable: bool
    events: dict[str, Reachability]


class CustomerOutcome(Answer):
    """A problem or skip of late: why a ring stayed dark."""

    account: str
    reference_id: str
    outcome: str
    reason: str
    at: datetime


class CustomerAnswer(Answer):
    """All that a business needs to know of one of its customers."""

    customer_id: str
    reachable: bool = Field(description="Whether any event reaches any account.")
    reason: str = Field(description="Why not; empty when reachable.", examples=["not linked"])
    detail: str = Field(description="The same in a sentence, with what to do.")
    events: dict[str, Reachability]
    accounts: list[Account]
    attributes: dict[str, Any]
    outcomes: list[CustomerOutcome] = Field(description="The newest 20 problems and skips.")
    stack: str = Field(description="Which stack answers: each knows its own customers only.")
    region: str = Field(description="The AWS region of that stack.")
