"""Check that a version can be released, and say what is left to do: `make release VERSION=…`.

Nothing is changed here. `python -m infrastructure.release --notes VERSION` prints the changelog's
section of a version, which the release workflow takes as its text.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)((a|b|rc)[1-9]\d*)?")
_HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sources:
    """What the project says of its version."""

    changelog: str
    library: str
    """Version of `lambda/yellowring/version.py`."""
    tools: str
    """Version of `tools/pyproject.toml`."""
    needed: str
    """Version of the library that the tools need there."""


@dataclass(frozen=True, slots=True)
class Git:
    """What git knows: what is not committed, one path on a line, and all tags."""

    uncommitted: tuple[str, ...]
    tags: frozenset[str]


def section(changelog: str, name: str) -> tuple[str | None, str] | None:
    """Return the date and the text of a version's section, or `None` when there is none.

    The date is `None` when the heading has none, as that of *Unreleased*.
    """
    headings = list(_HEADING.finditer(changelog))
    for index, heading in enumerate(headings):
        if heading["name"] == name:
            following = headings[index + 1 :]
            end = following[0].start() if following else len(changelog)
            return heading["date"], changelog[heading.end() : end].strip()
    return None


def problems(version: str, sources: Sources, git: Git, *, is_tagged: bool = False) -> list[str]:
    """Return a line for each reason not to release a version, with what would be right.

    Parameters
    ----------
    version
        For example `0.3.0` or `1.0.0rc1`.
    sources, git
        What the project and git say.
    is_tagged
        Whether the tag must be there, as in the workflow that it started, and not must not.
    """
    if not _VERSION.fullmatch(version):
        return [f"{version!r} is no version: give three numbers such as 0.3.0, or 1.0.0rc1"]
    found = []
    for where, said in (
        ("lambda/yellowring/version.py", sources.library),
        ("tools/pyproject.toml", sources.tools),
        ("tools/pyproject.toml, for yellowring[sender],", sources.needed),
    ):
        if said != version:
            found.append(f"{where} says {said}: set it to {version}, and run make lock")
    told = section(sources.changelog, version)
    if told is None:
        found.append(f"CHANGELOG.md has no section: rename Unreleased to [{version}] - DATE")
    elif told[0] is None:
        found.append(f"CHANGELOG.md: the section needs a date: ## [{version}] - YYYY-MM-DD")
    elif not told[1]:
        found.append(f"CHANGELOG.md: the section [{version}] is empty: say what changed")
    unreleased = section(sources.changelog, "Unreleased")
    if told is not None and unreleased is not None and unreleased[1]:
        found.append(f"CHANGELOG.md: Unreleased tells of changes: move them into [{version}]")
    if git.uncommitted:
        found.append(f"not committed: {', '.join(git.uncommitted)}; commit or remove it")
    if (f"v{version}" in git.tags) is not is_tagged:
        found.append(
            f"there is no tag v{version}"
            if is_tagged
            else f"there is a tag v{version} already: a version is released once, take the next"
        )
    return found


def next_steps(version: str) -> str:
    """Return what is left to do for a version that may be released."""
    return (
        f"{version} can be released. What is left:\n"
        f"  make lint test test-slow\n"
        f'  git tag --sign v{version} --message "Yellow Ring {version}"\n'
        f"  git push origin v{version}\n"
        "The tag's workflow checks again, and publishes the wheels and the release.\n"
    )


def read_sources(project: Path = PROJECT) -> Sources:
    """Read what the project says."""
    library = (project / "lambda/yellowring/version.py").read_text(encoding="utf-8")
    tools = tomllib.loads((project / "tools/pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [each for each in tools["dependencies"] if each.startswith("yellowring[")]
    return Sources(
        (project / "CHANGELOG.md").read_text(encoding="utf-8"),
        "".join(re.findall(r'^__version__ = "([^"]+)"$', library, re.MULTILINE)),
        tools["version"],
        "".join(each.partition("==")[2] for each in needs),
    )


def read_git(project: Path = PROJECT) -> Git:
    """Ask git."""
    status = _git(project, "status", "--porcelain").splitlines()
    return Git(
        tuple(line[3:] for line in status), frozenset(_git(project, "tag", "--list").split())
    )


def main(arguments: list[str] | None = None) -> None:
    """Check, and end with status 1 and a line for each problem."""
    parser = argparse.ArgumentParser(description="Check that a version can be released.")
    parser.add_argument("version")
    parser.add_argument("--tagged", action="store_true", help="the tag must be there")
    parser.add_argument("--notes", action="store_true", help="print the changelog's section")
    chosen = parser.parse_args(arguments)
    sources = read_sources()
    if chosen.notes:
        told = section(sources.changelog, chosen.version)
        if told is None:
            sys.exit(f"CHANGELOG.md has no section [{chosen.version}]")
        sys.stdout.write(told[1] + "\n")
        return
    found = problems(chosen.version, sources, read_git(), is_tagged=chosen.tagged)
    if found:
        sys.exit("\n".join(found))
    sys.stdout.write(next_steps(chosen.version))


def _git(project: Path, *arguments: str) -> str:
    return subprocess.run(  # noqa: S603 - git, with arguments of our own
        ["git", *arguments],  # noqa: S607 - the one from PATH, as everybody's
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


if __name__ == "__main__":
    main()
