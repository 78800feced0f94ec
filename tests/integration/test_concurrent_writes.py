"""Workers that write the same customer's record at the same moment, against the embedded AWS."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from yellowring.sender.campaign.where import parse_where
from yellowring.skill.envelope import SkillEvent
from yellowring.skill.skill_events import changes_of
from yellowring.subscribers import (
    MOST_ACCOUNTS,
    Accepted,
    AttributesChange,
    Audience,
    ConcurrentChange,
    Disabled,
    Erased,
    RegisterChange,
    Rejected,
    Subscribers,
)
from yellowring_tools.local_stack.emulator import start_emulator, wait_for_emulator
from yellowring_tools.local_stack.environments import REGION, new_keys
from yellowring_tools.local_stack.processes import free_port
from yellowring_tools.local_stack.workspace import workspace

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
    from yellowring.subscribers.changes import Change

ROUNDS = 25


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[DynamoDBClient]:
    """DynamoDB as the local stack has it: a process that serves many connections at once."""
    endpoint = f"http://127.0.0.1:{free_port()}"
    keys = new_keys()
    with workspace("writes") as place, start_emulator(endpoint, keys, place) as emulator:
        wait_for_emulator(emulator, endpoint)
        client = boto3.client(
            "dynamodb",
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
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
        for _ in range(20):
            try:
                subscribers.apply(event.user_id, *changes_of(event))
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


def test_five_events_of_a_customer_within_ten_milliseconds_are_all_stored_at_once(
    dynamodb: DynamoDBClient,
) -> None:
    for number in range(ROUNDS):
        user = f"amzn1.ask.account.FIVE{number}"
        events = [
            enabled(0, user=user),
            permitted(NOTIFICATIONS, at=0.002, user=user),
            permitted(NOTIFICATIONS, at=0.004, kind="Changed", user=user),
            subscribed(WEATHER, at=0.006, endpoint=EU, user=user),
            account(linked=True, at=0.008, user=user),
        ]
        start = threading.Barrier(len(events))
        with ThreadPoolExecutor(len(events)) as pool:
            work = [pool.submit(deliver_once, dynamodb, event, start) for event in events]
            for each in work:
                each.result()
        answer: Any = dynamodb.get_item(TableName="subscribers", Key={"userId": {"S": user}})
        assert item_read(answer["Item"]) == expected_record(events)


def deliver_once(client: DynamoDBClient, event: Envelope, start: threading.Barrier) -> None:
    """Be the one worker that has this event; it must not need another delivery."""
    read = SkillEvent(event)
    start.wait()
    Subscribers(client, "subscribers").apply(read.user_id, *changes_of(read))


def test_the_scan_reads_hosts_locales_and_attributes_as_the_rule_and_filters_mean(
    dynamodb: DynamoDBClient,
) -> None:
    create_table(dynamodb, "audience", "userId")
    subscribers = Subscribers(dynamodb, "audience")
    lists = RegisterChange("subscriptions", 5, "id", {WEATHER})
    told: dict[str, tuple[Change, ...]] = {
        "ada": (lists, RegisterChange("host", 5, "id", EU)),
        "ben": (lists, Disabled(6)),
        "cleo": (Accepted(6),),
        "dov": (lists, RegisterChange("permissions", 6, "id")),
        "eva": (lists, Rejected(6)),
        "fay": (Accepted(6), Disabled(4), RegisterChange("subscriptions", 3, "id")),
        "gus": (Accepted(6), Rejected(6)),
    }
    town = AttributesChange(5, "id", {"at": "Ulm", "value": 3})
    for user_id, changes in told.items():
        subscribers.apply(user_id, *changes, town)
    audience = Audience(dynamodb, "audience", attributes=["at", "value", "by"])
    found = audience.scan(WEATHER).customers
    assert {each.user_id for each in found} == {"ada", "cleo", "fay", "gus"}
    assert {each.user_id for each in found if each.api_endpoint == EU} == {"ada"}
    assert [each.attributes for each in found] == [{"at": "Ulm", "value": 3}] * 4
    assert audience.count(WEATHER) == (4, None)
    named = audience.named([*told, "nobody"], WEATHER)
    rule = [True, False, True, False, False, True, True, None]
    assert [each.deliverable for each in named] == rule
    where = parse_where({"attributes.at": "Ulm", "apiEndpoint": f"{EU}:443/"}, [])
    assert where
    narrowed = audience.of(None, where.filter()).scan(WEATHER).customers
    assert [each.user_id for each in narrowed] == ["ada"]


def test_the_index_finds_all_accounts_of_a_customer_and_no_other_page_by_page(
    dynamodb: DynamoDBClient,
) -> None:
    create_table(dynamodb, "linked", "userId", index=("customers", "customerId"))
    subscribers = Subscribers(dynamodb, "linked")

    def link(user_id: str, customer_id: str, *told: Change) -> None:
        subscribers.apply(user_id, RegisterChange("customer", 5, "id", customer_id), *told)

    for number in range(MOST_ACCOUNTS):
        link(f"many-{number:03}", "many")
    link("ada", "4711")
    link("ben", "4711")
    link("cem", "4711", Disabled(5))
    link("eva", "4711")
    subscribers.apply("eva", Erased(6))
    link("fay", "KUNDE")
    link("gil", "kunde")
    audience = Audience(dynamodb, "linked")
    assert audience.accounts("4711") == ("ada", "ben")
    assert audience.accounts("kunde") == ("gil",)
    assert audience.accounts("nobody") == ()
    assert len(audience.accounts("many")) == MOST_ACCOUNTS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("yellowring.subscribers.audience.BATCH", 7)
        assert len(audience.accounts("many")) == MOST_ACCOUNTS
        link("one-more", "many")
        assert len(audience.accounts("many")) == MOST_ACCOUNTS + 1
