"""The workflow of a run, and the event rules that go with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from yellowring_tools.doctor.finding import fault
from yellowring_tools.doctor.stack.deployment import found
from yellowring_tools.doctor.stack.template import DEPLOY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment

_RULE = "AWS::Events::Rule"


def check_workflow(deployment: Deployment) -> Iterator[Finding]:
    """Check the state machine that runs are executions of."""
    arn = deployment.outputs["RunMachineArn"]
    workflows = deployment.stack.workflows
    machine = found(lambda: workflows.describe_state_machine(stateMachineArn=arn))
    yield from of_machine(machine, arn, deployment.outputs["SenderFunctionArn"])


def of_machine(machine: Mapping[str, Any] | None, arn: str, sender: str) -> Iterator[Finding]:
    """Check that the workflow is there, and works with the sender of this stack."""
    where = f"workflow {arn.rpartition(':')[2]}"
    if machine is None:
        yield fault("workflow", where, "is not there, so that no run can start", DEPLOY)
        return
    if machine.get("status", "ACTIVE") != "ACTIVE":
        yield fault("workflow", where, f"is {machine['status']}", DEPLOY)
    called = set(_functions(json.loads(machine["definition"])))
    if called != {sender}:
        names = ", ".join(sorted(called)) or "no function"
        yield fault("workflow", where, f"works with {names}, and not with {sender}", DEPLOY)


def check_events(deployment: Deployment) -> Iterator[Finding]:
    """Check the event bus, and the rules of the stack."""
    events = deployment.stack.events
    bus = deployment.outputs["EventBusName"]
    if found(lambda: events.describe_event_bus(Name=bus)) is None:
        yield fault(
            "events", f"event bus {bus}", "is not there: nobody hears of a run's end", DEPLOY
        )
        return
    for each in deployment.resources:
        if each.kind != _RULE:
            continue
        own, _, name = each.physical_id.rpartition("|")
        on: Any = {"EventBusName": own} if own else {}
        if not own and each.name == "NotificationRequested":
            on = {"EventBusName": bus}
        rule = found(lambda name=name, on=on: events.describe_rule(Name=name, **on))  # type: ignore[misc]
        targets = events.list_targets_by_rule(Rule=name, **on)["Targets"] if rule else []
        yield from of_rule(rule, len(targets), each.name)


def of_rule(rule: Mapping[str, Any] | None, targets: int, name: str) -> Iterator[Finding]:
    """Check that a rule of events does what it is for."""
    where = f"event rule {name}"
    if rule is None:
        yield fault("events", where, "is not there", DEPLOY)
    elif rule.get("State", "ENABLED") == "DISABLED":
        right = f"aws events enable-rule --name {rule.get('Name', name)}"
        yield fault("events", where, "is disabled, so that its events go nowhere", right)
    elif not targets:
        yield fault("events", where, "has no target, so that its events go nowhere", DEPLOY)


def _functions(value: object) -> Iterator[str]:
    """Yield the functions that a definition names, wherever it does."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "FunctionName":
                yield inner
            else:
                yield from _functions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _functions(inner)
