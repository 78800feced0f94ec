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


def test_of_two_commands_in_a_request_the_later_counts(record: Record) -> None:
    made = said(at=1)
    for value in (9, 10, 8):
        yellowring.command(made, "attributes", set={"count": value})
    for each in ("5000", "4711"):
        yellowring.command(made, "customer", id=each)
    item = record(USER) or {}
    assert (item["attributes"]["count"]["value"], item["customerId"]) == (8, "4711")


def test_of_ten_and_more_commands_the_last_counts(record: Record) -> None:
    made = said(at=1)
    for value in range(12):
        yellowring.command(made, "attributes", set={"count": value})
    assert (record(USER) or {})["attributes"]["count"]["value"] == 11


def test_a_command_counts_over_what_its_request_tells(record: Record) -> None:
    def handler(event: Envelope, context: object) -> dict[str, Any]:
        yellowring.command(event, "customer", id="4711")
        return {}

    made = said(at=1)
    yellowring.wrap(handler)(made, None)
    yellowring.wrap(lambda *_: {}, customer_id=lambda _: "5000")(made, None)
    assert (record(USER) or {})["customerId"] == "4711"


def rings(sqs: SQSClient) -> list[str]:
    """Take what is on the queue; return its reference ids."""
    url = sqs.get_queue_url(QueueName="notifications")["QueueUrl"]
    taken = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return sorted(json.loads(each["Body"])["referenceId"] for each in taken)


def storm(kind: str) -> dict[str, Any]:
    payload = {"weatherAlert": {"source": "Desk", "alertType": kind}}
    return {"name": "storm", "event": {"name": WEATHER, "payload": payload}}


def test_two_notifications_of_a_request_ring_twice_and_those_of_its_repetition_not_again(
    sqs: SQSClient,
) -> None:
    made = said()
    for _ in range(2):
        for kind in ("TORNADO", "HURRICANE"):
            yellowring.command(made, "notify", campaign=storm(kind))
    told = rings(sqs)
    assert len(told) == 4
    assert len(set(told)) == 2
    yellowring.command(said(), "notify", campaign=storm("TORNADO"))
    assert not set(rings(sqs)) & set(told)


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
