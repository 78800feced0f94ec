"""A template's rules, which hold between several parameters.

CloudFormation checks them when a change set is made (section "Rules" of its template anatomy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _Undecided(Exception):
    """Nobody can tell here: it is left to CloudFormation."""


def broken_rules(
    template: Mapping[str, Any], values: Mapping[str, str], kept: Mapping[str, str] | None
) -> Iterator[str]:
    """Yield what the assertions say that do not hold.

    Parameters
    ----------
    template
        The template, with intrinsic functions spelled as in JSON.
    values
        The values that were given.
    kept
        Values that the stack has already, before the defaults. ``None`` when they are not known:
        what depends on them is left to CloudFormation, as is any function that is not known here.
    """
    known = dict(values)
    if kept is not None:
        parameters: Mapping[str, Mapping[str, Any]] = template.get("Parameters", {})
        defaults = {name: str(each.get("Default", "")) for name, each in parameters.items()}
        known = {**defaults, **kept, **values}
    for rule in template.get("Rules", {}).values():
        for assertion in rule["Assertions"]:
            try:
                applies = _holds(rule["RuleCondition"], known) if "RuleCondition" in rule else True
                if applies and not _holds(assertion["Assert"], known):
                    yield str(
                        assertion.get("AssertDescription", "a rule of the template is broken")
                    )
            except _Undecided:
                continue


def _holds(condition: Mapping[str, Any], known: Mapping[str, str]) -> bool:
    [(function, of)] = condition.items()
    if function == "Fn::Equals":
        one, other = (_value(each, known) for each in of)
        return one == other
    if function == "Fn::Not":
        return not _holds(of[0], known)
    if function in ("Fn::And", "Fn::Or"):
        each_holds = [_holds(each, known) for each in of]
        return all(each_holds) if function == "Fn::And" else any(each_holds)
    raise _Undecided


def _value(operand: Any, known: Mapping[str, str]) -> str:  # noqa: ANN401 - as the template has it
    if isinstance(operand, str | int | float):
        return str(operand)
    if isinstance(operand, dict) and operand.get("Ref") in known:
        return known[operand["Ref"]]
    raise _Undecided
