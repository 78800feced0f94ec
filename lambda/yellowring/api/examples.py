"""The examples of the OpenAPI document; a test holds that each of them is taken."""

from __future__ import annotations

from typing import Any

EVENT: dict[str, Any] = {
    "name": "AMAZON.OrderStatus.Updated",
    "payload": {
        "state": {"status": "ORDER_SHIPPED"},
        "order": {"seller": {"name": "localizedattribute:seller"}},
    },
}
TEXTS: list[Any] = [{"locale": "en-US", "seller": "Corner Books"}]
NOTIFICATION: dict[str, Any] = {
    "to": {"customerId": "4711"},
    "event": EVENT,
    "localizedAttributes": TEXTS,
    "expiresIn": "PT2H",
}
ENTRY: dict[str, Any] = {**NOTIFICATION, "idempotencyKey": "order-4711-shipped"}
BATCH: dict[str, Any] = {"notifications": [ENTRY]}
RUN: dict[str, Any] = {
    "campaign": {
        "name": "spring-sale",
        "event": EVENT,
        "localizedAttributes": TEXTS,
        "audience": {"type": "customers", "customerIds": ["4711", "4712"]},
    },
    "runId": "spring~sale~1",
}
PATCH: dict[str, Any] = {"set": {"plan": "gold"}, "remove": ["trial"]}
ACCEPTED: dict[str, Any] = {
    "id": "n~7086c5771a5bf43962b6579cc83836d2e44d7d7a",
    "status": "queued",
    "createdAt": "2026-11-20T09:00:00+00:00",
    "expiryTime": "2026-11-20T11:00:00+00:00",
}
