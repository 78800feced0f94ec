"""``run``: the stack stays up, for a person to play with."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.panel import Panel

from yellowring_tools.local_stack.api_url import local_api_url
from yellowring_tools.local_stack.beside.campaign import NONE_PUBLISHED, campaign_for
from yellowring_tools.local_stack.beside.problems import KeepsNoRecords
from yellowring_tools.local_stack.beside.records import check_kept
from yellowring_tools.local_stack.environments import REGION, credentials
from yellowring_tools.local_stack.progress import Progress
from yellowring_tools.local_stack.stack import STACK_NAME, Schedule, local_stack
from yellowring_tools.local_stack.story import CAMPAIGN, PEOPLE, event_name, people_for, play

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from yellowring_tools.local_stack.beside.skill import TheirSkill
    from yellowring_tools.local_stack.stack import LocalStack
    from yellowring_tools.local_stack.story import Played

EVENTS_SECONDS = 60.0


def stay_up(console: Console, theirs: TheirSkill | None = None) -> None:
    """Bring the stack up, with their skill if there is one, and keep it up until Ctrl-C."""
    progress = Progress(console)
    campaign = campaign_for(theirs)
    every_minute = Schedule("rate(1 minute)", campaign or CAMPAIGN, enabled=campaign is not None)
    with local_stack("run", every_minute, progress, theirs) as stack:
        with progress.step(f"{len(PEOPLE)} customers act"):
            people = play(stack.alexa, people_for(event_name(campaign or CAMPAIGN)))
            problem = _kept(stack, people)
        console.print(_welcome(stack, campaign))
        if problem:
            console.print(f"[red]✗[/] {escape(problem)}", highlight=False)
        print(json.dumps(_addresses(stack)), flush=True)  # noqa: T201 - one line, for machines
        try:
            while True:
                stack.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            console.print()


def _kept(stack: LocalStack, people: Iterable[Played]) -> str:
    """Wait for the skill events; return why their function keeps no records, if it keeps none.

    The stack stays up then: a skill can be spoken to before it is adopted.
    """
    try:
        stack.wait_for_events(EVENTS_SECONDS)
        if stack.theirs:
            check_kept(stack, [each.user_id for each in people])
    except KeepsNoRecords as error:
        return str(error)
    return ""


def _addresses(stack: LocalStack) -> dict[str, object]:
    """Return where everything listens."""
    return {
        "endpoint": stack.aws.endpoint,
        "stack": STACK_NAME,
        "simulator": stack.alexa.url,
        "api": local_api_url(stack.aws.endpoint, stack.outputs.ApiUrl),
        "jwtApi": local_api_url(stack.aws.endpoint, stack.outputs.JwtApiUrl),
        "credentials": credentials(stack.aws.keys),
    }


def _welcome(stack: LocalStack, campaign: Mapping[str, object] | None) -> Panel:
    outputs, endpoint = stack.outputs, stack.aws.endpoint
    return Panel.fit(
        f"[bold]Console[/]          {stack.alexa.url}\n"
        f"[bold]AWS endpoint[/]     {endpoint}  ({REGION}; keys of its own, below)\n"
        f"[bold]API[/]              {local_api_url(endpoint, outputs.ApiUrl)}\n"
        f"[bold]API with JWT[/]     {local_api_url(endpoint, outputs.JwtApiUrl)}\n"
        f"[bold]Functions[/]        {outputs.SkillFunctionName}, {outputs.SenderFunctionName}\n"
        f"[bold]Tables[/]           {outputs.SubscribersTableName}, {outputs.RunsTableName}\n"
        f"[bold]Logs[/]             {stack.workspace.logs}\n\n"
        f"{_sends(outputs.ScheduleName, campaign)}\n\n"
        "Ctrl-C stops everything.",
        title="Yellow Ring is up",
        border_style="yellow",
    )


def _sends(schedule: str, campaign: Mapping[str, object] | None) -> str:
    """Say what is sent, and how to send more."""
    if campaign is None:
        return f"Nothing is sent: {NONE_PUBLISHED}."
    example = "weather-alert" if campaign is CAMPAIGN else campaign["name"]
    return (
        f"The schedule {schedule} sends the campaign {campaign['name']!r} every minute to whoever "
        "is subscribed.\nSend one of your own at once, from another terminal:\n"
        f"  .venv/bin/yellowring send examples/campaigns/{example}.json"
    )
