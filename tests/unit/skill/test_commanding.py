"""A handler does for its customer what a skill message would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yellowring
from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_model import RequestEnvelope
from yellowring.skill.assembly import skill_for
from yellowring.skill.envelope import WrongSkill

from tests.envelopes import USER, WEATHER, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_sqs.client import SQSClient

    from tests.unit.skill.kit import Envelope, Record


@pytest.fixture(autouse=True)
def fresh(aws: DynamoDBClient) -> Iterator[None]:
    skill_for.cache_clear()
    yield
    skill_for.cache_clear()


class Input:
    """The ASK SDK's handler input, as far as it is looked at."""

    def __init__(self, envelope: Envelope) -> None:
        model = DefaultSerializer().deserialize(json.dumps(envelope), RequestEnvelope)
        self.request_envelope = model


def said(**made: Any) -> Envelope:
    return spoken("IntentRequest", "UpgradeIntent", **made)


@pytest.mark.parametrize("given", [lambda each: each, Input], ids=["envelope", "SDK"])
def test_attributes_are_set_and_all_is_forgotten(record: Record, given: Any) -> None:
    yellowring.command(given(said(at=1)), "attributes", set={"plan": "gold"})
    assert (record(USER) or {})["attributes"]["plan"]["value"] == "gold"
    yellowring.command(given(said(at=2)), "forget")
    assert set(record(USER) or {}) == {"userId", "erasedAt", "expiresAt"}


def test_a_notification_is_put_on_the_queue(sqs: SQSClient) -> None:
    payload = {"weatherAlert": {"source": "Desk", "alertType": "TORNADO"}}
    campaign = {"name": "storm", "event": {"name": WEATHER, "payload": payload}}
    yellowring.command(said(), "notify", campaign=campaign, referenceId="storm~1")
    url = sqs.get_queue_url(QueueName="notifications")["QueueUrl"]
    [queued] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(queued["Body"])["referenceId"] == "storm~1"


@pytest.mark.parametrize(
    ("name", "members", "problem"),
    [
        ("upgrade", {}, r"\$.command must be one of notify, attributes"),
        ("attributes", {"set": {"1": 2}}, "the name of an attribute must be a letter"),
        ("forget", {"really": True}, "forget takes no members"),
    ],
)
def test_what_is_no_command_is_refused(name: str, members: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        yellowring.command(said(), name, **members)


def test_a_request_for_another_skill_is_refused() -> None:
    made = said()
    made["session"]["application"] = {"applicationId": "amzn1.ask.skill.another"}
    with pytest.raises(WrongSkill):
        yellowring.command(made, "forget")
