"""Their skill: its template, its skill package and its parameters, as ``make run`` was told."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from yellowring_tools.local_stack.beside.functions import check_functions
from yellowring_tools.local_stack.beside.parameters import read_parameters
from yellowring_tools.local_stack.beside.problems import UnusableSkill
from yellowring_tools.local_stack.beside.template import Template
from yellowring_tools.local_stack.workspace import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

SKILL_ID = re.compile(r"amzn1\.ask\.skill\.[0-9a-zA-Z-]+")
OURS = PROJECT / "template.yaml"
STACK_PARAMETER = "YellowRingStack"
"""Parameter that gets the name of our stack, whose exports theirs imports."""
KNOWN = (STACK_PARAMETER, "AlexaBaseUrl", "LwaBaseUrl", "UserinfoUrl")
"""Parameters that get what the local stack knows, when their template has them."""


@dataclass(frozen=True, slots=True)
class TheirSkill:
    """A skill with a function of its own.

    Attributes
    ----------
    template
        What deploys it.
    skill_package
        The folder with its ``skill.json`` and interaction models; ``None`` when there is none.
    parameters
        What was given for the template.
    """

    template: Template
    skill_package: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls, template: Path, skill_package: Path | None = None, parameters: str = ""
    ) -> TheirSkill:
        """Read and check what there is of a skill, before anything is started for it.

        Parameters
        ----------
        template
            The path of its template.
        skill_package
            Its folder; the default is ``skill-package`` beside the template, if it is there.
        parameters
            As `read_parameters` takes them.

        Raises
        ------
        UnusableSkill
            When something is missing or wrong.
        """
        if template.exists() and template.samefile(OURS):
            raise UnusableSkill(f"{template} is Yellow Ring's own template: leave TEMPLATE out")
        read = Template.read(template.absolute())
        check_functions(read)
        given = read_parameters(parameters) if parameters else {}
        made = cls(read, _package(read.path, skill_package), given)
        read.check(given, {*KNOWN, made.skill_id_parameter})
        return made

    def skill_id(self, default: str) -> str:
        """Return the skill's id: what the template is bound to, else what was given or a default.

        Raises
        ------
        UnusableSkill
            When it is no skill id.
        """
        bound = self.template.skill_id
        name = self.skill_id_parameter
        found = bound if isinstance(bound, str) else self.parameters.get(name, default)
        if not SKILL_ID.fullmatch(found):
            where = str(self.template.path) if isinstance(bound, str) else f"PARAMETERS: $.{name}"
            raise UnusableSkill(
                f"{where}: {found!r} is no skill id; right is amzn1.ask.skill. with letters, "
                "digits and hyphens behind it"
            )
        return found

    def complete(self, skill_id: str, known: Mapping[str, str]) -> dict[str, str]:
        """Return what the template is deployed with: what was given, and what it takes of `KNOWN`.

        The skill's id is not theirs to choose a second time: it is the one that Alexa here knows.
        """
        taken = {name: known[name] for name in KNOWN if name in known}
        every = {**taken, **self.parameters, self.skill_id_parameter: skill_id}
        return {name: text for name, text in every.items() if name in self.template.parameters}

    @property
    def skill_id_parameter(self) -> str:
        """Name of the parameter that takes the skill's id."""
        match self.template.skill_id:
            case {"Ref": str(name)}:
                return name
        return "SkillId"


def their_skill(environ: Mapping[str, str]) -> TheirSkill | None:
    """Return the skill that the environment names, if it names one.

    Raises
    ------
    UnusableSkill
        When what it names is missing or wrong.
    """
    template = environ.get("TEMPLATE")
    package = environ.get("SKILL_PACKAGE")
    if not template:
        if alone := [name for name in ("SKILL_PACKAGE", "PARAMETERS") if environ.get(name)]:
            raise UnusableSkill(
                f"{' and '.join(alone)} {'is' if len(alone) == 1 else 'are'} given, but not "
                "TEMPLATE: name the skill's SAM template"
            )
        return None
    return TheirSkill.read(
        Path(template), Path(package) if package else None, environ.get("PARAMETERS", "")
    )


def _package(template: Path, given: Path | None) -> Path | None:
    folder = (given or template.parent / "skill-package").absolute()
    manifest = folder / "skill.json"
    if given is None and not manifest.is_file():
        return None
    if not manifest.is_file():
        raise UnusableSkill(
            f"SKILL_PACKAGE: {manifest} is not there: name the folder that holds skill.json and "
            "interactionModels/"
        )
    try:
        json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableSkill(f"SKILL_PACKAGE: {manifest} is not JSON: {error}") from None
    return folder
