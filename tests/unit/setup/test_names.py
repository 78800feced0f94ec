"""How long a stack's name may be."""

from __future__ import annotations

from typing import Any

import pytest
from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.setup.names import LONGEST, LONGEST_STACK, bound, check_stack_name
from yellowring_tools.setup.parameters import read_template
from yellowring_tools.setup.problems import SetupStopped

TEMPLATE = read_template(PROJECT / "template.yaml")


def named(kind: str, name: str, value: object) -> dict[str, Any]:
    return {"Resources": {"Each": {"Type": kind, "Properties": {name: value}}}}


def test_a_function_leaves_room_for_what_stands_behind_the_stacks_name() -> None:
    template = named("AWS::Lambda::Function", "FunctionName", {"Fn::Sub": "${AWS::StackName}-me"})
    assert bound(template).characters == 64 - len("-me")


def test_a_name_that_has_nothing_of_the_stacks_sets_no_bound() -> None:
    template = named("AWS::Lambda::Function", "FunctionName", "me")
    assert bound(template).characters == LONGEST_STACK


def test_a_name_that_is_the_stacks_counts() -> None:
    template = named("AWS::Scheduler::ScheduleGroup", "Name", {"Ref": "AWS::StackName"})
    assert bound(template).characters == 64


def test_what_else_a_name_refers_to_counts_as_nothing() -> None:
    value = {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}
    assert bound(named("AWS::IAM::Role", "RoleName", value)).characters == 63


def test_a_schedule_of_a_function_sets_the_bound_here() -> None:
    limit = bound(TEMPLATE)
    assert limit.characters == 64 - max(len("-campaign"), len("-notifier"))
    check_stack_name("s" * limit.characters, TEMPLATE)
    with pytest.raises(SetupStopped, match=f"it may have {limit.characters}, for 's+-.* 64"):
        check_stack_name("s" * (limit.characters + 1), TEMPLATE)


@pytest.mark.parametrize("stack", ["", "1ring", "my_ring", "ring!", "-ring"])
def test_a_name_that_is_none_is_told(stack: str) -> None:
    with pytest.raises(SetupStopped, match="letters, digits and '-'"):
        check_stack_name(stack, TEMPLATE)


def test_every_name_that_the_template_makes_of_the_stacks_has_its_bound_known() -> None:
    bounded = {kind for kind, _ in LONGEST}
    for resource in TEMPLATE["Resources"].values():
        for name, value in (resource.get("Properties") or {}).items():
            if name.endswith("Name") and "${AWS::StackName}" in str(value):
                assert resource["Type"] in bounded
                assert (resource["Type"], name) in LONGEST
