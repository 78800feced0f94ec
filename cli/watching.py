"""Watch a run to its end: a live bar in a terminal, a line for each change elsewhere."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cli.advance import Advance, Rate, expected, settled, waiting
from cli.output import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yellowring.sender.runs import Run

type Show = Callable[[Advance], None]


class Clock(Protocol):
    """The time in seconds, and a way to let some pass."""

    def monotonic(self) -> float:
        """Give seconds since some moment."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at a run again and again.

    Parameters
    ----------
    load
        Reads the run; ``None`` as long as there is none.
    show
        Is told of every look.
    deliverable
        How many customers the run is for, where somebody counted.
    interval
        Seconds between looks.
    """

    load: Callable[[], Run | None]
    show: Show
    deliverable: int | None = None
    interval: float = 1.0

    def until(self, enough: Callable[[], bool], clock: Clock = time) -> Run | None:
        """Look until the run is over or it is ``enough``; give the run as it was at the end."""
        rate = Rate()
        while True:
            last = enough()
            run = self.load()
            if run is not None:
                advance = self._advance(run, rate, clock.monotonic())
                self.show(advance)
                last = last or advance.is_over
            if last:
                return run
            clock.sleep(self.interval)

    def _advance(self, run: Run, rate: Rate, at: float) -> Advance:
        done = settled(run)
        total = expected(run, self.deliverable)
        return Advance(run, done, waiting(run), total, rate.look(at, done))


@contextmanager
def display(*, as_json: bool) -> Iterator[Show]:
    """Give what shows a run: JSON lines, a bar on the standard error, or lines of text."""
    if not as_json and sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _Lines(as_json=as_json)


class _Lines:
    """A line whenever something has changed but the rate."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._told: object = None

    def __call__(self, advance: Advance) -> None:
        state = (advance.run.status, advance.done, advance.waiting, advance.total)
        if state == self._told:
            return
        self._told = state
        say(json.dumps(advance.document()) if self._as_json else advance.line())
        sys.stdout.flush()


@contextmanager
def _bar() -> Iterator[Show]:
    from rich import progress as rich  # noqa: PLC0415 - only a terminal needs it
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415

    text = rich.TextColumn("{task.fields[line]}")
    with rich.Progress(rich.BarColumn(), text, console=Console(stderr=True)) as bar:
        task = bar.add_task("run", total=None, line="")

        def show(advance: Advance) -> None:
            bar.update(
                task, total=advance.total, completed=advance.done, line=escape(advance.line())
            )

        yield show
