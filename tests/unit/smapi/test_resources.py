"""What SMAPI answers becomes what the commands need; new fields and values do no harm."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.smapi import (
    ImportStatus,
    ResourceStatus,
    SkillStatus,
    SkillSummary,
    SmapiError,
    pack,
)
from yellowring_tools.smapi.resources import (
    credentials,
    import_status,
    problem_of,
    skill_status,
    skills,
)

from tests.skill_packages import package_files, written

if TYPE_CHECKING:
    from pathlib import Path

GOOD, BUSY, BAD = (ResourceStatus(state) for state in ("SUCCEEDED", "IN_PROGRESS", "FAILED"))


def test_a_list_has_each_stage_of_a_skill_with_its_names() -> None:
    each = {"skillId": "S", "stage": "live", "nameByLocale": {"en-US": "Ring"}, "future": 1}
    found, token = skills({"skills": [each, {"skillId": "T"}], "nextToken": "unused"})
    assert found == [SkillSummary("S", {"en-US": "Ring"}, "live"), SkillSummary("T", {}, "")]
    assert token is None


def test_an_import_tells_each_problem_once_with_its_part() -> None:
    error = {"code": "INVALID", "message": "name is too long", "validationDetails": {}}
    part = {"name": "Manifest", "status": "FAILED", "errors": [error, error]}
    document = {
        "status": "FAILED",
        "errors": [{"code": "ONLY_A_CODE"}],
        "warnings": [{"message": "look"}],
        "skill": {"skillId": "S", "eTag": "e", "resources": [part, {"name": "M"}]},
        "future": 1,
    }
    assert import_status(document) == ImportStatus(
        "FAILED", "S", ("ONLY_A_CODE", "Manifest: name is too long"), ("look",), "e"
    )


@pytest.mark.parametrize(
    ("state", "over"),
    [("IN_PROGRESS", False), ("SUCCEEDED", True), ("ROLLBACK_FAILED", True), ("NEW", True)],
)
def test_an_import_is_over_unless_it_is_in_progress(state: str, over: bool) -> None:
    assert import_status({"status": state}).over is over


def test_a_status_has_the_manifest_and_each_locale() -> None:
    step = {"name": "X", "status": "FAILED", "errors": [{"message": "no samples"}]}
    document = {
        "manifest": {"lastUpdateRequest": {"status": "SUCCEEDED"}, "eTag": "e"},
        "interactionModel": {
            "en-US": {"lastUpdateRequest": {"status": "FAILED", "buildDetails": {"steps": [step]}}}
        },
    }
    assert skill_status(document) == SkillStatus(
        ResourceStatus("SUCCEEDED", (), "e"), {"en-US": ResourceStatus("FAILED", ("no samples",))}
    )


@pytest.mark.parametrize(
    ("status", "over", "sound"),
    [
        (SkillStatus(GOOD, {"en-US": GOOD}), True, True),
        (SkillStatus(GOOD, {"en-US": BUSY}), False, False),
        (SkillStatus(BUSY), False, False),
        (SkillStatus(GOOD, {"en-US": BAD}), True, False),
        (SkillStatus(None), True, False),
    ],
)
def test_a_skill_is_sound_when_all_of_it_succeeded(
    status: SkillStatus, over: bool, sound: bool
) -> None:
    assert (status.over, status.sound) == (over, sound)


def test_a_skill_without_credentials_says_what_gives_them() -> None:
    for document in ({}, {"skillMessagingCredentials": {"clientId": "c"}}):
        with pytest.raises(SmapiError, match=r"manifest\.permissions"):
            credentials(document)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"code": "C", "message": "m"}, ("C", "m")),
        ({"message": "m", "violations": [{"code": "V", "message": "v"}]}, ("V", "m; v")),
        ({"error": "invalid_grant"}, ("invalid_grant", "")),
        ({"violations": ["odd", {"message": "v"}]}, ("", "v")),
        (None, ("", "")),
        ([1], ("", "")),
    ],
)
def test_both_bodies_of_a_refusal_are_read(document: object, expected: tuple[str, str]) -> None:
    assert problem_of(document) == expected


def test_a_package_is_packed_the_same_each_time_without_hidden_files(tmp_path: Path) -> None:
    files = package_files()
    hidden = {".DS_Store": b"x", "assets/.git/config": b"x"}
    folder = written(tmp_path / "package", files | hidden)
    packed = pack(folder)
    with zipfile.ZipFile(BytesIO(packed)) as found:
        assert {name: found.read(name) for name in found.namelist()} == files
    assert pack(written(tmp_path / "again", files)) == packed


def test_a_folder_without_a_manifest_is_no_package(tmp_path: Path) -> None:
    with pytest.raises(SmapiError, match=r"no skill\.json"):
        pack(tmp_path)
