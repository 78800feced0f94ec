"""What is to be set up: chosen by a person, checked before anything is done."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yellowring_tools.cli.aws.stacks import DEFAULT_NAME
from yellowring_tools.cli.files.skill_package import requirements
from yellowring_tools.local_stack.deployment import fingerprint
from yellowring_tools.setup.endpoints import SkillPackageError, by_region, served_region
from yellowring_tools.setup.names import check_stack_name
from yellowring_tools.setup.package import fill_manifest, write_package
from yellowring_tools.setup.parameters import Given, check_parameters, read_template
from yellowring_tools.setup.problems import SetupStopped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

STAGES = ("development", "live")
DEFAULT_REGIONS = ("us-east-1",)
ANY_SKILL = "amzn1.ask.skill.00000000-0000-0000-0000-000000000000"
"""Stands for the skill's id as long as it is not known."""
ANY_ENDPOINT = "arn:aws:lambda:{}:000000000000:function:{}-skill"
OURS = ("SkillId", "SkillStage")
"""Parameters that setting up knows by itself."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be set up.

    Attributes
    ----------
    project
        Folder with template.yaml and the functions.
    package
        Folder of the skill package.
    manifest
        Its skill.json, with placeholders.
    regions
        Alexa's regions, each with the AWS region that serves it.
    parameters
        The template's, but for `OURS`.
    name
        The skill's name in every locale; empty for those of the package.
    skill_id
        The skill to take; empty for the one of the journal, or a new one.
    vendor_id
        Whose skill it is; empty when there is one vendor only.
    another
        Whether to create a skill though the vendor has one of that name.
    keep
        More AWS services that the functions may call than this project's own do, by commas.
    settle
        Seconds after which a creation whose answer was lost shows in the vendor's list, if ever.
    assumed
        Parameters that nobody gave, and that a stack may have another value of.
    """

    project: Path
    package: Path
    manifest: Mapping[str, Any] = field(repr=False)
    stack: str
    stage: str
    regions: Mapping[str, str]
    parameters: Mapping[str, str]
    name: str = ""
    skill_id: str = ""
    vendor_id: str = ""
    another: bool = False
    privacy_policy: str | None = None
    terms_of_use: str | None = None
    keep: str = ""
    settle: float = 60.0
    assumed: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """The skill's names in its locales, each once."""
        if self.name:
            return (self.name,)
        locales = _locales(self.manifest)
        return tuple(dict.fromkeys(str(each["name"]) for each in locales.values()))

    @property
    def architecture(self) -> str:
        """The functions' instruction set."""
        return self.parameters["Architecture"]

    @property
    def template(self) -> Path:
        """The template that is built."""
        return self.project / "template.yaml"

    def all_parameters(self, skill_id: str) -> dict[str, str]:
        """Return every parameter that a stack is deployed with."""
        return {**self.parameters, "SkillId": skill_id, "SkillStage": self.stage}

    def digest(self, skill_id: str) -> str:
        """Return a digest of all that a deployment depends on."""
        chosen = json.dumps(self.all_parameters(skill_id), sort_keys=True)
        return hashlib.sha256(
            f"{fingerprint(self.project)}\n{self.keep}\n{chosen}".encode()
        ).hexdigest()

    def filled(self, endpoints: Mapping[str, str]) -> dict[str, Any]:
        """Return the manifest with endpoints by Alexa's region; without any it has no events.

        Raises
        ------
        SetupStopped
            A placeholder is left, or the manifest is no skill's.
        """
        file = self.package / "skill.json"
        try:
            return fill_manifest(self.manifest, endpoints, **self._own)
        except SkillPackageError as error:
            raise SetupStopped(f"{self.package}: {error}") from None
        except (KeyError, TypeError, AttributeError) as error:
            raise SetupStopped(f"{file} is not whole: it lacks {error}") from None

    def write(self, endpoints: Mapping[str, str], target: Path) -> Path:
        """Write the filled package; raises as `filled` does."""
        try:
            return write_package(endpoints, source=self.package, target=target, **self._own)
        except SkillPackageError as error:
            raise SetupStopped(str(error)) from None

    @property
    def _own(self) -> dict[str, str | None]:
        return {
            "privacy_policy": self.privacy_policy,
            "terms_of_use": self.terms_of_use,
            "name": self.name or None,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line says, unchecked; ``None`` is what it leaves open."""

    project: Path
    package: Path
    given: Given
    regions: Sequence[str] | None = None
    stack: str | None = None
    stage: str | None = None
    architecture: str | None = None
    name: str | None = None
    skill_id: str = ""
    vendor_id: str = ""
    another: bool = False
    privacy_policy: str | None = None
    terms_of_use: str | None = None
    keep: str | None = None
    settle: float = 60.0


def planned(choice: Choice) -> Plan:
    """Check what was chosen as far as that can be done on this machine.

    Raises
    ------
    SetupStopped
        Says what is wrong and what would be right.
    """
    template = read_template(choice.project / "template.yaml")
    stage = choice.stage or STAGES[0]
    if stage not in STAGES:
        raise SetupStopped(f"--stage is {stage!r}; right is {' or '.join(STAGES)}")
    stack = choice.stack or (DEFAULT_NAME if stage != "live" else f"{DEFAULT_NAME}-live")
    check_stack_name(stack, template)
    given = _given(choice)
    values = {"Architecture": choice.architecture or _architecture(template), **given}
    assumed = {"Architecture"} - set(given) | (set() if choice.stage else {"SkillStage"})
    plan = Plan(
        project=choice.project,
        package=choice.package,
        manifest=_manifest(choice.package),
        stack=stack,
        stage=stage,
        regions=_regions(DEFAULT_REGIONS if choice.regions is None else choice.regions),
        parameters=values,
        name=choice.name or "",
        skill_id=choice.skill_id,
        vendor_id=choice.vendor_id,
        another=choice.another,
        privacy_policy=choice.privacy_policy,
        terms_of_use=choice.terms_of_use,
        keep=choice.keep or "",
        settle=choice.settle,
        assumed=frozenset(assumed),
    )
    check_parameters(plan.all_parameters(choice.skill_id or ANY_SKILL), template)
    _check_package(plan)
    return plan


def _given(choice: Choice) -> dict[str, str]:
    values = choice.given.values()
    if twice := [name for name in OURS if name in values]:
        raise SetupStopped(
            f"{' and '.join(twice)} cannot be among the parameters: the stage is --stage, and the "
            "skill's id is found, or is --skill-id"
        )
    if values.get("WithSkillFunction") == "false":
        raise SetupStopped(
            "WithSkillFunction is false: the skill of a function of your own is not set up by "
            "this; docs/your-skill.md says how it is"
        )
    return values


def _architecture(template: Mapping[str, Any]) -> str:
    parameter = template.get("Parameters", {}).get("Architecture", {})
    return str(parameter.get("Default", "arm64"))


def _regions(regions: Sequence[str]) -> dict[str, str]:
    """Return Alexa's regions, each with the AWS region that serves it."""
    try:
        found = by_region(served_region(each) for each in regions)
    except SkillPackageError as error:
        raise SetupStopped(f"--regions: {error}") from None
    if not found:
        raise SetupStopped("--regions: give one to three, as in us-east-1,eu-west-1")
    if len(set(found.values())) < len(found):
        raise SetupStopped("--regions: an AWS region is there twice; a stack serves one of Alexa's")
    return found


def _manifest(package: Path) -> dict[str, Any]:
    file = package / "skill.json"
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        _ = [each["name"] for each in _locales(manifest).values()]
    except (OSError, ValueError) as error:
        raise SetupStopped(f"{file} cannot be read: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise SetupStopped(
            f"{file}: $.manifest.publishingInformation.locales must have an object with a name for "
            "each locale"
        ) from None
    return dict(manifest)


def _locales(manifest: Mapping[str, Any]) -> dict[str, Any]:
    locales: dict[str, Any] = manifest["manifest"]["publishingInformation"]["locales"]
    return locales


def _check_package(plan: Plan) -> None:
    """Check the package with endpoints as they will be."""
    endpoints = {
        served: ANY_ENDPOINT.format(region, plan.stack) for served, region in plan.regions.items()
    }
    lacking = [each for each in requirements(plan.filled(endpoints)) if each.lacks]
    if lacking:
        told = "\n".join(f"  {each.path} {each.lacks}" for each in lacking)
        raise SetupStopped(
            f"{plan.package / 'skill.json'} lacks what notifications need:\n{told}\n"
            f"yellowring skill-package check {plan.package} --fix adds what can be added"
        )
