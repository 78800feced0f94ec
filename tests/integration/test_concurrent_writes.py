"""Workers that write the same customer's record at the same moment, against the embedded AWS."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from yellowring.skill.envelope import SkillEvent
from yellowring.skill.skill_events import CHANGES
from yellowring.subscribers import ConcurrentChange, Subscribers

from local_stack.emulator import start_emulator, wait_for_emulator
from local_stack.environments import aws_environment
from local_stack.processes import free_port
from local_stack.workspace import workspace
from tests.conftest import create_table
from tests.envelopes import (
    EU,
    NA,
    NOTIFICATIONS,
    WEATHER,
    account,
    disabled,
    enabled,
    permitted,
    subscribed,
)
from tests.unit.skill.kit import Envelope, expected_record, item_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient

ROUNDS = 25


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[DynamoDBClient]:
    """DynamoDB as the local stack has it: a process that serves many connections at once."""
    endpoint = f"http://127.0.0.1:{free_port()}"
    with workspace("writes") as place, start_emulator(endpoint, place) as emulator:
        wait_for_emulator(emulator, endpoint)
        settings = aws_environment(endpoint)
        client = boto3.client(
            "dynamodb",
            endpoint_url=endpoint,
            region_name=settings["AWS_REGION"],
            aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        )
        create_table(client, "subscribers", "userId")
        yield client
        client.close()


def history(user: str, dice: random.Random) -> list[Envelope]:
    """Make up some events that happened to a customer, close together."""
    made = []
    for _ in range(dice.randint(3, 8)):
        at = dice.randint(0, 5)
        made.append(
            dice.choice(
                [
                    subscribed(WEATHER, at=at, endpoint=dice.choice([NA, EU]), user=user),
                    subscribed(at=at, user=user),
                    enabled(at, user=user),
                    disabled(at=at, user=user),
                    disabled("PERSISTED", at=at, user=user),
                    permitted(NOTIFICATIONS, at=at, user=user),
                    account(linked=True, at=at, user=user),
                ]
            )
        )
    return made


def deliver(client: DynamoDBClient, events: list[Envelope], start: threading.Barrier) -> None:
    """Be one worker: take events as they come, and again whatever failed."""
    subscribers = Subscribers(client, "subscribers")
    start.wait()
    for each in events:
        event = SkillEvent(each)
        change = CHANGES[event.object_type](event)
        for _ in range(20):
            try:
                subscribers.apply(event.user_id, change)
            except ConcurrentChange:
                continue  # Alexa delivers again
            break


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_that_write_at_the_same_moment_end_in_the_same_record(
    dynamodb: DynamoDBClient, workers: int
) -> None:
    dice = random.Random(workers)  # noqa: S311 - repeatable, not secret
    for number in range(ROUNDS):
        user = f"amzn1.ask.account.CONCURRENT{workers}X{number}"
        events = history(user, dice)
        start = threading.Barrier(workers)
        with ThreadPoolExecutor(workers) as pool:
            work = [
                pool.submit(deliver, dynamodb, dice.sample(events, len(events)), start)
                for _ in range(workers)
            ]
            for each in work:
                each.result()
        answer: Any = dynamodb.get_item(TableName="subscribers", Key={"userId": {"S": user}})
        assert item_read(answer["Item"]) == expected_record(events)
