"""The subscribers table: one true record per customer, and who of them is to be notified."""

from __future__ import annotations

from yellowring.subscribers.audience import Audience, Customer, Filter, InvalidCursor, Page
from yellowring.subscribers.changes import (
    ATTRIBUTE_KEY,
    NOTIFICATIONS_SCOPE,
    Accepted,
    AttributesChange,
    AttributeValue,
    ConcurrentChange,
    Disabled,
    Enabled,
    Erased,
    RegisterChange,
    Rejected,
)
from yellowring.subscribers.deliverability import (
    deliverability,
    expires_at,
    is_deliverable,
    subscribed_events,
    subscription_is_due,
)
from yellowring.subscribers.record import Record
from yellowring.subscribers.store import NotWritten, Subscribers

__all__ = [
    "ATTRIBUTE_KEY",
    "NOTIFICATIONS_SCOPE",
    "Accepted",
    "AttributeValue",
    "AttributesChange",
    "Audience",
    "ConcurrentChange",
    "Customer",
    "Disabled",
    "Enabled",
    "Erased",
    "Filter",
    "InvalidCursor",
    "NotWritten",
    "Page",
    "Record",
    "RegisterChange",
    "Rejected",
    "Subscribers",
    "deliverability",
    "expires_at",
    "is_deliverable",
    "subscribed_events",
    "subscription_is_due",
]
