"""A skill is created once, whatever is interrupted on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yellowring_tools.setup.journal import Intent
from yellowring_tools.setup.problems import SetupStopped
from yellowring_tools.setup.skill import Created
from yellowring_tools.smapi import SmapiError

from tests.unit.setup.kit import NAME, VENDOR, Killed, Vendors, a_plan, a_work

if TYPE_CHECKING:
    from pathlib import Path

    from yellowring_tools.setup.plan import Plan
    from yellowring_tools.smapi.call import Call


@pytest.fixture(scope="module")
def plan() -> Plan:
    return a_plan()


def create(folder: Path, vendors: Vendors, plan: Plan, told: list[str] | None = None) -> str:
    work = a_work(folder, vendors, plan, told)
    step = Created()
    what = step.done(work) or step.act(work)
    assert work.journal.entries.skill_id in what
    assert work.journal.entries.intent is None
    return work.journal.entries.skill_id


def dies_at(vendors: Vendors, command: str, *, done: bool) -> None:
    """Have the process die before or after an operation is done, once."""

    def die(call: Call) -> None:
        if call.command == command:
            vendors.before = vendors.after = lambda _: None
            raise Killed

    if done:
        vendors.after = die
    else:
        vendors.before = die


def test_a_skill_is_created_and_known_by_its_id(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors()
    assert create(tmp_path, vendors, plan) in vendors.skills
    assert vendors.created() == 1


def test_a_skill_that_is_known_is_not_created_again(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors()
    assert create(tmp_path, vendors, plan) == create(tmp_path, vendors, plan)
    assert vendors.created() == 1


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "command",
    [
        "get-vendor-list",
        "list-skills-for-vendor",
        "create-upload-url",
        "create-skill-package",
        "get-import-status",
    ],
)
def test_who_dies_anywhere_and_comes_back_has_one_skill(
    tmp_path: Path, plan: Plan, command: str, done: bool
) -> None:
    vendors = Vendors()
    dies_at(vendors, command, done=done)
    with pytest.raises(Killed):
        create(tmp_path, vendors, plan)
    if (command, done) == ("create-skill-package", False):  # which looks like one that is slow
        with pytest.raises(SetupStopped, match="nobody knows whether"):
            create(tmp_path, vendors, plan)
        plan = a_plan(another=True)
    assert create(tmp_path, vendors, plan) in vendors.skills
    assert len(vendors.skills) == 1


def test_a_skill_that_does_not_show_is_not_created_again_before_a_person_says_so(
    tmp_path: Path, plan: Plan
) -> None:
    vendors = Vendors(answers_lost=1, slow=1_000)
    for another in (True, False):
        with pytest.raises(SetupStopped, match="run this again with --another"):
            create(tmp_path, vendors, a_plan(another=another))
    assert vendors.created() == 1
    vendors.slow = 0
    create(tmp_path, vendors, plan)
    assert len(vendors.skills) == 1


def test_who_comes_back_long_after_looks_as_long_as_anybody(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors()
    work = a_work(tmp_path, vendors, plan)
    work.journal.note(intent=Intent(VENDOR, plan.names, (), work.now() - 1_000))
    begun = work.now()
    with pytest.raises(SetupStopped, match="nobody knows whether"):
        Created().act(work)
    assert work.now() - begun == plan.settle


def test_an_answer_that_is_lost_is_looked_for_at_once(tmp_path: Path, plan: Plan) -> None:
    vendors, told = Vendors(answers_lost=1), list[str]()
    skill_id = create(tmp_path, vendors, plan, told)
    assert list(vendors.skills) == [skill_id]
    assert any(skill_id in line for line in told)


def test_an_answer_that_nobody_can_read_is_no_refusal(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors()

    def garble(call: Call) -> None:
        if call.command == "create-skill-package":
            vendors.after = lambda _: None
            raise SmapiError(202, "GARBLED", "no location")

    vendors.after = garble
    assert create(tmp_path, vendors, plan) in vendors.skills
    assert vendors.created() == 1


def test_a_skill_that_shows_late_is_waited_for(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors()
    dies_at(vendors, "create-skill-package", done=True)
    with pytest.raises(Killed):
        create(tmp_path, vendors, plan)
    vendors.slow = 20
    create(tmp_path, vendors, plan)
    assert len(vendors.skills) == 1


def test_two_new_skills_of_that_name_are_for_a_person_to_tell_apart(
    tmp_path: Path, plan: Plan
) -> None:
    vendors = Vendors()
    dies_at(vendors, "create-skill-package", done=True)
    with pytest.raises(Killed):
        create(tmp_path, vendors, plan)
    other = vendors.add()
    with pytest.raises(SetupStopped, match=f"2 skills .*{other}.*--skill-id"):
        create(tmp_path, vendors, plan)
    assert create(tmp_path, vendors, a_plan(skill_id=other)) == other
    assert vendors.created() == 1


def test_a_skill_of_that_name_from_before_stops_it(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors()
    before = vendors.add()
    with pytest.raises(SetupStopped, match=rf"{before}.*--skill-id, .*--another"):
        create(tmp_path, vendors, plan)
    assert vendors.created() == 0
    assert create(tmp_path, vendors, a_plan(another=True)) != before


def test_a_skill_from_before_is_never_taken_for_the_new_one(tmp_path: Path) -> None:
    vendors = Vendors()
    before = vendors.add()
    dies_at(vendors, "create-skill-package", done=False)
    with pytest.raises(Killed):
        create(tmp_path, vendors, a_plan(another=True))
    with pytest.raises(SetupStopped, match="nobody knows whether"):
        create(tmp_path, vendors, a_plan(another=True))
    assert create(tmp_path, vendors, a_plan(another=True)) != before
    assert len(vendors.skills) == 2


def test_a_skill_of_another_name_does_not_matter(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors()
    other = vendors.add("Red Ring")
    assert create(tmp_path, vendors, plan) != other


def test_a_refusal_leaves_nothing_to_be_looked_for(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors(refused=1)
    with pytest.raises(SetupStopped, match="no package"):
        create(tmp_path, vendors, plan)
    create(tmp_path, vendors, plan)
    assert vendors.created() == 2


def test_a_package_that_is_not_taken_is_told_with_its_problems(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors(state="FAILED")
    with pytest.raises(SetupStopped, match="Manifest: no category"):
        create(tmp_path, vendors, plan)
    vendors.state = "SUCCEEDED"
    create(tmp_path, vendors, plan)
    assert len(vendors.skills) == 1


def test_an_import_that_smapi_has_forgotten_is_found_by_its_skill(
    tmp_path: Path, plan: Plan
) -> None:
    vendors = Vendors()
    dies_at(vendors, "get-import-status", done=False)
    with pytest.raises(Killed):
        create(tmp_path, vendors, plan)
    vendors.imports.clear()
    create(tmp_path, vendors, plan)
    assert len(vendors.skills) == 1


def test_a_developer_of_several_vendors_says_for_which(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors(vendors=(VENDOR, "M2"))
    with pytest.raises(SetupStopped, match=f"{VENDOR}.*M2.*--vendor-id"):
        create(tmp_path, vendors, plan)
    create(tmp_path, vendors, a_plan(vendor_id="M2"))
    with pytest.raises(SetupStopped, match="--vendor-id M3 is none"):
        create(tmp_path / "other", vendors, a_plan(vendor_id="M3"))


def test_a_skill_that_was_deleted_is_told(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors()
    create(tmp_path, vendors, plan)
    vendors.skills.clear()
    with pytest.raises(SetupStopped, match="knows no skill"):
        create(tmp_path, vendors, plan)


def test_a_folder_is_one_skills(tmp_path: Path, plan: Plan) -> None:
    vendors = Vendors()
    create(tmp_path, vendors, plan)
    other = vendors.add()
    with pytest.raises(SetupStopped, match="a folder of its own"):
        create(tmp_path, vendors, a_plan(skill_id=other))


def test_a_live_skill_is_not_made_by_setting_up(tmp_path: Path) -> None:
    with pytest.raises(SetupStopped, match="by certification"):
        create(tmp_path, Vendors(), a_plan(stage="live"))


def test_another_name_is_the_skills_in_every_locale(tmp_path: Path) -> None:
    vendors = Vendors()
    create(tmp_path, vendors, a_plan(name="Green Ring"))
    [skill] = vendors.skills.values()
    assert set(skill["names"].values()) == {"Green Ring"} != {NAME}
