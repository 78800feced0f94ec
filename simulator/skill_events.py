"""What Alexa tells a skill about a customer, as the envelope that its function receives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from simulator.facts import API_ENDPOINTS, NOTIFICATIONS_SCOPE

if TYPE_CHECKING:
    from random import Random

    from simulator.facts import Region
    from simulator.faults import TimestampSpelling

EventState = Literal["pending", "delivered", "failed"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPELLINGS: tuple[TimestampSpelling, ...] = ("iso", "iso-ms", "epoch-ms", "epoch-s")


@dataclass(frozen=True, slots=True)
class Body:
    """What an event of some type says; ``None`` leaves ``request.body`` out."""

    type: str
    body: dict[str, Any] | None
    spell_null: bool = False


@dataclass(slots=True)
class SkillEvent:
    """One skill event and what became of its deliveries.

    Every copy and every redelivery carries the same envelope. It counts as delivered once the
    skill acknowledged one copy and no other is on its way.
    """

    id: str
    type: str
    user_id: str
    timestamp: datetime
    envelope: bytes
    copies: int = 1
    attempts: int = 0
    concluded: int = 0
    acknowledged: int = 0
    last_error: str | None = None

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
        }


@dataclass(frozen=True, slots=True)
class Sender:
    """Who an event is about, as the envelope's context says it."""

    skill_id: str
    user_id: str
    region: Region
    granted: bool


def make_event(
    sender: Sender,
    body: Body,
    timestamp: datetime,
    *,
    spelling: TimestampSpelling,
    copies: int,
    random: Random,
) -> SkillEvent:
    """Compose the envelope of one skill event; it has no session."""
    request: dict[str, Any] = {
        "type": f"AlexaSkillEvent.{body.type}",
        "requestId": f"amzn1.echo-external.request.{uuid4()}",
        **_timestamps(timestamp, spelling, random),
    }
    if body.body is not None or body.spell_null:
        request["body"] = body.body
    envelope = {"version": "1.0", "context": {"System": _system(sender)}, "request": request}
    return SkillEvent(
        id=request["requestId"],
        type=body.type,
        user_id=sender.user_id,
        timestamp=timestamp,
        envelope=json.dumps(envelope).encode(),
        copies=copies,
    )


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


def _system(sender: Sender) -> dict[str, Any]:
    user: dict[str, Any] = {"userId": sender.user_id}
    if sender.granted:
        user["permissions"] = {"scopes": {NOTIFICATIONS_SCOPE: {"status": "GRANTED"}}}
    return {
        "application": {"applicationId": sender.skill_id},
        "user": user,
        "apiEndpoint": API_ENDPOINTS[sender.region],
        "apiAccessToken": "simulated-api-access-token",
    }
