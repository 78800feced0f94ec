"""The schedules: whether each fires, at the right function, with a campaign that can be sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from yellowring.catalog.problems import nearest
from yellowring.sender.campaign import Campaign, InvalidCampaign, parse_campaign
from yellowring.sender.run.request import PLACEHOLDER
from yellowring.settings import InvalidSettings, SenderSettings

from yellowring_tools.cli.aws.schedules import Schedules, when_problem
from yellowring_tools.doctor.finding import fault, warning
from yellowring_tools.doctor.stack.template import DEPLOY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment

_TIMES = (
    ("ScheduleExpression", "ScheduleExpression", None),
    ("ScheduleTimeZone", "ScheduleExpressionTimezone", "UTC"),
)
"""Of the stack's own schedule each parameter, what EventBridge calls it, and its default there."""
_EPOCH = datetime.fromtimestamp(0, UTC)
_KEEP = (
    "it is set back when the parameter changes next: deploy again with what is to stay, or with "
    "what was, and give schedules of your own another name"
)
_PUT = "yellowring schedule put with a campaign that yellowring validate finds right"


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule with the campaign that it sends; ``None``: it has none that can be sent."""

    name: str
    enabled: bool
    campaign: Campaign | None


def check_schedules(deployment: Deployment, now: datetime) -> Iterator[Finding]:
    """Check every schedule of the stack's group."""
    found = Schedules(deployment.stack).descriptions()
    sources = _sources(deployment)
    for each in found:
        yield from of_target(each, deployment.outputs)
        yield from of_time(each, now)
        yield from of_input(each, sources)
    own = deployment.outputs["ScheduleName"]
    yield from of_own([each for each in found if each["Name"] == own], deployment)


def plans(deployment: Deployment) -> tuple[Plan, ...]:
    """Return the stack's schedules, each with what it sends."""
    return tuple(
        Plan(each["Name"], each.get("State") == "ENABLED", _campaign(each))
        for each in Schedules(deployment.stack).descriptions()
    )


def of_own(own: Sequence[Mapping[str, Any]], deployment: Deployment) -> Iterator[Finding]:
    """Check that the schedule of the template is there, and fires if it was deployed to."""
    where, wanted = f"schedule {deployment.outputs['ScheduleName']}", deployment.parameters
    if not own:
        is_missed = wanted.get("ScheduleState") != "DISABLED"
        make = fault if is_missed else warning
        yield make("schedules", where, "is not there: it was deleted by hand", DEPLOY)
        return
    [has] = own
    if (state := wanted.get("ScheduleState")) and has.get("State") != state:
        is_now = "fires" if has.get("State") == "ENABLED" else "is paused"
        what = f"{is_now}, though the stack was deployed with ScheduleState={state}"
        right = "yellowring schedule pause or resume, or deploy again with the state that it is in"
        yield warning("schedules", where, what, right)
    for parameter, name, default in _TIMES:
        was, is_now = wanted.get(parameter), has.get(name, default)
        if was and is_now != was:
            what = f"its {name} is {is_now}, though the stack was deployed with {parameter}={was}"
            yield warning("schedules", where, what, _KEEP)
    if (campaign := wanted.get("Campaign")) and not _is_same(has, campaign):
        what = "sends another campaign than the stack was deployed with (parameter Campaign)"
        yield warning("schedules", where, what, _KEEP)


def of_target(schedule: Mapping[str, Any], outputs: Mapping[str, str]) -> Iterator[Finding]:
    """Check that a schedule starts this stack's sender, in the role that may."""
    where, target = f"schedule {schedule['Name']}", schedule.get("Target", {})
    if target.get("Arn") != outputs["SenderFunctionArn"]:
        what = f"starts {target.get('Arn')}, and not the sender {outputs['SenderFunctionArn']}"
        yield fault("schedules", where, what, f"{_PUT}, which starts the sender")
    if target.get("RoleArn") != outputs["ScheduleRoleArn"]:
        what = f"fires in the role {target.get('RoleArn')}, which may not start the sender"
        yield fault("schedules", where, what, f"{_PUT}, which takes {outputs['ScheduleRoleArn']}")


def of_time(schedule: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    """Check that a schedule that is to fire can; one for a single time that is over has fired."""
    where = f"schedule {schedule['Name']}"
    if schedule.get("State") != "ENABLED":
        return
    zone = schedule.get("ScheduleExpressionTimezone", "UTC")
    if problem := when_problem(schedule["ScheduleExpression"], zone, _EPOCH):
        yield fault("schedules", where, f"will not fire: {problem}", "yellowring schedule put")
    end = schedule.get("EndDate")
    if isinstance(end, datetime) and end <= now:
        yield fault("schedules", where, f"ended at {end:%Y-%m-%d %H:%M} UTC", "give it a later end")


def of_input(schedule: Mapping[str, Any], sources: Collection[str] | None) -> Iterator[Finding]:
    """Check what a schedule hands to the sender.

    Parameters
    ----------
    schedule
        As EventBridge Scheduler describes it.
    sources
        Names of the event sources that are registered; ``None`` when they are not known.
    """
    where = f"schedule {schedule['Name']}"
    document = _document(schedule)
    if document is None:
        what = 'its input is not {"campaign": {…}, "scheduledTime": "…"}'
        yield fault("schedules", where, what, _PUT)
        return
    try:
        campaign = parse_campaign(document["campaign"])
    except InvalidCampaign as invalid:
        for problem in invalid.problems:
            yield fault("schedules", f"{where}, $.campaign{problem.path[1:]}", str(problem), _PUT)
    else:
        yield from _of_source(campaign, where, sources)
    if (time := document.get("scheduledTime")) != PLACEHOLDER:
        what = f"names the time of every firing as {time!r}, so that only the first one sends"
        right = f"the input's scheduledTime is to be {PLACEHOLDER} (parameter ScheduledTime)"
        yield warning("schedules", where, what, right)


def _of_source(
    campaign: Campaign, where: str, sources: Collection[str] | None
) -> Iterator[Finding]:
    name = campaign.content
    if name is None or sources is None or name in sources:
        return
    meant = nearest(name, tuple(sources))
    hint = f"did you mean {meant}? Else register it" if meant else "register it"
    what = f"its content is {name!r}, which is no event source of this stack"
    right = f"{hint} with the parameter EventSources, as {name}=…"
    yield fault("schedules", f"{where}, $.campaign.content", what, right)


def _sources(deployment: Deployment) -> tuple[str, ...] | None:
    try:
        settings = SenderSettings.from_environ(deployment.variables)
    except InvalidSettings:  # another check tells of that
        return None
    return tuple(name for name, _ in settings.event_sources)


def _document(schedule: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        document = json.loads(schedule["Target"]["Input"])
    except (KeyError, ValueError):
        return None
    return document if isinstance(document, dict) and "campaign" in document else None


def _is_same(schedule: Mapping[str, Any], parameter: str) -> bool:
    """Check whether a schedule sends the campaign of a parameter, however it is written."""
    has = _campaign(schedule)
    try:
        return has is None or has == parse_campaign(json.loads(parameter))
    except (ValueError, InvalidCampaign):
        return True  # what cannot be sent is found by itself


def _campaign(schedule: Mapping[str, Any]) -> Campaign | None:
    document = _document(schedule)
    try:
        return parse_campaign(document["campaign"]) if document else None
    except InvalidCampaign:
        return None
