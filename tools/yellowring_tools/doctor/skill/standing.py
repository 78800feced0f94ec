"""How the skill stands with Alexa: its stage, its build, its credentials, and who enabled it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring.alexa.lwa import Credentials

from yellowring_tools.doctor.finding import fault, unknown, warning
from yellowring_tools.doctor.skill.known import is_at
from yellowring_tools.doctor.stack.secret import credentials_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment
    from yellowring_tools.smapi import Smapi
    from yellowring_tools.smapi.operations import Stage
    from yellowring_tools.smapi.resources import ResourceStatus

FAILED, IN_PROGRESS = "FAILED", "IN_PROGRESS"
STAGES: tuple[Stage, ...] = ("development", "live")


def check_stage(deployment: Deployment, smapi: Smapi) -> Iterator[Finding]:
    """Check that the skill is at the stage whose customers the stack notifies."""
    stage = deployment.variables.get("SKILL_STAGE", "")
    skill_id = deployment.outputs["SkillId"]
    there = [each for each in STAGES if is_at(smapi, skill_id, each)]
    yield from of_stage(stage, there, skill_id)


def of_stage(stage: str, there: Sequence[str], skill_id: str) -> Iterator[Finding]:
    """Check the stack's stage; ``there`` are the stages that the skill is at."""
    where = f"skill {skill_id}"
    if not there:
        what = "this developer account has no such skill"
        right = "deploy with the SkillId of your skill, or log in to SMAPI as who has it"
        yield fault("stage", where, what, right)
    elif not stage:
        what = "which stage the stack notifies is not known: its sender does not say"
        yield unknown("stage", where, what, "see what is said of the sender function")
    elif stage == "live" and stage not in there:
        what = "is not live yet, so that Alexa refuses everybody (403) until it is certified"
        yield warning("stage", where, what, "submit the skill (docs/setup.md#going-live)")
    elif stage not in there:
        what = f"is not at the stage {stage}, so that Alexa refuses everybody (403)"
        yield fault("stage", where, what, f"deploy with SkillStage={there[0]}")


def check_build(deployment: Deployment, smapi: Smapi) -> Iterator[Finding]:
    """Check that Alexa took the manifest and built every model."""
    status = smapi.status(deployment.outputs["SkillId"])
    parts = {f"interaction model {locale}": each for locale, each in status.models.items()}
    if status.manifest:
        parts["the skill's manifest"] = status.manifest
    yield from of_build(parts)


def of_build(parts: Mapping[str, ResourceStatus]) -> Iterator[Finding]:
    """Check the state of what Alexa was given last."""
    for where, each in parts.items():
        if each.state == FAILED:
            said = "; ".join(each.errors) or "Alexa says nothing of why"
            what = f"Alexa did not take its last change: {said}"
            yield fault("build", where, what, "mend it in skill-package/, then ask deploy")
        elif each.state == IN_PROGRESS:
            yield warning("build", where, "is being built", "look again in a minute")


def check_credentials(deployment: Deployment, smapi: Smapi) -> Iterator[Finding]:
    """Check that the secret holds the credentials of this skill, and not of another."""
    held = credentials_of(deployment)
    if isinstance(held, Credentials):
        theirs = smapi.credentials(deployment.outputs["SkillId"])
        name = deployment.outputs["CredentialsSecretId"]
        yield from of_credentials(held, theirs, f"secret {name}")


def of_credentials(held: Credentials, theirs: Credentials, where: str) -> Iterator[Finding]:
    """Compare credentials; none of them is ever shown."""
    remedy = "yellowring setup writes the skill's own into it, or put them there by hand"
    if held.client_id != theirs.client_id:
        what = "holds the client id of another skill, whose customers are not this one's (403)"
        yield fault("credentials", where, what, remedy)
    elif held.client_secret != theirs.client_secret:
        yield fault("credentials", where, "holds a client secret that is not the skill's", remedy)


def check_enablement(deployment: Deployment, smapi: Smapi) -> Iterator[Finding]:
    """Check that the developer can hear the skill in development."""
    if deployment.variables.get("SKILL_STAGE") != "development":
        return
    yield from of_enablement(
        enabled=smapi.enabled(deployment.outputs["SkillId"], "development"),
        skill_id=deployment.outputs["SkillId"],
    )


def of_enablement(*, enabled: bool, skill_id: str) -> Iterator[Finding]:
    """Check that the developer has enabled the skill."""
    if not enabled:
        what = "is not enabled for your own account, so that you hear nothing of it"
        right = (
            "enable it in the Alexa app, or with yellowring setup; then switch its notifications on"
        )
        yield warning("enablement", f"skill {skill_id}", what, right)
