"""What all tests share: an AWS in memory, the functions' environment, and a guard on the logs."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import boto3
import hypothesis
import pytest
from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_sqs.client import SQSClient

hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.register_profile("search", max_examples=1000)
hypothesis.settings.load_profile("same")

SKILL_ID = "amzn1.ask.skill.00000000-0000-4000-8000-000000000001"
CLIENT_ID = "amzn1.application-oa2-client.test"
CLIENT_SECRET = "not-a-secret-but-a-test-value"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_SERVICE_NAME": "test",
    "SKILL_ID": SKILL_ID,
    "SKILL_STAGE": "development",
    "SUBSCRIBERS_TABLE": "subscribers",
    "RUNS_TABLE": "runs",
    "RUN_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:yellow-ring-run",
    "EVENT_BUS_NAME": "yellow-ring",
    "CREDENTIALS_SECRET_ID": "credentials",
    "MAX_EVENTS_PER_SECOND": "1000",
}
QUEUES = (("notifications", "NOTIFICATIONS_QUEUE_URL"), ("dead", "DEAD_LETTER_QUEUE_URL"))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The functions' environment, but for what only AWS can tell."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def aws(environment: pytest.MonkeyPatch) -> Iterator[DynamoDBClient]:
    """Tables, queues and secret in memory; gives the DynamoDB client."""
    with mock_aws():
        dynamodb = boto3.client("dynamodb")
        create_table(dynamodb, "subscribers", "userId", index=("customers", "customerId"))
        create_table(dynamodb, "runs", "runId", "part")
        sqs = boto3.client("sqs")
        for name, variable in QUEUES:
            environment.setenv(variable, sqs.create_queue(QueueName=name)["QueueUrl"])
        environment.setenv("RUN_MACHINE_ARN", run_machine())
        boto3.client("secretsmanager").create_secret(
            Name="credentials",
            SecretString=json.dumps({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}),
        )
        yield dynamodb


@pytest.fixture
def sqs(aws: DynamoDBClient) -> SQSClient:
    """A client of the queues in memory."""
    return boto3.client("sqs")


def create_table(
    dynamodb: DynamoDBClient,
    table: str,
    key: str,
    sort: str = "",
    index: tuple[str, str] | None = None,
) -> None:
    """Make a table with strings for its keys, and an index of a name and a key."""
    keys: list[tuple[str, Any]] = [(key, "HASH"), *([(sort, "RANGE")] if sort else [])]
    indexes: Any = [
        {
            "IndexName": name,
            "KeySchema": [{"AttributeName": own, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        for name, own in ([index] if index else [])
    ]
    names = [*(name for name, _ in keys), *([index[1]] if index else [])]
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": indexes} if index else {}),
    )


def run_machine() -> str:
    """Make a state machine that takes executions and does nothing; return its ARN."""
    passes = {"StartAt": "x", "States": {"x": {"Type": "Wait", "Seconds": 1, "End": True}}}
    machine = boto3.client("stepfunctions").create_state_machine(
        name="run",
        definition=json.dumps(passes),
        roleArn="arn:aws:iam::123456789012:role/run",
    )
    return machine["stateMachineArn"]


PERSONAL = re.compile(
    r"amzn1\.ask\.account\.\w+|" + re.escape(CLIENT_SECRET) + r"|Atc\|\w+|Atza\|\w+"
)


SHORTEST_TELLING = 4
"""Characters of a text that cannot be in a log by chance."""
NAMES_OF_SCHEMAS = {"locale", "source", "name", "subject"}


@pytest.fixture(autouse=True)
def logs_without_personal_data(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """Read all that the functions log and count in every test, and find nobody in it."""
    from yellowring import observability
    from yellowring.observability import logger

    lines: list[str] = []

    class Stream:
        def write(self, text: str) -> None:
            lines.append(text)

        def flush(self) -> None:
            pass

    for handler in logger._logger.handlers:
        monkeypatch.setattr(handler, "stream", Stream())

    def emit(document: Any) -> None:
        lines.append(json.dumps(document, separators=(",", ":")) + "\n")

    monkeypatch.setattr(observability, "emit", emit)
    told = _texts_of_skill_messages(monkeypatch)
    yield lines
    logged = "".join(lines)
    found = PERSONAL.search(logged)
    assert found is None, f"{request.node.nodeid} logged {found and found[0][:12]}…"
    if request.node.get_closest_marker("grafts"):
        told.clear()
    for text in told:
        repeated = re.search(rf"\b{re.escape(text)}\b", logged)
        assert repeated is None, f"{request.node.nodeid} logged {text[:12]}…, of a skill message"


def _texts_of_skill_messages(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Gather what the test's messages say of a customer: names and values, long enough to tell."""
    told: set[str] = set()
    messages = sys.modules.get("yellowring.skill.messages")
    if messages is not None:
        parse_command = messages.parse_command

        def parse(data: Any) -> Any:
            if isinstance(data, dict):
                told.update(_personal_texts(data))
            return parse_command(data)

        monkeypatch.setattr(messages, "parse_command", parse)
    return told


def _personal_texts(data: dict[str, Any]) -> Iterator[str]:
    campaign = data.get("campaign")
    texts = campaign.get("localizedAttributes") if isinstance(campaign, dict) else None
    yield from (
        text
        for text in _leaves([data.get("set"), data.get("remove"), data.get("id"), texts])
        if len(text) >= SHORTEST_TELLING and text not in NAMES_OF_SCHEMAS
    )


def _leaves(value: Any) -> Iterator[str]:
    """Yield the texts of some JSON, the names of its members among them."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            pending += [*each, *each.values()]
        elif isinstance(each, list):
            pending += each
