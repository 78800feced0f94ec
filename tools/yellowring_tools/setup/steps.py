"""One step after the other: each is looked at first, and skipped when it is done already."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from yellowring_tools.setup.work import Work

type State = Literal["done", "there", "planned"]


class Step(ABC):
    """A step, which can be repeated: what it finds done, it leaves.

    Attributes
    ----------
    name
        Its name in JSON.
    title
        What it does, for people.
    """

    name: str
    title: str

    @abstractmethod
    def planned(self, work: Work) -> list[str]:
        """Tell what would be done, from what is known without asking anybody."""

    @abstractmethod
    def done(self, work: Work) -> str:
        """Check whether it is done; say how it is then, else nothing."""

    @abstractmethod
    def act(self, work: Work) -> str:
        """Do it, and say what was done; raises `SetupStopped` when it cannot be done."""


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a step.

    Attributes
    ----------
    state
        ``done`` now, ``there`` before, or ``planned`` only.
    seconds
        How long it took.
    """

    name: str
    title: str
    state: State
    what: str
    seconds: float

    def document(self) -> dict[str, object]:
        """Return it as JSON."""
        return asdict(self)


def run(
    steps: Iterable[Step], work: Work, clock: Callable[[], float] = time.monotonic
) -> list[Report]:
    """Do every step that is not done, in their order.

    Raises
    ------
    SetupStopped
        A step cannot be done. Those before it stay done.
    """
    reports = []
    for step in steps:
        begun = clock()
        work.tell(f"{step.title} …")
        state: State = "there"
        if not (what := step.done(work)):
            state, what = "done", step.act(work)
        report = Report(step.name, step.title, state, what, round(clock() - begun, 1))
        work.tell(f"  {'already: ' if state == 'there' else ''}{what} ({report.seconds} s)")
        reports.append(report)
    return reports


def dry_run(steps: Iterable[Step], work: Work) -> list[Report]:
    """Say what every step would do; nothing is asked and nothing is changed."""
    return [
        Report(step.name, step.title, "planned", "\n".join(step.planned(work)), 0.0)
        for step in steps
    ]
