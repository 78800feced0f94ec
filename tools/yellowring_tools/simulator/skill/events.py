"""What Alexa tells a skill outside any session: skill events, and messages passed on to it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from yellowring_tools.simulator.facts import API_ENDPOINTS, NOTIFICATIONS_SCOPE

if TYPE_CHECKING:
    from random import Random

    from yellowring_tools.simulator.facts import Region
    from yellowring_tools.simulator.faults import TimestampSpelling

EventState = Literal["pending", "delivered", "failed"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPELLINGS: tuple[TimestampSpelling, ...] = ("iso", "iso-ms", "epoch-ms", "epoch-s")


@dataclass(frozen=True, slots=True)
class Body:
    """What an event of some type says; ``None`` leaves ``request.body`` out."""

    type: str
    body: dict[str, Any] | None
    spell_null: bool = False


_ATTEMPTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what was not acknowledged is delivered again.

    Parameters
    ----------
    first_seconds
        The wait after the first delivery that failed, doubled after each.
    longest_seconds
        Its bound, if it has one.
    most_attempts
        Deliveries before it is given up, if they are counted.
    deadline
        The moment, in monotonic seconds, from which nothing is delivered.
    """

    first_seconds: float
    longest_seconds: float | None = None
    most_attempts: int | None = None
    deadline: float | None = None

    def wait(self, tries: int, moment: float) -> float | None:
        """Give the seconds until the next delivery after so many; ``None`` is to give up."""
        if self.most_attempts is not None and tries >= self.most_attempts:
            return None
        doubled = self.first_seconds * 2.0 ** min(tries - 1, 30)
        wait = doubled if self.longest_seconds is None else min(doubled, self.longest_seconds)
        return None if self.over(moment + wait) else wait

    def over(self, moment: float) -> bool:
        """Tell whether it is too late for a delivery."""
        return self.deadline is not None and moment >= self.deadline


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery that was made: how long after the event, in seconds, and with what end."""

    after: float
    acknowledged: bool


@dataclass(slots=True)
class SkillEvent:
    """One skill event and what became of its deliveries.

    Every copy and every redelivery carries the same envelope. It counts as delivered once the
    skill acknowledged one copy and no other is on its way. ``submitted`` is in monotonic seconds;
    without a patience of its own it has the deliverer's.
    """

    id: str
    type: str
    user_id: str
    timestamp: datetime
    envelope: bytes
    copies: int = 1
    patience: Patience | None = None
    submitted: float = 0.0
    attempts: int = 0
    concluded: int = 0
    acknowledged: int = 0
    last_error: str | None = None
    latest: list[Attempt] = field(default_factory=list)

    def attempted(self, moment: float, error: str | None) -> None:
        """Note a delivery, and its error if it had one."""
        self.attempts += 1
        self.latest.append(Attempt(moment - self.submitted, error is None))
        del self.latest[:-_ATTEMPTS_SHOWN]
        self.last_error = error or self.last_error

    def conclude(self, *, acknowledged: bool) -> None:
        """Note that one copy is on its way no longer."""
        self.concluded += 1
        self.acknowledged += acknowledged

    @property
    def state(self) -> EventState:
        if self.concluded < self.copies:
            return "pending"
        return "delivered" if self.acknowledged else "failed"

    def document(self) -> dict[str, object]:
        """The event as its control shows it."""
        return {
            "id": self.id,
            "type": self.type,
            "userId": self.user_id,
            "timestamp": spell(self.timestamp, "iso-ms"),
            "copies": self.copies,
            "attempts": self.attempts,
            "state": self.state,
            "lastError": self.last_error,
            "deliveries": [
                {"afterMs": round(each.after * 1000), "acknowledged": each.acknowledged}
                for each in self.latest
            ],
        }


@dataclass(slots=True)
class SkillMessage(SkillEvent):
    """A message from the skill's own back office, which Alexa passes on until it expires."""

    data: dict[str, Any] = field(default_factory=dict)
    expires_at: datetime = _EPOCH

    def document(self) -> dict[str, object]:
        """The message as its control shows it."""
        # The bare super() does not find its way in a dataclass with slots.
        return SkillEvent.document(self) | {
            "data": self.data,
            "expiresAt": spell(self.expires_at, "iso-ms"),
        }


