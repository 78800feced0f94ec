"""The `yellowring` command: every subcommand is a module, loaded when it is the one asked for."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Annotated

import typer
from yellowring.version import __version__

COMMANDS: dict[str, tuple[str, str]] = {
    "setup": ("setup", "Set a skill up, or what has changed of it"),
    "catalog": ("catalog", "List the eight events with their fields"),
    "new": ("catalog", "Print a right campaign to edit"),
    "schema": ("catalog", "Print the JSON Schema of campaigns"),
    "skill-package": ("skill_package", "The skill package: check what it lacks"),
    "validate": ("validate", "Check campaigns"),
    "preview": ("preview", "Say what Alexa would say"),
    "send": ("send", "Send a campaign to its audience now"),
    "doctor": ("doctor", "Find what is wrong with the stack, the skill, and one customer's ring"),
    "runs": ("runs", "Runs: list, show, watch, cancel, resume"),
    "subscribers": ("subscribers", "Customers: count, show, export, import"),
    "customer": ("customer", "One of the business' customers: show, export, forget"),
    "restore": ("restore", "Take a restored table of customers into the stack's"),
    "teardown": ("teardown", "Take a stack down, and keep or remove its data"),
    "schedule": (
        "schedule",
        "Schedules: put, list, pause, resume, delete",
    ),
    "token": (
        "token",
        "Print an access token from Login with Amazon",
    ),
    "message": (
        "message",
        "Send the skill a message about a customer",
    ),
}
"""Each subcommand's module in `commands`, whose `register` adds it, and how its help begins."""


def build(wanted: str | None = None) -> typer.Typer:
    """Make the command with the subcommand that is wanted.

    When it is none of them, or help is wanted, all are there by their names alone: to load them
    would take a second.
    """
    app = typer.Typer(
        name="yellowring",
        help="Write, check, send and watch Alexa notifications.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    if wanted in COMMANDS:
        import_module(f"yellowring_tools.cli.commands.{COMMANDS[wanted][0]}").register(app)
        return app
    for name, (_, summary) in COMMANDS.items():
        app.command(name, help=f"{summary}.")(lambda: None)
    return app


def _tell_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"yellowring {__version__}\n")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Print the version, and end."
        ),
    ] = False,
) -> None:
    """Write, check, send and watch Alexa notifications."""


def main() -> None:
    """Run the command with the process's arguments, and exit with its status."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them takes 40 ms
    wanted = sys.argv[1] if len(sys.argv) > 1 else None
    try:
        build(wanted)()
    except BrokenPipeError:  # the reader of a pipe has gone, which is not our failure
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
