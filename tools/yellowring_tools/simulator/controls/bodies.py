"""The JSON bodies of the controls."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from yellowring_tools.simulator.customers.customers import Persistence  # noqa: TC001 - pydantic reads it
from yellowring_tools.simulator.documents import Document
from yellowring_tools.simulator.facts import LOCALES, Region
from yellowring_tools.simulator.schemas import EVENT_NAMES, parse_time
from yellowring_tools.simulator.voice.turns import ConsentStatus  # noqa: TC001 - pydantic reads it

Action = Literal[
    "enable", "disable", "subscribe", "unsubscribe", "grant", "revoke", "link", "unlink"
]

_MOST_AT_ONCE = 100_000


def _time(value: object) -> datetime:
    moment = parse_time(value)
    if moment is None:
        raise ValueError("must be an ISO 8601 date and time with Z or an offset")
    return moment


def _event_names(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in EVENT_NAMES]
    if unknown or not names:
        raise ValueError(f"must be one or more of {', '.join(EVENT_NAMES)}")
    return names


def _locale(locale: str) -> str:
    if locale not in LOCALES:
        raise ValueError(f"must be one of {', '.join(sorted(LOCALES))}")
    return locale


Time = Annotated[datetime, PlainValidator(_time)]
Locale = Annotated[str, AfterValidator(_locale)]
EventNames = Annotated[tuple[str, ...], AfterValidator(_event_names)]


class NewCustomers(Document):
    """Body of ``POST /_sim/customers``; of ``silent`` ones the skill hears nothing."""

    user_id: str | None = Field(
        default=None, min_length=1, max_length=255, pattern=r"^amzn1\.ask\.account\."
    )
    region: Region = "na"
    locale: Locale | None = None
    count: int | None = Field(default=None, ge=1, le=_MOST_AT_ONCE)
    subscribed: bool | EventNames = False
    silent: bool = False


class Dated(Document):
    """Body of enable, grant, revoke and unlink."""

    at: Time | None = None


class Disable(Dated):
    """Body of disable."""

    persistence: Persistence = "NOT_PERSISTED"


class Subscribe(Dated):
    """Body of subscribe and unsubscribe."""

    events: EventNames = EVENT_NAMES


class LinkAccount(Dated):
    """Body of link; ``claims`` are what else the provider says of the account."""

    subject: str = Field(min_length=1, max_length=1000)
    claims: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if "sub" in self.claims:
            raise ValueError("claims.sub: leave it out; it is the subject")
        return self


class Say(Document):
    """Body of say."""

    intent: str = Field(default="LaunchRequest", pattern=r"^[A-Za-z][A-Za-z_.]{0,99}$")
    locale: Locale | None = None
    slots: dict[str, str] = Field(default_factory=dict)


class TakeCard(Document):
    """Body of card; ``events`` are what an acceptance subscribes to."""

    accept: bool
    events: EventNames = EVENT_NAMES


class AnswerConsent(Document):
    """Body of consent; ``events`` are what an acceptance subscribes to.

    ``card`` is for who does not answer: Alexa puts a card into their app. ``code`` is an error's.
    """

    status: ConsentStatus
    card: bool = False
    code: Literal[400, 500] = 500
    events: EventNames = EVENT_NAMES

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.card and self.status != "NOT_ANSWERED":
            raise ValueError("card: is only for NOT_ANSWERED")
        return self
