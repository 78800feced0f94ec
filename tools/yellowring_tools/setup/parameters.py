"""The template's parameters that a person gives: read from files, checked before anything is built.

CloudFormation would find the same mistakes, but only after minutes.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yellowring.catalog.problems import nearest, quoted

from yellowring_tools.cli.files.documents import check_file
from yellowring_tools.local_stack.beside.parameters import read_parameters
from yellowring_tools.local_stack.beside.problems import UnusableSkill
from yellowring_tools.local_stack.beside.template import Template
from yellowring_tools.setup.problems import SetupStopped
from yellowring_tools.setup.rules import broken_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LONGEST_VALUE = 4096
"""Bytes of a parameter's value (CloudFormation quotas)."""
CAMPAIGN = "Campaign"


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gave for the template's parameters.

    Attributes
    ----------
    file
        A JSON object of parameters; ``None`` when there is no such file.
    campaign
        A campaign's file, whose content becomes the parameter `CAMPAIGN`.
    single
        Parameters given one by one, which win over the file's.
    """

    file: Path | None = None
    campaign: Path | None = None
    single: Mapping[str, str] | None = None

    def values(self) -> dict[str, str]:
        """Return the parameters by name.

        Raises
        ------
        SetupStopped
            A file cannot be read, or the campaign is none.
        """
        try:
            found = read_parameters(str(self.file)) if self.file else {}
        except UnusableSkill as error:
            raise SetupStopped(str(error)) from None
        found |= self.single or {}
        if self.campaign:
            found[CAMPAIGN] = _campaign(self.campaign)
        return found


def read_template(path: Path) -> Mapping[str, Any]:
    """Read a template, with intrinsic functions spelled as in JSON.

    Raises
    ------
    SetupStopped
        It is not there or cannot be read, or what reads it is not installed.
    """
    try:
        return Template.read(path).document
    except UnusableSkill as error:
        raise SetupStopped(str(error)) from None
    except ModuleNotFoundError as error:
        raise SetupStopped(
            f"{error.name} is not installed where yellowring is: install aws-sam-cli beside it"
        ) from None


def check_parameters(
    values: Mapping[str, str],
    template: Mapping[str, Any],
    kept: Mapping[str, str] | None = None,
) -> None:
    """Check values against what a template says of its parameters.

    Parameters
    ----------
    values
        The values that were given.
    template
        The template, with intrinsic functions spelled as in JSON.
    kept
        Values that the stack has already; ``None`` when nobody has looked: a rule that depends on
        what was not given is left out then.

    Raises
    ------
    SetupStopped
        Names every parameter that is not right, and what would be.
    """
    known: Mapping[str, Mapping[str, Any]] = template.get("Parameters", {})
    problems = [problem for name, value in values.items() for problem in _wrong(name, value, known)]
    there = {*values, *(kept or {})}
    missing = [name for name, each in known.items() if "Default" not in each and name not in there]
    problems += [f"{name} is needed: {known[name].get('Description', '')}" for name in missing]
    if not problems:
        problems += broken_rules(template, values, kept)
    if problems:
        raise SetupStopped("parameters of the template:\n" + "\n".join(f"  {p}" for p in problems))


def _wrong(name: str, value: str, known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    if name not in known:
        meant = nearest(name, known)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(known)}"
        yield f"{name} is no parameter: {hint}"
        return
    rule = known[name]
    allowed = [str(each) for each in rule.get("AllowedValues", ())]
    if allowed and value not in allowed:
        yield f"{name} is {quoted(value)}; right is {' or '.join(allowed)}"
    pattern = rule.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        right = rule.get("ConstraintDescription") or f"must match {pattern}"
        yield f"{name} is {quoted(value)}; {right}"
    if (size := len(value.encode())) > LONGEST_VALUE:
        yield f"{name} has {size} bytes; CloudFormation takes {LONGEST_VALUE}"
    if len(value) < int(rule.get("MinLength", 0)):
        yield f"{name} has {len(value)} characters; right is {rule['MinLength']} or more"
    if "MaxLength" in rule and len(value) > int(rule["MaxLength"]):
        yield f"{name} has {len(value)} characters; right is {rule['MaxLength']} or fewer"
    if rule.get("Type") == "Number":
        yield from _out_of_range(name, value, rule)


def _out_of_range(name: str, value: str, rule: Mapping[str, Any]) -> Iterator[str]:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        yield f"{name} is {quoted(value)}; right is a number"
        return
    lowest, highest = rule.get("MinValue"), rule.get("MaxValue")
    if lowest is not None and number < float(lowest):
        yield f"{name} is {value}; right is {lowest} or more"
    if highest is not None and number > float(highest):
        yield f"{name} is {value}; right is {highest} or less"


def _campaign(file: Path) -> str:
    """Return a campaign as a parameter has it: JSON on one line."""
    checked = check_file(str(file))
    if checked.campaign is None:
        raise SetupStopped("\n".join(map(str, checked.problems)))
    return json.dumps(checked.campaign.document(), ensure_ascii=False, separators=(",", ":"))
