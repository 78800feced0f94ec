"""What an examination finds: a fault, a doubt, something only a person can look at, or nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

State = Literal["fault", "warning", "unknown", "ask", "fine"]

PAGE = "docs/doctor.md"
"""Where each check is explained, under a heading of its name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes
    ----------
    check
        The check that found it; also the heading of its explanation.
    state
        ``fault``: a ring may stay dark for it. ``warning``: it may become one. ``unknown``: it
        could not be looked at. ``ask``: only the customer can look. ``fine``: it is as it must be.
    where
        The resource, the JSON path or the account.
    what
        What is wrong, in a sentence.
    remedy
        What to do; empty when there is nothing.
    """

    check: str
    state: State
    where: str
    what: str
    remedy: str

    @property
    def page(self) -> str:
        """Where the finding is explained."""
        return f"{PAGE}#{self.check}"

    def document(self) -> dict[str, str]:
        """Return the finding as JSON."""
        return {**asdict(self), "page": self.page}


def fault(check: str, where: str, what: str, remedy: str) -> Finding:
    """Return what keeps rings dark."""
    return Finding(check, "fault", where, what, remedy)


def warning(check: str, where: str, what: str, remedy: str) -> Finding:
    """Return what may come to keep rings dark, or does so for some."""
    return Finding(check, "warning", where, what, remedy)


def unknown(check: str, where: str, what: str, remedy: str) -> Finding:
    """Return what could not be looked at."""
    return Finding(check, "unknown", where, what, remedy)


def ask(check: str, where: str, what: str, remedy: str) -> Finding:
    """Return what only the customer can look at."""
    return Finding(check, "ask", where, what, remedy)


def fine(check: str, where: str, what: str) -> Finding:
    """Return what is as it must be."""
    return Finding(check, "fine", where, what, "")
