"""A small world to send in: customers whom Alexa and our table know, and a queue that works."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from yellowring.sender import app
from yellowring.subscribers import RegisterChange, Subscribers

from simulator.faults import Faults
from tests.envelopes import WEATHER

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_sqs.client import SQSClient

    from simulator.facts import Region
    from simulator.simulation import Simulation

HOSTS = {
    "na": "https://api.amazonalexa.com",
    "eu": "https://api.eu.amazonalexa.com",
    "fe": "https://api.fe.amazonalexa.com",
}
SCHEDULED = "2026-11-20T09:00:00Z"
RUN_ID = "snow~warning~20261120T090000Z"
NONE_OF_ANY = dict.fromkeys(
    ("accepted", "duplicate", "rejected", "limited", "invalid", "expired", "failed"), 0
)
LONG_AGO = 1_700_000_000_000


def campaign(**changes: Any) -> dict[str, Any]:
    """Give a valid campaign, with changes."""
    payload = {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}}
    return {"name": "snow-warning", "event": {"name": WEATHER, "payload": payload}} | changes


class Context:
    """Lambda's context: five minutes are left, or as many milliseconds as a test says."""

    def __init__(self, milliseconds: int = 300_000) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


class World:
    """What a test of the sender works with."""

    def __init__(self, alexa: Simulation, dynamodb: DynamoDBClient, sqs: SQSClient) -> None:
        self.alexa = alexa
        self.dynamodb = dynamodb
        self.sqs = sqs
        self.subscribers = Subscribers(dynamodb, "subscribers")

    def customers(self, many: int, region: Region = "na") -> list[str]:
        """Make customers who are subscribed in Alexa's eyes and in ours."""
        return [self.customer(region) for _ in range(many)]

    def customer(self, region: Region = "na", *, subscribed: bool = True) -> str:
        """Make a customer whom we think subscribed; Alexa may think otherwise."""
        customer = self.alexa.customers.enable(self.alexa.customers.add(region, "en-US"))
        if subscribed:
            self.alexa.customers.subscribe(customer)
        self.know(customer.user_id, region)
        return customer.user_id

    def know(
        self,
        user_id: str,
        region: Region = "na",
        at: int = LONG_AGO,
        events: Collection[str] = (WEATHER,),
    ) -> None:
        """Put a subscription into our table."""
        self.subscribers.apply(
            user_id,
            RegisterChange("subscriptions", at, "id", set(events)),
            RegisterChange("host", at, "id", HOSTS[region]),
        )

    def faults(self, **faults: Any) -> None:
        """Set the faults of Alexa's API."""
        self.alexa.set_faults(Faults.read(faults))

    def send(self, document: dict[str, Any] | None = None, **order: Any) -> dict[str, Any]:
        """Have the sender start (or resume) a run."""
        order = {"campaign": document or campaign(), "scheduledTime": SCHEDULED} | order
        return app.lambda_handler(order, Context())

    def work(self, milliseconds: int = 300_000) -> int:
        """Give the sender all that waits on the work queue; tell how many messages failed."""
        failed = 0
        while messages := self.sqs.receive_message(QueueUrl=self._queue("WORK")).get("Messages"):
            for message in messages:
                record = {"messageId": message["MessageId"], "body": message["Body"]}
                answer = app.lambda_handler({"Records": [record]}, Context(milliseconds))
                failed += len(answer["batchItemFailures"])
                self.sqs.delete_message(
                    QueueUrl=self._queue("WORK"), ReceiptHandle=message["ReceiptHandle"]
                )
        return failed

    def waiting(self, queue: str = "WORK") -> int:
        """Tell how many messages are on a queue, delayed ones too."""
        attributes = self.sqs.get_queue_attributes(
            QueueUrl=self._queue(queue), AttributeNames=["All"]
        )["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"]) + int(
            attributes["ApproximateNumberOfMessagesDelayed"]
        )

    def heard(self, user_id: str) -> list[str]:
        """Give the reference ids of what a customer was notified of."""
        customer = self.alexa.customers.get(user_id)
        return [notification.reference_id for notification in customer.notifications]

    def all_heard(self, user_ids: Sequence[str]) -> bool:
        """Tell whether each of them was notified of the run exactly once."""
        return all(self.heard(user_id) == [RUN_ID] for user_id in user_ids)

    def is_rejected(self, user_id: str) -> bool:
        """Tell whether our record says that Alexa refused the customer."""
        item = self.subscribers.get(user_id)
        return item is not None and "rejectedAt" in item.moments

    def _queue(self, name: str) -> str:
        variable = {"WORK": "WORK_QUEUE_URL", "DEAD": "DEAD_LETTER_QUEUE_URL"}[name]
        return os.environ[variable]
