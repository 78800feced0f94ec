from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tests.conftest import ENVIRONMENT, create_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[DynamoDBClient]:
    """A DynamoDB in memory, for the tables of one test after the other: a client is dear."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield boto3.client("dynamodb")


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> Iterator[DynamoDBClient]:
    """The client of an empty runs table."""
    create_table(dynamodb, "runs", "runId", "part")
    yield dynamodb
    dynamodb.delete_table(TableName="runs")
