"""The subscribers table: one true record per customer, and who of them is to be notified."""

from __future__ import annotations

from yellowring.subscribers.audience import Audience, Customer, Filter, InvalidCursor, Page
from yellowring.subscribers.changes import (
    ATTRIBUTE_KEY,
    MOST_ATTRIBUTES,
    NOTIFICATIONS_SCOPE,
    Accepted,
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
from yellowring.subscribers.reading import Record, subscribed_events, subscription_is_due
from yellowring.subscribers.records import Subscribers

__all__ = [
    "ATTRIBUTE_KEY",
    "MOST_ATTRIBUTES",
    "NOTIFICATIONS_SCOPE",
    "Accepted",
    "AttributeValue",
    "AttributesChange",
    "Audience",
    "Change",
    "ConcurrentChange",
    "Customer",
    "Disabled",
    "Enabled",
    "Erased",
    "Filter",
    "InvalidCursor",
    "Page",
    "Record",
    "Refreshed",
    "RegisterChange",
    "Subscribers",
    "subscribed_events",
    "subscription_is_due",
]
