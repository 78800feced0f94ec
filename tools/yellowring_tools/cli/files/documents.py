"""Campaign files: read, checked and reported on, each problem with its file and line."""

from __future__ import annotations

import codecs
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yellowring.catalog.problems import Problem
from yellowring.sender.campaign import InvalidCampaign, parse_campaign

from yellowring_tools.cli.files.json_text import NotJson, parse_json

if TYPE_CHECKING:
    from yellowring.sender.campaign import Campaign

LARGEST = 256 * 1024
"""Bytes of a file: the most that EventBridge Scheduler carries as a schedule's input."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "begins with a byte order mark; save it as UTF-8 without one"),
    (codecs.BOM_UTF16_LE, "is UTF-16; save it as UTF-8"),
    (codecs.BOM_UTF16_BE, "is UTF-16; save it as UTF-8"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem in a file.

    Parameters
    ----------
    file
        As it was named; ``-`` is the standard input.
    line
        Counted from 1; ``None`` when it is not known.
    problem
        What is wrong; its path is ``$`` when it is the file as a whole.
    """

    file: str
    line: int | None
    problem: Problem

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        return f"{self.file}{line}: {self.problem}"

    def document(self) -> dict[str, Any]:
        """Give the finding as JSON."""
        problem = self.problem
        return {
            "path": problem.path,
            "line": self.line,
            "message": problem.message,
            "found": problem.found,
            "allowed": list(problem.allowed),
            "suggestion": problem.suggestion,
        }


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A campaign file after its check; ``campaign`` is there when there are no problems."""

    file: str
    campaign: Campaign | None
    problems: tuple[Finding, ...]
    warnings: tuple[Finding, ...] = ()


class Unreadable(ValueError):
    """A file that no JSON can be had from."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def check_file(file: str) -> CheckedFile:
    """Read and check a campaign file; ``-`` reads the standard input. Nothing is raised."""
    try:
        text = parse_json(read_text(file))
    except Unreadable as unreadable:
        return CheckedFile(file, None, (unreadable.finding,))
    except NotJson as wrong:
        return CheckedFile(file, None, (Finding(file, wrong.line, wrong.problem),))

    campaign: Campaign | None = None
    problems: tuple[Problem, ...] = ()
    try:
        campaign = parse_campaign(text.value)
    except InvalidCampaign as invalid:
        problems = invalid.problems
    told = {problem.path for problem in problems}
    problems += tuple(problem for problem in text.problems if problem.path not in told)
    warnings = campaign.warnings if campaign else ()
    return CheckedFile(
        file,
        None if problems else campaign,
        tuple(Finding(file, text.line_of(problem.path), problem) for problem in problems),
        tuple(Finding(file, text.line_of(warning.path), warning) for warning in warnings),
    )


def read_text(file: str) -> str:
    """Read a file, or the standard input for ``-``, as UTF-8.

    Raises
    ------
    Unreadable
        When it cannot be opened, is too large, or is not UTF-8.
    """
    content = _read_bytes(file)
    if len(content) > LARGEST:
        most = f"is larger than the {LARGEST:,} bytes that a schedule can carry"
        raise Unreadable(Finding(file, None, Problem("$", most)))
    for mark, message in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            raise Unreadable(Finding(file, 1, Problem("$", message)))
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        bad = f"is not UTF-8: byte 0x{content[error.start]:02x} at offset {error.start}"
        raise Unreadable(Finding(file, line, Problem("$", bad))) from None


def _read_bytes(file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(LARGEST + 1)
        with Path(file).open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise Unreadable(Finding(file, None, Problem("$", reason))) from None
