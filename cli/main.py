"""The `yellowring` command: every subcommand is a module, loaded when it is the one asked for."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import typer

MODULES = {
    "catalog": "cli.catalog",
    "new": "cli.catalog",
    "schema": "cli.catalog",
    "validate": "cli.validate",
    "preview": "cli.preview",
    "send": "cli.send",
    "runs": "cli.runs",
    "subscribers": "cli.subscribers",
    "schedule": "cli.schedule",
    "token": "cli.token",
    "message": "cli.message",
}
"""The module of each subcommand; its `register` adds them to the command."""


def build(wanted: str | None = None) -> typer.Typer:
    """Make the command with the subcommand that is wanted, or with all when it is none of them."""
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
    modules = [MODULES[wanted]] if wanted in MODULES else list(dict.fromkeys(MODULES.values()))
    for module in modules:
        import_module(module).register(app)
    return app


def _root() -> None:
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
