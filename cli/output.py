"""How the commands speak: results on the standard output, what went wrong on the other."""

from __future__ import annotations

import json
import sys

import typer


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


def say_json(document: object) -> None:
    """Print a document as JSON that people can read and programs can parse."""
    say(json.dumps(document, indent=2, ensure_ascii=False))


def _printable(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)
