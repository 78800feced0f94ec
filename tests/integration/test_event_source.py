"""The example event source sends each customer their own garbage types."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from yellowring.sender import app
from yellowring.sender.personal import ask
from yellowring.subscribers import AttributesChange

from tests.unit.sender.kit import NONE_OF_ANY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.sender.kit import World

EXAMPLES = Path(__file__).parents[2] / "examples"
TRASH = "AMAZON.TrashCollectionAlert.Activated"
SUNDAY_EVENING = datetime(2026, 11, 22, 17, tzinfo=UTC)


@pytest.fixture
def calendar(
    world: World, environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Deploy the example, on the evening before a collection."""
    monkeypatch.syspath_prepend(str(EXAMPLES / "event_sources"))
    environment.setenv("EVENT_SOURCE", "collection_calendar:tomorrow")
    app._stores.cache_clear()
    yield
    app._stores.cache_clear()


def test_each_customer_hears_what_is_collected_at_their_place(
    world: World, calendar: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def asked_on_sunday(source: object, customer: object, sent: object, _: object) -> object:
        return await ask(source, customer, sent, SUNDAY_EVENING)  # type: ignore[arg-type]

    monkeypatch.setattr("yellowring.sender.content.ask", asked_on_sunday)
    districts = {}
    for district in ("north", "south", "nowhere"):
        user = world.customer()
        world.know(user, at=2_000_000_000_000, events=(TRASH,))
        world.subscribers.apply(user, AttributesChange(1, "id", {"district": district}))
        districts[district] = user
    campaign = json.loads((EXAMPLES / "campaigns" / "trash-collection-alert.json").read_text())
    run = world.send(campaign)
    assert run["counts"] == NONE_OF_ANY | {"accepted": 1}
    (notification,) = world.alexa.customers.get(districts["north"]).notifications
    assert notification.document()["sentence"] == (
        "The coming Monday is waste paper and glass garbage collection day."
    )
    assert world.heard(districts["south"]) == world.heard(districts["nowhere"]) == []
