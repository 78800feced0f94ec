"""The notifications' queue, as the API puts on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from yellowring.observability import correlation_id
from yellowring.queue_message import message_attributes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sqs.client import SQSClient


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
            The queue did not take it, or nobody knows.
        """
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps(notification),
            MessageAttributes=message_attributes(correlation_id()),
        )
