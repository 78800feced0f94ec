"""Events as they are built in Python: flat, checked when made, wire shape on request.

>>> alert = WeatherAlert(alert_type="TORNADO", source=Localized("source"))
>>> alert.payload()
{'weatherAlert': {'source': 'localizedattribute:source', 'alertType': 'TORNADO'}}
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from yellowring.catalog.checking import InvalidEvent, check_payload
from yellowring.catalog.wire import Localized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yellowring.catalog.vocabulary import (
        AlertType,
        ConfirmationStatus,
        ContentType,
        DayOfWeek,
        Freshness,
        GameOffer,
        GarbageType,
        InviteType,
        MessageStatus,
        OccasionType,
        OrderState,
        Relationship,
        ReleaseMethod,
        Urgency,
    )

type LocalizableText = str | Localized
type Time = str | datetime


@dataclass(frozen=True, kw_only=True)
class Event:
    """One of the eight events, right from the moment it exists.

    A word may be given as the vocabulary's member or as a string, a time as an aware `datetime`
    or in ISO 8601, and a localizable text as `Localized`.

    Raises
    ------
    InvalidEvent
        By every subclass when it is made of values that Alexa would refuse.
    """

    name: ClassVar[str]
    """The event's name on the wire."""

    def __post_init__(self) -> None:
        self.payload()

    def payload(self) -> dict[str, Any]:
        """Give the payload exactly as it goes on the wire."""
        nested: dict[str, Any] = {}
        for member in fields(self):
            value = getattr(self, member.name)
            if value is not None:
                *parents, key = member.metadata["wire"].split(".")
                part = nested
                for parent in parents:
                    part = part.setdefault(parent, {})
                part[key] = _on_the_wire(value)
        checked, problems = check_payload(self.name, nested, "$.event.payload")
        if problems:
            raise InvalidEvent(tuple(problems))
        return checked

    def document(self) -> dict[str, Any]:
        """Give the ``event`` of a campaign or of a request: name and payload."""
        return {"name": self.name, "payload": self.payload()}


def _on_the_wire(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Localized):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple | set | frozenset):
        return [_on_the_wire(item) for item in value]
    return value


def _at(path: str) -> dict[str, str]:
    return {"wire": path}


@dataclass(frozen=True, kw_only=True)
class WeatherAlert(Event):
    """There is extreme weather where the customer is."""

    name = "AMAZON.WeatherAlert.Activated"

    source: LocalizableText = field(metadata=_at("weatherAlert.source"))
    alert_type: AlertType | str = field(metadata=_at("weatherAlert.alertType"))


@dataclass(frozen=True, kw_only=True)
class SportsEvent(Event):
    """A match has a new score; ``scored_by`` and ``score_earned`` go together."""

    name = "AMAZON.SportsEvent.Updated"

    league: LocalizableText = field(metadata=_at("sportsEvent.eventLeague.name"))
    home_team: str = field(metadata=_at("sportsEvent.homeTeamStatistic.team.name"))
    home_score: int = field(metadata=_at("sportsEvent.homeTeamStatistic.score"))
    away_team: str = field(metadata=_at("sportsEvent.awayTeamStatistic.team.name"))
    away_score: int = field(metadata=_at("sportsEvent.awayTeamStatistic.score"))
    scored_by: str | None = field(default=None, metadata=_at("update.teamName"))
    score_earned: int | None = field(default=None, metadata=_at("update.scoreEarned"))


@dataclass(frozen=True, kw_only=True)
class MessageAlert(Event):
    """Messages wait for the customer."""

    name = "AMAZON.MessageAlert.Activated"

    creator: str = field(metadata=_at("messageGroup.creator.name"))
    count: int = field(metadata=_at("messageGroup.count"))
    status: MessageStatus | str = field(default="UNREAD", metadata=_at("state.status"))
    freshness: Freshness | str | None = field(default=None, metadata=_at("state.freshness"))
    urgency: Urgency | str | None = field(default=None, metadata=_at("messageGroup.urgency"))


@dataclass(frozen=True, kw_only=True)
class OrderStatus(Event):
    """An order has come a step further."""

    name = "AMAZON.OrderStatus.Updated"

    seller: LocalizableText = field(metadata=_at("order.seller.name"))
    status: OrderState | str = field(metadata=_at("state.status"))
    entered: Time | None = field(default=None, metadata=_at("state.enterTimeStamp"))
    expected_arrival: Time | None = field(
        default=None, metadata=_at("state.deliveryDetails.expectedArrival")
    )


@dataclass(frozen=True, kw_only=True)
class Occasion(Event):
    """A reservation or an appointment was made or changed."""

    name = "AMAZON.Occasion.Updated"

    occasion_type: OccasionType | str = field(metadata=_at("occasion.occasionType"))
    subject: LocalizableText = field(metadata=_at("occasion.subject"))
    provider: LocalizableText = field(metadata=_at("occasion.provider.name"))
    booking_time: Time = field(metadata=_at("occasion.bookingTime"))
    confirmation_status: ConfirmationStatus | str = field(metadata=_at("state.confirmationStatus"))
    broker: LocalizableText | None = field(default=None, metadata=_at("occasion.broker.name"))


@dataclass(frozen=True, kw_only=True)
class TrashCollectionAlert(Event):
    """Garbage is collected soon."""

    name = "AMAZON.TrashCollectionAlert.Activated"

    garbage_types: Sequence[GarbageType | str] = field(metadata=_at("alert.garbageTypes"))
    day_of_week: DayOfWeek | str = field(metadata=_at("alert.collectionDayOfWeek"))


@dataclass(frozen=True, kw_only=True)
class MediaContent(Event):
    """Something to watch, hear, read or play comes out."""

    name = "AMAZON.MediaContent.Available"

    content: LocalizableText = field(metadata=_at("content.name"))
    content_type: ContentType | str = field(metadata=_at("content.contentType"))
    method: ReleaseMethod | str = field(metadata=_at("availability.method"))
    start_time: Time = field(metadata=_at("availability.startTime"))
    provider: LocalizableText | None = field(
        default=None, metadata=_at("availability.provider.name")
    )


@dataclass(frozen=True, kw_only=True)
class SocialGameInvite(Event):
    """Somebody wants to play with the customer."""

    name = "AMAZON.SocialGameInvite.Available"

    inviter: str = field(metadata=_at("invite.inviter.name"))
    relationship: Relationship | str = field(metadata=_at("invite.relationshipToInvitee"))
    invite_type: InviteType | str = field(metadata=_at("invite.inviteType"))
    offer: GameOffer | str = field(metadata=_at("game.offer"))
    game: LocalizableText = field(metadata=_at("game.name"))
