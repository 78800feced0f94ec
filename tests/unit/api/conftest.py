from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

import boto3
import pytest
from yellowring.api.services import services
from yellowring.sender import app as sender

from tests.unit.api.kit import Api, Functions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_sqs.client import SQSClient

_client = functools.cache(boto3.client)


@pytest.fixture
def functions() -> Functions:
    """Lambda, with the sender in it."""
    return Functions()


@pytest.fixture
def clients(environment: pytest.MonkeyPatch, functions: Functions) -> None:
    """AWS clients that are made once for all tests: each is dear, and all are the same."""

    def client(service: str, _config: object) -> object:
        return functions if service == "lambda" else _client(service)

    environment.setattr("yellowring.aws.client", client)


@pytest.fixture
def api(
    clients: None, aws: DynamoDBClient, sqs: SQSClient, environment: pytest.MonkeyPatch
) -> Iterator[Api]:
    """The API function over an AWS in memory."""
    environment.setenv("SENDER_FUNCTION_NAME", "sender")
    environment.setenv("STACK_NAME", "books")
    environment.setenv("MAX_WORKERS", "2")
    _client("events").create_event_bus(Name="yellow-ring")
    _forget()
    yield Api(aws, sqs, os.environ["NOTIFICATIONS_QUEUE_URL"])
    _forget()


def _forget() -> None:
    services.cache_clear()
    sender._stores.cache_clear()
