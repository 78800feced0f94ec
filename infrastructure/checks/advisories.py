"""Ask PyPI for advisories on what ships: `python -m infrastructure.checks.advisories`.

`pip-audit` asks. Where no source answers, as behind an index that is a plain mirror, the check says
so and passes: it must not stop who works offline. An advisory that does not concern us is answered
in `.lint/advisories.toml`, as `"ID" = "reason"`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infrastructure.checks.shipped import ANSWERS, PROJECT, locked

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = ANSWERS / "advisories.toml"
PIP_AUDIT = PROJECT / ".local" / "scanners" / "bin" / "pip-audit"
BOUND = 30.0
"""Seconds that the source may take for all packages together."""
TIMEOUT = 5
"""Seconds that it may take for one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to say, and whether it stops the change."""

    lines: tuple[str, ...]
    passed: bool


def judge(report: Mapping[str, Any] | None, answers: Mapping[str, str]) -> Verdict:
    """Judge what was found.

    Parameters
    ----------
    report
        What `pip-audit --format json` says: `dependencies`, each with `vulns` or a `skip_reason`;
        `None` when it could ask nobody.
    answers
        Reasons by the id of an advisory or one of its aliases.
    """
    dependencies = [] if report is None else report["dependencies"]
    asked = [each for each in dependencies if "skip_reason" not in each]
    if not asked:
        return Verdict(("advisories: NOT AUDITED, no source of advisories could be reached",), True)
    faults, answered = [], set()
    for package in asked:
        for advisory in package["vulns"]:
            names = {advisory["id"], *advisory.get("aliases", ())}
            if known := names & answers.keys():
                answered |= known
                continue
            fixed = ", ".join(advisory.get("fix_versions", ())) or "no version"
            faults.append(
                f"{package['name']} {package['version']}: {advisory['id']}, fixed in {fixed}; "
                f"raise it with make lock, or answer it in {FILE.name}"
            )
    faults += [
        f"{FILE.name} answers {each}, which nobody reports any more: take the answer out"
        for each in answers
        if each not in answered
    ]
    missing = len(dependencies) - len(asked)
    note = f"advisories: {len(asked)} packages audited" + (
        f", {missing} not known to the source" if missing else ""
    )
    return Verdict((*faults, note), not faults)


def ask(packages: Mapping[str, str]) -> Mapping[str, Any] | None:
    """Ask PyPI about each package, or return `None` when it does not answer in time."""
    lines = "".join(f"{name}=={version}\n" for name, version in packages.items())
    with tempfile.TemporaryDirectory() as directory:
        requirements = Path(directory) / "requirements.txt"
        requirements.write_text(lines, encoding="utf-8")
        command: list[str | Path] = [
            *(PIP_AUDIT, "--disable-pip", "--no-deps", "--requirement", requirements),
            *("--format", "json", "--progress-spinner", "off", "--timeout", str(TIMEOUT)),
        ]
        try:
            done = subprocess.run(  # noqa: S603 - the locked scanner on what the lock says
                command, capture_output=True, text=True, timeout=BOUND, check=False
            )
            report: dict[str, Any] = json.loads(done.stdout)
        except (subprocess.TimeoutExpired, json.JSONDecodeError):
            return None
    return report


def main() -> None:
    """Ask and judge; end with status 1 when there is something to mend."""
    answers = tomllib.loads(FILE.read_text(encoding="utf-8"))
    verdict = judge(ask(locked()), answers)
    sys.stdout.write("\n".join(verdict.lines) + "\n")
    if not verdict.passed:
        sys.exit(1)


if __name__ == "__main__":
    main()
