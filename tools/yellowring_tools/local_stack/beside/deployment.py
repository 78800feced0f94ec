"""Builds and deploys a template that is not ours, its functions with this project's library."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from yellowring_tools.local_stack.beside.problems import UnusableSkill
from yellowring_tools.local_stack.beside.template import SKILL_FUNCTION
from yellowring_tools.local_stack.deployment import (
    BUILD_SECONDS,
    SAM,
    compile_ahead,
    deploy_template,
    fingerprint,
    host_architecture,
)
from yellowring_tools.local_stack.environments import REGION, tool_environment
from yellowring_tools.local_stack.processes import Child
from yellowring_tools.local_stack.workspace import LOCAL, PROJECT, locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring_tools.local_stack.beside.skill import TheirSkill
    from yellowring_tools.local_stack.beside.template import Template
    from yellowring_tools.local_stack.emulator import Aws
    from yellowring_tools.local_stack.workspace import Workspace

THEIR_STACK = "their-skill"
CAPABILITIES = ("CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
WHEEL_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Function:
    """The deployed function that Alexa calls."""

    arn: str
    name: str


def stand_in(
    theirs: TheirSkill, parameters: Mapping[str, str], aws: Aws, workspace: Workspace
) -> Function:
    """Build and deploy their skill beside ours, and return the function that stands in for ours.

    Raises
    ------
    ProcessFailed
        As `build_and_deploy`.
    UnusableSkill
        When the output that names the function names none.
    """
    template = theirs.template
    outputs = build_and_deploy(template, THEIR_STACK, parameters, aws, workspace)
    name = outputs.get(SKILL_FUNCTION, "")
    if logical := template.skill_function:
        resource = aws.cloudformation.describe_stack_resource(
            StackName=THEIR_STACK, LogicalResourceId=logical
        )
        name = resource["StackResourceDetail"]["PhysicalResourceId"]
    try:
        found = aws.functions.get_function_configuration(FunctionName=name)
    except ClientError:
        raise UnusableSkill(
            f"{template.path}: $.Outputs.{SKILL_FUNCTION} is {name!r}, which is no function here: "
            "write !GetAtt FUNCTION.Arn"
        ) from None
    return Function(found["FunctionArn"], found["FunctionName"])


def build_and_deploy(
    template: Template,
    stack: str,
    parameters: Mapping[str, str],
    aws: Aws,
    workspace: Workspace,
    *,
    root: Path = LOCAL / "sam" / "beside",
) -> dict[str, str]:
    """Build a template for this machine, deploy it, and return the stack's outputs.

    A ``requirements.txt`` that asks for ``yellowring`` gets the library as it is here.

    Raises
    ------
    ProcessFailed
        When it cannot be built, with the end of what SAM said, or cannot be deployed, with the
        stack's reason.
    """
    key = hashlib.sha256(str(template.path).encode()).hexdigest()[:16]
    with locked(root / f"{key}.lock"):
        directory = _directory(root / key)
        wheels = _wheels(directory / "wheels", workspace)
        built = directory / "build" / "template.yaml"
        with _fitted(template) as fitted:
            _build(fitted, directory, wheels, workspace.logs / f"build-{stack}.log")
        return deploy_template(built, stack, parameters, aws, workspace, capabilities=CAPABILITIES)


def _directory(of: Path) -> Path:
    """Return the directory of this library's builds of a template, and remove older ones'.

    SAM builds anew when the function's own files change, and cannot know of the library's.
    """
    current = of / fingerprint()[:16]
    if of.is_dir():
        for older in set(of.iterdir()) - {current}:
            shutil.rmtree(older, ignore_errors=True)
    current.mkdir(parents=True, exist_ok=True)
    return current


def _wheels(directory: Path, workspace: Workspace) -> Path:
    """Build the library's wheel, unless it is there, and return where pip finds it."""
    if not list(directory.glob("*.whl")):
        uv = shutil.which("uv") or PROJECT / ".tools" / "bin" / "uv"
        command: list[str | Path] = [uv, "build", "--quiet", "--wheel", "--out-dir", directory]
        log = workspace.logs / "wheel.log"
        with Child.start(
            "uv build", command, log=log, env=tool_environment({}), cwd=PROJECT
        ) as child:
            child.wait(WHEEL_SECONDS)
    return directory


@contextmanager
def _fitted(template: Template) -> Iterator[Path]:
    """Lay the template that fits this machine beside theirs, whose relative paths it holds."""
    with tempfile.NamedTemporaryFile(
        "w", dir=template.path.parent, prefix=".yellow-ring-", suffix=".json", encoding="utf-8"
    ) as file:
        file.write(template.fitted(host_architecture()))
        file.flush()
        yield Path(file.name)


def _build(template: Path, directory: Path, wheels: Path, log: Path) -> None:
    settings = directory / "samconfig.toml"  # theirs is for their account
    settings.write_text("version = 0.1\n")
    command: list[str | Path] = [
        *(SAM, "build", "--cached", "--template-file", template, "--config-file", settings),
        *("--build-dir", directory / "build", "--cache-dir", directory / "cache"),
        *("--region", REGION),
    ]
    env = tool_environment({"AWS_EC2_METADATA_DISABLED": "true", "PIP_FIND_LINKS": wheels.as_uri()})
    with Child.start("sam build", command, log=log, env=env, cwd=directory) as child:
        child.wait(BUILD_SECONDS)
    compile_ahead(directory / "build")
