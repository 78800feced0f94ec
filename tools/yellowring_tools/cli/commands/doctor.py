"""`yellowring doctor`: why rings may stay dark, and what to do about it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yellowring_tools.cli.aws.stacks import Stack, on_stack
from yellowring_tools.cli.terminal.output import AsJson, complain, say, say_json

if TYPE_CHECKING:
    from yellowring_tools.smapi import Smapi

PACKAGES = (Path("build/skill-package"), Path("skill-package"))
"""Where the skill package is looked for: filled in first, then with placeholders."""
TEMPLATE = Path("template.yaml")


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command("doctor")(doctor)


def _known(names: list[str] | None) -> list[str]:
    from yellowring_tools.doctor import CHECKS  # noqa: PLC0415 - loads boto3

    wanted = [each.strip() for name in names or () for each in name.split(",") if each.strip()]
    if odd := [each for each in wanted if each not in CHECKS]:
        told = f"{odd[0]!r} is no check; there are {', '.join(CHECKS)}"
        complain(f"error: --only {told}")
        raise typer.Exit(2)
    return wanted


@on_stack
def doctor(
    stack: Stack,
    user: Annotated[
        str | None,
        typer.Argument(metavar="[USER]", help="A customer: your own id, or amzn1.ask.account.…"),
    ] = None,
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="CHECK", help="Only this check; repeatable.", callback=_known),
    ] = None,
    skill_package: Annotated[
        Path | None, typer.Option(help="The skill package, where SMAPI cannot be asked.")
    ] = None,
    ask_profile: Annotated[
        str | None, typer.Option(help="The ASK CLI's profile to ask SMAPI with.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find what is wrong with the stack, the skill, and one customer's ring.

    Nothing is changed. Exit 0 when there is no fault, 1 when there is one.
    """
    from yellowring_tools.doctor import examine, exit_code, report  # noqa: PLC0415 - loads boto3

    found = examine(
        stack,
        skill=_smapi(ask_profile),
        package=skill_package or next((each for each in PACKAGES if _is_package(each)), None),
        user=user,
        template_file=TEMPLATE,
        only=only or (),
    )
    if as_json:
        say_json({"stack": stack.where, "findings": [each.document() for each in found]})
    else:
        say(f"{stack.where}\n")
        say(report(found))
    raise typer.Exit(exit_code(found))


def _smapi(ask_profile: str | None) -> Smapi | None:
    """Return the way to SMAPI; ``None`` where there is none, which is said."""
    from yellowring_tools.smapi import SmapiError, SmapiLogin, connect  # noqa: PLC0415

    try:
        return connect(
            ask_profile=ask_profile,
            login=None if ask_profile else SmapiLogin.from_environ(os.environ),
            base_url=os.environ.get("SMAPI_BASE_URL", ""),
            lwa_url=os.environ.get("LWA_BASE_URL", ""),
        )
    except SmapiError as error:
        complain(f"the skill is looked at in its package: {error.message}")
        return None


def _is_package(folder: Path) -> bool:
    return (folder / "skill.json").is_file()
