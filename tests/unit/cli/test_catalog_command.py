from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from yellowring.catalog import EVENT_NAMES, fields_of
from yellowring.sender.campaign import parse_campaign
from yellowring_tools.cli.files.examples import example_campaign
from yellowring_tools.simulator.schemas import content_problems

from tests.unit.cli.running import Run, yellowring

if TYPE_CHECKING:
    from typing import Any


def test_the_catalog_lists_the_eight_events_and_their_fields() -> None:
    run = yellowring("catalog")
    assert run.status == 0
    for name in EVENT_NAMES:
        assert name in run.out
        for field in fields_of(name):
            assert field.kind == "object" or field.path in run.out


@pytest.mark.parametrize("columns", ["40", "80"])
def test_what_is_piped_has_every_row_on_one_line(
    columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    run = yellowring("catalog")
    for name in EVENT_NAMES:
        for field in fields_of(name):
            if field.choices:
                rows = [row for row in run.out.splitlines() if field.path in row]
                assert any(", ".join(field.choices) in row for row in rows)


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


LOCALES = ("en-US", "de-DE", "ja-JP")


def locales_of(run: Run) -> tuple[str, ...]:
    return tuple(entry["locale"] for entry in run.document["localizedAttributes"])


@pytest.fixture
def skill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a project whose skill has three locales; gives its manifest."""
    monkeypatch.chdir(tmp_path)
    manifest = Path("skill-package/skill.json")
    manifest.parent.mkdir()
    locales: dict[str, Any] = {key: {} for key in LOCALES}
    document = {
        "events": {"publications": []},
        "publishingInformation": {"locales": locales},
    }
    manifest.write_text(json.dumps({"manifest": document}))
    return manifest


def test_a_new_campaign_rings_in_every_locale_of_the_skill(skill: Path) -> None:
    run = yellowring("new", "WeatherAlert")
    assert locales_of(run) == LOCALES
    Path("storm.json").write_text(run.out)
    assert yellowring("preview", "storm.json", "--locale", "de-DE").status == 0
    assert "no texts" not in yellowring("validate", "storm.json").err


def test_a_new_campaign_has_the_locales_that_are_asked_for(skill: Path) -> None:
    run = yellowring("new", "WeatherAlert", "--locale", "it-IT", "--locale", "de-DE")
    assert locales_of(run) == ("it-IT", "de-DE")
    run = yellowring("new", "WeatherAlert", "--locale", "de-AT")
    assert (run.status, run.out) == (1, "")
    assert "did you mean de-DE?" in run.err


def test_a_new_campaign_is_in_english_where_alexa_or_the_skill_has_no_other(skill: Path) -> None:
    assert locales_of(yellowring("new", "OrderStatus")) == ("en-US",)
    skill.write_text("{}")
    told = yellowring("new", "WeatherAlert")
    assert locales_of(told) == ("en-US",)
    assert "skill-package/skill.json" in told.err
    skill.unlink()
    assert locales_of(yellowring("new", "WeatherAlert")) == ("en-US",)


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
