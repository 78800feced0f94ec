"""`yellowring schedule`: campaigns that EventBridge Scheduler sends when their time comes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yellowring_tools.cli.aws.schedules import Schedules, input_problem, name_problem, when_problem
from yellowring_tools.cli.aws.stacks import Stack, on_stack
from yellowring_tools.cli.files.documents import check_file
from yellowring_tools.cli.terminal.output import AsJson, complain, failure, say, say_json, table

if TYPE_CHECKING:
    from yellowring.sender.campaign import Campaign

    from yellowring_tools.cli.aws.schedules import Scheduled

Name = Annotated[str, typer.Argument(help="The schedule's name, as schedule list gives it.")]


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    group = typer.Typer(help="Schedules: put, list, pause, resume, delete.", no_args_is_help=True)
    group.command("list")(list_schedules)
    for command in (put, pause, resume, delete):
        group.command()(command)
    app.add_typer(group, name="schedule")


@on_stack
def put(
    stack: Stack,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A campaign file; - is the input.")],
    *,
    when: Annotated[
        str,
        typer.Option(help="cron(0 9 * * ? *), rate(1 day) or at(2026-12-24T18:00:00)."),
    ],
    timezone: Annotated[
        str, typer.Option(help="Where that time is, such as Europe/Berlin.")
    ] = "UTC",
    name: Annotated[
        str | None, typer.Option(help="The schedule's name; the campaign's without it.")
    ] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Keep it, but do not send yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send a campaign at a time or again and again; replaces the schedule of that name."""
    campaign = _campaign(file)
    wanted = name or campaign.name
    problems = {
        "--name": name_problem(wanted),
        "--when": when_problem(when, timezone),
        file: input_problem(campaign),
    }
    for option, problem in problems.items():
        if problem:
            raise failure(f"{option}: {problem}")
    schedules = _schedules(stack, changed=wanted)
    made = schedules.put(wanted, campaign, when, timezone, enabled=not paused)
    _tell(made, as_json=as_json)


@on_stack
def list_schedules(stack: Stack, as_json: AsJson = False) -> None:
    """List the stack's schedules."""
    found = Schedules(stack).list()
    if as_json:
        say_json([each.document() for each in found])
        return
    if not found:
        say(f"no schedules in {stack.where}")
        return
    headings = ("schedule", "state", "when", "time zone", "campaign", "event")
    table(headings, (each.row() for each in found))


@on_stack
def pause(stack: Stack, name: Name, as_json: AsJson = False) -> None:
    """Keep a schedule, but let it send nothing until it is resumed."""
    _tell(Schedules(stack).enable(name, enabled=False), as_json=as_json)


@on_stack
def resume(stack: Stack, name: Name, as_json: AsJson = False) -> None:
    """Let a paused schedule send again; what it missed is not sent."""
    _tell(Schedules(stack).enable(name, enabled=True), as_json=as_json)


@on_stack
def delete(stack: Stack, name: Name, as_json: AsJson = False) -> None:
    """Delete a schedule; runs that it started go on."""
    _schedules(stack, changed=name).delete(name)
    if as_json:
        say_json({"schedule": name, "deleted": True})
    else:
        say(f"{name}: deleted")


def _schedules(stack: Stack, changed: str) -> Schedules:
    """Reach the schedules, to change one; the template's own is changed by deploying it."""
    if changed == stack.outputs["ScheduleName"]:
        raise failure(
            f"{changed} belongs to the stack itself: deploy it with other parameters (Campaign, "
            "ScheduleExpression, ScheduleState); pause and resume do work on it"
        )
    return Schedules(stack)


def _campaign(file: str) -> Campaign:
    checked = check_file(file)
    for finding in (*checked.problems, *checked.warnings):
        complain(str(finding))
    if checked.campaign is None:
        raise failure(f"{file} is not scheduled")
    return checked.campaign


def _tell(schedule: Scheduled, *, as_json: bool) -> None:
    document: dict[str, Any] = schedule.document()
    if as_json:
        say_json(document)
        return
    doing = "sends" if schedule.enabled else "is paused; resumed, it sends"
    when = f"{schedule.when} ({schedule.timezone})"
    say(f"{schedule.name}: {doing} {json.dumps(schedule.campaign)} {when}")
