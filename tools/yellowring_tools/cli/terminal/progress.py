"""Progress of long work, on the standard error so that results can be piped."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from yellowring_tools.cli.terminal.output import complain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SECONDS_PER_LINE = 5.0


def shown[T](
    items: Iterable[T],
    what: str,
    total: int | None = None,
    size: Callable[[T], int] = lambda _: 1,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[T]:
    """Pass items on, and show how many: a bar in a terminal, else a line every few seconds.

    Parameters
    ----------
    items
        What is worked through.
    what
        Names the work, such as ``customers visited``.
    total
        How many are expected, about; ``None`` or 0 when nobody knows.
    size
        How many an item counts for.
    clock
        Seconds, for the lines.
    """
    if sys.stderr.isatty():
        yield from _bar(items, what, total, size)
        return
    done, told = 0, clock()
    for item in items:
        yield item
        done += size(item)
        if clock() - told >= SECONDS_PER_LINE:
            told = clock()
            complain(f"{done:,}{f' of about {total:,}' if total else ''} {what}")


def _bar[T](
    items: Iterable[T], what: str, total: int | None, size: Callable[[T], int]
) -> Iterator[T]:
    from rich import progress as rich  # noqa: PLC0415 - only a terminal needs it
    from rich.console import Console  # noqa: PLC0415

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total or None)
        for item in items:
            yield item
            bar.advance(task, size(item))
