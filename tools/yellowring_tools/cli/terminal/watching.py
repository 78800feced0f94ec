"""Watch a run to its end: a live bar in a terminal, a line for each change elsewhere."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from yellowring_tools.cli.terminal.output import complain, one_line, say
from yellowring_tools.cli.terminal.run_progress import Rate, RunProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yellowring_tools.cli.terminal.run_progress import Look

type Show = Callable[[RunProgress], None]


class Clock(Protocol):
    """The time in seconds, and a way to let some pass."""

    def monotonic(self) -> float:
        """Return seconds since some moment."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at a run again and again, until it has ended.

    Parameters
    ----------
    look
        Reads the run.
    show
        Is told of every look.
    deliverable
        How many customers the run is for, where somebody counted.
    interval
        Seconds between looks.
    """

    look: Callable[[], Look]
    show: Show
    deliverable: int | None = None
    interval: float = 1.0

    def to_the_end(self, clock: Clock = time) -> Look:
        """Look until the run has ended, whatever the end; return the last look."""
        rate = Rate()
        while True:
            look = self.look()
            speed = rate.look(clock.monotonic(), look.settled)
            self.show(RunProgress(look, look.expected(self.deliverable), speed))
            if look.has_ended:
                return look
            clock.sleep(self.interval)


@contextmanager
def display(*, as_json: bool) -> Iterator[Show]:
    """Return what shows a run: JSON lines, a bar on the standard error, or lines of text."""
    if not as_json and sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _Lines(_say_json if as_json else _say_text)


@contextmanager
def aside() -> Iterator[Show]:
    """Return what shows a run on the standard error, where the result is something else."""
    if sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _Lines(lambda progress: complain(progress.line()))


def _say_json(progress: RunProgress) -> None:
    """Print a look as a line of JSON."""
    say(json.dumps(progress.document()))


def _say_text(progress: RunProgress) -> None:
    """Print a look as a line of text."""
    say(progress.line())


class _Lines:
    """A line whenever something has changed but the rate."""

    def __init__(self, tell: Show) -> None:
        self._tell = tell
        self._told: object = None

    def __call__(self, progress: RunProgress) -> None:
        if progress.look.document == self._told:
            return
        self._told = progress.look.document
        self._tell(progress)
        sys.stdout.flush()


@contextmanager
def _bar() -> Iterator[Show]:
    from rich import progress as rich  # noqa: PLC0415 - only a terminal needs it
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415

    text = rich.TextColumn("{task.fields[line]}")
    with rich.Progress(rich.BarColumn(), text, console=Console(stderr=True)) as bar:
        task = bar.add_task("run", total=None, line="")

        def show(progress: RunProgress) -> None:
            bar.update(
                task,
                total=progress.total,
                completed=progress.look.settled,
                line=escape(one_line(progress.line())),
            )

        yield show
