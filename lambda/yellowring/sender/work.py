"""The work queue: what the sender leaves for itself, as messages it can read again.

A message names a run and one piece of its work: a segment to visit, or a retry, that is a few
customers whose outcome stayed unknown. Retries are queued before the run's item has their entry,
so that a crash in between loses nobody; ``parent`` tells which step was to write that entry.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yellowring.subscribers import Customer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_sqs.client import SQSClient

VERSION = 1
LONGEST_DELAY = 900
"""Seconds; the most that SQS delays a message."""
RETRY_SIZE = 100
"""Customers in one retry: with the longest ids and endpoints still well under SQS' 256 KB."""


class InvalidMessage(ValueError):
    """A message on the work queue that this version of the sender cannot read."""


@dataclass(frozen=True, slots=True)
class SegmentWork:
    """Visit a segment of a run, from wherever the run's item says that it is."""

    run_id: str
    segment: int


@dataclass(frozen=True, slots=True)
class RetryWork:
    """Send again to some customers.

    Attributes
    ----------
    key
        Its entry in the run: made from parent and customers, so the same retry has the same key.
    attempt
        How many times the queue has given it out, counted from 1.
    parent
        The segment and page (``3/17``) or the retry that these customers are left of.
    """

    run_id: str
    attempt: int
    parent: str
    customers: tuple[Customer, ...]

    @property
    def key(self) -> str:
        ids = "\n".join(customer.user_id for customer in self.customers)
        digest = hashlib.blake2s(f"{self.parent}\n{ids}".encode(), digest_size=8).hexdigest()
        return f"r{self.attempt}-{digest}"


@dataclass(frozen=True, slots=True)
class OrderWork:
    """Start a run: what somebody else left here for the sender, such as the skill function."""

    order: dict[str, object]


type Work = SegmentWork | RetryWork
"""A piece of a run that has started."""


def retries(
    run_id: str, attempt: int, parent: str, customers: Sequence[Customer]
) -> list[RetryWork]:
    """Cut customers into retries."""
    return [
        RetryWork(run_id, attempt, parent, tuple(customers[start : start + RETRY_SIZE]))
        for start in range(0, len(customers), RETRY_SIZE)
    ]


def read(body: str) -> Work | OrderWork:
    """Read a message.

    Raises
    ------
    InvalidMessage
        Says what is wrong with it.
    """
    try:
        message = json.loads(body)
        version = message["version"]
        if version != VERSION:
            raise InvalidMessage(
                f"the message has version {str(version)[:20]}, this sender reads {VERSION}: "
                "it was written by another release; deploy that one, or delete the message"
            )
        if "order" in message:
            return OrderWork(dict(message["order"]))
        if "segment" in message:
            return SegmentWork(str(message["runId"]), int(message["segment"]))
        customers = tuple(Customer(str(c["user"]), c.get("endpoint")) for c in message["customers"])
        return RetryWork(
            str(message["runId"]), int(message["attempt"]), str(message["parent"]), customers
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InvalidMessage):
            raise
        raise InvalidMessage(
            f"the message is not one of the sender's ({type(error).__name__}): expected JSON with "
            "version and an order, or runId and a segment, or runId, attempt, parent and customers"
        ) from None


class WorkQueue:
    """The only place that knows the work queue and its dead-letter queue."""

    def __init__(self, client: SQSClient, url: str, dead_letter_url: str = "") -> None:
        self._client = client
        self._url = url
        self._dead_letter_url = dead_letter_url

    def put(self, work: Work, delay: float = 0) -> None:
        """Queue work, to be given out after ``delay`` seconds."""
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=_body(work),
            DelaySeconds=min(LONGEST_DELAY, round(delay)),
        )

    def give_up(self, work: Work) -> None:
        """Keep work that failed for good as evidence, where there is a dead-letter queue."""
        if self._dead_letter_url:
            self._client.send_message(QueueUrl=self._dead_letter_url, MessageBody=_body(work))

    def dead_letters(self) -> Iterator[tuple[Work | OrderWork, str]]:
        """Give what lies on the dead-letter queue, each with its receipt; others stay unread.

        A message that is not taken off is hidden for a minute, then there again.
        """
        while messages := self._client.receive_message(
            QueueUrl=self._dead_letter_url, MaxNumberOfMessages=10, VisibilityTimeout=60
        ).get("Messages"):
            for message in messages:
                with suppress(InvalidMessage):
                    yield read(message["Body"]), message["ReceiptHandle"]

    def take_off(self, receipt: str) -> None:
        """Delete a message from the dead-letter queue."""
        self._client.delete_message(QueueUrl=self._dead_letter_url, ReceiptHandle=receipt)


def _body(work: Work) -> str:
    message: dict[str, object] = {"version": VERSION, "runId": work.run_id}
    if isinstance(work, SegmentWork):
        message["segment"] = work.segment
    else:
        message |= {
            "attempt": work.attempt,
            "parent": work.parent,
            "customers": [
                {"user": customer.user_id, "endpoint": customer.api_endpoint}
                for customer in work.customers
            ],
        }
    return json.dumps(message)
