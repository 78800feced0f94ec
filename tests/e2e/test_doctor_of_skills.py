"""The doctor on a skill as Alexa knows it, through her Skill Management API."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from yellowring_tools.doctor import examine, report
from yellowring_tools.local_stack.environments import server_environment
from yellowring_tools.local_stack.processes import Child
from yellowring_tools.local_stack.progress import Progress
from yellowring_tools.local_stack.stack import Schedule, local_stack
from yellowring_tools.local_stack.story import CAMPAIGN, WEATHER
from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.setup.package import write_package
from yellowring_tools.smapi import SmapiLogin, connect, pack

from tests.e2e.breaking import patient_of, secret, told
from tests.e2e.support import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yellowring_tools.doctor import Finding
    from yellowring_tools.local_stack.stack import LocalStack
    from yellowring_tools.smapi import Smapi

pytestmark = pytest.mark.slow

SIMULATOR_SECONDS = 60.0
OF_SKILLS = ("manifest", "endpoints", "models", "stage", "build", "credentials", "enablement")


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """A sound stack."""
    schedule = Schedule("cron(0 9 * * ? *)", CAMPAIGN)
    with local_stack("doctor", schedule, Progress(Console(quiet=True))) as running:
        yield running


@pytest.fixture(scope="module")
def package(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is given to Alexa for this stack."""
    target = tmp_path_factory.mktemp("package") / "skill-package"
    endpoint = {"NA": stack.outputs.SkillFunctionArn}
    return write_package(endpoint, source=PROJECT / "skill-package", target=target)


@pytest.fixture(scope="module")
def skill(stack: LocalStack, package: Path) -> Iterator[Smapi]:
    """The developer's way to the skill, at an Alexa of its own that was given the package."""
    own = {
        "SKILL_ID": stack.skill.skill_id,
        "CLIENT_ID": stack.skill.client_id,
        "CLIENT_SECRET": stack.skill.client_secret,
        "PYTHONPATH": os.pathsep.join((str(PROJECT / "tools"), str(PROJECT / "lambda"))),
    }
    with Child.start(
        "developer",
        [sys.executable, "-m", "yellowring_tools.simulator", "--skill-package", package],
        log=stack.workspace.logs / "developer.log",
        env=server_environment(own),
        cwd=PROJECT,
    ) as alexa:
        announced = alexa.announcement(SIMULATOR_SECONDS)
        login = announced["smapi"]
        url = announced["url"]
        yield connect(
            ask_profile=None,
            login=SmapiLogin(login["clientId"], login["clientSecret"], login["refreshToken"]),
            base_url=url,
            lwa_url=url,
        )


def look(stack: LocalStack, skill: Smapi, *only: str) -> list[Finding]:
    found = examine(patient_of(stack), skill=skill, package=None, user=None, only=only or OF_SKILLS)
    return [each for each in found if each.state != "fine"]


def give(skill: Smapi, skill_id: str, folder: Path) -> None:
    """Give Alexa a package, and wait until she has taken it or not."""
    begun = skill.import_package(skill_id, skill.upload(pack(folder)))
    eventually(lambda: skill.import_status(begun).over, "the import does not end")


@pytest.fixture
def changed(stack: LocalStack, skill: Smapi, package: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of the package to change and give; the sound one is given back in the end."""
    copy = tmp_path / "changed"
    shutil.copytree(package, copy)
    yield copy
    give(skill, stack.skill.skill_id, package)


def test_a_skill_that_nobody_has_enabled_is_found_and_then_nothing(
    stack: LocalStack, skill: Smapi
) -> None:
    if not skill.enabled(stack.skill.skill_id):
        [found] = look(stack, skill)
        assert found.check == "enablement"
        skill.enable(stack.skill.skill_id)
    found_ = look(stack, skill)
    assert found_ == [], report(found_)


def test_a_stage_that_the_skill_is_not_yet_at_is_told(stack: LocalStack, skill: Smapi) -> None:
    with told(SKILL_STAGE="live")(stack):
        [found] = look(stack, skill, "stage")
    assert (found.state, found.where) == ("warning", f"skill {stack.skill.skill_id}")
    assert found.remedy == "submit the skill (docs/setup.md#going-live)"


def test_credentials_of_another_skill_are_found_though_amazon_takes_them(
    stack: LocalStack, skill: Smapi
) -> None:
    other = {"clientId": "amzn1.application-oa2-client.other", "clientSecret": "other"}
    with secret(json.dumps(other))(stack):
        [found] = look(stack, skill, "credentials")
    assert (found.state, "another skill" in found.what) == ("fault", True)
    assert stack.skill.client_secret not in report([found])


def test_an_event_that_alexa_does_not_know_of_is_found(
    stack: LocalStack, skill: Smapi, changed: Path
) -> None:
    document: dict[str, Any] = json.loads((changed / "skill.json").read_text(encoding="utf-8"))
    events = document["manifest"]["events"]
    others = [each for each in events["publications"] if each["eventName"] != WEATHER]
    events["publications"] = others
    (changed / "skill.json").write_text(json.dumps(document), encoding="utf-8")
    give(skill, stack.skill.skill_id, changed)
    [found] = look(stack, skill, "manifest")
    assert (found.state, WEATHER in found.what) == ("fault", True)


def test_a_package_that_alexa_did_not_take_is_found(
    stack: LocalStack, skill: Smapi, changed: Path
) -> None:
    document: dict[str, Any] = json.loads((changed / "skill.json").read_text(encoding="utf-8"))
    document["manifest"]["manifestVersion"] = "2.0"
    (changed / "skill.json").write_text(json.dumps(document), encoding="utf-8")
    give(skill, stack.skill.skill_id, changed)
    found = look(stack, skill, "build")
    assert {each.state for each in found} == {"fault"}
    assert any("did not take its last change" in each.what for each in found)


def test_an_endpoint_of_another_function_is_found(
    stack: LocalStack, skill: Smapi, changed: Path
) -> None:
    text = (changed / "skill.json").read_text(encoding="utf-8")
    ours = stack.outputs.SkillFunctionArn
    (changed / "skill.json").write_text(
        text.replace(ours, ours.removesuffix(":live").replace("-skill", "-api")),
        encoding="utf-8",
    )
    give(skill, stack.skill.skill_id, changed)
    found = look(stack, skill, "endpoints")
    assert {each.state for each in found} == {"fault"}
    assert len(found) == 4  # requests and events, by default and in North America
