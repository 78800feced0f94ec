"""Check the licences of what ships: `python -m infrastructure.checks.licences`.

A package's metadata says its licence as an SPDX expression (PEP 639), as a word of its own, or by a
classifier. `.lint/licences.toml` holds what is allowed, what older words mean, and answers for
packages that do not say.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING

from infrastructure.checks.shipped import ANSWERS, locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.metadata import PackageMetadata

FILE = ANSWERS / "licences.toml"
_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True)
class Rules:
    """What is allowed, as SPDX identifiers; what other words mean; answers by package."""

    allowed: frozenset[str]
    words: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Rules:
        """Read the rules of this project."""
        told = tomllib.loads(FILE.read_text(encoding="utf-8"))
        return cls(frozenset(told["allowed"]), told["words"], told["packages"])


def expression(name: str, found: PackageMetadata | None, rules: Rules) -> str | None:
    """Return a package's licence as an SPDX expression, or `None` when nothing says it."""
    if answer := rules.packages.get(name):
        return answer
    if found is None:
        return None
    if spdx := found.get("License-Expression"):
        return str(spdx)
    classifiers: list[str] = [
        each.removeprefix(_CLASSIFIER)
        for each in found.get_all("Classifier") or ()
        if each.startswith(_CLASSIFIER)
    ]
    for word in (str(found.get("License") or "").strip(), *classifiers):
        if word in rules.allowed:
            return word
        if meaning := rules.words.get(word):
            return meaning
    return None


def is_allowed(spdx: str, allowed: Iterable[str]) -> bool:
    """Check an expression: of an OR one part is enough, of an AND all are needed."""
    known = set(allowed)
    return any(
        all(part.strip(" ()") in known for part in choice.split(" AND "))
        for choice in spdx.split(" OR ")
    )


def problems(packages: Mapping[str, str], rules: Rules) -> list[str]:
    """Return a line for each package whose licence is not allowed, or not known."""
    lines = []
    for name, version in packages.items():
        spdx = expression(name, _metadata(name), rules)
        if spdx is None:
            lines.append(f"{name} {version} does not say its licence: answer for it in {FILE.name}")
        elif not is_allowed(spdx, rules.allowed):
            lines.append(f"{name} {version} is under {spdx}, which {FILE.name} does not allow")
    return lines


def unused(packages: Mapping[str, str], rules: Rules) -> list[str]:
    """Return a line for each answer that nothing needs any more."""
    return [
        f"{FILE.name} answers for {name}, which nothing of ours needs: take the answer out"
        for name in rules.packages
        if name not in packages
    ]


def main() -> None:
    """Check, and end with status 1 and a line for each problem."""
    packages, rules = locked(), Rules.read()
    found = problems(packages, rules) + unused(packages, rules)
    if found:
        sys.exit("\n".join(found))
    sys.stdout.write(f"licences: the {len(packages)} packages that ship are under allowed ones\n")


def _metadata(name: str) -> PackageMetadata | None:
    try:
        return metadata(name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
