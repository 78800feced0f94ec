"""The subscribers table: one true record per customer, and who of them is to be notified."""

from __future__ import annotations

from yellowring.subscribers.attributes import InvalidAttributes, check_attributes
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
    OutcomeChange,
    RegisterChange,
    Rejected,
)
from yellowring.subscribers.deliverability import (
    TOMBSTONE_DAYS,
    deliverability,
    expires_at,
    is_deliverable,
    subscribed_events,
    subscription_is_due,
)
from yellowring.subscribers.erasure import erase_account, erase_customer
from yellowring.subscribers.ids import (
    CUSTOMER_ID_PATTERN,
    LONGEST_USER_ID,
    MOST_ACCOUNTS,
    USER_ID_PATTERN,
    customer_id_of,
    is_customer_id,
    is_user_id,
)
from yellowring.subscribers.record import Record, merge
from yellowring.subscribers.store import NotWritten, Subscribers, is_conflict

__all__ = [
    "ATTRIBUTE_KEY",
    "CUSTOMER_ID_PATTERN",
    "LONGEST_USER_ID",
    "MOST_ACCOUNTS",
    "NOTIFICATIONS_SCOPE",
    "TOMBSTONE_DAYS",
    "USER_ID_PATTERN",
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
    "InvalidAttributes",
    "InvalidCursor",
    "NotWritten",
    "OutcomeChange",
    "Page",
    "Record",
    "RegisterChange",
    "Rejected",
    "Subscribers",
    "check_attributes",
    "customer_id_of",
    "deliverability",
    "erase_account",
    "erase_customer",
    "expires_at",
    "is_conflict",
    "is_customer_id",
    "is_deliverable",
    "is_user_id",
    "merge",
    "subscribed_events",
    "subscription_is_due",
]
