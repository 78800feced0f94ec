"""What the skill function leaves for the sender: orders on the work queue."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING

import boto3

from yellowring.settings import InvalidSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.config import Config
    from mypy_boto3_sqs.client import SQSClient

VERSION = 1


class Orders:
    """Puts orders on the work queue; connects to it when the first one comes."""

    def __init__(self, queue_url: str, config: Config) -> None:
        self._queue_url = queue_url
        self._config = config

    @cached_property
    def _client(self) -> SQSClient:
        if not self._queue_url:
            raise InvalidSettings(
                "WORK_QUEUE_URL is not set: it must hold the URL of the work queue, on which "
                "notifications are ordered from the sender"
            )
        return boto3.client("sqs", config=self._config)

    def put(self, campaign: Mapping[str, object], user_id: str, run_id: str) -> None:
        """Order a campaign for one customer.

        Raises
        ------
        InvalidSettings
            ``WORK_QUEUE_URL`` is not set.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The queue did not take it.
        """
        audience = {"type": "users", "userIds": [user_id]}
        order = {"campaign": {**campaign, "audience": audience}, "runId": run_id}
        # A campaign has at most 6 KB, which escapes can make 36; the queue takes 256.
        body = json.dumps({"version": VERSION, "order": order})
        self._client.send_message(QueueUrl=self._queue_url, MessageBody=body)


def run_id(user_id: str, request_id: str, reference_id: str | None, skill_id: str) -> str:
    """Name the run of one notification: the same for each delivery of the same message.

    Parameters
    ----------
    user_id, skill_id
        The customer, keyed by the skill: one reference id is one run for each customer.
    request_id
        Names the run when the message has no reference id of its own.
    reference_id
        At most 64 letters, digits and ``~``.

    Returns
    -------
    str
        At most 97 letters, digits and ``~``, fit to be Alexa's reference id.
    """
    named = reference_id or f"message~{_digest(request_id, skill_id)[:20]}"
    return f"{named}~{_digest(user_id, skill_id)}"


def _digest(value: str, key: str) -> str:
    hashed_key = hashlib.sha256(key.encode()).digest()
    return hashlib.blake2s(value.encode(), key=hashed_key, digest_size=16).hexdigest()
