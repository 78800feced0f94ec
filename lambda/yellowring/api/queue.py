"""The notifications' queue, as the API puts on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_sqs.client import SQSClient

_BATCH = 10
"""Messages in one call, the most that SQS takes."""
_BYTES = 200_000
"""Bytes of one call's messages, of SQS' 256 KiB."""


class Queue:
    """The only place of the API that knows SQS."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def put(self, notification: Mapping[str, object]) -> None:
        """Put a notification on the queue.

        Raises
        ------
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The queue did not take it.
        """
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(notification))

    def put_all(self, notifications: Sequence[Mapping[str, object]]) -> set[int]:
        """Put notifications on the queue; return the indexes of those that it did not take.

        Raises
        ------
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            Nobody knows what it took.
        """
        failed: set[int] = set()
        for batch in _batches([json.dumps(each) for each in notifications]):
            answer = self._client.send_message_batch(
                QueueUrl=self._url,
                Entries=[{"Id": str(index), "MessageBody": body} for index, body in batch],
            )
            failed |= {int(each["Id"]) for each in answer.get("Failed", ())}
        return failed


def _batches(bodies: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """Cut bodies into what one call takes, each with its index."""
    batch: list[tuple[int, str]] = []
    size = 0
    for index, body in enumerate(bodies):
        if batch and (len(batch) == _BATCH or size + len(body) > _BYTES):
            yield batch
            batch, size = [], 0
        batch.append((index, body))
        size += len(body)
    if batch:
        yield batch
