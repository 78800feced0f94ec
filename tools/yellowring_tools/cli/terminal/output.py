"""How the commands speak: results on the standard output, what went wrong on the other."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WIDEST = 400
"""Columns of a table that no terminal bounds."""
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""What a terminal obeys instead of showing it, what turns a line's order round, and what is not
seen; no line feed, and none of the two joiners, which scripts and emoji need."""


def say(text: str) -> None:
    """Print a line of the result."""
    sys.stdout.write(printable(text, sys.stdout.encoding) + "\n")


def complain(text: str) -> None:
    """Print a line about what is wrong."""
    sys.stderr.write(printable(text, sys.stderr.encoding) + "\n")


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
    console = Console()
    for row in rows:
        made.add_row(*(Text(one_line(str(cell), console.encoding)) for cell in row))
    wide = console if console.is_terminal else Console(width=WIDEST)
    wide.print(made)


def printable(text: str, encoding: str = "utf-8") -> str:
    r"""Write as an escape what a terminal would obey or cannot show; JSON stays the same JSON.

    What a customer, a business or a service has named reaches operators' terminals.

    >>> printable('"\x9b2J\u202egnp.exe"')
    '"\\u009b2J\\u202egnp.exe"'
    """
    shown = _UNSAFE.sub(_escaped, text)
    try:
        return shown.encode(encoding).decode(encoding)
    except UnicodeEncodeError:
        return "".join(each if _has(encoding, each) else _escapes(each) for each in shown)


def one_line(text: str, encoding: str = "utf-8") -> str:
    r"""Write a value so that it cannot begin a line of its own.

    >>> one_line("en-US\nstatus  completed")
    'en-US\\nstatus  completed'
    """
    return printable(text, encoding).replace("\n", "\\n").replace("\t", "\\t")


def _escaped(match: re.Match[str]) -> str:
    return _escapes(match[0])


def _escapes(character: str) -> str:
    """Escape a character as JSON does: by its code units."""
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def _has(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
