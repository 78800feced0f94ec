"""What goes wrong on purpose, and how often; the same seed goes wrong the same way."""

from __future__ import annotations

from functools import cached_property
from random import Random
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from yellowring_tools.simulator.documents import Document

Probability = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[float, Field(ge=0, le=3_600_000)]
TimestampSpelling = Literal["iso", "iso-ms", "epoch-ms", "epoch-s", "mixed"]


def _ordered(pair: tuple[float, float]) -> tuple[float, float]:
    if pair[0] > pair[1]:
        raise ValueError(f"must be [least, most], not {list(pair)}")
    return pair


Delay = Annotated[tuple[Milliseconds, Milliseconds], AfterValidator(_ordered)]
"""``[least, most]`` in milliseconds."""


class EventFaults(Document):
    """How skill events and messages reach the skill: how often, in what order, how late, how dated.

    ``timestamps`` spells ``request.timestamp`` as ISO 8601 in seconds or milliseconds, or as a
    number; ``mixed`` takes any of them, and at times the older ``timeStamp`` as the name.
    """

    copies: int = Field(default=1, ge=1, le=100)
    shuffle: bool = False
    hold: bool = False
    delay_ms: Delay = (0, 0)
    timestamps: TimestampSpelling = "iso-ms"


class ApiFaults(Document):
    """How the Proactive Events API fails; probabilities are per request."""

    error_5xx: Probability = Field(default=0, alias="error5xx")
    throttle: Probability = 0
    retry_after: int | None = Field(default=None, ge=0, le=3600)
    reset_after_accept: Probability = 0
    timeout: Probability = 0
    timeout_seconds: float = Field(default=30, ge=0, le=3600)
    rate_per_second: int | None = Field(default=None, ge=1)
    latency_ms: Delay = (0, 0)
    unauthorized: Probability = 0

    @cached_property
    def any(self) -> bool:
        """Whether a request's fate is drawn at all."""
        chances = (self.error_5xx, self.throttle, self.reset_after_accept, self.timeout)
        return any(chances) or self.unauthorized > 0 or self.latency_ms[1] > 0


class LwaFaults(Document):
    """How Login with Amazon fails, and how long its tokens live."""

    token_lifetime_seconds: int = Field(default=3600, ge=0, le=86_400)
    error_5xx: Probability = Field(default=0, alias="error5xx")
    latency_ms: Delay = (0, 0)


class UserinfoFaults(Document):
    """How the accounts' provider fails to say whose an access token is, and how long those live.

    ``drip`` answers byte by byte and does not end, ``huge`` with megabytes, ``redirect`` with an
    address that names somebody else, ``malformed`` with status 200 and without a subject.
    """

    token_lifetime_seconds: int = Field(default=3600, ge=0, le=86_400)
    latency_ms: Delay = (0, 0)
    unauthorized: Probability = 0
    error_5xx: Probability = Field(default=0, alias="error5xx")
    timeout: Probability = 0
    timeout_seconds: float = Field(default=30, ge=0, le=3600)
    reset: Probability = 0
    redirect: Probability = 0
    drip: Probability = 0
    huge: Probability = 0
    malformed: Probability = 0


class MessageFaults(Document):
    """How soon a message that the skill did not acknowledge comes again; doubled each time."""

    first_retry_seconds: float = Field(default=30, ge=0.01, le=3600)


class SmapiFaults(Document):
    """How the Skill Management API fails; probabilities are per request.

    ``only`` names the operations that fail, as the ASK CLI calls them, and ``most`` how many
    requests the faults may strike; ``import_seconds`` is how long a change is in progress.
    ``reset_after_accept`` and ``timeout`` carry the operation out, and lose the answer.
    """

    import_seconds: float = Field(default=0.5, ge=0, le=3600)
    only: tuple[str, ...] = ()
    most: int | None = Field(default=None, ge=0)
    error_5xx: Probability = Field(default=0, alias="error5xx")
    throttle: Probability = 0
    retry_after: int | None = Field(default=None, ge=0, le=3600)
    reset_after_accept: Probability = 0
    timeout: Probability = 0
    timeout_seconds: float = Field(default=30, ge=0, le=3600)
    latency_ms: Delay = (0, 0)
    unauthorized: Probability = 0


class Faults(Document):
    """The whole fault document; its defaults are an Alexa that never fails.

    ``daily_limit`` is how many notifications a customer takes in a day (UTC) of a live skill.

    >>> Faults.read({"seed": 7, "events": {"copies": 2}}).events.copies
    2
    """

    seed: int = 1
    events: EventFaults = EventFaults()
    api: ApiFaults = ApiFaults()
    lwa: LwaFaults = LwaFaults()
    userinfo: UserinfoFaults = UserinfoFaults()
    messages: MessageFaults = MessageFaults()
    smapi: SmapiFaults = SmapiFaults()
    daily_limit: int | None = Field(default=None, ge=0)


def draw(seed: int, *key: object) -> Random:
    """Give the randomness of one thing, the same whenever and in whatever order it is asked for."""
    return Random(f"{seed}:{':'.join(map(str, key))}")  # noqa: S311 - faults, not secrets
