"""Roles as real AWS tries them when a stack is made: an emulator takes any role for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.test_template import RESOURCES, expanded

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["expanded"]

NOTHING = {"Ref": "AWS::NoValue"}
GROUPS = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/"


def of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {n: each["Properties"] for n, each in resources.items() if each["Type"] == kind}


def group_of(schedule: dict[str, Any]) -> str:
    """Return the name of a schedule's group; without one EventBridge takes the account's."""
    match schedule.get("GroupName", "default"):
        case {"Ref": str(group)}:
            name = RESOURCES[group]["Properties"]["Name"]
            assert name == {"Ref": "AWS::StackName"}
            return "${AWS::StackName}"
        case str(name):
            return name
        case other:
            pytest.fail(f"a schedule is in the group {other}")


def test_each_schedule_is_in_the_group_whose_schedules_its_role_may_be_taken_by(
    expanded: Callable[..., dict[str, Any]],
) -> None:
    schedules = of_type(expanded(), "AWS::Scheduler::Schedule")
    assert len(schedules) == 2
    for name, schedule in schedules.items():
        role = RESOURCES[schedule["Target"]["RoleArn"]["Fn::GetAtt"][0]]["Properties"]
        [trust] = role["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"] == {
            "StringEquals": {
                "aws:SourceAccount": {"Ref": "AWS::AccountId"},
                "aws:SourceArn": {"Fn::Sub": f"{GROUPS}{group_of(schedule)}"},
            }
        }, name


def inline(role: str) -> list[dict[str, Any]]:
    """Return the statements that a role is made with where there is tracing."""
    found = []
    for policy in RESOURCES[role]["Properties"]["Policies"]:
        match policy:
            case {"Fn::If": ["HasTracing", dict(traced), otherwise]}:
                assert otherwise == NOTHING
                found += traced["PolicyDocument"]["Statement"]
            case _:
                found += policy["PolicyDocument"]["Statement"]
    return found


def test_whatever_is_traced_may_tell_x_ray_from_when_its_role_is_made(
    expanded: Callable[..., dict[str, Any]],
) -> None:
    resources = expanded(Tracing="Active")
    functions = of_type(resources, "AWS::Lambda::Function")
    machines = of_type(resources, "AWS::StepFunctions::StateMachine")
    assert (len(functions), len(machines)) == (4, 1)
    for name, each in {**functions, **machines}.items():
        role = each["Role" if "Role" in each else "RoleArn"]["Fn::GetAtt"][0]
        (told,) = [s for s in inline(role) if "xray" in str(s)]
        # Lambda refuses an active function whose role may not do these two, and stops the deploy.
        assert {"xray:PutTraceSegments", "xray:PutTelemetryRecords"} <= set(told["Action"]), name
        assert (told["Effect"], told["Resource"]) == ("Allow", "*")
