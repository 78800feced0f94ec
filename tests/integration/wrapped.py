"""A skill of one file that wraps its handler; run by itself where the library is installed."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any
from unittest.mock import patch

import yellowring

LOADED = [name for name in ("boto3", "pydantic", "aws_lambda_powertools") if name in sys.modules]
WEATHER = "AMAZON.WeatherAlert.Activated"


class Table:
    """DynamoDB and SQS, as far as a skill uses them."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def get_item(self, **_: object) -> dict[str, Any]:
        """Answer that nothing is known."""
        self.calls.append("get")
        return {}

    def put_item(self, **_: object) -> dict[str, Any]:
        """Take the record."""
        self.calls.append("put")
        return {}

    def send_message(self, **_: object) -> dict[str, Any]:
        """Take the notification."""
        self.calls.append("send")
        return {}


def envelope(kind: str, **request: Any) -> dict[str, Any]:
    """Return a request of a customer of this skill."""
    system = {
        "application": {"applicationId": os.environ["SKILL_ID"]},
        "user": {"userId": "amzn1.ask.account.CUSTOMER"},
        "apiEndpoint": "https://api.amazonalexa.com",
    }
    told = {"type": kind, "requestId": "r", "timestamp": "2026-11-20T09:00:00Z"}
    return {"version": "1.0", "context": {"System": system}, "request": told | request}


def spoken(kind: str) -> dict[str, Any]:
    """Return what a customer says."""
    return envelope(kind, locale="de-DE") | {"session": {"new": True, "attributes": {}}}


def their_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer by asking for notifications, without any SDK."""
    return {"version": "1.0", "response": yellowring.ask_for_notifications(event)}


def main() -> None:
    """Take a skill event, a message and a launch, and print what each came to."""
    table = Table()
    payload = {"weatherAlert": {"source": "Desk", "alertType": "TORNADO"}}
    campaign = {"name": "storm", "event": {"name": WEATHER, "payload": payload}}
    notify = {"version": 1, "command": "notify", "campaign": campaign}
    with patch("yellowring.aws.client", lambda *_, **__: table):
        handle = yellowring.wrap(their_handler)
        subscriptions = {"subscriptions": [{"eventName": WEATHER}]}
        kind = "AlexaSkillEvent.ProactiveSubscriptionChanged"
        assert handle(envelope(kind, body=subscriptions), None)["response"] == {}
        assert "pydantic" not in sys.modules
        assert handle(envelope("Messaging.MessageReceived", message=notify), None)
        card = handle(spoken("LaunchRequest"), None)["response"]["card"]
    assert card["type"] == "AskForPermissionsConsent", card
    assert table.calls == ["get", "put", "send", "get", "get", "put"], table.calls
    assert LOADED == [], LOADED
    assert importlib.util.find_spec("ask_sdk_core") is None
    sys.stdout.write(f"{yellowring.__version__}\n")


if __name__ == "__main__":
    main()
