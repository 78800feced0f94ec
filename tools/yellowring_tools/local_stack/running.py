"""``run``: the stack stays up, for a person to play with."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from rich.panel import Panel

from yellowring_tools.local_stack.api_url import local_api_url
from yellowring_tools.local_stack.environments import ACCESS_KEY, REGION, SECRET_KEY
from yellowring_tools.local_stack.progress import Progress
from yellowring_tools.local_stack.stack import STACK_NAME, Schedule, local_stack
from yellowring_tools.local_stack.story import CAMPAIGN, PEOPLE, play

if TYPE_CHECKING:
    from rich.console import Console

    from yellowring_tools.local_stack.beside.skill import TheirSkill
    from yellowring_tools.local_stack.stack import LocalStack

EVENTS_SECONDS = 60.0


def stay_up(console: Console, theirs: TheirSkill | None = None) -> None:
    """Bring the stack up, with their skill if there is one, and keep it up until Ctrl-C."""
    progress = Progress(console)
    every_minute = Schedule(expression="rate(1 minute)", campaign=CAMPAIGN, enabled=True)
    with local_stack("run", every_minute, progress, theirs) as stack:
        with progress.step(f"{len(PEOPLE)} customers act"):
            play(stack.alexa, PEOPLE)
            stack.wait_for_events(EVENTS_SECONDS)
        console.print(_welcome(stack))
        print(json.dumps(_addresses(stack)), flush=True)  # noqa: T201 - one line, for machines
        try:
            while True:
                stack.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            console.print()


def _addresses(stack: LocalStack) -> dict[str, object]:
    """Return where everything listens."""
    return {
        "endpoint": stack.aws.endpoint,
        "stack": STACK_NAME,
        "simulator": stack.alexa.url,
        "api": local_api_url(stack.aws.endpoint, stack.outputs.ApiUrl),
        "credentials": {
            "accessKeyId": ACCESS_KEY,
            "secretAccessKey": SECRET_KEY,
            "region": REGION,
        },
    }


def _welcome(stack: LocalStack) -> Panel:
    outputs = stack.outputs
    return Panel.fit(
        f"[bold]Console[/]          {stack.alexa.url}\n"
        f"[bold]AWS endpoint[/]     {stack.aws.endpoint}  (us-east-1, key test, secret test)\n"
        f"[bold]API[/]              {local_api_url(stack.aws.endpoint, outputs.ApiUrl)}\n"
        f"[bold]Functions[/]        {outputs.SkillFunctionName}, {outputs.SenderFunctionName}\n"
        f"[bold]Tables[/]           {outputs.SubscribersTableName}, {outputs.RunsTableName}\n"
        f"[bold]Logs[/]             {stack.workspace.logs}\n\n"
        f"The schedule {outputs.ScheduleName} sends the campaign {CAMPAIGN['name']!r} every "
        "minute to whoever is subscribed.\nSend one of your own at once, from another terminal:\n"
        "  .venv/bin/yellowring send examples/campaigns/weather-alert.json\n\n"
        "Ctrl-C stops everything.",
        title="Yellow Ring is up",
        border_style="yellow",
    )
