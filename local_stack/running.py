"""``run``: the stack stays up, for a person to play with; ``send``: a campaign on that stack."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.panel import Panel

from local_stack.emulator import Aws
from local_stack.progress import Progress
from local_stack.stack import Schedule, local_stack
from local_stack.story import CAMPAIGN, PEOPLE, play
from local_stack.workspace import LOCAL, running_stacks

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from local_stack.stack import LocalStack

EVENTS_SECONDS = 60.0


class NoRunningStack(RuntimeError):
    """There is no stack on this machine to send anything on."""


def stay_up(console: Console) -> None:
    """Bring the stack up with a few customers, and keep it up until Ctrl-C."""
    progress = Progress(console)
    every_minute = Schedule(expression="rate(1 minute)", campaign=CAMPAIGN, enabled=True)
    with local_stack("run", every_minute, progress) as stack:
        with progress.step(f"{len(PEOPLE)} customers act"):
            play(stack.alexa, PEOPLE)
            stack.wait_for_events(EVENTS_SECONDS)
        console.print(_welcome(stack))
        try:
            while True:
                stack.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            console.print()


def send_campaign(path: Path, root: Path = LOCAL) -> dict[str, Any]:
    """Send a campaign file on the running stack, now, and return the run.

    Raises
    ------
    NoRunningStack
        When ``make run`` is not running.
    FunctionFailed
        When the sender refused the campaign; says why.
    """
    notes = [each / "stack.json" for each in running_stacks(root) if each.name.startswith("run-")]
    found = [note for note in notes if note.exists()]
    if not found:
        raise NoRunningStack("no stack is running: start one with `make run` in another terminal")
    note = json.loads(found[-1].read_text())
    document = {
        "campaign": json.loads(path.read_text(encoding="utf-8")),
        "scheduledTime": datetime.now(UTC).replace(microsecond=0).isoformat(),
    }
    return Aws(note["endpoint"]).invoke(note["outputs"]["SenderFunctionName"], document)


def _welcome(stack: LocalStack) -> Panel:
    outputs = stack.outputs
    return Panel.fit(
        f"[bold]Console[/]          {stack.alexa.url}\n"
        f"[bold]AWS endpoint[/]     {stack.aws.endpoint}  (any credentials, us-east-1)\n"
        f"[bold]Functions[/]        {outputs.SkillFunctionName}, {outputs.SenderFunctionName}\n"
        f"[bold]Tables[/]           {outputs.SubscribersTableName}, {outputs.RunsTableName}\n"
        f"[bold]Logs[/]             {stack.workspace.logs}\n\n"
        f"The schedule {outputs.ScheduleName} sends the campaign {CAMPAIGN['name']!r} every "
        "minute to whoever is subscribed.\nSend one of your own at once, from another terminal:\n"
        "  .venv/bin/python -m local_stack send examples/campaigns/FILE.json\n\n"
        "Ctrl-C stops everything.",
        title="Yellow Ring is up",
        border_style="yellow",
    )
