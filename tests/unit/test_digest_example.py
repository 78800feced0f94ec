"""The example of a daily digest: what its function makes of the board's messages."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from yellowring.catalog import check_event, utterance
from yellowring.sender.campaign import parse_campaign

from tests.conftest import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

EXAMPLE = Path(__file__).parents[2] / "examples" / "digest"
MESSAGE = "AMAZON.MessageAlert.Activated"
NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)


@pytest.fixture
def digest(aws: DynamoDBClient, environment: pytest.MonkeyPatch) -> Any:
    """The function's module, with a table in memory."""
    environment.setenv("MESSAGES_TABLE", "messages")
    create_table(aws, "messages", "member")
    spec = importlib.util.spec_from_file_location("digest", EXAMPLE / "function" / "digest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def message(sender: str, hours_ago: float) -> dict[str, str]:
    return {"sender": sender, "at": (NOW - timedelta(hours=hours_ago)).isoformat()}


def wrote(member: str, *messages: dict[str, str]) -> None:
    table = boto3.resource("dynamodb").Table("messages")
    table.put_item(Item={"member": member, "unread": list(messages)})


def customer(member: str | None, locale: str | None = "en-US") -> dict[str, Any]:
    known = {"customerId": member} if member else {}
    return {"userId": "amzn1.ask.account.A", "locale": locale, "attributes": {}, **known}


def asked(digest: Any, *customers: dict[str, Any]) -> list[Any]:
    event = {"campaign": {}, "now": NOW.isoformat(), "customers": list(customers)}
    contents: list[Any] = digest.lambda_handler(event, None)["contents"]
    return contents


def sentence(content: Any, locale: str = "en-US") -> str | None:
    checked = check_event(MESSAGE, content["payload"])
    assert not checked.problems
    return utterance(MESSAGE, checked.payload, [], locale)


def test_each_member_hears_who_wrote_to_them_since_yesterday(digest: Any) -> None:
    wrote("1", message("Ada", 30), message("Ben", 3), message("Cleo", 2), message("Ben", 1))
    (content,) = asked(digest, customer("1"))
    assert sentence(content) == "You have three new messages from Ben and Cleo."


def test_of_many_the_newest_two_are_named(digest: Any) -> None:
    wrote("1", *(message(name, 9 - number) for number, name in enumerate(("Ada", "Ben", "Cleo"))))
    (content,) = asked(digest, customer("1"))
    assert content["payload"]["messageGroup"] == {"creator": {"name": "Cleo and Ben"}, "count": 3}


@pytest.mark.parametrize(
    ("locale", "name"),
    [
        ("de-DE", "Ben und Ada"),
        ("fr-CA", "Ben et Ada"),
        ("ja-JP", "Ben、Ada"),
        (None, "Ben and Ada"),
    ],
)
def test_names_are_listed_in_the_customers_language(
    digest: Any, locale: str | None, name: str
) -> None:
    wrote("1", message("Ada", 2), message("Ben", 1))
    (content,) = asked(digest, customer("1", locale))
    assert content["payload"]["messageGroup"]["creator"]["name"] == name


def test_who_has_nothing_new_or_is_no_member_hears_nothing_in_their_own_place(digest: Any) -> None:
    wrote("old", message("Ada", 25))
    wrote("read")
    wrote("new", message("Ada", 1))
    page = (customer("old"), customer(None), customer("read"), customer("who"), customer("new"))
    contents = asked(digest, *page)
    assert [content is None for content in contents] == [True, True, True, True, False]


def test_two_accounts_of_one_member_both_hear(digest: Any) -> None:
    wrote("1", message("Ada", 1))
    first, second = asked(digest, customer("1"), customer("1", "de-DE"))
    assert first == second is not None


def test_a_page_is_looked_up_at_once(digest: Any) -> None:
    contents = asked(digest, *(customer(str(number)) for number in range(100)))
    assert contents == [None] * 100


def test_its_campaign_is_one() -> None:
    campaign = parse_campaign(json.loads((EXAMPLE / "campaign.json").read_text()))
    assert (campaign.event_name, campaign.content) == (MESSAGE, "digest")
