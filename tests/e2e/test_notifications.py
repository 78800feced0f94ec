"""Notifications on their queue: each rings once, and what is none of them is kept apart."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.local_stack.story import CAMPAIGN

from tests.e2e.support import (
    NOTIFIER,
    Customer,
    campaign_for,
    configured,
    counts,
    crowd,
    ended,
    eventually,
    faults,
    heard,
    messages,
    start,
)

if TYPE_CHECKING:
    from yellowring_tools.local_stack.stack import LocalStack

logger = logging.getLogger(__name__)
TEXTS = {key: CAMPAIGN[key] for key in ("event", "localizedAttributes")}


def put(stack: LocalStack, user_id: str, reference_id: str) -> None:
    """Put a notification on the queue, as another system would."""
    message = {**TEXTS, "to": {"userId": user_id}, "referenceId": reference_id}
    stack.aws.sqs.send_message(
        QueueUrl=stack.outputs.NotificationsQueueUrl, MessageBody=json.dumps(message)
    )


def left(stack: LocalStack) -> int:
    """Count what is still on the queue."""
    return messages(stack, stack.outputs.NotificationsQueueUrl)


def test_a_skill_message_rings_its_customer_once_however_often_it_comes(stack: LocalStack) -> None:
    customer = Customer(stack, "eu", "de-DE")
    customer.subscribes()
    with faults(stack, events={"copies": 5, "shuffle": True}):
        customer.send("notify", campaign={"name": "hello", **TEXTS}, referenceId="hello~1")
        eventually(customer.heard, "nothing rang")
        eventually(lambda: left(stack) == 0, "messages are left")
    [notification] = customer.heard()
    assert notification["region"] == "eu"
    assert notification["sentence"].endswith("der Yellow-Ring-Wetterdienst.")


def test_notifications_of_the_queue_reach_each_customer_and_leave_nothing_behind(
    stack: LocalStack,
) -> None:
    users = [*crowd(stack, "queued", 12), *crowd(stack, "queued", 12, "fe")]
    for user_id in users:
        put(stack, user_id, "queued~1")
    eventually(lambda: len(heard(stack, "queued~1")) == len(users), "somebody was not told")
    eventually(lambda: left(stack) == 0, "messages are left")
    assert heard(stack, "queued~1") == dict.fromkeys(users, 1)


def test_a_message_that_is_no_notification_goes_to_the_dead_letters_with_its_problem(
    stack: LocalStack,
) -> None:
    queue = stack.outputs.NotificationsQueueUrl
    dead = stack.outputs.NotificationsDeadLetterQueueUrl
    stack.aws.sqs.send_message(QueueUrl=queue, MessageBody='{"event": 1')

    def received() -> list[Any]:
        answer = stack.aws.sqs.receive_message(
            QueueUrl=dead, MessageAttributeNames=["All"], WaitTimeSeconds=1
        )
        return list(answer.get("Messages", []))

    [message] = eventually(received, "there is no dead letter")
    stack.aws.sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
    assert message["Body"] == '{"event": 1'
    assert message["MessageAttributes"]["problem"]["StringValue"] == "Unreadable"
    eventually(lambda: left(stack) == 0, "the message is still on the queue")


@pytest.mark.slow
def test_notifications_ring_while_a_campaign_is_under_way_at_the_lowest_rate(
    stack: LocalStack,
) -> None:
    many = crowd(stack, "steady", 60)
    notified = crowd(stack, "urgent", 5)
    waits = []
    with configured(stack, stack.outputs.SenderFunctionName, NOTIFIER, MAX_EVENTS_PER_SECOND="1"):
        start(stack, "steady~1", campaign_for("steady"))
        for number, user_id in enumerate(notified, 1):
            eventually(
                lambda after=4 * number: len(heard(stack, "steady~1")) >= after,  # type: ignore[misc]
                "the campaign does not go on",
            )
            put(stack, user_id, "urgent~1")
            begun = datetime.now().astimezone()
            eventually(lambda of=user_id: heard(stack, "urgent~1")[of], "it did not ring")  # type: ignore[misc]
            waits.append((datetime.now().astimezone() - begun).total_seconds())
        assert len(heard(stack, "steady~1")) < len(many)  # the campaign was under way all the time
        run = ended(stack, "steady~1")
    logger.info("seconds from queue to ring: %s", waits)
    assert (run.status, counts(run)) == ("completed", {"accepted": len(many)})
    assert heard(stack, "urgent~1") == dict.fromkeys(notified, 1)
