"""A SAM or CloudFormation template that is not ours: what it takes, and what Alexa calls in it."""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yellowring.catalog.problems import at, nearest

from yellowring_tools.local_stack.beside.problems import UnusableSkill

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

ALEXA = "alexa-appkit.amazon.com"
"""Principal of a permission that lets Alexa invoke a function (ASK: "Host a Custom Skill as an AWS
Lambda Function")."""
SERVERLESS = "AWS::Serverless::Function"
FUNCTIONS = (SERVERLESS, "AWS::Lambda::Function")
SKILL_FUNCTION = "SkillFunctionArn"
"""Output by which a template says which function Alexa calls."""
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
"""Runtime of every Python function here: the emulator runs them with an interpreter of its own."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template, read.

    Attributes
    ----------
    path
        Where it lies; relative paths in it start there.
    document
        What it says, with intrinsic functions spelled as in JSON: ``{"Ref": …}``.
    """

    path: Path
    document: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Template:
        """Read a template in YAML or JSON.

        Raises
        ------
        UnusableSkill
            When the file is not there, cannot be read, or is no template.
        """
        from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with SAM, which only this needs
        from yaml import YAMLError  # noqa: PLC0415

        if path.is_dir():
            raise UnusableSkill(
                f"{path} is a folder: name the template in it, as in {path / 'template.yaml'}"
            )
        try:
            document = yaml_parse(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UnusableSkill(f"{path} is not there: name the skill's SAM template") from None
        except (OSError, UnicodeDecodeError) as error:
            raise UnusableSkill(f"{path} cannot be read: {error}") from None
        except (YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
            said = getattr(error, "problem", error)
            raise UnusableSkill(f"{path} is neither YAML nor JSON: {where}{said}") from None
        if not isinstance(document, dict) or not members(document.get("Resources")):
            raise UnusableSkill(f"{path}: $.Resources must be an object with the stack's resources")
        return cls(path, document)

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """The template's parameters by name."""
        parameters = members(self.document.get("Parameters"))
        return {name: members(parameter) for name, parameter in parameters.items()}

    def check(self, given: Collection[str], known: Collection[str]) -> None:
        """Check that the template can be deployed with parameters of these names.

        Parameters
        ----------
        given
            What a person chose.
        known
            What this machine gives a parameter that has the name.

        Raises
        ------
        UnusableSkill
            When a parameter was given that the template has not, or one is missing.
        """
        for name in given:
            if name not in self.parameters:
                meant = nearest(name, self.parameters)
                hint = f"did you mean {meant}? " if meant else ""
                has = ", ".join(self.parameters) or "none"
                where = at("$", name)
                raise UnusableSkill(
                    f"PARAMETERS: {where} is no parameter of {self.path}: {hint}It has {has}"
                )
        missing = [name for name, each in self.parameters.items() if "Default" not in each]
        if missing := [name for name in missing if name not in given and name not in known]:
            raise UnusableSkill(
                f"PARAMETERS: {self.path} needs {', '.join(missing)}: give a value, as in "
                f'{{"{missing[0]}": "…"}} or {missing[0]}=…'
            )

    @property
    def skill_function(self) -> str | None:
        """The logical id of the function that Alexa calls; ``None`` when an output names it.

        Raises
        ------
        UnusableSkill
            When Alexa calls none of its functions, or several.
        """
        if SKILL_FUNCTION in members(self.document.get("Outputs")):
            return None
        called = list(dict(self._calls()))
        if len(called) == 1:
            return called[0]
        if called:
            raise UnusableSkill(
                f"{self.path}: Alexa may call {' and '.join(called)}; say by an output "
                f"{SKILL_FUNCTION} which of them is the skill's"
            )
        functions = [name for name, each in self._resources() if each.get("Type") in FUNCTIONS]
        event = "Events: {Alexa: {Type: AlexaSkill, Properties: {SkillId: !Ref SkillId}}}"
        raise UnusableSkill(
            f"{self.path} has no function that Alexa calls: give one of "
            f"{', '.join(functions) or 'its functions (it has none)'} an event of type AlexaSkill, "
            f"as in {event}, or name the function by an output {SKILL_FUNCTION}"
        )

    @property
    def named_function(self) -> str | None:
        """The logical id of the function that the output names, if it says so by an intrinsic."""
        output = members(members(self.document.get("Outputs")).get(SKILL_FUNCTION))
        match output.get("Value"):
            case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
                return name
        return None

    @property
    def shared(self) -> dict[str, Any]:
        """What all functions of SAM's share."""
        return members(members(self.document.get("Globals")).get("Function"))

    @property
    def skill_id(self) -> object:
        """What the function's trigger says of the skill's id: text, a reference, or ``None``."""
        return next(iter(dict(self._calls()).values()), None)

    def fitted(self, architecture: str) -> str:
        """Return the template as JSON, its Python functions built for this machine.

        Whatever they are made for, the emulator runs them here: with its own Python, and on this
        machine's instruction set.
        """
        document = deepcopy(dict(self.document))
        for resource in document["Resources"].values():
            if members(resource).get("Type") not in FUNCTIONS:
                continue
            properties = resource.setdefault("Properties", {})
            runtime = properties.get("Runtime", self.shared.get("Runtime"))
            if isinstance(runtime, str) and runtime.startswith("python"):
                properties |= {"Runtime": PYTHON, "Architectures": [architecture]}
        return json.dumps(document, default=str)  # YAML takes a policy's version for a date

    def _resources(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, resource in members(self.document["Resources"]).items():
            yield name, members(resource)

    def _calls(self) -> Iterator[tuple[str, object]]:
        """Yield the functions that Alexa may call, each with the skill id that it is bound to."""
        for name, resource in self._resources():
            properties = members(resource.get("Properties"))
            if resource.get("Type") in FUNCTIONS:
                for event in map(members, members(properties.get("Events")).values()):
                    if event.get("Type") == "AlexaSkill":
                        yield name, members(event.get("Properties")).get("SkillId")
            elif properties.get("Principal") == ALEXA:
                match properties.get("FunctionName"):
                    case {"Ref": str(target)} | {"Fn::GetAtt": [str(target), *_]}:
                        yield target, properties.get("EventSourceToken")


def members(value: object) -> dict[str, Any]:
    """Return a value that is an object, and an empty one for any other."""
    return value if isinstance(value, dict) else {}
