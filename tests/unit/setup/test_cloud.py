"""What setting up asks of AWS, and what it says when AWS refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from yellowring.alexa.lwa import Credentials
from yellowring.subscribers import Record
from yellowring.subscribers.items import dump
from yellowring.subscribers.record import Entry
from yellowring_tools.setup.cloud import Cloud, Found
from yellowring_tools.setup.problems import SetupStopped

from tests.envelopes import WEATHER

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "eu-west-1"
CREDENTIALS = Credentials("amzn1.application-oa2-client.1", "s3cret")


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield Cloud()


def stubbed(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Stubber:
    client = boto3.client("cloudformation", region_name=REGION)
    monkeypatch.setattr(cloud, "_client", lambda *_: client)
    stubber = Stubber(client)
    stubber.activate()
    return stubber


def stack(**parts: Any) -> dict[str, Any]:
    made = {"StackName": "ring", "CreationTime": "2026-01-01T00:00:00Z"}
    return {"Stacks": [{**made, "StackStatus": "CREATE_COMPLETE", **parts}]}


def test_a_stack_tells_its_outputs_and_parameters(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = [{"OutputKey": "A", "OutputValue": "a"}]
    parameters = [{"ParameterKey": "B", "ParameterValue": "b"}]
    stubber = stubbed(cloud, monkeypatch)
    stubber.add_response("describe_stacks", stack(Outputs=outputs, Parameters=parameters))
    assert cloud.stack("ring", REGION) == Found("CREATE_COMPLETE", {"A": "a"}, {"B": "b"})


def test_no_stack_is_none(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    stubber = stubbed(cloud, monkeypatch)
    stubber.add_client_error("describe_stacks", "ValidationError", "ring does not exist")
    stubber.add_response("describe_stacks", stack(StackStatus="DELETE_COMPLETE"))
    assert cloud.stack("ring", REGION) is cloud.stack("ring", REGION) is None


def test_a_refusal_is_told_in_one_line(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    stubber = stubbed(cloud, monkeypatch)
    stubber.add_client_error("describe_stacks", "AccessDenied", "not allowed")
    with pytest.raises(SetupStopped, match=r"DescribeStacks failed: not allowed .*a profile that"):
        cloud.stack("ring", REGION)


def event(name: str, status: str, reason: str) -> dict[str, str]:
    own = {"LogicalResourceId": name, "ResourceType": "T", "ResourceStatus": status}
    made = {"StackId": "s", "EventId": name, "StackName": "ring"}
    return {**made, **own, "ResourceStatusReason": reason, "Timestamp": "2026-01-01T00:00:00Z"}


EVENTS = [
    event("Second", "CREATE_FAILED", "cancelled"),
    event("First", "CREATE_FAILED", "taken"),
    event("Well", "CREATE_COMPLETE", "made"),
]


def test_the_reasons_are_those_of_what_failed_the_first_one_first(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubbed(cloud, monkeypatch).add_response("describe_stack_events", {"StackEvents": EVENTS})
    assert cloud.reasons("ring", REGION) == ["First (T): taken", "Second (T): cancelled"]


def test_what_failed_long_ago_is_no_reason(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    stubber = stubbed(cloud, monkeypatch)
    stubber.add_response("describe_stack_events", {"StackEvents": EVENTS})
    newest = cloud.newest_event("ring", REGION)
    new = [event(name, "UPDATE_FAILED", "full") for name in ("Newer", "New")]
    stubber.add_response("describe_stack_events", {"StackEvents": new[:1], "NextToken": "2"})
    stubber.add_response("describe_stack_events", {"StackEvents": [new[1], *EVENTS]})
    assert cloud.reasons("ring", REGION, newest) == ["New (T): full", "Newer (T): full"]


def test_a_stack_that_is_not_there_has_no_newest_event(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubber = stubbed(cloud, monkeypatch)
    stubber.add_client_error("describe_stack_events", "ValidationError", "ring does not exist")
    assert cloud.newest_event("ring", REGION) == ""


@pytest.mark.parametrize(
    ("status", "busy", "whole"),
    [
        ("CREATE_IN_PROGRESS", True, False),
        ("REVIEW_IN_PROGRESS", False, False),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", True, False),
        ("UPDATE_COMPLETE", False, True),
        ("UPDATE_ROLLBACK_COMPLETE", False, False),
    ],
)
def test_a_stack_is_busy_or_whole_or_neither(status: str, busy: bool, whole: bool) -> None:
    found = Found(status, {}, {})
    assert (found.is_busy, found.is_whole) == (busy, whole)


def test_the_secret_of_a_region_gets_the_credentials(cloud: Cloud) -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    client.create_secret(Name="ring/credentials", SecretString="{}")
    assert not cloud.has_credentials("ring/credentials", REGION, CREDENTIALS)
    cloud.put_credentials("ring/credentials", REGION, CREDENTIALS)
    assert cloud.has_credentials("ring/credentials", REGION, CREDENTIALS)
    held = client.get_secret_value(SecretId="ring/credentials")["SecretString"]
    assert Credentials.from_secret(held) == CREDENTIALS
    assert set(json.loads(held)) == {"clientId", "clientSecret"}


def test_no_refusal_tells_the_secret(cloud: Cloud) -> None:
    with pytest.raises(SetupStopped) as stopped:
        cloud.put_credentials("none", REGION, CREDENTIALS)
    assert "s3cret" not in str(stopped.value)


def test_a_record_whose_ring_can_turn_is_seen(cloud: Cloud) -> None:
    client = boto3.client("dynamodb", region_name=REGION)
    client.create_table(
        TableName="subscribers",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "userId", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "userId", "KeyType": "HASH"}],
    )
    subscriptions = {"subscriptions": Entry(1_700_000_000_000, "a", frozenset({WEATHER}))}
    gone = Record(subscriptions, moments={"disabledAt": 1_700_000_000_001})
    assert not cloud.somebody_rings("subscribers", REGION)
    client.put_item(TableName="subscribers", Item=dump("gone", gone))
    assert not cloud.somebody_rings("subscribers", REGION)
    client.put_item(TableName="subscribers", Item=dump("there", Record(subscriptions)))
    assert cloud.somebody_rings("subscribers", REGION)


def test_a_profile_that_is_not_there_is_told() -> None:
    with pytest.raises(SetupStopped, match="nobody"):
        Cloud("nobody").account(REGION)
