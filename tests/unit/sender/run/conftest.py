from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yellowring.sender.run.store import Runs

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture
def runs(table: DynamoDBClient) -> Runs:
    """An empty runs table."""
    return Runs(table, "runs")
