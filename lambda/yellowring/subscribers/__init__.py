"""The subscribers table: one true record per customer, and who of them is to be notified."""

from __future__ import annotations

from yellowring.subscribers.audience import NOTIFICATIONS_SCOPE, Audience, Customer, Page
from yellowring.subscribers.changes import (
    ATTRIBUTE_KEY,
    MOST_ATTRIBUTES,
    AttributesChange,
    AttributeValue,
    Change,
    ConcurrentChange,
    Disabled,
    Enabled,
    Erased,
    Refreshed,
    RegisterChange,
)
from yellowring.subscribers.reading import Record, has_permission, subscribed_events
from yellowring.subscribers.records import Subscribers

__all__ = [
    "ATTRIBUTE_KEY",
    "MOST_ATTRIBUTES",
    "NOTIFICATIONS_SCOPE",
    "AttributeValue",
    "AttributesChange",
    "Audience",
    "Change",
    "ConcurrentChange",
    "Customer",
    "Disabled",
    "Enabled",
    "Erased",
    "Page",
    "Record",
    "Refreshed",
    "RegisterChange",
    "Subscribers",
    "has_permission",
    "subscribed_events",
]
