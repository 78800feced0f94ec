"""What runs on GitHub: nothing that can change under us, and no right more than it needs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[3]
GITHUB = PROJECT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
READ = {"contents": "read"}
MORE: dict[tuple[str, str], dict[str, str]] = {
    ("release.yml", "pypi"): {"contents": "read", "id-token": "write"},
    ("release.yml", "github"): {"contents": "write"},
    ("deploy.yml", "deploy"): {"contents": "read", "id-token": "write"},
}
"""Jobs that may do more than read the sources, and what."""


class Loader(yaml.SafeLoader):
    """YAML 1.2's booleans: `on` is a word."""


Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader)  # noqa: S506
    return found


JOBS = [(path, name, job) for path in WORKFLOWS for name, job in load(path)["jobs"].items()]
STEPS = [(path, step) for path, _, job in JOBS for step in job["steps"]]


def test_there_are_workflows_for_checks_nights_releases_and_a_deployment() -> None:
    names = {path.name for path in WORKFLOWS}
    assert names == {"checks.yml", "nightly.yml", "release.yml", "deploy.yml"}


def test_every_action_is_pinned_by_a_whole_commit_and_says_its_version() -> None:
    pins: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        lines = re.findall(
            r"^\s*(?:- )?uses: *(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE
        )
        assert len(lines) == sum(1 for where, step in STEPS if where == path and "uses" in step)
        for line in lines:
            pin = re.fullmatch(r"([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", line)
            assert pin, f"{path.name}: {line}"
            pins.setdefault(pin[1], set()).add(f"{pin[2]} {pin[3]}")
    assert all(len(each) == 1 for each in pins.values()), "one version of each action everywhere"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_gives_no_rights_but_those_that_a_job_names(path: Path) -> None:
    assert load(path)["permissions"] == {}


@pytest.mark.parametrize(("path", "name", "job"), JOBS, ids=lambda each: getattr(each, "name", ""))
def test_a_job_may_read_the_sources_and_no_more_unless_its_work_is_to_publish(
    path: Path, name: str, job: dict[str, Any]
) -> None:
    assert job["permissions"] == MORE.get((path.name, name), READ)
    assert job["timeout-minutes"] <= 90
    if "id-token" in job["permissions"]:
        assert job["environment"], "an identity is given out where somebody can guard it"


def test_no_secret_is_kept_for_a_workflow() -> None:
    for path in WORKFLOWS:
        text = path.read_text(encoding="utf-8")
        assert "secrets." not in text
        assert "secrets: inherit" not in text
        assert "pull_request_target" not in text
        assert "workflow_run" not in text


def test_what_others_may_write_never_becomes_a_part_of_a_script() -> None:
    assert not [(path.name, step["run"]) for path, step in STEPS if "${{" in step.get("run", "")]


def test_no_checkout_leaves_its_token_behind() -> None:
    for path, step in STEPS:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, path.name


def test_every_make_target_of_a_workflow_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = {
        each
        for _, step in STEPS
        for command in re.findall(r"^make ([^\n]+)", step.get("run", ""), re.MULTILINE)
        for each in command.split()
        if "=" not in each
    }
    assert {"lint", "test", "test-slow", "fuzz", "build", "wheel", "setup", "scan"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"there is no make {target}"


def test_the_python_of_the_workflows_is_the_projects() -> None:
    wanted = (PROJECT / ".python-version").read_text(encoding="utf-8").strip()
    used = [s["with"]["python-version"] for _, s in STEPS if "setup-python@" in s.get("uses", "")]
    assert used
    assert set(used) == {wanted}


def test_a_release_is_published_as_a_trusted_publisher_after_its_checks() -> None:
    jobs = load(GITHUB / "workflows" / "release.yml")["jobs"]
    assert jobs["pypi"]["needs"] == "wheels"
    assert jobs["github"]["needs"] == "pypi"
    checks = " ".join(step.get("run", "") for step in jobs["wheels"]["steps"])
    assert "infrastructure.release --tagged" in checks
    assert "make lint test" in checks
    assert "--trusted-publishing always" in str(jobs["pypi"]["steps"])
    assert "--require-hashes" in str(jobs["pypi"]["steps"])


def test_dependabot_watches_every_place_that_pins_something() -> None:
    updates = load(GITHUB / "dependabot.yml")["updates"]
    watched = {
        (each["package-ecosystem"], place)
        for each in updates
        for place in each.get("directories", [each.get("directory")])
    }
    assert watched == {("uv", "/"), ("uv", "/.lint"), ("pip", "/.ci"), ("github-actions", "/")}
    for ecosystem, place in watched - {("github-actions", "/")}:
        file = {"uv": "uv.lock", "pip": "uv.txt"}[ecosystem]
        assert (PROJECT / place.lstrip("/") / file).exists()
    assert all(each["cooldown"]["default-days"] >= 7 for each in updates)


@pytest.mark.parametrize("name", ["fault.yml", "wish.yml"])
def test_an_issue_form_is_whole_and_asks_for_nothing_personal(name: str) -> None:
    form = load(GITHUB / "ISSUE_TEMPLATE" / name)
    assert form["name"]
    assert form["description"]
    ids = [each["id"] for each in form["body"] if each["type"] != "markdown"]
    assert len(ids) == len(set(ids)) >= 3
    for each in form["body"]:
        assert each["type"] in {"markdown", "textarea", "input", "dropdown", "checkboxes"}
        assert each["attributes"].get("label") or each["type"] == "markdown"
    assert name != "fault.yml" or "No user ids" in form["body"][0]["attributes"]["value"]
