"""The words that the events' fields are limited to."""

from __future__ import annotations

from enum import StrEnum


class AlertType(StrEnum):
    """What weather an alert warns of."""

    TORNADO = "TORNADO"
    HURRICANE = "HURRICANE"
    SNOW_STORM = "SNOW_STORM"
    THUNDER_STORM = "THUNDER_STORM"


class MessageStatus(StrEnum):
    """What a waiting message is."""

    UNREAD = "UNREAD"
    FLAGGED = "FLAGGED"


class Freshness(StrEnum):
    """How long a message has waited."""

    NEW = "NEW"
    OVERDUE = "OVERDUE"


class Urgency(StrEnum):
    """How soon a message wants to be read."""

    URGENT = "URGENT"


class OrderState(StrEnum):
    """How far an order is."""

    PREORDER_RECEIVED = "PREORDER_RECEIVED"
    ORDER_RECEIVED = "ORDER_RECEIVED"
    ORDER_PREPARING = "ORDER_PREPARING"
    ORDER_SHIPPED = "ORDER_SHIPPED"
    ORDER_OUT_FOR_DELIVERY = "ORDER_OUT_FOR_DELIVERY"
    ORDER_DELIVERED = "ORDER_DELIVERED"


class ConfirmationStatus(StrEnum):
    """What happened to an occasion."""

    CONFIRMED = "CONFIRMED"
    CANCELED = "CANCELED"
    RESCHEDULED = "RESCHEDULED"
    REQUESTED = "REQUESTED"
    CREATED = "CREATED"
    UPDATED = "UPDATED"


class OccasionType(StrEnum):
    """What kind of occasion was booked."""

    RESERVATION_REQUEST = "RESERVATION_REQUEST"
    RESERVATION = "RESERVATION"
    APPOINTMENT_REQUEST = "APPOINTMENT_REQUEST"
    APPOINTMENT = "APPOINTMENT"


class GarbageType(StrEnum):
    """What is collected."""

    BOTTLES = "BOTTLES"
    BULKY = "BULKY"
    BURNABLE = "BURNABLE"
    CANS = "CANS"
    CLOTHING = "CLOTHING"
    COMPOSTABLE = "COMPOSTABLE"
    CRUSHABLE = "CRUSHABLE"
    GARDEN_WASTE = "GARDEN_WASTE"
    GLASS = "GLASS"
    HAZARDOUS = "HAZARDOUS"
    HOME_APPLIANCES = "HOME_APPLIANCES"
    KITCHEN_WASTE = "KITCHEN_WASTE"
    LANDFILL = "LANDFILL"
    PET_BOTTLES = "PET_BOTTLES"
    RECYCLABLE_PLASTICS = "RECYCLABLE_PLASTICS"
    WASTE_PAPER = "WASTE_PAPER"


class DayOfWeek(StrEnum):
    """When it is collected."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


class ReleaseMethod(StrEnum):
    """How media content becomes available."""

    STREAM = "STREAM"
    AIR = "AIR"
    RELEASE = "RELEASE"
    PREMIERE = "PREMIERE"
    DROP = "DROP"


class ContentType(StrEnum):
    """What the media content is."""

    BOOK = "BOOK"
    EPISODE = "EPISODE"
    ALBUM = "ALBUM"
    SINGLE = "SINGLE"
    MOVIE = "MOVIE"
    GAME = "GAME"


class Relationship(StrEnum):
    """Who the inviter is to the customer."""

    FRIEND = "FRIEND"
    CONTACT = "CONTACT"


class InviteType(StrEnum):
    """How the customer is asked to play."""

    CHALLENGE = "CHALLENGE"
    INVITE = "INVITE"


class GameOffer(StrEnum):
    """What the customer is asked to play."""

    MATCH = "MATCH"
    REMATCH = "REMATCH"
    GAME = "GAME"
