"""The stack as a whole: how its last deployment ended, and what it was deployed from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yellowring_tools.doctor.finding import fault, warning

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment

OUTPUTS = (
    "SkillPolicyArn",
    "SenderRoleName",
    "SenderRoleArn",
    "NotificationsDeadLetterQueueUrl",
    "ApiUrl",
    "CredentialsSecretId",
)
"""What a stack says of itself besides that without which no command finds it."""
DEPLOY = "deploy this version again: make deploy"

_SECTION = re.compile(r"^Parameters:\n(.*?)(?=^\S)", re.MULTILINE | re.DOTALL)
_PARAMETER = re.compile(r"^  (\w+):", re.MULTILINE)


def check_stack(deployment: Deployment) -> Iterator[Finding]:
    """Check how the last deployment ended, and that the stack says all of itself."""
    yield from of_status(deployment.description["StackStatus"], deployment.name)
    yield from of_outputs(deployment.outputs, deployment.parameters, deployment.name)


def of_status(status: str, name: str) -> Iterator[Finding]:
    """Check the state that CloudFormation gives a stack.

    Source: "Stack status codes" (AWS CloudFormation).
    """
    where = f"stack {name}"
    if status.endswith("_IN_PROGRESS"):
        yield warning("stack", where, f"is being changed ({status})", "look again when it is done")
    elif status.endswith("_FAILED"):
        reads = f"aws cloudformation describe-stack-events --stack-name {name} says why"
        yield fault("stack", where, f"is broken: {status}", f"{reads}; mend that and deploy again")
    elif "ROLLBACK" in status:
        what = f"its last deployment failed and was taken back ({status})"
        reads = f"aws cloudformation describe-stack-events --stack-name {name} says why"
        yield warning("stack", where, what, f"{reads}; mend that and deploy again")


def of_outputs(
    outputs: Mapping[str, str], parameters: Mapping[str, str], name: str
) -> Iterator[Finding]:
    """Check that a stack says all of itself that this version goes by."""
    wanted = list(OUTPUTS)
    if parameters.get("WithSkillFunction", "true") == "true":
        wanted += ["SkillFunctionArn", "SkillFunctionName"]
    if missing := [each for each in wanted if not outputs.get(each)]:
        what = f"has no output {', '.join(missing)}, so it is of another version"
        yield fault("stack", f"stack {name}", what, DEPLOY)


def check_template(deployment: Deployment, template: Path | None) -> Iterator[Finding]:
    """Check that the stack was deployed from the template that lies here, where one does."""
    if template is None or not template.is_file():
        return
    known = parameters_of(template.read_text(encoding="utf-8"))
    yield from of_parameters(deployment.parameters.keys(), known, template, deployment.name)


def of_parameters(
    deployed: Collection[str], known: Collection[str], template: Path, name: str
) -> Iterator[Finding]:
    """Check that a stack and a template have the same parameters."""
    where = f"stack {name}"
    if removed := sorted(set(deployed) - set(known)):
        what = f"was deployed with {', '.join(removed)}, which {template} does not have any more"
        yield warning("template", where, what, f"read CHANGELOG.md, then {DEPLOY}")
    if added := sorted(set(known) - set(deployed)):
        what = f"was deployed before {template} had {', '.join(added)}"
        yield warning("template", where, what, DEPLOY)


def parameters_of(template: str) -> tuple[str, ...]:
    """Return the names of a template's parameters; of what is no such template, none."""
    section = _SECTION.search(template)
    return tuple(_PARAMETER.findall(section[1])) if section else ()