@dataclass(frozen=True, slots=True)
class Sender:
    """Who an event is about, as the envelope's context says it.

    ``access_token`` is that of the account which they linked, if they did.
    """

    skill_id: str
    user_id: str
    region: Region
    granted: bool
    access_token: str | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How what Alexa tells is dated and delivered."""

    timestamp: datetime
    spelling: TimestampSpelling
    copies: int
    random: Random
    submitted: float


def make_event(sender: Sender, body: Body, manner: Manner) -> SkillEvent:
    """Compose the envelope of one skill event; it has no session."""
    fields = {"body": body.body} if body.body is not None or body.spell_null else {}
    request = _request(f"AlexaSkillEvent.{body.type}", manner, fields)
    return SkillEvent(
        id=request["requestId"],
        type=body.type,
        user_id=sender.user_id,
        timestamp=manner.timestamp,
        envelope=_envelope(sender, request),
        copies=manner.copies,
        submitted=manner.submitted,
    )


def make_message(
    sender: Sender, data: dict[str, Any], manner: Manner, lifetime: timedelta, patience: Patience
) -> SkillMessage:
    """Compose the envelope of one message; it has no session, and ``data`` comes as it was sent."""
    request = _request("Messaging.MessageReceived", manner, {"message": data})
    return SkillMessage(
        id=request["requestId"],
        type="MessageReceived",
        user_id=sender.user_id,
        timestamp=manner.timestamp,
        envelope=_envelope(sender, request),
        copies=manner.copies,
        patience=patience,
        submitted=manner.submitted,
        data=data,
        expires_at=manner.timestamp + lifetime,
    )


def _request(kind: str, manner: Manner, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": kind,
        "requestId": f"amzn1.echo-external.request.{uuid4()}",
        **_timestamps(manner.timestamp, manner.spelling, manner.random),
        **fields,
    }


def _envelope(sender: Sender, request: dict[str, Any]) -> bytes:
    context = {"System": system(sender)}
    return json.dumps({"version": "1.0", "context": context, "request": request}).encode()


def spell(moment: datetime, spelling: TimestampSpelling) -> str | int:
    """Write a time as ``request.timestamp`` has been seen to; sub-units are cut off."""
    moment = moment.astimezone(UTC)
    if spelling == "epoch-ms":
        return (moment - _EPOCH) // timedelta(milliseconds=1)
    if spelling == "epoch-s":
        return (moment - _EPOCH) // timedelta(seconds=1)
    timespec = "milliseconds" if spelling == "iso-ms" else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


def resolution(spelling: TimestampSpelling) -> timedelta:
    """Give the time two events must be apart for their timestamps to differ."""
    fine = spelling in ("iso-ms", "epoch-ms")
    return timedelta(milliseconds=1) if fine else timedelta(seconds=1)


def _timestamps(
    moment: datetime, spelling: TimestampSpelling, random: Random
) -> dict[str, str | int]:
    if spelling != "mixed":
        return {"timestamp": spell(moment, spelling)}
    if random.random() < 1 / 5:
        text = spell(moment, "iso")
        return {"timeStamp": text, "eventCreationTime": text, "eventPublishingTime": text}
    return {"timestamp": spell(moment, random.choice(_SPELLINGS))}


def system(sender: Sender) -> dict[str, Any]:
    """Give ``context.System``: who it is about, and where their region's Alexa is."""
    user: dict[str, Any] = {"userId": sender.user_id}
    if sender.granted:
        user["permissions"] = {"scopes": {NOTIFICATIONS_SCOPE: {"status": "GRANTED"}}}
    if sender.access_token is not None:
        user["accessToken"] = sender.access_token
    return {
        "application": {"applicationId": sender.skill_id},
        "user": user,
        "apiEndpoint": API_ENDPOINTS[sender.region],
        "apiAccessToken": "simulated-api-access-token",
    }
