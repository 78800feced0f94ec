"""What others get from us: the packages that the wheels and the functions' artifact bring along."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PROJECT = Path(__file__).resolve().parents[2]
ANSWERS = PROJECT / ".lint"
"""What scanners may leave as it is, each with the reason."""
OURS = ("yellowring", "yellowring-tools")


def shipped(lock: Mapping[str, Any], roots: Iterable[str] = OURS) -> dict[str, str]:
    """Return the versions of all packages that ours need to run, on any platform, by name.

    Parameters
    ----------
    lock
        The document of ``uv.lock``.
    roots
        Names of our own packages, which are left out; all their extras count.
    """
    packages = {each["name"]: each for each in lock["package"]}
    found: dict[str, str] = {}
    seen: set[str] = set()
    wanted = list(roots)
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        package = packages[name]
        needs = list(package.get("dependencies", []))
        if name in OURS:
            for extra in package.get("optional-dependencies", {}).values():
                needs += extra
        else:
            found[name] = package["version"]
        wanted += [each["name"] for each in needs]
    return dict(sorted(found.items()))


def locked() -> dict[str, str]:
    """Return what this project ships, as its lock says."""
    return shipped(tomllib.loads((PROJECT / "uv.lock").read_text(encoding="utf-8")))
