"""What the benchmarks send with: customers, a run in its middle, and a window with nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any

from yellowring.sender.campaign import parse_campaign
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.run.refusals import Evidence
from yellowring.sender.run.run import Run, Segment, Waiting
from yellowring.subscribers.changes import NOTIFICATIONS_SCOPE, Enabled, RegisterChange
from yellowring.subscribers.items import dump
from yellowring.subscribers.record import Record, join

from tests.unit.sender.delivery.virtual import InMemory

if TYPE_CHECKING:
    from yellowring.sender.delivery.window import SharedWindow, Window
    from yellowring.subscribers.changes import Change

USER_ID_LENGTH = 220
"""Characters of a user id; those that Alexa gives out have about so many, and never over 255."""
EVENT = "AMAZON.WeatherAlert.Activated"
PAYLOAD = {"weatherAlert": {"source": "localizedattribute:source", "alertType": "THUNDER_STORM"}}
TEXTS = [{"locale": locale, "source": "Weather Desk"} for locale in ("en-US", "de-DE", "fr-FR")]
HOST = "https://api.eu.amazonalexa.com"
AT = 1_795_165_200_250
REQUEST = "amzn1.echo-api.request.01234567-89ab-cdef-0123-456789abcdef"
PAGE = 1000
WINDOW = {
    name + suffix: {"N": "100"}
    for suffix in ("", "Before")
    for name in ("number", "limit", "taken", "urgent", "owed", "workers", "slowed")
}


def user_id(number: int) -> str:
    """Return an id as long as Alexa's."""
    return f"amzn1.ask.account.{number:0{USER_ID_LENGTH - 18}}"


def customer(number: int) -> dict[str, Any]:
    """Return the item of a customer as being enabled, permitted and subscribed leave it."""
    changes: list[Change] = [
        Enabled(AT),
        RegisterChange("host", AT, REQUEST, HOST),
        RegisterChange("permissions", AT, REQUEST, frozenset({NOTIFICATIONS_SCOPE})),
        RegisterChange("subscriptions", AT, REQUEST, frozenset({EVENT})),
    ]
    return dict(dump(user_id(number), reduce(join, changes, Record()), 3))


def projected(number: int) -> dict[str, Any]:
    """Return what a scan reads of a customer."""
    return {"userId": {"S": user_id(number)}, "host": {"M": {"value": {"S": HOST}}}}


def scanned(matching: int) -> dict[str, Any]:
    """Return DynamoDB's answer for a page of which so many customers match."""
    return {
        "Items": [projected(number) for number in range(matching)],
        "Count": matching,
        "ScannedCount": PAGE,
        "LastEvaluatedKey": {"userId": {"S": user_id(PAGE)}},
    }


def run() -> Run:
    """Return a run that begins now and lives for a day."""
    document = {
        "name": "storm",
        "event": {"name": EVENT, "payload": PAYLOAD},
        "localizedAttributes": TEXTS,
        "expiresIn": "PT24H",
    }
    now = datetime.now(UTC).replace(microsecond=0)
    stored = parse_campaign(document).stored()
    return Run("storm~20261120T090000Z", stored, "running", 1, now, now, now + timedelta(hours=24))


def segment(waiting: int) -> Segment:
    """Return a segment in its middle, with so many customers whose outcome is not known."""
    return Segment(
        17,
        version=40,
        cursor=user_id(0),
        counts=Counts({Outcome.ACCEPTED: 123_456, Outcome.REJECTED: 1234}),
        waiting=tuple(Waiting(user_id(number), AT, 3) for number in range(waiting)),
        evidence={"eu": Evidence(0, accepted=True)},
    )


class Alone(InMemory):
    """The window in memory; each of its calls is made of a real table too, for what that costs."""

    def __init__(self, shared: SharedWindow) -> None:
        super().__init__()
        self._shared = shared

    async def read(self) -> Window | None:
        await self._shared.read()
        return await super().read()

    async def begin(self, latest: Window | None, new: Window) -> bool:
        await self._shared.begin(latest, new)
        return await super().begin(latest, new)

    async def take(self, known: Window, share: int, workers: int, slowed: int) -> Window | None:
        await self._shared.take(known, share, workers, slowed)
        return await super().take(known, share, workers, slowed)

    async def take_urgent(self, known: Window, requests: int, slowed: int) -> Window | None:
        await self._shared.take_urgent(known, requests, slowed)
        return await super().take_urgent(known, requests, slowed)


def size_of(item: dict[str, Any]) -> int:
    """Return an item's size in bytes, by the rules of "DynamoDB item sizes and formats"."""
    return sum(len(name) + _size_of_value(value) for name, value in item.items())


def _size_of_value(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content.strip("-.0")) // 2 + 1 + 1
        case "SS":
            return sum(len(each.encode()) for each in content)
        case "L":
            return 3 + sum(1 + _size_of_value(each) for each in content)
        case "M":
            return 3 + sum(len(k) + 1 + _size_of_value(v) for k, v in content.items())
        case _:
            return 1
