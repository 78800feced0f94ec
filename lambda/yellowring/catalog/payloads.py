"""The eight payloads as Alexa takes them (Schemas for Proactive Events).

Amazon's samples have ``relationshipToInvitee`` in ``invite`` and ``garbageTypes`` in the plural;
some public clients have neither, and Alexa refuses what they send. What others send and nobody
knows to be refused is taken, marked `Disputed`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from yellowring.catalog.values import (
    Disputed,
    Integer,
    LocalizableText,
    Maybe,
    OtherTimeStamp,
    Text,
    Time,
)
from yellowring.catalog.vocabulary import (  # noqa: TC001 - pydantic reads the annotations
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


class Part(BaseModel):
    """An object of a payload: camel case on the wire, no unknown members, not to be changed.

    Building is put off to the first use: a run sends one event, and need not build eight.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        defer_build=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )


class Named(Part):
    """Something with a name that is the same in every locale."""

    name: Text


class LocalizableNamed(Part):
    """Something with a name that may differ by locale."""

    name: LocalizableText


class WeatherAlertPart(Part):
    """The alert, and who gives it out."""

    source: Annotated[Maybe[LocalizableText], Disputed()] = None
    alert_type: AlertType


class WeatherAlertPayload(Part):
    """``AMAZON.WeatherAlert.Activated``."""

    weather_alert: WeatherAlertPart


class ScoreUpdatePart(Part):
    """Who scored, and how much."""

    score_earned: Integer
    team_name: Text


class TeamStatisticPart(Part):
    """A team and its score so far."""

    team: Named
    score: Integer


class SportsEventPart(Part):
    """The match."""

    event_league: LocalizableNamed
    home_team_statistic: TeamStatisticPart
    away_team_statistic: TeamStatisticPart


class SportsEventPayload(Part):
    """``AMAZON.SportsEvent.Updated``."""

    update: Maybe[ScoreUpdatePart] = None
    sports_event: SportsEventPart


class MessageStatePart(Part):
    """What the messages are, and since when."""

    status: MessageStatus
    freshness: Maybe[Freshness] = None


class MessageGroupPart(Part):
    """Whom the messages are from, and how many there are."""

    creator: Named
    count: Integer
    urgency: Maybe[Urgency] = None


class MessageAlertPayload(Part):
    """``AMAZON.MessageAlert.Activated``."""

    state: MessageStatePart
    message_group: MessageGroupPart


class DeliveryDetailsPart(Part):
    """When the order is expected."""

    expected_arrival: Maybe[Time] = None


class OrderStatePart(Part):
    """How far the order is, and since when."""

    status: OrderState
    enter_time_stamp: Maybe[Time] = None
    delivery_details: Maybe[DeliveryDetailsPart] = None
    enter_timestamp: OtherTimeStamp = None
    delivered_on: OtherTimeStamp = None


class OrderPart(Part):
    """Whom the order was placed with."""

    seller: LocalizableNamed


class OrderStatusPayload(Part):
    """``AMAZON.OrderStatus.Updated``."""

    state: OrderStatePart
    order: OrderPart


class OccasionStatePart(Part):
    """What happened to the occasion."""

    confirmation_status: ConfirmationStatus


class OccasionPart(Part):
    """What was booked, with whom and for when."""

    occasion_type: OccasionType
    subject: LocalizableText
    provider: LocalizableNamed
    booking_time: Time
    broker: Maybe[LocalizableNamed] = None


class OccasionPayload(Part):
    """``AMAZON.Occasion.Updated``."""

    state: OccasionStatePart
    occasion: OccasionPart


class TrashCollectionPart(Part):
    """What is collected, and on which day."""

    garbage_types: Annotated[list[GarbageType], Field(min_length=1, max_length=5)]
    collection_day_of_week: DayOfWeek


class TrashCollectionAlertPayload(Part):
    """``AMAZON.TrashCollectionAlert.Activated``."""

    alert: TrashCollectionPart


class AvailabilityPart(Part):
    """From when, where and how the content can be had."""

    start_time: Time
    provider: Maybe[LocalizableNamed] = None
    method: ReleaseMethod


class ContentPart(Part):
    """What the content is."""

    name: LocalizableText
    content_type: ContentType


class MediaContentPayload(Part):
    """``AMAZON.MediaContent.Available``."""

    availability: AvailabilityPart
    content: ContentPart


class InvitePart(Part):
    """Who invites, and how."""

    inviter: Named
    relationship_to_invitee: Relationship
    invite_type: InviteType


class GamePart(Part):
    """What is to be played."""

    offer: GameOffer
    name: LocalizableText


class SocialGameInvitePayload(Part):
    """``AMAZON.SocialGameInvite.Available``."""

    invite: InvitePart
    game: GamePart


PAYLOADS: dict[str, type[Part]] = {
    "AMAZON.WeatherAlert.Activated": WeatherAlertPayload,
    "AMAZON.SportsEvent.Updated": SportsEventPayload,
    "AMAZON.MessageAlert.Activated": MessageAlertPayload,
    "AMAZON.OrderStatus.Updated": OrderStatusPayload,
    "AMAZON.Occasion.Updated": OccasionPayload,
    "AMAZON.TrashCollectionAlert.Activated": TrashCollectionAlertPayload,
    "AMAZON.MediaContent.Available": MediaContentPayload,
    "AMAZON.SocialGameInvite.Available": SocialGameInvitePayload,
}
"""The payload's model of each event, by the event's name."""
