"""The report of an examination, for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from yellowring_tools.cli.terminal.output import counted
from yellowring_tools.doctor.finding import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from yellowring_tools.doctor.finding import Finding, State

HEADINGS: Mapping[State, str] = {
    "fault": "Wrong",
    "warning": "Doubtful",
    "unknown": "Not to be seen from here",
    "ask": "To ask the customer",
    "fine": "Fine",
}
"""The parts of the report, in their order."""


def report(findings: Iterable[Finding]) -> str:
    """Return the report: what is wrong first, each with what to do and where to read on."""
    found = tuple(findings)
    parts = [
        _part(heading, [each for each in found if each.state == state])
        for state, heading in HEADINGS.items()
    ]
    return "\n\n".join([*filter(None, parts), summary(found)])


def summary(findings: Iterable[Finding]) -> str:
    """Return the findings' numbers in a line."""
    many = Counter(each.state for each in findings)
    told = [counted(many["fault"], "fault"), counted(many["warning"], "warning")]
    if many["unknown"]:
        told.append(f"{many['unknown']:,} not to be seen")
    if many["ask"]:
        told.append(counted(many["ask"], "question"))
    return ", ".join(told)


def exit_code(findings: Iterable[Finding]) -> int:
    """Return the command's exit status: 1 where there is a fault, else 0."""
    return int(any(each.state == "fault" for each in findings))


def _part(heading: str, findings: Sequence[Finding]) -> str:
    if not findings:
        return ""
    if findings[0].state == "fine":
        width = max(len(each.check) for each in findings)
        lines = [f"  {each.check:<{width}}  {each.what}" for each in findings]
        return "\n".join((heading, *lines))
    return "\n".join((heading, *(_lines(each) for each in findings)))


def _lines(finding: Finding) -> str:
    told = f"  {finding.where}: {finding.what}"
    remedy = f"    → {finding.remedy} " if finding.remedy else "    "
    return f"{told}\n{remedy}[{PAGE}#{finding.check}]"
