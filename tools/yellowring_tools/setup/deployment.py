"""``sam deploy`` of what was built, to one region, with every parameter in a file.

SAM's own parser cuts a value with quotes and braces that stands on its command line.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yellowring_tools.local_stack.environments import inherited_environment
from yellowring_tools.local_stack.overrides import write_overrides
from yellowring_tools.local_stack.processes import Child, ProcessFailed
from yellowring_tools.setup.problems import SetupStopped

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from yellowring_tools.setup.cloud import Cloud, Found

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
LONGEST_DEPLOYMENT = 3600.0
"""Seconds after which a deployment is not waited for any longer."""
LOOKS = 2.0
"""Seconds between two looks at a stack that something else is at work on."""


def sam() -> Path:
    """Return where the SAM CLI is: beside this interpreter, or on the PATH.

    Raises
    ------
    SetupStopped
        It is nowhere.
    """
    beside = Path(sys.executable).with_name("sam")
    found = beside if beside.is_file() else shutil.which("sam")
    if found is None:
        raise SetupStopped("the SAM CLI is not installed: pip install aws-sam-cli")
    return Path(found)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a built template goes.

    Attributes
    ----------
    template
        The built template.
    stack, region
        The stack's name, and its AWS region.
    environment
        Name of the environment of ``samconfig.toml`` that says the rest: tags, bucket, role.
    samconfig
        That file.
    """

    template: Path
    stack: str
    region: str
    environment: str
    samconfig: Path

    def command(self, overrides: Path | str) -> list[str | Path]:
        """Return the command that deploys it with the parameters of a file; it asks nothing."""
        return [
            *(sam(), "deploy", "--template-file", self.template, "--stack-name", self.stack),
            *("--region", self.region, *self._settings()),
            *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
            *("--parameter-overrides", f"file://{overrides}"),
        ]

    def _settings(self) -> tuple[str | Path, ...]:
        if self.environment in _environments(self.samconfig):
            return "--config-file", self.samconfig, "--config-env", self.environment
        nothing = "no-such-environment"  # what stands in another one is not meant here
        return "--config-env", nothing, "--resolve-s3", "--capabilities", *CAPABILITIES


def deploy(target: Target, parameters: Mapping[str, str], cloud: Cloud, *, logs: Path) -> Found:
    """Deploy a built template, and return the stack as it is then.

    Parameters
    ----------
    target
        What goes where.
    parameters
        All of the template's that are not to have their default, or their value of before.
    cloud
        The account.
    logs
        Folder for what SAM says.

    Raises
    ------
    SetupStopped
        The stack cannot be deployed; says which resources could not be made and why, or shows the
        end of what SAM said.
    """
    stack, region = target.stack, target.region
    before = settled(stack, region, cloud)
    newest = cloud.newest_event(stack, region)
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = logs / f"deploy-{stack}-{region}.log"
    with tempfile.TemporaryDirectory() as folder:
        overrides = Path(folder) / "parameters.yaml"  # JSON is YAML, and SAM goes by the suffix
        write_overrides(overrides, parameters)
        command, env = target.command(overrides), environment(cloud.profile)
        with Child.start("sam deploy", command, log=log, env=env, cwd=Path(folder)) as child:
            try:
                child.wait(LONGEST_DEPLOYMENT)
            except ProcessFailed as error:
                reasons = cloud.reasons(stack, region, newest)
                told = "\n".join(f"  {reason}" for reason in reasons) if reasons else str(error)
                raise SetupStopped(
                    f"the stack {stack} in {region} cannot be deployed:\n{told}"
                ) from None
    found = cloud.stack(stack, region)
    # SAM found nothing to change in a stack that was rolled back to what is wanted.
    unchanged = found is not None and found.is_rolled_back and found == before
    if found is None or not (found.is_whole or unchanged):
        status = found.status if found else "not there"
        raise SetupStopped(f"the stack {stack} in {region} is {status} after its deployment")
    return found


def _environments(samconfig: Path) -> Container[str]:
    try:
        return tomllib.loads(samconfig.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise SetupStopped(f"{samconfig} cannot be read: {error}") from None


def settled(stack: str, region: str, cloud: Cloud) -> Found | None:
    """Wait until nothing is at work on a stack, and return it as it is then.

    Raises
    ------
    SetupStopped
        It cannot be deployed again before somebody has removed it.
    """
    deadline = time.monotonic() + LONGEST_DEPLOYMENT
    while (found := cloud.stack(stack, region)) and found.is_busy:
        if time.monotonic() > deadline:
            raise SetupStopped(f"the stack {stack} in {region} is {found.status}: let it end")
        time.sleep(LOOKS)
    if found and found.status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"):
        reasons = "".join(f"\n  {reason}" for reason in cloud.reasons(stack, region))
        raise SetupStopped(
            f"the stack {stack} in {region} is {found.status}, from which AWS takes no update: "
            f"delete it (aws cloudformation delete-stack --stack-name {stack} --region {region}) "
            f"and run this again{reasons}"
        )
    return found


def environment(profile: str | None) -> dict[str, str]:
    """Return the environment of SAM: ours, without what it has no business with."""
    return inherited_environment() | ({"AWS_PROFILE": profile} if profile else {})
