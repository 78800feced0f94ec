from __future__ import annotations

import json
from pathlib import Path

import pytest
from yellowring.catalog import EVENT_NAMES
from yellowring_tools.cli.files.documents import check_file
from yellowring_tools.simulator.schemas import content_problems

from tests.unit.cli.running import yellowring

EXAMPLES = sorted(Path("examples/campaigns").glob("*.json"))


def document(path: Path) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(path.read_text())
    return loaded


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_right_without_a_warning(path: Path) -> None:
    checked = check_file(str(path))
    assert (checked.problems, checked.warnings) == ((), ())
    campaign = checked.campaign
    assert campaign
    event = {"name": campaign.event_name, "payload": campaign.payload}
    assert content_problems(event, campaign.localized_attributes) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_previewed(path: Path) -> None:
    run = yellowring("preview", str(path))
    assert run.status == 0
    assert run.out.startswith("Alexa says (")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_tells_editors_its_schema(path: Path) -> None:
    schema = path.parent / str(document(path)["$schema"])
    assert schema.resolve() == Path("docs/campaign.schema.json").resolve()


def test_there_is_one_example_of_each_event_and_two_have_several_locales() -> None:
    campaigns = [check_file(str(path)).campaign for path in EXAMPLES]
    names = sorted(campaign.event_name for campaign in campaigns if campaign)
    assert names == sorted(EVENT_NAMES)
    locales = [len(campaign.localized_attributes) for campaign in campaigns if campaign]
    assert sum(count > 1 for count in locales) == 2


def test_the_skill_publishes_every_event_of_the_catalog() -> None:
    events = json.loads(Path("skill-package/skill.json").read_text())["manifest"]["events"]
    published = [entry["eventName"] for entry in events["publications"]]
    assert sorted(published) == sorted(EVENT_NAMES)
