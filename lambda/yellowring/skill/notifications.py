"""What the skill function leaves for the sender: notifications on their queue."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from yellowring import aws
from yellowring.observability import correlation_id
from yellowring.queue_message import expiry_of, message_attributes, queue_message
from yellowring.settings import InvalidSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.config import Config
    from mypy_boto3_sqs.client import SQSClient

    from yellowring.skill.commands import Notify


class Notifications:
    """Puts notifications on their queue; connects to it when the first one comes."""

    def __init__(self, queue_url: str, config: Config) -> None:
        self._queue_url = queue_url
        self._config = config

    @cached_property
    def _client(self) -> SQSClient:
        if not self._queue_url:
            raise InvalidSettings(
                "NOTIFICATIONS_QUEUE_URL is not set: it must hold the URL of the queue on which "
                "the sender finds notifications"
            )
        client: SQSClient = aws.client("sqs", self._config)
        return client

    def put(self, notification: Mapping[str, object]) -> None:
        """Put a notification on the queue.

        Raises
        ------
        InvalidSettings
            ``NOTIFICATIONS_QUEUE_URL`` is not set.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The queue did not take it.
        """
        # A message has at most 6 KB, which escapes can make 36; the queue takes 256.
        self._client.send_message(
            QueueUrl=self._queue_url,
            MessageBody=json.dumps(notification),
            MessageAttributes=message_attributes(correlation_id()),
        )


def notification_of(command: Notify, user_id: str, at: int, reference_id: str) -> dict[str, object]:
    """Return what goes on the queue: the same for every delivery of the same message.

    Parameters
    ----------
    command
        What to tell the customer.
    user_id
        The customer.
    at
        When the business asked for it, in milliseconds since the epoch: the expiry counts from it.
    reference_id
        Alexa tells a customer once for each.
    """
    asked_at = datetime.fromtimestamp(at / 1000, UTC)
    texts: Any = command.campaign.get("localizedAttributes", ())
    return queue_message(
        command.campaign["event"],
        texts,
        to={"userId": user_id},
        reference_id=reference_id,
        expiry_time=expiry_of(asked_at, timedelta(seconds=command.expires_in)),
    )


def reference_id_of(request_id: str, skill_id: str) -> str:
    """Return the reference id of a message that has none of its own, from its request's id."""
    key = hashlib.sha256(skill_id.encode()).digest()
    digest = hashlib.blake2s(request_id.encode(), key=key).hexdigest()
    return f"message~{digest[:20]}"
