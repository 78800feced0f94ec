"""Calls the skill's function through the Lambda Invoke API, as Alexa does."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_LONGEST_ERROR = 300


class NotAcknowledged(Exception):
    """The skill's function failed, or was not there; the event is to be delivered again."""


class LambdaInvoker:
    """Hands an envelope to a Lambda function and waits for its answer.

    Parameters
    ----------
    function
        Name or ARN.
    endpoint
        Base URL of the Lambda API; ``None`` for boto's own choice. Its keys are those of the
        environment, and no profile's.
    connections
        How many calls there may be at once.
    region
        The AWS region that has it.
    """

    def __init__(
        self, function: str, endpoint: str | None, connections: int, region: str = "us-east-1"
    ) -> None:
        self._function = function
        self._endpoint = endpoint
        self._connections = connections
        self._region = region
        self._making = threading.Lock()
        self._client: LambdaClient | None = None

    def __call__(self, envelope: bytes) -> bytes:
        """Invoke the function once.

        Returns
        -------
        bytes
            What it answered.

        Raises
        ------
        NotAcknowledged
            When it did not answer, or answered with an error.
        """
        try:
            answer = self._lambda().invoke(
                FunctionName=self._function, InvocationType="RequestResponse", Payload=envelope
            )
            payload = answer["Payload"].read()
        except (BotoCoreError, ClientError) as error:
            raise NotAcknowledged(str(error)[:_LONGEST_ERROR]) from error
        if kind := answer.get("FunctionError"):
            raise NotAcknowledged(f"{kind}: {_error_of(payload)}"[:_LONGEST_ERROR])
        return payload

    def _lambda(self) -> LambdaClient:
        with self._making:
            if self._client is None:
                self._client = boto3.client(
                    "lambda",
                    region_name=self._region,
                    endpoint_url=self._endpoint,
                    aws_access_key_id=_variable("AWS_ACCESS_KEY_ID"),
                    aws_secret_access_key=_variable("AWS_SECRET_ACCESS_KEY"),
                    config=Config(
                        connect_timeout=5,
                        read_timeout=60,
                        max_pool_connections=self._connections,
                        retries={"total_max_attempts": 1},
                    ),
                )
            return self._client


def _variable(name: str) -> str:
    """Return one of AWS' variables; an emulator that was started by hand takes the usual one."""
    return os.environ.get(name) or "test"


def _error_of(payload: bytes) -> str:
    try:
        document = json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")
    if isinstance(document, dict) and "errorMessage" in document:
        return f"{document.get('errorType', 'Error')}: {document['errorMessage']}"
    return str(document)
