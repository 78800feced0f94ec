"""The alarms of the stack: which are raised, and whether anybody hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yellowring_tools.doctor.finding import fault, warning
from yellowring_tools.doctor.stack.template import DEPLOY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment

_ALARM = "AWS::CloudWatch::Alarm"


def check_alarms(deployment: Deployment) -> Iterator[Finding]:
    """Check the stack's own alarms; the names of others may begin with its name too."""
    made = {each.physical_id for each in deployment.resources if each.kind == _ALARM}
    pages = deployment.stack.alarms.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=f"{deployment.name}-"
    )
    found = [each for page in pages for each in page["MetricAlarms"]]
    yield from of_alarms([each for each in found if each["AlarmName"] in made], made)
    yield from of_topic(deployment.parameters, deployment.name)


def of_topic(parameters: Mapping[str, str], name: str) -> Iterator[Finding]:
    """Check that somebody hears of the alarms of a stack that notifies the public."""
    if parameters.get("SkillStage") == "live" and parameters.get("AlarmTopicArn") == "":
        what = "nobody hears of an alarm: the parameter AlarmTopicArn is empty"
        right = "deploy with AlarmTopicArn, the ARN of an SNS topic that somebody reads"
        yield warning("alarms", f"stack {name}", what, right)


def of_alarms(alarms: Sequence[Mapping[str, Any]], made: Collection[str]) -> Iterator[Finding]:
    """Check alarms as CloudWatch describes them; ``made`` are the names of the template's own."""
    for each in alarms:
        where = f"alarm {each['AlarmName']}"
        if each.get("StateValue") == "ALARM":
            reason = each.get("StateReason", "CloudWatch says nothing of why")
            remedy = "docs/runbook.md says what it means and what to do"
            yield fault("alarms", where, f"is raised: {reason}", remedy)
        if each.get("ActionsEnabled") is False:
            right = f"aws cloudwatch enable-alarm-actions --alarm-names {each['AlarmName']}"
            yield warning("alarms", where, "tells nobody: its actions are switched off", right)
    for name in sorted(set(made) - {each["AlarmName"] for each in alarms}):
        yield fault("alarms", f"alarm {name}", "is not there: it was deleted by hand", DEPLOY)
