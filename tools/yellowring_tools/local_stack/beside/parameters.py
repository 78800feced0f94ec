"""``PARAMETERS``: what a person gives for a template, as a file of JSON or as names and values."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from yellowring.catalog.problems import at, quoted

from yellowring_tools.local_stack.beside.problems import UnusableSkill


def read_parameters(given: str) -> dict[str, str]:
    """Return a template's parameters by name.

    Parameters
    ----------
    given
        The path of a JSON object, or ``NAME=VALUE`` pairs between blanks, quoted as a shell does.
        Numbers and booleans become text, lists of them comma-separated text, as CloudFormation
        takes them.

    Raises
    ------
    UnusableSkill
        When the file is not there or not such an object, or a word is no pair.
    """
    path = Path(given)
    if "=" in given and not path.is_file():
        return _pairs(given)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnusableSkill(
            f"PARAMETERS: {given} is not there: give a file with a JSON object of parameters, or "
            "NAME=VALUE pairs"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableSkill(f"PARAMETERS: {given} cannot be read: {error}") from None
    except json.JSONDecodeError as error:
        raise UnusableSkill(
            f"PARAMETERS: {given} is not JSON: {error.msg} in line {error.lineno}, column "
            f'{error.colno}; right is {{"NAME": "VALUE"}}'
        ) from None
    if not isinstance(document, dict):
        raise UnusableSkill(
            f'PARAMETERS: {given}: $ must be an object {{"NAME": "VALUE"}}, not {quoted(document)}'
        )
    return {name: _text(given, at("$", name), value) for name, value in document.items()}


def _pairs(given: str) -> dict[str, str]:
    try:
        words = shlex.split(given)
    except ValueError as error:
        raise UnusableSkill(f"PARAMETERS: {given}: {error}") from None
    pairs = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not (separator and name):
            raise UnusableSkill(
                f"PARAMETERS: {quoted(word)} is no NAME=VALUE; quote a value that has blanks"
            )
        pairs[name] = value
    return pairs


def _text(file: str, path: str, value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return str(value)
        case list():
            return ",".join(_text(file, at(path, n), each) for n, each in enumerate(value))
        case _:
            raise UnusableSkill(
                f"PARAMETERS: {file}: {path} must be text, a number, true, false or a list of "
                f"these, not {quoted(value)}"
            )
