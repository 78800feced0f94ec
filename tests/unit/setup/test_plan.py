"""What was chosen is checked before anything is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.setup.parameters import Given
from yellowring_tools.setup.problems import SetupStopped

from tests.unit.setup.kit import a_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_each_region_serves_what_is_nearest_or_what_was_said() -> None:
    assert a_plan(regions=["eu-west-1", "FE=us-west-2", "us-east-1"]).regions == {
        "NA": "us-east-1",
        "EU": "eu-west-1",
        "FE": "us-west-2",
    }


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ([], "give one to three"),
        (["us-east-2"], "Alexa has no trigger in 'us-east-2'"),
        (["us-east-1", "us-west-2"], "two endpoints for NA"),
        (["us-west-2", "FE=us-west-2"], "an AWS region is there twice"),
    ],
)
def test_regions_that_cannot_be_are_told(regions: list[str], said: str) -> None:
    with pytest.raises(SetupStopped, match=said):
        a_plan(regions=regions)


@pytest.mark.parametrize("name", ["SkillId", "SkillStage"])
def test_what_setting_up_knows_itself_is_no_parameter(name: str) -> None:
    with pytest.raises(SetupStopped, match=f"{name} cannot be among the parameters"):
        a_plan(given=Given(single={name: "x"}))


def test_a_function_of_ones_own_is_not_set_up_by_this() -> None:
    with pytest.raises(SetupStopped, match=r"docs/your-skill\.md"):
        a_plan(given=Given(single={"WithSkillFunction": "false"}))


def test_a_stage_is_one_of_two() -> None:
    with pytest.raises(SetupStopped, match="development or live"):
        a_plan(stage="beta")


def test_the_architecture_that_was_chosen_is_deployed() -> None:
    assert a_plan().all_parameters("s")["Architecture"] == "arm64"
    chosen = a_plan(given=Given(single={"Architecture": "x86_64"}))
    assert chosen.architecture == chosen.all_parameters("s")["Architecture"] == "x86_64"


def test_another_value_of_a_parameter_is_another_deployment() -> None:
    plain, loud = a_plan(), a_plan(given=Given(single={"LogLevel": "DEBUG"}))
    assert plain.digest("s") == a_plan().digest("s")
    kept = a_plan(keep="s3")
    assert len({plain.digest("s"), plain.digest("t"), loud.digest("s"), kept.digest("s")}) == 4


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    manifest = json.loads((PROJECT / "skill-package" / "skill.json").read_text())
    change(manifest["manifest"])
    (folder / "skill.json").write_text(json.dumps(manifest))
    return folder


def test_a_package_that_lacks_the_permission_is_told_before(tmp_path: Path) -> None:
    package = changed(tmp_path, lambda manifest: manifest.pop("permissions"))
    with pytest.raises(SetupStopped, match=r"\$\.manifest\.permissions lacks alexa::devices"):
        a_plan(package=package)


@pytest.mark.parametrize("part", ["events", "apis", "privacyAndCompliance"])
def test_a_package_that_is_not_whole_is_told(tmp_path: Path, part: str) -> None:
    package = changed(tmp_path, lambda manifest: manifest.pop(part))
    with pytest.raises(SetupStopped, match=f"it lacks '{part}'"):
        a_plan(package=package)


def test_a_skill_without_a_name_is_told(tmp_path: Path) -> None:
    package = changed(tmp_path, lambda manifest: manifest.pop("publishingInformation"))
    with pytest.raises(SetupStopped, match="with a name for each locale"):
        a_plan(package=package)


def test_no_package_is_told(tmp_path: Path) -> None:
    with pytest.raises(SetupStopped, match=r"skill\.json cannot be read"):
        a_plan(package=tmp_path)
