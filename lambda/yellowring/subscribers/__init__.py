"""The subscribers table: one true record per customer, and who of them is to be notified."""

from __future__ import annotations

from yellowring.subscribers.audience import NOTIFICATIONS_SCOPE, Audience, Customer, Page
from yellowring.subscribers.changes import (
    Change,
    ConcurrentChange,
    Disabled,
    Enabled,
    RegisterChange,
)
from yellowring.subscribers.records import Subscribers

__all__ = [
    "NOTIFICATIONS_SCOPE",
    "Audience",
    "Change",
    "ConcurrentChange",
    "Customer",
    "Disabled",
    "Enabled",
    "Page",
    "RegisterChange",
    "Subscribers",
]
