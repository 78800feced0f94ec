"""The queue of notifications: what lies on it, leaves it, and comes back later."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from yellowring.observability import correlation_id, count, logger, measure, redact
from yellowring.queue_message import correlation_of, message_attributes
from yellowring.sender.notification.notification import with_expiry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True, slots=True)
class Received:
    """A message as the queue gave it out; ``correlation_id`` is what it says it goes back to."""

    message_id: str
    receipt: str
    body: str
    sent_at: datetime
    receives: int
    correlation_id: object = None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Received:
        """Read a record of Lambda's event."""
        attributes = record["attributes"]
        return cls(
            record["messageId"],
            record["receiptHandle"],
            record["body"],
            datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
            int(attributes["ApproximateReceiveCount"]),
            correlation_of(record),
        )


class Queue:
    """The only place that knows SQS.

    Parameters
    ----------
    client, url, dead_letter_url
        Where notifications come from, and where evidence is kept.
    """

    def __init__(self, client: SQSClient, url: str, dead_letter_url: str) -> None:
        self._client = client
        self._url = url
        self._dead_letter_url = dead_letter_url
        self._kept: dict[str, datetime] = {}

    @property
    def kept(self) -> list[str]:
        """The ids of messages that stay on the queue."""
        return sorted(self._kept)

    def tell_age(self, now: datetime) -> None:
        """Tell how long (s) the oldest has waited that stays, if any does.

        SQS tells of no message that was received three times.
        Source: "Available CloudWatch metrics for Amazon SQS", ApproximateAgeOfOldestMessage.
        """
        if self._kept:
            age = (now - min(self._kept.values())).total_seconds()
            measure("NotificationAge", age, "Seconds")

    async def keep(self, message: Received, seconds: int) -> None:
        """Leave a message on the queue, to be given out again in so many seconds."""
        self._kept[message.message_id] = message.sent_at
        try:
            await asyncio.to_thread(
                self._client.change_message_visibility,
                QueueUrl=self._url,
                ReceiptHandle=message.receipt,
                VisibilityTimeout=seconds,
            )
        except Exception as error:  # then the queue's own time-out it is
            note_failure(error)

    async def give_up(self, message: Received, why: str, otherwise: int) -> bool:
        """Put a message that can never be handled on the dead-letter queue.

        Returns whether it lies there; else it is kept, to come again in ``otherwise`` seconds.
        """
        try:
            await asyncio.to_thread(
                self._client.send_message,
                QueueUrl=self._dead_letter_url,
                MessageBody=with_expiry(message.body, message.sent_at),
                MessageAttributes={
                    "problem": {"DataType": "String", "StringValue": why},
                    **message_attributes(correlation_id()),
                },
            )
        except Exception as error:  # it stays where it is
            note_failure(error)
            await self.keep(message, otherwise)
            return False
        count("NotificationsGivenUp")
        return True


def note_failure(error: Exception) -> None:
    """Count and log an error for which a notification waits."""
    name = type(error).__name__
    count("NotificationFailures", error=name)
    logger.error("a notification waits", extra={"error": name, "problem": redact(str(error))})
