"""The log lines of one notification share an id, from whoever asked for it to Alexa's answer."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.api.services import services
from yellowring.queue_message import CORRELATION_ID
from yellowring.sender import app
from yellowring.skill import app as skill
from yellowring.skill.assembly import skill_for

from tests.envelopes import WEATHER, command, message
from tests.unit.api.kit import Api
from tests.unit.sender.kit import RUN_ID, Context
from tests.unit.sender.notification.test_notification import document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs.client import SQSClient

    from tests.unit.sender.kit import World

ANSWERED = "Alexa answered"


@pytest.fixture
def api(world: World, sqs: SQSClient, environment: pytest.MonkeyPatch) -> Iterator[Api]:
    """The API function over the sender's own world."""
    environment.setenv("SENDER_FUNCTION_NAME", "sender")
    environment.setenv("STACK_NAME", "books")
    services.cache_clear()
    skill_for.cache_clear()
    yield Api(world.dynamodb, sqs, os.environ["NOTIFICATIONS_QUEUE_URL"])
    services.cache_clear()
    skill_for.cache_clear()


class Once(Context):
    """Lambda's context, with the id of its invocation."""

    def __init__(self, request_id: str) -> None:
        super().__init__()
        self.aws_request_id = request_id


def records(sqs: SQSClient) -> list[dict[str, Any]]:
    """Take what is on the queue, as Lambda hands it to a function."""
    answer = sqs.receive_message(
        QueueUrl=os.environ["NOTIFICATIONS_QUEUE_URL"],
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        MessageSystemAttributeNames=["All"],
    )
    return [
        {
            "messageId": each["MessageId"],
            "receiptHandle": each["ReceiptHandle"],
            "body": each["Body"],
            "attributes": each["Attributes"],
            "messageAttributes": {
                name: {"dataType": told["DataType"], "stringValue": told["StringValue"]}
                for name, told in each.get("MessageAttributes", {}).items()
            },
        }
        for each in answer.get("Messages", [])
    ]


def told(lines: list[str]) -> list[dict[str, Any]]:
    """Return the lines of the log, without those of metrics; the list is empty then."""
    read = [json.loads(line) for line in lines]
    lines.clear()
    return [line for line in read if "_aws" not in line]


def test_a_notification_is_followed_by_one_id_from_the_api_to_alexas_answer(
    api: Api, world: World, sqs: SQSClient, logs_without_personal_data: list[str]
) -> None:
    user_id = world.customer()
    assert api.notify({"userId": user_id}).status == 202
    asked = told(logs_without_personal_data)
    app.lambda_handler({"Records": records(sqs)}, Once("invocation-2"))
    sent = told(logs_without_personal_data)
    assert "request" in {line["message"] for line in asked}
    assert {line["message"] for line in sent} >= {ANSWERED, "notification"}
    assert {line["correlation_id"] for line in [*asked, *sent]} == {"request-1"}
    assert {line["function_request_id"] for line in sent} == {"invocation-2"}
    (answer,) = [line for line in sent if line["message"] == ANSWERED]
    assert (answer["status"], answer["region"]) == (202, "na")
    assert len(world.heard(user_id)) == 1


def test_a_notification_is_followed_by_one_id_from_a_skill_message_to_alexas_answer(
    api: Api, world: World, sqs: SQSClient, logs_without_personal_data: list[str]
) -> None:
    payload = {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}}
    asks = {"name": "snow", "event": {"name": WEATHER, "payload": payload}}
    envelope = message(command("notify", campaign=asks))
    skill.lambda_handler(envelope, Once("invocation-1"))
    app.lambda_handler({"Records": records(sqs)}, Once("invocation-2"))
    lines = told(logs_without_personal_data)
    assert {line["message"] for line in lines} >= {"skill message", "notification"}
    assert {line["correlation_id"] for line in lines} == {envelope["request"]["requestId"]}


def test_each_of_a_batch_goes_back_to_its_own(
    world: World, sqs: SQSClient, logs_without_personal_data: list[str]
) -> None:
    url = os.environ["NOTIFICATIONS_QUEUE_URL"]
    for number in range(3):
        to = {"userId": world.customer()}
        sqs.send_message(
            QueueUrl=url,
            MessageBody=json.dumps(document(to=to, referenceId=f"r{number}")),
            MessageAttributes={
                CORRELATION_ID: {"DataType": "String", "StringValue": f"asked-{number}"}
            },
        )
    app.lambda_handler({"Records": records(sqs)}, Once("invocation-1"))
    lines = [line for line in told(logs_without_personal_data) if "reference" in line]
    assert {(line["reference"], line["correlation_id"]) for line in lines} == {
        ("r0", "asked-0"),
        ("r1", "asked-1"),
        ("r2", "asked-2"),
    }


@pytest.mark.parametrize("attribute", [None, "two words", "amzn1.ask.account.AAAA", "x" * 129])
def test_without_an_id_that_can_be_logged_it_goes_back_to_its_reference_id(
    world: World, sqs: SQSClient, logs_without_personal_data: list[str], attribute: str | None
) -> None:
    sqs.send_message(
        QueueUrl=os.environ["NOTIFICATIONS_QUEUE_URL"],
        MessageBody=json.dumps(document(to={"userId": world.customer()}, referenceId="r~7")),
        MessageAttributes={CORRELATION_ID: {"DataType": "String", "StringValue": attribute}}
        if attribute
        else {},
    )
    app.lambda_handler({"Records": records(sqs)}, Once("invocation-1"))
    lines = told(logs_without_personal_data)
    assert ANSWERED in {line["message"] for line in lines}
    assert {line["correlation_id"] for line in lines} == {"r~7"}


def test_what_is_given_up_keeps_its_id_on_the_dead_letter_queue(
    world: World, sqs: SQSClient
) -> None:
    sqs.send_message(
        QueueUrl=os.environ["NOTIFICATIONS_QUEUE_URL"],
        MessageBody="no json",
        MessageAttributes={CORRELATION_ID: {"DataType": "String", "StringValue": "asked-1"}},
    )
    app.lambda_handler({"Records": records(sqs)}, Once("invocation-1"))
    answer = sqs.receive_message(
        QueueUrl=os.environ["DEAD_LETTER_QUEUE_URL"], MessageAttributeNames=["All"]
    )
    (kept,) = answer["Messages"]
    assert kept["MessageAttributes"][CORRELATION_ID]["StringValue"] == "asked-1"


@pytest.mark.parametrize(
    ("asked", "shared"), [({"correlationId": "request-9"}, "request-9"), ({}, RUN_ID)]
)
def test_a_runs_lines_go_back_to_who_asked_for_it_or_else_to_the_run(
    world: World, logs_without_personal_data: list[str], asked: dict[str, Any], shared: str
) -> None:
    world.customer()
    run = world.start(**asked)
    for segment in range(run["segments"]["total"]):
        world.slice(run, segment)
    world.finish(run)
    lines = told(logs_without_personal_data)
    assert {line["message"] for line in lines} >= {"run started or found", "run ended"}
    assert {line.get("correlation_id") for line in lines} == {shared}
