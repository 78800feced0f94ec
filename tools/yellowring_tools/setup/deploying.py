"""``make deploy``: deploys what ``make build`` built, with every parameter that make was given.

The front door's own variables are options here; any other that stood on make's command line is a
parameter of the template, whose value make leaves in the environment.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yellowring_tools.setup.cloud import Cloud
from yellowring_tools.setup.deployment import Target, deploy
from yellowring_tools.setup.endpoints import SkillPackageError, served_region
from yellowring_tools.setup.names import check_stack_name
from yellowring_tools.setup.parameters import Given, check_parameters, read_template
from yellowring_tools.setup.problems import SetupStopped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FRONT_DOOR = ("STACK", "STAGE", "REGIONS", "PARAMETERS", "CAMPAIGN", "ARCHITECTURE", "KEEP")
"""Variables of make that are no parameters."""
OF_STACK = {"STAGE": "SkillStage", "ARCHITECTURE": "Architecture"}
"""Those that a parameter of the stack goes by."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Deploy to every region; 0 when all of it is done, 1 when something is wrong."""
    options = _parser().parse_args(arguments)
    cloud = Cloud()
    try:
        template = read_template(options.project / "template.yaml")
        check_stack_name(options.stack, template)
        given = parameters(options, os.environ)
        values = {}
        for region in (served_region(each)[1] for each in options.region):
            known = cloud.stack(options.stack, region)
            there = known.parameters if known else {}
            values[region] = with_defaults(given, options, there, f"{options.stack} in {region}")
            check_parameters(values[region], template, there)
        for region, chosen in values.items():
            _deploy(options, region, chosen, cloud)
    except (SetupStopped, SkillPackageError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def parameters(options: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the template's parameters by name; raises `SetupStopped` as `Given.values` does."""
    single = {name: environ.get(name, "") for name in options.given if name not in FRONT_DOOR}
    for variable, name in OF_STACK.items():
        if variable in options.given:
            single[name] = getattr(options, variable.lower())
    return Given(_file(options.parameters), _file(options.campaign), single).values()


def with_defaults(
    given: Mapping[str, str], options: argparse.Namespace, there: Mapping[str, str], stack: str
) -> dict[str, str]:
    """Return parameters with make's own defaults, which a new stack gets and no other.

    Parameters
    ----------
    given
        What was given on the command line or in a file.
    options
        Stage and architecture, given or not.
    there
        Parameters that the stack has already; empty for a new one.
    stack
        What to call it.

    Raises
    ------
    SetupStopped
        The stack has another stage or architecture than the default, and nobody said which is
        meant; or the functions were built for another architecture than is to be deployed.
    """
    values = dict(given)
    for variable, name in OF_STACK.items():
        default = getattr(options, variable.lower())
        if name not in given and there.get(name, default) != default:
            raise SetupStopped(
                f"{stack} has {name} {there[name]}, and {variable} is {default} when it is not "
                f"given: make deploy {variable}={there[name]} keeps it, {variable}={default} "
                "changes it"
            )
        if not there:
            values.setdefault(name, default)
    built, deployed = options.architecture, values.get("Architecture", options.architecture)
    if built != deployed:
        raise SetupStopped(
            f"the functions were built for {built}, and Architecture is {deployed}: "
            f"make deploy ARCHITECTURE={deployed} builds them for it"
        )
    return values


def _deploy(
    options: argparse.Namespace, region: str, values: Mapping[str, str], cloud: Cloud
) -> None:
    project: Path = options.project
    target = Target(
        project / ".aws-sam" / "build" / "template.yaml",
        options.stack,
        region,
        f"{values.get('SkillStage', options.stage)}-{region}",
        project / "samconfig.toml",
    )
    sys.stdout.write(f"{options.stack} in {region}: deploying\n")
    sys.stdout.flush()
    found = deploy(target, values, cloud, logs=project / ".yellowring" / "logs")
    sys.stdout.write(f"{options.stack} in {region}: {found.status}\n")
    for name, value in sorted(found.outputs.items()):
        sys.stdout.write(f"  {name} = {value}\n")


def _file(name: str) -> Path | None:
    return Path(name) if name else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make deploy", description="Deploy what was built, to one to three regions."
    )
    arguments: dict[str, dict[str, Any]] = {
        "--project": {"type": Path, "default": Path.cwd()},
        "--stack": {"required": True},
        "--stage": {"choices": ("development", "live"), "required": True},
        "--architecture": {"required": True},
        "--region": {"action": "append", "required": True},
        "--parameters": {"default": "", "help": "file with a JSON object of parameters"},
        "--campaign": {"default": "", "help": "campaign file, for the parameter Campaign"},
        "--given": {"nargs": "*", "default": [], "help": "names of what make was given"},
    }
    for name, described in arguments.items():
        parser.add_argument(name, **described)
    return parser


if __name__ == "__main__":
    sys.exit(main())
