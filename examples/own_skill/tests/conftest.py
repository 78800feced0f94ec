"""A conversation with the skill, on a table of its own in memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

SKILL_ID = "amzn1.ask.skill.01234567-89ab-cdef-0123-456789abcdef"
os.environ |= {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "BOXES_TABLE": "boxes",
    "SKILL_ID": SKILL_ID,
    "SUBSCRIBERS_TABLE": "subscribers",
}


class Conversation:
    """What a customer says in one session, and what the skill answers."""

    def __init__(self, locale: str, user_id: str = "amzn1.ask.account.ROSA") -> None:
        self.locale = locale
        self.user_id = user_id
        self.attributes: dict[str, Any] = {}
        self.new = True

    def says(self, intent: str, **slots: str) -> str:
        """Say something; return what the skill says to it."""
        filled = {name: {"name": name, "value": value} for name, value in slots.items()}
        asked = {"type": "IntentRequest", "intent": {"name": intent, "slots": filled}}
        return self.sends(asked)["outputSpeech"]["ssml"]

    def sends(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request; return the response to it."""
        import app

        answer = app.lambda_handler(self.envelope(request), None)
        self.attributes, self.new = answer.get("sessionAttributes") or {}, False
        return dict(answer["response"])

    def envelope(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return what Alexa sends for a request."""
        who = {"application": {"applicationId": SKILL_ID}, "user": {"userId": self.user_id}}
        session = {"new": self.new, "sessionId": "amzn1.echo-api.session.1", **who}
        usual = {
            "requestId": "amzn1.echo-api.request.1",
            "timestamp": "2026-11-20T09:00:00Z",
            "locale": self.locale,
        }
        return {
            "version": "1.0",
            "session": session | {"attributes": self.attributes},
            "context": {"System": {**who, "apiEndpoint": "https://api.amazonalexa.com"}},
            "request": usual | request,
        }


@pytest.fixture(autouse=True)
def table() -> Iterator[None]:
    """Make the boxes table anew for each test."""
    from boxes import boxes

    with mock_aws():
        boxes.cache_clear()
        boto3.client("dynamodb").create_table(
            TableName="boxes",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "userId", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"}],
        )
        yield


@pytest.fixture
def rosa() -> Conversation:
    """Somebody who speaks English."""
    return Conversation("en-US")
