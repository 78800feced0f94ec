"""A daily digest: who wrote to each member of the Lantern Board since yesterday.

Yellow Ring's sender invokes this function with a page of customers at a time. The board's members
are known by the board's own ids, which Yellow Ring learns when an account is linked.
"""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypedDict

import boto3
from babel import Locale
from babel.lists import format_list
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NAMED = 2
"""Members who are named; Alexa reads the sentence aloud."""
PAUSE = 0.05
"""Seconds before DynamoDB is asked for what it left out."""

_dynamodb = boto3.resource(
    "dynamodb", config=Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard"})
)


class Message(TypedDict):
    """A message that a member has not read: from whom, and when it came (ISO 8601, with a zone)."""

    sender: str
    at: str


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Return what each customer of a page is to hear, in their order; nothing: ``None``."""
    since = datetime.fromisoformat(event["now"]) - timedelta(days=1)
    members = [customer.get("customerId") for customer in event["customers"]]
    messages = unread(filter(None, members))
    return {
        "contents": [
            digest(messages.get(member, ()), since, customer["locale"])
            for member, customer in zip(members, event["customers"], strict=True)
        ]
    }


def digest(
    messages: Sequence[Message], since: datetime, locale: str | None
) -> dict[str, Any] | None:
    """Make one customer's event of the messages that came since then; none: nothing to tell."""
    new = [each for each in messages if datetime.fromisoformat(each["at"]) > since]
    if not new:
        return None
    names = list(dict.fromkeys(each["sender"] for each in reversed(new)))
    return {
        "payload": {
            "state": {"status": "UNREAD", "freshness": "NEW"},
            "messageGroup": {"creator": {"name": listed(names, locale)}, "count": len(new)},
        }
    }


def listed(names: Sequence[str], locale: str | None) -> str:
    """Say names as a list in the customer's language; of many, the newest.

    >>> listed(["Ada", "Ben"], "de-DE")
    'Ada und Ben'
    """
    spoken = Locale.parse(locale or "en-US", sep="-")
    return format_list(list(names[:NAMED]), locale=spoken)


def unread(members: Iterable[str]) -> dict[str, Sequence[Message]]:
    """Look members' unread messages up, at most a hundred members at once."""
    table = os.environ["MESSAGES_TABLE"]
    found: dict[str, Sequence[Message]] = {}
    wanted: Any = {"Keys": [{"member": member} for member in dict.fromkeys(members)]}
    while wanted and wanted["Keys"]:
        answer = _dynamodb.batch_get_item(RequestItems={table: wanted})
        for item in answer["Responses"].get(table, []):
            found[str(item["member"])] = item["unread"]
        wanted = answer["UnprocessedKeys"].get(table)
        if wanted:
            time.sleep(PAUSE)
    return found
