"""``python -m local_stack run`` and ``python -m local_stack demo``."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from yellowring_tools.local_stack.alexa import IncompleteAlexa
from yellowring_tools.local_stack.beside.problems import KeepsNoRecords, UnusableSkill
from yellowring_tools.local_stack.beside.skill import their_skill
from yellowring_tools.local_stack.demo import demonstrate
from yellowring_tools.local_stack.emulator import FunctionFailed
from yellowring_tools.local_stack.processes import ProcessFailed
from yellowring_tools.local_stack.progress import Progress
from yellowring_tools.local_stack.report import show
from yellowring_tools.local_stack.running import stay_up
from yellowring_tools.local_stack.schedule import NothingHappened
from yellowring_tools.local_stack.web import RequestFailed

if TYPE_CHECKING:
    from types import FrameType

PIPED_WIDTH = 150
SIGNAL_STATUS = 128
FAILURES = (
    FunctionFailed,
    IncompleteAlexa,
    KeepsNoRecords,
    NothingHappened,
    ProcessFailed,
    RequestFailed,
    TimeoutError,
    UnusableSkill,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m local_stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="bring the whole stack up and keep it up until Ctrl-C")
    commands.add_parser(
        "demo", help="do the main job once and report; REPORT=file.json writes the report"
    )
    chosen = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    # A shell starts a background job with SIGINT ignored; stopping must work there too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        if chosen.command == "run":
            stay_up(console, their_skill(os.environ))
            return 0
        return _demo(console)
    except KeyboardInterrupt:
        console.print("Interrupted; everything is stopped.")
        return SIGNAL_STATUS + signal.SIGINT
    except FAILURES as error:
        errors = Console(stderr=True)
        errors.print("[red]✗[/] ", end="")
        errors.print(error, highlight=False, markup=False, soft_wrap=True)
        return 1


def _demo(console: Console) -> int:
    report = demonstrate(Progress(console), their_skill(os.environ))
    show(report, console)
    if path := os.environ.get("REPORT"):
        Path(path).write_text(json.dumps(report.document(), indent=2, default=str) + "\n")
        console.print(f"Report written to {path}")
    if report.ok:
        console.print("\n[green]All of it as it should be.[/]")
        return 0
    wrong = [check.what for check in report.checks if not check.ok]
    Console(stderr=True).print(f"\n[red]Not as it should be:[/] {'; '.join(wrong)}")
    return 1


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    sys.exit(SIGNAL_STATUS + number)


if __name__ == "__main__":
    sys.exit(main())
