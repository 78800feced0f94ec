"""``sam build`` and ``sam deploy`` of the project's template.yaml onto the emulator."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from yellowring_tools.local_stack.environments import REGION, aws_environment, tool_environment
from yellowring_tools.local_stack.overrides import write_overrides
from yellowring_tools.local_stack.processes import Child, ProcessFailed
from yellowring_tools.local_stack.workspace import LOCAL, PROJECT, locked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yellowring_tools.local_stack.emulator import Aws
    from yellowring_tools.local_stack.workspace import Workspace

SAM = Path(sys.executable).with_name("sam")
BUILT_FROM = (
    "template.yaml",
    "infrastructure/run.asl.json",
    "infrastructure/trim.py",
    "uv.lock",
)
BUCKET = "yellow-ring-artifacts"
BUILD_SECONDS = 900.0
DEPLOY_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the deployed stack tells about itself, under the template's own names.

    What it may not have comes last, and is empty then.
    """

    SkillId: str
    SkillPolicyArn: str
    SenderFunctionArn: str
    SenderFunctionName: str
    SenderRoleName: str
    SenderRoleArn: str
    SubscribersTableName: str
    RunsTableName: str
    RunMachineArn: str
    EventBusName: str
    NotificationsQueueUrl: str
    NotificationsDeadLetterQueueUrl: str
    DeadLetterQueueUrl: str
    CredentialsSecretId: str
    ScheduleGroupName: str
    ScheduleName: str
    ScheduleRoleArn: str
    ApiUrl: str
    SkillFunctionArn: str = ""
    SkillFunctionName: str = ""
    SkillFunctionAlias: str = ""
    JwtApiUrl: str = ""


def host_architecture() -> str:
    """Return this machine's instruction set as Lambda names it."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


@dataclass(frozen=True, slots=True)
class Build:
    """A ``sam build`` of a project for one architecture, cached under ``.local/sam/``.

    ``keep`` names more AWS services that the functions may call, by commas.
    """

    architecture: str
    root: Path = LOCAL / "sam"
    project: Path = PROJECT
    keep: str = ""

    @property
    def path(self) -> Path:
        """Directory of everything that SAM keeps for this architecture.

        One for each: SAM throws away the cached dependencies of an architecture that it was not
        asked for.
        """
        return self.root / self.architecture

    @property
    def template(self) -> Path:
        """The built template."""
        return self.path / "build" / "template.yaml"

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Keep other stacks on this machine out of the build directory."""
        with locked(self.root / f"{self.architecture}.lock"):
            yield

    def start(self, logs: Path) -> Child | None:
        """Start building, without Docker; None when what lies there is what would be built."""
        sources = fingerprint(self.project) + self.keep
        if self._built.exists() and self._built.read_text() == sources:
            return None
        self.path.mkdir(parents=True, exist_ok=True)
        self._built.unlink(missing_ok=True)
        self._building.write_text(sources)
        command: list[str | Path] = [
            *(SAM, "build", "--cached", "--template-file", self.project / "template.yaml"),
            *("--build-dir", self.path / "build", "--cache-dir", self.path / "cache"),
            *("--parameter-overrides", f"Architecture={self.architecture}"),
            *("--region", REGION),
        ]
        env = tool_environment({"AWS_EC2_METADATA_DISABLED": "true"})
        # SAM keeps the dependencies below its working directory.
        return Child.start("sam build", command, log=logs / "build.log", env=env, cwd=self.path)

    def finish(self, building: Child | None) -> None:
        """Wait for the build to succeed, and remember what it was built from.

        Raises
        ------
        ProcessFailed
            When it fails; shows the end of what it said.
        """
        if building is not None:
            building.wait(BUILD_SECONDS)
            built = self.template.parent
            _run_on_build("-m", "infrastructure.trim", built, "--keep", self.keep)
            compile_ahead(built)
            self._building.replace(self._built)

    @property
    def _building(self) -> Path:
        return self.path / "building-from"

    @property
    def _built(self) -> Path:
        return self.path / "built-from"


def compile_ahead(built: Path) -> None:
    """Compile what ``sam build`` made, as ``make build`` does.

    A function's files cannot be written when it runs, so that without this every cold start would
    compile a thousand modules again. Unchecked, since unpacking may change the times.
    """
    directories = [path for path in built.iterdir() if path.is_dir()]
    options = ("-q", "-j", "2", "--invalidation-mode", "unchecked-hash")
    _run_on_build("-W", "ignore", "-m", "compileall", *options, *directories)


def _run_on_build(*arguments: str | Path) -> None:
    """Run a module on what was built, as ``make build`` does."""
    subprocess.run(  # noqa: S603 - our own interpreter on our own files
        [sys.executable, *arguments],
        check=True,
        cwd=PROJECT,
        env=tool_environment({"PYTHONWARNINGS": "ignore"}),
        stdout=subprocess.DEVNULL,
    )


def fingerprint(project: Path = PROJECT) -> str:
    """Return a digest of everything a build depends on: sources, template, locked versions."""
    sources = [path for path in (project / "lambda").rglob("*") if "__pycache__" not in path.parts]
    digest = hashlib.sha256()
    for path in sorted([*sources, *map(project.joinpath, BUILT_FROM)]):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(project)}\0{content}\n".encode())
    return digest.hexdigest()


def deploy(
    build: Build, stack: str, parameters: Mapping[str, str], aws: Aws, workspace: Workspace
) -> Outputs:
    """Deploy what was built, and return the stack's outputs; raises as `deploy_template` does."""
    chosen = {"Architecture": build.architecture, **parameters}
    return Outputs(**deploy_template(build.template, stack, chosen, aws, workspace))


def deploy_template(
    template: Path,
    stack: str,
    parameters: Mapping[str, str],
    aws: Aws,
    workspace: Workspace,
    *,
    capabilities: Sequence[str] = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
) -> dict[str, str]:
    """Deploy a built template, and return the stack's outputs.

    Raises
    ------
    ProcessFailed
        When ``sam deploy`` fails; says which resources could not be made and why, or shows the end
        of what SAM said.
    """
    aws.s3.create_bucket(Bucket=BUCKET)
    overrides = workspace.path / f"{stack}.yaml"  # JSON is YAML, and SAM goes by the suffix
    write_overrides(overrides, parameters)
    command: list[str | Path] = [
        *(SAM, "deploy", "--template-file", template, "--stack-name", stack),
        *("--s3-bucket", BUCKET, "--region", REGION, "--no-confirm-changeset"),
        *("--no-progressbar", "--capabilities", *capabilities),
    ]
    if parameters:
        command += ["--parameter-overrides", f"file://{overrides}"]
    env = tool_environment(aws_environment(aws.endpoint, aws.keys) | {"SAM_CLI_POLL_DELAY": "0.25"})
    log = workspace.logs / f"deploy-{stack}.log"
    with Child.start("sam deploy", command, log=log, env=env, cwd=workspace.path) as child:
        try:
            child.wait(DEPLOY_SECONDS)
        except ProcessFailed:
            if reasons := _reasons(aws, stack):
                told = "\n".join(f"  {reason}" for reason in reasons)
                raise ProcessFailed(f"the stack {stack} cannot be deployed:\n{told}") from None
            raise
    described = aws.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}


def _reasons(aws: Aws, stack: str) -> list[str]:
    """Return what a stack says of the resources that it could not make, the first one first."""
    try:
        events = aws.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    except ClientError:  # there is no stack: SAM found the mistake itself
        return []
    return [
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
    ]
