"""What is done is left, what has changed is done again, and no secret is told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.setup import deployment
from yellowring_tools.setup.cloud import Found
from yellowring_tools.setup.problems import SetupStopped
from yellowring_tools.setup.setting_up import steps_of
from yellowring_tools.setup.skill import Created, Enabled, Updated, endpoints_of
from yellowring_tools.setup.stacks import Checked, Stacked, Trusted
from yellowring_tools.setup.steps import dry_run, run
from yellowring_tools.smapi import SmapiError, SmapiUnknown

from tests.unit.setup.kit import ARN, Vendors, a_plan, a_work, deployed

if TYPE_CHECKING:
    from pathlib import Path

    from yellowring_tools.setup.plan import Plan
    from yellowring_tools.setup.work import Work

OTHER = ARN.replace("yellow-ring-skill", "another")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return a_plan()


@pytest.fixture
def vendors() -> Vendors:
    return Vendors()


@pytest.fixture
def work(tmp_path: Path, plan: Plan, vendors: Vendors) -> Work:
    """A skill that was created, and a stack that was deployed."""
    made = a_work(tmp_path, vendors, plan)
    run([Created()], made)
    deployed(made)
    return made


def states(work: Work, *steps: Created | Updated | Enabled | Trusted | Checked) -> list[str]:
    return [each.state for each in run(steps, work)]


def test_each_step_is_done_once(work: Work) -> None:
    steps = (Created(), Trusted(), Updated(), Enabled())
    assert states(work, *steps) == ["there", "done", "done", "done"]
    assert states(work, *steps) == ["there"] * 4


def test_the_manifest_calls_the_function_for_requests_and_events(
    work: Work, vendors: Vendors
) -> None:
    run([Updated()], work)
    manifest = vendors.skills[work.skill_id]["manifest"]["manifest"]
    for holder in (manifest["apis"]["custom"], manifest["events"]):
        assert holder["endpoint"]["uri"] == ARN
        assert holder["regions"] == {"NA": {"endpoint": {"uri": ARN}}}


def test_another_endpoint_is_put_into_the_skill(work: Work) -> None:
    run([Updated()], work)
    deployed(work, OTHER)
    assert states(work, Updated()) == ["done"]


def test_a_skill_that_somebody_changed_is_updated(work: Work, vendors: Vendors) -> None:
    run([Updated()], work)
    vendors.skills[work.skill_id]["manifest"]["manifest"]["events"].pop("regions")
    assert states(work, Updated()) == ["done"]


def test_a_package_that_is_refused_is_told(work: Work, vendors: Vendors) -> None:
    vendors.state = "FAILED"
    with pytest.raises(SetupStopped, match="did not take the skill package"):
        run([Updated()], work)
    assert work.journal.entries.package == ""


@pytest.mark.parametrize(
    "trouble",
    [SmapiUnknown(None, "UNKNOWN", "no answer"), SmapiError(409, "CONFLICT", "under way")],
    ids=["lost", "another is under way"],
)
def test_an_import_into_the_skill_is_repeated(
    work: Work, vendors: Vendors, trouble: SmapiError
) -> None:
    vendors.troubles = [trouble, trouble]
    assert states(work, Updated()) == ["done"]


def test_an_import_is_not_repeated_for_ever(work: Work, vendors: Vendors) -> None:
    vendors.troubles = [SmapiUnknown(None, "UNKNOWN", "no answer")] * 3
    with pytest.raises(SetupStopped, match="no answer"):
        run([Updated()], work)
    assert vendors.troubles == []


def test_a_refused_import_is_not_repeated(work: Work, vendors: Vendors) -> None:
    vendors.troubles = [SmapiError(400, "INVALID", "left"), SmapiError(400, "INVALID", "no zip")]
    with pytest.raises(SetupStopped, match="no zip"):
        run([Updated()], work)


def test_a_model_that_cannot_be_built_is_told(work: Work, vendors: Vendors) -> None:
    vendors.model = "FAILED"
    with pytest.raises(SetupStopped, match="en-US: no samples"):
        run([Updated()], work)
    vendors.model = "SUCCEEDED"
    assert states(work, Updated()) == ["done"]


def test_a_skill_whose_model_has_failed_since_is_updated(work: Work, vendors: Vendors) -> None:
    run([Updated()], work)
    vendors.model = "FAILED"
    assert Updated().done(work) == ""


def test_a_live_skill_that_calls_its_stack_is_left(work: Work, vendors: Vendors) -> None:
    live = replace(work, plan=a_plan(stage="live"))
    assert Updated().done(live) == ""
    run([Updated()], live)
    vendors.live = vendors.skills[work.skill_id]["manifest"]
    vendors.skills[work.skill_id]["manifest"] = {"manifest": {}}
    assert Updated().done(live) == "the live skill calls this stack"


def test_regions_of_several_accounts_are_told(work: Work) -> None:
    work.cloud.accounts = {"eu-west-1": "2" * 12}  # type: ignore[attr-defined]
    two = replace(work, plan=a_plan(regions=["us-east-1", "eu-west-1"]))
    with pytest.raises(SetupStopped, match="several AWS accounts"):
        run([Checked()], two)


def test_a_stack_that_is_worked_on_is_waited_for(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, whole = Found("UPDATE_IN_PROGRESS", {}, {}), Found("UPDATE_COMPLETE", {}, {})
    looks = iter([busy, busy, whole])
    monkeypatch.setattr(work.cloud, "stack", lambda *_: next(looks))
    monkeypatch.setattr(deployment, "LOOKS", 0.0)
    assert Stacked("us-east-1").done(work)


def test_a_skill_without_a_stack_cannot_be_updated(
    tmp_path: Path, plan: Plan, vendors: Vendors
) -> None:
    made = a_work(tmp_path, vendors, plan)
    run([Created()], made)
    with pytest.raises(SetupStopped, match="in us-east-1 was not deployed yet"):
        run([Updated()], made)


def test_the_functions_that_the_skill_calls_are_those_that_the_stacks_have(work: Work) -> None:
    found = Found("UPDATE_COMPLETE", {"SkillFunctionArn": OTHER}, {})
    work.cloud.found = found  # type: ignore[attr-defined]
    assert endpoints_of(work) == {"NA": OTHER}


def test_other_credentials_are_put_into_the_secret(work: Work) -> None:
    run([Trusted()], work)
    work.cloud.secrets.clear()  # type: ignore[attr-defined]
    assert states(work, Trusted()) == ["done"]


def test_a_stack_as_it_was_deployed_is_left(work: Work) -> None:
    assert Stacked("us-east-1").done(work)


@pytest.mark.parametrize(
    "found",
    [
        None,
        Found("UPDATE_ROLLBACK_COMPLETE", {}, {}),
        Found("UPDATE_COMPLETE", {}, {"SkillStage": "live"}),
    ],
    ids=["gone", "rolled back", "other parameters"],
)
def test_a_stack_that_is_not_as_it_was_deployed_is_deployed_again(
    work: Work, found: Found | None
) -> None:
    work.cloud.found = found  # type: ignore[attr-defined]
    assert not Stacked("us-east-1").done(work)


def test_a_stack_that_aws_takes_no_update_of_is_told(work: Work) -> None:
    work.cloud.found = Found("ROLLBACK_COMPLETE", {}, {})  # type: ignore[attr-defined]
    work.cloud.reasons = lambda *_: ["Queue (AWS::SQS::Queue): no"]  # type: ignore[method-assign]
    with pytest.raises(SetupStopped, match="delete-stack --stack-name yellow-ring") as stopped:
        Stacked("us-east-1").done(work)
    assert "Queue (AWS::SQS::Queue): no" in str(stopped.value)


def test_a_dry_run_asks_nobody_and_tells_every_step(
    tmp_path: Path, plan: Plan, vendors: Vendors
) -> None:
    made = a_work(tmp_path, vendors, plan)
    steps = steps_of(plan)
    reports = dry_run(steps, made)
    assert [each.name for each in reports] == [each.name for each in steps]
    assert all(each.what for each in reports)
    assert vendors.asked == []


def test_no_secret_is_told_or_noted(work: Work, vendors: Vendors, tmp_path: Path) -> None:
    steps = [Checked(), Created(), Trusted(), Updated(), Enabled()]
    reports = [each.document() for each in (*run(steps, work), *dry_run(steps, work))]
    assert "s3cret" not in json.dumps(reports)
    assert "s3cret" not in work.journal.path.read_text()
    assert "s3cret" not in repr(work)
