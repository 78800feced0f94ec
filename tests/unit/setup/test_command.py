"""The command itself: what it says without doing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("SMAPI_CLIENT_ID", "SMAPI_CLIENT_SECRET", "SMAPI_REFRESH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_a_dry_run_needs_no_login_and_leaves_nothing_behind(folder: Path) -> None:
    said = yellowring("setup", "--dry-run", "--regions", "us-east-1,eu-west-1")
    assert said.status == 0
    assert "Deploy the stack to eu-west-1" in said.out
    assert "with SkillStage=development" in said.out
    assert list(folder.iterdir()) == []


def test_a_dry_run_as_json_has_every_step() -> None:
    document = yellowring("setup", "--dry-run", "--json", "--stage", "live").document
    assert {each["state"] for each in document["steps"]} == {"planned"}
    assert document["stack"] == "yellow-ring-live"
    assert document["steps"][-1]["name"] == "doctor"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--regions", "us-east-2"), "Alexa has no trigger in 'us-east-2'"),
        (("--parameter", "MaxWorkers"), "'MaxWorkers' is no NAME=VALUE"),
        (("--parameter", "MaxWorkers=1"), "MaxWorkers is 1; right is 2 or more"),
        (("--stack", "s" * 100), "has 100 characters; it may have 55"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_done(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    run = yellowring("setup", *arguments)
    assert run.status == 1
    assert said in run.err
    assert list(folder.iterdir()) == []


def test_a_profile_that_was_named_goes_before_half_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMAPI_CLIENT_ID", "amzn1.application-oa2-client.1")
    run = yellowring("setup", "--yes", "--ask-profile", "work")
    assert run.status == 1
    assert "not set" not in run.err


def test_without_a_login_it_says_how_to_have_one() -> None:
    run = yellowring("setup", "--yes")
    assert run.status == 1
    assert "SMAPI_REFRESH_TOKEN" in run.err
