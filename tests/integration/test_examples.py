"""Every example goes out and arrives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.catalog import EVENT_NAMES, check_event, utterance

from tests.unit.sender.kit import NONE_OF_ANY

if TYPE_CHECKING:
    from tests.unit.sender.kit import World

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "campaigns").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_arrives_with_the_sentence_that_its_preview_shows(
    world: World, path: Path
) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    user = world.customer()
    world.know(user, at=2_000_000_000_000, events=EVENT_NAMES)
    if "audience" in document:
        document["audience"]["userIds"] = [user]
    run = world.send(document)
    assert (run["status"], run["counts"]) == ("completed", NONE_OF_ANY | {"accepted": 1})
    (notification,) = world.alexa.customers.get(user).notifications
    arrived = notification.document()
    event = document["event"]
    localized = document.get("localizedAttributes", [])
    assert arrived["eventName"] == event["name"]
    assert arrived["payload"] == event["payload"]
    assert arrived["sentence"] == utterance(event["name"], event["payload"], localized)


def test_there_is_an_example_for_every_event() -> None:
    names = {json.loads(path.read_text(encoding="utf-8"))["event"]["name"] for path in EXAMPLES}
    assert names == set(EVENT_NAMES)


def test_a_run_checks_its_campaign_the_same_few_times_however_many_customers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = []

    def counted(*args: Any) -> object:
        checks.append(args)
        return check_event(*args)

    monkeypatch.setattr("yellowring.sender.campaign.check_event", counted)
    world.customers(1)
    world.send(runId="one")
    of_one = len(checks)
    world.customers(99)
    world.send(runId="hundred")
    assert len(checks) - of_one == of_one <= 2
