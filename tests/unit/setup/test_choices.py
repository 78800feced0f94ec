"""A run without options goes on with what was chosen, and takes nothing away unless told to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.setup.choices import check_nothing_dropped, continued
from yellowring_tools.setup.cloud import Found
from yellowring_tools.setup.journal import Deployed, Entries, Journal
from yellowring_tools.setup.parameters import Given
from yellowring_tools.setup.plan import Choice, Plan, planned
from yellowring_tools.setup.problems import SetupStopped
from yellowring_tools.setup.stacks import Checked
from yellowring_tools.setup.steps import run

from tests.unit.cli.running import yellowring
from tests.unit.setup.kit import Vendors, a_plan, a_work

if TYPE_CHECKING:
    from pathlib import Path

FIRST: dict[str, Any] = {
    "regions": ["us-east-1", "eu-west-1"],
    "stack": "ring",
    "name": "My Ring",
    "privacy_policy": "https://ring.example/privacy",
    "terms_of_use": "https://ring.example/terms",
    "keep": "s3,ses",
    "given": Given(single={"Architecture": "x86_64"}),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which the first choice was set up and deployed."""
    work = a_work(tmp_path, Vendors(), a_plan(**FIRST))
    work.cloud.found = None  # type: ignore[attr-defined]
    run([Checked()], work)
    for region in work.plan.regions.values():
        work.journal.note_deployed("ring", region, Deployed("d"))
    return tmp_path


def entries(folder: Path) -> Entries:
    journal = Journal(folder)
    journal.read()
    return journal.entries


def again(folder: Path, **options: Any) -> Plan:
    """Return what a run with these options, and no others, goes by."""
    own: dict[str, Any] = {
        "project": PROJECT,
        "package": PROJECT / "skill-package",
        "given": Given(),
    }
    return planned(continued(Choice(**(own | options)), entries(folder)))


def test_a_plain_second_run_goes_on_with_all_that_was_chosen(folder: Path) -> None:
    plan = again(folder)
    assert dict(plan.regions) == {"NA": "us-east-1", "EU": "eu-west-1"}
    assert (plan.stack, plan.name, plan.keep) == ("ring", "My Ring", "s3,ses")
    assert plan.privacy_policy == "https://ring.example/privacy"
    assert plan.terms_of_use == "https://ring.example/terms"
    assert plan.architecture == "x86_64"
    check_nothing_dropped(plan, entries(folder))


def test_what_is_given_takes_the_place_of_what_was_chosen(folder: Path) -> None:
    plan = again(folder, name="Our Ring", keep="", given=Given(single={"Architecture": "arm64"}))
    assert (plan.name, plan.keep, plan.architecture) == ("Our Ring", "", "arm64")


def test_the_live_stage_has_the_same_regions_and_name_and_a_stack_of_its_own(folder: Path) -> None:
    plan = again(folder, stage="live")
    assert (plan.stack, plan.name, len(plan.regions)) == ("yellow-ring-live", "My Ring", 2)
    check_nothing_dropped(plan, entries(folder))


@pytest.mark.parametrize(
    ("options", "dropped"),
    [
        ({"regions": ["us-east-1"]}, "EU=eu-west-1,"),
        ({"regions": ["us-east-1", "FE=eu-west-1"]}, "EU=eu-west-1,"),
        ({"stack": "another"}, "NA=us-east-1, EU=eu-west-1,"),
    ],
    ids=["a region less", "for another part of the world", "another stack"],
)
def test_a_stack_is_not_taken_away_unless_that_is_meant(
    folder: Path, options: dict[str, Any], dropped: str
) -> None:
    with pytest.raises(SetupStopped, match=f"stack ring for {dropped}.*--drop"):
        check_nothing_dropped(again(folder, **options), entries(folder))


def test_a_region_more_takes_nothing_away(folder: Path) -> None:
    plan = again(folder, regions=["us-east-1", "eu-west-1", "ap-northeast-1"])
    check_nothing_dropped(plan, entries(folder))


def test_the_command_goes_on_and_stops_and_drops(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    dry = ("setup", "--dry-run", "--json")
    document = yellowring(*dry).document
    assert (document["stack"], document["regions"]) == (
        "ring",
        {"NA": "us-east-1", "EU": "eu-west-1"},
    )
    stopped = yellowring(*dry, "--regions", "us-east-1")
    assert (stopped.status, "EU=eu-west-1" in stopped.err) == (1, True)
    dropped = yellowring(*dry, "--regions", "us-east-1", "--drop").document
    assert dropped["regions"] == {"NA": "us-east-1"}


def test_another_aws_account_is_told(folder: Path) -> None:
    work = a_work(folder, Vendors(), again(folder))
    work.cloud.accounts = dict.fromkeys(work.plan.regions.values(), "9" * 12)  # type: ignore[attr-defined]
    with pytest.raises(SetupStopped, match=r"account 123456789012, .* of 999999999999"):
        run([Checked()], work)
    noted = json.loads((folder / ".yellowring" / "setup.json").read_text())
    assert noted["account"] == "123456789012"


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"Architecture": "arm64"}, "--parameter Architecture=arm64 keeps it"),
        ({"SkillStage": "live"}, "--stage live keeps it"),
        ({"JwtIssuer": "https://a", "JwtAudience": "", "JwtScope": ""}, "JwtScope go together"),
    ],
)
def test_what_was_not_given_does_not_change_a_stack(
    folder: Path, there: dict[str, str], said: str
) -> None:
    work = a_work(folder, Vendors(), again(folder))
    work.cloud.found = Found("UPDATE_COMPLETE", {}, there)  # type: ignore[attr-defined]
    with pytest.raises(SetupStopped, match=said):
        run([Checked()], work)


def test_what_was_given_changes_a_stack(folder: Path) -> None:
    given = Given(single={"Architecture": "arm64"})
    work = a_work(folder, Vendors(), again(folder, stage="development", given=given))
    there = {"Architecture": "x86_64", "SkillStage": "live"}
    work.cloud.found = Found("UPDATE_COMPLETE", {}, there)  # type: ignore[attr-defined]
    run([Checked()], work)
