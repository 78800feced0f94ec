"""A campaign's filter: which of the deliverable customers it is for, evaluated by DynamoDB."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yellowring.alexa.endpoints import normalised
from yellowring.catalog import Problem
from yellowring.catalog.problems import at, nearest, quoted
from yellowring.subscribers import ATTRIBUTE_KEY, Filter
from yellowring.subscribers.items import encode, path_of

if TYPE_CHECKING:
    from collections.abc import Callable

FIELDS = ("apiEndpoint", "locale")
OPERATORS: Mapping[str, str] = {
    "equals": "{field} = {value}",
    "not": "{field} <> {value}",
    "above": "{field} > {value}",
    "atLeast": "{field} >= {value}",
    "below": "{field} < {value}",
    "atMost": "{field} <= {value}",
    "beginsWith": "begins_with({field}, {value})",
    "contains": "contains({field}, {value})",
    "exists": "attribute_exists({field})",
}
"""What a field may be compared by, as DynamoDB writes it."""
MOST_VALUES = 100
"""Values in one list: what DynamoDB's IN takes."""
MOST_CONDITIONS = 20

LONGEST_EXPRESSION = 4096
"""Bytes of an expression that DynamoDB takes."""
MOST_OPERATORS = 300
"""Operators and functions of an expression that DynamoDB takes."""

_OPERATOR = re.compile(r"<>|<=|>=|[=<>,]|\b(?:AND|OR|IN|contains|begins_with|attribute_\w+)\b")
"""What may count as an operator: nobody documents whether each operand of IN is one."""
_FIELD = re.compile(rf"attributes\.({ATTRIBUTE_KEY.pattern})")

type Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Where:
    """A checked filter: all of its conditions must hold.

    Attributes
    ----------
    conditions
        The ``where`` object as it was given.
    """

    conditions: Mapping[str, Any]

    def filter(self) -> Filter:
        """Give the filter as DynamoDB takes it."""
        parts: list[str] = []
        aliases: dict[str, str] = {}
        values: dict[str, Any] = {}

        def value(plain: Scalar) -> str:
            alias = f":w{len(values)}"
            values[alias] = encode(plain)
            return alias

        for name, condition in self.conditions.items():
            path = path_of(name)
            for part in path:
                aliases.setdefault(part, f"#w{len(aliases)}")
            field = ".".join(aliases[part] for part in path)
            told = _normalised(condition) if name == "apiEndpoint" else condition
            parts += _expressions(field, told, value)
        names = {alias: part for part, alias in aliases.items()}
        return Filter(" AND ".join(parts), names, values)


def parse_where(value: object, problems: list[Problem], path: str = "$.where") -> Where | None:
    """Check a campaign's ``where``, adding what is wrong to ``problems``.

    Examples
    --------
    >>> found = []
    >>> parse_where({"locale": ["de-DE", "de-AT"], "attributes.points": {"atLeast": 3}}, found)
    ... # doctest: +ELLIPSIS
    Where(...)
    >>> found
    []
    """
    before = len(problems)
    if not isinstance(value, Mapping) or not 0 < len(value) <= MOST_CONDITIONS:
        right = f"must be an object of 1 to {MOST_CONDITIONS} fields"
        problems.append(Problem(path, f"{right}, found {quoted(value)}"))
        return None
    for name, condition in value.items():
        here = f'{path}["{name}"]'
        if name not in FIELDS and not _FIELD.fullmatch(str(name)):
            allowed = (*FIELDS, "attributes.<key>")
            problems.append(Problem(here, f"is no field; use one of {', '.join(allowed)}"))
        else:
            _check_condition(here, condition, problems)
    if len(problems) > before:
        return None
    where = Where(value)
    if _is_too_long(where.filter()):
        problems.append(Problem(path, "has too many conditions and values for one scan: use fewer"))
        return None
    return where


def _check_condition(path: str, condition: object, problems: list[Problem]) -> None:
    if isinstance(condition, list):
        if not 0 < len(condition) <= MOST_VALUES or not all(map(_is_scalar, condition)):
            right = f"must hold 1 to {MOST_VALUES} strings, numbers or booleans"
            problems.append(Problem(path, right))
    elif isinstance(condition, Mapping):
        for operator, operand in condition.items():
            _check_operator(at(path, operator), operator, operand, problems)
        if not condition:
            problems.append(Problem(path, f"must have one of {', '.join(OPERATORS)}"))
    elif not _is_scalar(condition):
        right = "must be a value, a list of values, or an object of comparisons"
        problems.append(Problem(path, f"{right}, found {quoted(condition)}"))


def _check_operator(path: str, operator: object, operand: object, problems: list[Problem]) -> None:
    if operator not in OPERATORS:
        meant = nearest(operator, tuple(OPERATORS))
        hint = f"; did you mean {meant}?" if meant else ""
        problems.append(Problem(path, f"is no comparison; use one of {', '.join(OPERATORS)}{hint}"))
    elif operator == "exists" and not isinstance(operand, bool):
        problems.append(Problem(path, f"must be true or false, found {quoted(operand)}"))
    elif operator == "beginsWith" and not isinstance(operand, str):
        problems.append(Problem(path, f"must be a string, found {quoted(operand)}"))
    elif not _is_scalar(operand):
        right = "must be a string, a number or a boolean"
        problems.append(Problem(path, f"{right}, found {quoted(operand)}"))


def _expressions(field: str, condition: Any, value: Callable[[Scalar], str]) -> list[str]:  # noqa: ANN401 - checked JSON
    if isinstance(condition, list):
        return [f"{field} IN ({', '.join(map(value, condition))})"]
    if not isinstance(condition, Mapping):
        return [f"{field} = {value(condition)}"]
    parts = []
    for operator, operand in condition.items():
        if operator == "exists":
            parts.append(f"attribute_{'' if operand else 'not_'}exists({field})")
        else:
            parts.append(OPERATORS[operator].format(field=field, value=value(operand)))
    return parts


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | bool | int) or (
        isinstance(value, float) and value == value and abs(value) != float("inf")  # noqa: PLR0124
    )


def _normalised(condition: Any) -> Any:  # noqa: ANN401 - checked JSON
    """Return a condition on hosts as they are spelled in records."""
    if isinstance(condition, list):
        return [_normalised(each) for each in condition]
    if isinstance(condition, Mapping):
        return {operator: _normalised(operand) for operator, operand in condition.items()}
    return normalised(condition) or (condition.lower() if isinstance(condition, str) else condition)


def _is_too_long(where: Filter) -> bool:
    """Check whether DynamoDB would refuse a scan for its filter."""
    whole = where.with_deliverability()
    return (
        len(whole.encode()) > LONGEST_EXPRESSION or len(_OPERATOR.findall(whole)) > MOST_OPERATORS
    )
