"""Who orders is asked whether their ring may turn yellow, and who says yes is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import app
import boto3
import pytest

if TYPE_CHECKING:
    from conftest import Conversation


@pytest.fixture(autouse=True)
def subscribers(table: None) -> Any:
    """Make the table that Yellow Ring's stack has."""
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="subscribers",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "userId", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"}],
    )
    return client


def test_who_has_ordered_finds_a_card_that_asks_for_notifications(rosa: Conversation) -> None:
    rosa.says("AddVegetableIntent", vegetable="leeks")
    rosa.says("OrderBoxIntent")
    intent = {"name": "AMAZON.YesIntent"}
    response = rosa.sends({"type": "IntentRequest", "intent": intent})
    assert response["card"]["permissions"] == ["alexa::devices:all:notifications:write"]
    assert "number 1, and comes on Friday" in response["outputSpeech"]["ssml"]


def test_what_came_of_asking_by_voice_is_noted_and_the_session_keeps_its_box(
    rosa: Conversation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("VOICE_CONSENT", "voice")
    rosa.says("AddVegetableIntent", vegetable="leeks")
    rosa.says("OrderBoxIntent")
    intent = {"name": "AMAZON.YesIntent"}
    [asked] = rosa.sends({"type": "IntentRequest", "intent": intent})["directives"]
    before = dict(rosa.attributes)
    answered = {"permissionScopes": [asked["input"]["permissionScopes"][0] | {"status": "DENIED"}]}
    cause = {
        "type": "ConnectionCompleted",
        "token": asked["token"],
        "status": {"code": "200", "message": "OK"},
        "result": answered,
    }
    rosa.sends({"type": "SessionResumedRequest", "cause": cause})
    assert "asked for notifications: denied" in caplog.messages
    assert rosa.attributes == before


def test_a_skill_event_is_stored_and_reaches_no_handler(
    rosa: Conversation, subscribers: Any
) -> None:
    event = rosa.envelope({"type": "AlexaSkillEvent.SkillEnabled", "timestamp": 1763629200000})
    del event["session"]
    assert app.lambda_handler(event, None)["response"] == {}
    item = subscribers.get_item(TableName="subscribers", Key={"userId": {"S": rosa.user_id}})
    assert "enabledAt" in item["Item"]
