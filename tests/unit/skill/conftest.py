from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.skill import app
from yellowring.skill.assembly import skill_for

from tests.envelopes import START
from tests.unit.skill.kit import item_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from tests.unit.skill.kit import Handle


class Context:
    """Lambda's context, as far as the ASK SDK looks at it."""


NOW = START + timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function's clock stands an hour after the start of all tests."""
    nanoseconds = int(NOW.timestamp()) * 1_000_000_000
    monkeypatch.setattr("yellowring.skill.envelope.time_ns", lambda: nanoseconds)


@pytest.fixture
def handle(aws: DynamoDBClient) -> Iterator[Handle]:
    """Hand an envelope to the skill function."""
    skill_for.cache_clear()
    yield lambda envelope: app.lambda_handler(envelope, Context())
    skill_for.cache_clear()


@pytest.fixture
def record(aws: DynamoDBClient) -> Callable[[str], dict[str, Any] | None]:
    """Read a customer's item as it lies in the table."""

    def read(user_id: str) -> dict[str, Any] | None:
        answer = aws.get_item(TableName="subscribers", Key={"userId": {"S": user_id}})
        item = answer.get("Item")
        if item is None:
            return None
        return item_read(item)

    return read
