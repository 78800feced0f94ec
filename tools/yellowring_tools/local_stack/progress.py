"""What a person sees while the stack comes up: one line for each step, with how long it took."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


class Progress:
    """Shows steps on a console and keeps their durations.

    Attributes
    ----------
    durations
        Seconds that each finished step took, by its title.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self.durations: dict[str, float] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show ``title`` while the block runs, then whether it went well."""
        started = time.monotonic()
        mark = "[red]✗[/]"
        try:
            with self._console.status(escape(title)):
                yield
            mark = "[green]✓[/]"
        finally:
            seconds = time.monotonic() - started
            self.durations[title] = round(seconds, 2)
            self._console.print(f"{mark} {escape(title)} [dim]{seconds:.1f} s[/]", highlight=False)
