from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from infrastructure import release
from infrastructure.release import Git, Sources, next_steps, problems, read_git, section

if TYPE_CHECKING:
    from pathlib import Path

CHANGELOG = """# Changelog

## [Unreleased]

## [0.3.0] - 2026-12-01

### Added

- A thing.

## [0.2.0] - 2026-11-21

- Another.
"""
SOURCES = Sources(CHANGELOG, "0.3.0", "0.3.0", "0.3.0")
CLEAN = Git((), frozenset({"v0.2.0"}))


def test_a_version_that_everything_agrees_on_can_be_released() -> None:
    assert problems("0.3.0", SOURCES, CLEAN) == []


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (replace(SOURCES, library="0.2.0"), "lambda/yellowring/version.py says 0.2.0"),
        (replace(SOURCES, tools="0.2.0"), "tools/pyproject.toml says 0.2.0"),
        (replace(SOURCES, needed="0.2.0"), "for yellowring[sender], says 0.2.0"),
        (replace(SOURCES, changelog="## [Unreleased]\n\n- A thing.\n"), "has no section"),
        (
            replace(
                SOURCES, changelog=CHANGELOG.replace("## [Unreleased]", "## [Unreleased]\n\n- New.")
            ),
            "Unreleased tells of changes",
        ),
        (replace(SOURCES, changelog="## [0.3.0]\n\n- A thing.\n"), "needs a date"),
        (replace(SOURCES, changelog="## [0.3.0] - 2026-12-01\n\n## [0.2.0]\n- A.\n"), "is empty"),
    ],
)
def test_one_place_that_says_another_version_stops_it_and_is_named(
    sources: Sources, told: str
) -> None:
    (line,) = problems("0.3.0", sources, CLEAN)
    assert told in line


def test_a_dirty_tree_is_refused() -> None:
    (line,) = problems("0.3.0", SOURCES, replace(CLEAN, uncommitted=("README.md",)))
    assert line == "not committed: README.md; commit or remove it"


def test_a_version_is_released_once() -> None:
    released = replace(CLEAN, tags=frozenset({"v0.3.0"}))
    (line,) = problems("0.3.0", SOURCES, released)
    assert "already" in line
    assert problems("0.3.0", SOURCES, released, is_tagged=True) == []
    (line,) = problems("0.3.0", SOURCES, CLEAN, is_tagged=True)
    assert line == "there is no tag v0.3.0"


@pytest.mark.parametrize("version", ["", "3", "v0.3.0", "0.3", "0.3.0-beta", "01.2.3", "0.3.0;ls"])
def test_what_is_no_version_is_refused_before_anything_else(version: str) -> None:
    (line,) = problems(version, SOURCES, CLEAN)
    assert "is no version" in line


@pytest.mark.parametrize("version", ["0.3.0", "1.0.0rc1"])
def test_versions_and_candidates_are_versions(version: str) -> None:
    told = Sources(f"## [{version}] - 2026-12-01\n\n- A.\n", version, version, version)
    assert problems(version, told, CLEAN) == []


def test_the_notes_are_the_versions_own_section_and_nothing_of_the_next() -> None:
    assert section(CHANGELOG, "0.3.0") == ("2026-12-01", "### Added\n\n- A thing.")
    assert section(CHANGELOG, "0.2.0") == ("2026-11-21", "- Another.")
    assert section(CHANGELOG, "Unreleased") == (None, "")
    assert section(CHANGELOG, "0.1.0") is None


def test_what_is_left_is_to_tag_and_to_push_the_tag_alone() -> None:
    said = next_steps("0.3.0")
    assert "git tag --sign v0.3.0" in said
    assert "git push origin v0.3.0" in said


def test_git_is_asked_for_what_is_not_committed_and_for_tags(tmp_path: Path) -> None:
    identity = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")

    def git(*arguments: str) -> None:
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)

    git("init", "--quiet")
    (tmp_path / "a").write_text("a", encoding="utf-8")
    assert read_git(tmp_path).uncommitted == ("a",)
    git("add", "a")
    git("commit", "--quiet", "--message", "a")
    git("tag", "v1.0.0")
    assert read_git(tmp_path) == Git((), frozenset({"v1.0.0"}))


def test_this_projects_own_version_agrees_with_itself_and_with_its_changelog() -> None:
    sources = release.read_sources()
    assert sources.library == sources.tools == sources.needed
    assert section(sources.changelog, sources.library) is not None
    assert section(sources.changelog, "Unreleased") is not None


def test_each_section_of_the_changelog_has_the_usual_headings_and_a_date() -> None:
    text = release.read_sources().changelog
    usual = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= usual
    names = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert names[0] == "[Unreleased]"
    assert all(
        re.fullmatch(r"\[\d+\.\d+\.\d+\S*\] - \d{4}-\d{2}-\d{2}", each) for each in names[1:]
    )


def test_a_command_that_is_refused_says_why_and_ends_with_an_error() -> None:
    with pytest.raises(SystemExit, match="is no version"):
        release.main([""])
    with pytest.raises(SystemExit, match=r"no section \[9\.9\.9\]"):
        release.main(["--notes", "9.9.9"])
