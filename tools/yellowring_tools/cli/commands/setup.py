"""`yellowring setup`: from nothing to a deployed skill."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yellowring_tools.cli.aws.stacks import DEFAULT_NAME
from yellowring_tools.cli.terminal.output import AsJson, complain, failure, say, say_json

if TYPE_CHECKING:
    from yellowring_tools.setup.plan import Plan
    from yellowring_tools.setup.steps import Report
    from yellowring_tools.setup.work import Work
    from yellowring_tools.smapi import Smapi


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("setup")(setup)


def setup(
    *,
    regions: Annotated[
        str | None,
        typer.Option(
            help="One to three AWS regions, by commas; FE=us-west-2 says which part of the world "
            "one serves. [those of before; us-east-1]"
        ),
    ] = None,
    stage: Annotated[str | None, typer.Option(help="development or live. [development]")] = None,
    stack: Annotated[
        str | None,
        typer.Option(
            help=f"The stack's name. [that of before; {DEFAULT_NAME}, for live {DEFAULT_NAME}-live]"
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="The skill's name in every locale. [that of before; the package's]"),
    ] = None,
    parameters: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The template's parameters, as a JSON object."),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="One of them, before the file's; repeatable."),
    ] = None,
    campaign: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The campaign that the schedule sends.")
    ] = None,
    skill_package: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The skill package. [skill-package]")
    ] = None,
    project: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder with template.yaml.")
    ] = None,
    skill_id: Annotated[str, typer.Option(help="Take this skill, and create none.")] = "",
    vendor_id: Annotated[
        str, typer.Option(help="Whose skill it becomes, when you work for several vendors.")
    ] = "",
    another: Annotated[
        bool,
        typer.Option("--another", help="Create a skill though one of that name may be there."),
    ] = False,
    privacy_policy: Annotated[
        str | None, typer.Option(metavar="URL", help="The address of the privacy policy.")
    ] = None,
    terms_of_use: Annotated[
        str | None, typer.Option(metavar="URL", help="The address of the terms of use.")
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(help="AWS services that an event source calls, by commas: s3,ses."),
    ] = None,
    drop: Annotated[
        bool,
        typer.Option("--drop", help="Let the skill call a stack of before no longer."),
    ] = False,
    profile: Annotated[str | None, typer.Option(help="The AWS profile to use.")] = None,
    ask_profile: Annotated[
        str | None,
        typer.Option(help="The ASK CLI's profile; without it SMAPI_… in the environment go first."),
    ] = None,
    settle: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="How long a skill may take to show after a creation was interrupted.",
        ),
    ] = 60.0,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing, and wait for nobody.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Set a skill up, or what has changed of it: skill, stacks, endpoints and credentials.

    What is done already is left as it is, what was interrupted goes on, and what was chosen before
    and is not given is chosen again. The journal lies in .yellowring/ of the folder that this is
    run in.
    """
    from yellowring_tools.setup.choices import check_nothing_dropped, continued  # noqa: PLC0415
    from yellowring_tools.setup.journal import Journal  # noqa: PLC0415
    from yellowring_tools.setup.parameters import Given  # noqa: PLC0415 - loads much
    from yellowring_tools.setup.plan import Choice, planned  # noqa: PLC0415
    from yellowring_tools.setup.problems import SetupStopped  # noqa: PLC0415

    here = Path.cwd()
    home = (project or _project(here)).absolute()
    choice = Choice(
        project=home,
        package=(skill_package or _package(here, home)).absolute(),
        regions=None if regions is None else _words(regions),
        stack=stack,
        stage=stage,
        given=Given(parameters, campaign, _pairs(parameter or [])),
        name=name,
        skill_id=skill_id,
        vendor_id=vendor_id,
        another=another,
        privacy_policy=privacy_policy,
        terms_of_use=terms_of_use,
        keep=keep,
        settle=settle,
    )
    try:
        journal = Journal(here)
        journal.read()
        plan = planned(continued(choice, journal.entries))
        if not drop:
            check_nothing_dropped(plan, journal.entries)
        work = _work(plan, here, profile, ask_profile, attended=not yes and sys.stdin.isatty())
        if dry_run:
            _show_plan(work, as_json=as_json)
            return
        with work.journal.opened():
            _set_up(work, as_json=as_json)
    except SetupStopped as stopped:
        raise failure(str(stopped)) from None
    except KeyboardInterrupt:
        complain("interrupted; run it again to go on")
        raise typer.Exit(130) from None


