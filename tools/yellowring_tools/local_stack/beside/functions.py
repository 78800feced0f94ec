"""The functions of a template that is not ours, checked before anything is built of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yellowring.catalog.problems import at

from yellowring_tools.local_stack.beside.problems import UnusableSkill
from yellowring_tools.local_stack.beside.template import FUNCTIONS, SERVERLESS, members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring_tools.local_stack.beside.template import Template

GLOBALS = "$.Globals.Function"


def check_functions(template: Template) -> None:
    """Check that each function's code is there, and that the one that Alexa calls is Python.

    Raises
    ------
    UnusableSkill
        When Alexa calls none or several, it is of another language, or a path leads nowhere.
    """
    skill_function = template.skill_function or template.named_function
    for name, resource in members(template.document["Resources"]).items():
        if members(resource).get("Type") in FUNCTIONS:
            if name == skill_function:
                _check_language(template, name, resource)
            _check_code(template, name, resource)


def _check_language(template: Template, name: str, resource: Mapping[str, Any]) -> None:
    where, told = _said(template, name, resource, "PackageType")
    if told != "Image":
        where, told = _said(template, name, resource, "Runtime")
        if not isinstance(told, str) or told.startswith("python"):
            return
    raise UnusableSkill(
        f"{template.path}: {where} is {told!r}, and Yellow Ring is a library for Python: right "
        "is python3.12 or python3.13, as a zip file"
    )


def _check_code(template: Template, name: str, resource: Mapping[str, Any]) -> None:
    key = "CodeUri" if resource["Type"] == SERVERLESS else "Code"
    where, code = _said(template, name, resource, key)
    if not isinstance(code, str) or "://" in code or "InlineCode" in _properties(resource):
        return
    if not (found := template.path.parent / code).exists():
        raise UnusableSkill(
            f"{template.path}: {where} is {code!r}, but {found} is not there: name what holds the "
            "function's code, as a path from the template's folder"
        )


def _said(
    template: Template, name: str, resource: Mapping[str, Any], key: str
) -> tuple[str, object]:
    """Return where a property of a function stands, and what it says."""
    found = dict(_places(template, name, resource, key))
    return next(iter(found.items()), (at(GLOBALS, key), None))


def _places(
    template: Template, name: str, resource: Mapping[str, Any], key: str
) -> Iterator[tuple[str, object]]:
    if key in (own := _properties(resource)):
        yield at(at(at("$.Resources", name), "Properties"), key), own[key]
    if resource["Type"] == SERVERLESS and key in template.shared:
        yield at(GLOBALS, key), template.shared[key]


def _properties(resource: Mapping[str, Any]) -> dict[str, Any]:
    return members(resource.get("Properties"))
