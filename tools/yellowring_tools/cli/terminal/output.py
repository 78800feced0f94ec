"""How the commands speak: results on the standard output, what went wrong on the other."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WIDEST = 400
"""Columns of a table that no terminal bounds."""


def say(text: str) -> None:
    """Print a line of the result."""
    sys.stdout.write(_printable(text, sys.stdout.encoding) + "\n")


def complain(text: str) -> None:
    """Print a line about what is wrong."""
    sys.stderr.write(_printable(text, sys.stderr.encoding) + "\n")


def failure(text: str) -> typer.Exit:
    """Say what is wrong, and give what to raise to end the command with status 1."""
    complain(f"error: {text}")
    return typer.Exit(1)


def counted(many: int, noun: str) -> str:
    """Return a number of something in words.

    >>> counted(1, "user"), counted(2000, "user")
    ('1 user', '2,000 users')
    """
    return f"{many:,} {noun}{'' if many == 1 else 's'}"


def say_json(document: object) -> None:
    """Print a document as JSON that people can read and programs can parse."""
    say(json.dumps(document, indent=2, ensure_ascii=False))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a table; columns are as wide as they need to be, whatever reads them."""
    from rich.console import Console  # noqa: PLC0415 - a quarter of a second that JSON can save
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(
        title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False
    )
    for heading in headings:
        made.add_column(heading, no_wrap=True)
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    console = Console()
    wide = console if console.is_terminal else Console(width=WIDEST)
    wide.print(made)


def _printable(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)
