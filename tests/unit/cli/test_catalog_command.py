from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from yellowring.catalog import EVENT_NAMES, fields_of
from yellowring.sender.campaign import parse_campaign

from cli.examples import example_campaign
from simulator.schemas import content_problems
from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from typing import Any


def test_the_catalog_lists_the_eight_events_and_their_fields() -> None:
    run = yellowring("catalog")
    assert run.status == 0
    for name in EVENT_NAMES:
        assert name in run.out
        for field in fields_of(name):
            assert field.kind == "object" or field.path in run.out


@pytest.mark.parametrize("name", ["AMAZON.Occasion.Updated", "Occasion", "occasion"])
def test_an_event_is_shown_with_its_words_an_example_and_its_sentence(name: str) -> None:
    run = yellowring("catalog", name)
    assert run.status == 0
    assert "RESCHEDULED" in run.out
    assert '"bookingTime"' in run.out
    assert "Alexa says: Your appointment at" in run.out


def test_the_catalog_as_json() -> None:
    everything = yellowring("catalog", "--json").document
    assert [event["name"] for event in everything] == list(EVENT_NAMES)
    one = yellowring("catalog", "Occasion", "--json").document
    assert one in everything
    assert {field["path"]: field["localizable"] for field in one["fields"]}["occasion.subject"]


@pytest.mark.parametrize("command", ["catalog", "new", "schema"])
def test_an_event_that_does_not_exist_is_told_with_the_one_that_was_meant(command: str) -> None:
    run = yellowring(command, "OrderState")
    assert (run.status, run.out) == (1, "")
    assert "did you mean OrderStatus?" in run.err


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_a_new_campaign_is_right_and_uses_every_field(name: str) -> None:
    document = yellowring("new", name).document
    campaign = parse_campaign(document)
    assert campaign.warnings == ()
    assert not content_problems(document["event"], document.get("localizedAttributes", []))
    for field in fields_of(name):
        part: Any = campaign.payload
        for key in field.path.split("."):
            part = part[key]


def test_a_new_campaign_can_be_named() -> None:
    assert yellowring("new", "Occasion", "--name", "check-up").document["name"] == "check-up"
    run = yellowring("new", "Occasion", "--name", "check up")
    assert (run.status, run.out) == (1, "")
    assert "$.name: must be 1 to 40" in run.err


def test_the_examples_cannot_be_changed_by_who_gets_one() -> None:
    example_campaign(EVENT_NAMES[0])["event"]["payload"].clear()
    assert example_campaign(EVENT_NAMES[0])["event"]["payload"]


def test_the_schema_in_the_docs_is_the_one_that_is_printed() -> None:
    printed = yellowring("schema").document
    assert json.loads(Path("docs/campaign.schema.json").read_text()) == printed, (
        "run: yellowring schema > docs/campaign.schema.json"
    )