def _set_up(work: Work, *, as_json: bool) -> None:
    from yellowring_tools.doctor import exit_code, report  # noqa: PLC0415 - loads boto3
    from yellowring_tools.setup.examined import Examined  # noqa: PLC0415
    from yellowring_tools.setup.setting_up import steps_of  # noqa: PLC0415
    from yellowring_tools.setup.steps import run  # noqa: PLC0415

    steps = steps_of(work.plan)
    reports = run(steps, work)
    found = {
        region: findings
        for step in steps
        if isinstance(step, Examined)
        for region, findings in step.findings.items()
    }
    if as_json:
        doctor = {region: [each.document() for each in every] for region, every in found.items()}
        say_json({**_document(work, reports), "doctor": doctor})
    else:
        for region, findings in found.items():
            say(f"{work.plan.stack} in {region}\n\n{report(findings)}")
        say(f"the skill {work.skill_id} is set up")
    if any(exit_code(findings) for findings in found.values()):
        raise typer.Exit(1)


def _show_plan(work: Work, *, as_json: bool) -> None:
    from yellowring_tools.setup.setting_up import steps_of  # noqa: PLC0415
    from yellowring_tools.setup.steps import dry_run  # noqa: PLC0415

    work.journal.read()
    reports = dry_run(steps_of(work.plan), work)
    if as_json:
        say_json(_document(work, reports))
        return
    for number, report in enumerate(reports, 1):
        say(f"{number}. {report.title}")
        for line in report.what.splitlines():
            say(f"     {line}")


def _document(work: Work, reports: list[Report]) -> dict[str, object]:
    plan: Plan = work.plan
    return {
        "skillId": plan.skill_id or work.journal.entries.skill_id or None,
        "stack": plan.stack,
        "stage": plan.stage,
        "regions": dict(plan.regions),
        "steps": [each.document() for each in reports],
    }


def _work(
    plan: Plan, here: Path, profile: str | None, ask_profile: str | None, *, attended: bool
) -> Work:
    from yellowring_tools.setup.cloud import Cloud  # noqa: PLC0415
    from yellowring_tools.setup.journal import DIRECTORY, Journal  # noqa: PLC0415
    from yellowring_tools.setup.work import Work  # noqa: PLC0415

    return Work(
        plan=plan,
        folder=here / DIRECTORY,
        journal=Journal(here),
        connect=lambda: _smapi(ask_profile),
        cloud=Cloud(profile),
        tell=complain,
        attended=attended,
    )


def _smapi(ask_profile: str | None) -> Smapi:
    from yellowring_tools.smapi import SmapiLogin, connect  # noqa: PLC0415

    return connect(
        ask_profile=ask_profile,
        login=None if ask_profile else SmapiLogin.from_environ(os.environ),
        base_url=os.environ.get("SMAPI_BASE_URL", ""),
        lwa_url=os.environ.get("LWA_BASE_URL", ""),
    )


def _project(here: Path) -> Path:
    """Return the folder with the template: this one, or the one that the command is of."""
    from yellowring_tools.local_stack.workspace import PROJECT  # noqa: PLC0415

    return here if (here / "template.yaml").is_file() else PROJECT


def _package(here: Path, project: Path) -> Path:
    own = here / "skill-package"
    return own if own.is_dir() else project / "skill-package"


def _words(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _pairs(words: list[str]) -> dict[str, str]:
    pairs = {}
    for word in words:
        found, separator, value = word.partition("=")
        if not (found and separator):
            raise failure(f"--parameter {word!r} is no NAME=VALUE")
        pairs[found] = value
    return pairs
