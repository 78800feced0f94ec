"""The schedules of a stack: the only place that knows how they lie in EventBridge Scheduler."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yellowring.sender.run.request import PLACEHOLDER

from yellowring_tools.cli.files.documents import LARGEST
from yellowring_tools.cli.terminal.output import failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_scheduler.type_defs import GetScheduleOutputTypeDef, TargetTypeDef
    from yellowring.sender.campaign import Campaign

    from yellowring_tools.cli.aws.stacks import Stack

RETRIES, OLDEST = 10, 3600
"""How often and for how many seconds EventBridge tries to start the sender."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_RATE = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\(\S+( \S+){5}\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A schedule, and the campaign that it sends (``None``: it is not one of ours)."""

    name: str
    enabled: bool
    when: str
    timezone: str
    campaign: str | None
    event: str | None

    def document(self) -> dict[str, Any]:
        """Give the schedule as JSON."""
        return {
            "schedule": self.name,
            "state": self.state,
            "when": self.when,
            "timezone": self.timezone,
            "campaign": self.campaign,
            "event": self.event,
        }

    @property
    def state(self) -> str:
        """What operators call it."""
        return "enabled" if self.enabled else "paused"

    def row(self) -> tuple[str, ...]:
        """Give the schedule as the cells of a table."""
        said = (self.campaign or "-", self.event or "-")
        return (self.name, self.state, self.when, self.timezone, *said)


class Schedules:
    """The schedules of a stack's own group, which start its sender in its own role."""

    def __init__(self, stack: Stack) -> None:
        self._client = stack.scheduler
        self._outputs = stack.outputs
        self._group = stack.outputs["ScheduleGroupName"]
        self._where = stack.where

    def put(
        self, name: str, campaign: Campaign, when: str, timezone: str, *, enabled: bool
    ) -> Scheduled:
        """Create a schedule, or replace the one of that name."""
        request: Any = {
            "GroupName": self._group,
            "Name": name,
            "Description": f"Sends {campaign.event_name}; made by yellowring schedule put.",
            "ScheduleExpression": when,
            "ScheduleExpressionTimezone": timezone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED" if enabled else "DISABLED",
            "Target": self._target(campaign),
            "ActionAfterCompletion": "DELETE" if _AT.fullmatch(when) else "NONE",
        }
        try:
            self._client.create_schedule(**request)
        except self._client.exceptions.ConflictException:
            self._client.update_schedule(**request)
        return Scheduled(name, enabled, when, timezone, campaign.name, campaign.event_name)

    def list(self) -> list[Scheduled]:
        """Give all schedules of the group, by name."""
        return [_scheduled(each) for each in self.descriptions()]

    def descriptions(self) -> tuple[GetScheduleOutputTypeDef, ...]:
        """Return all that EventBridge knows of each schedule of the group, by name."""
        pages = self._client.get_paginator("list_schedules").paginate(GroupName=self._group)
        names = sorted(each["Name"] for page in pages for each in page["Schedules"])
        return tuple(map(self._get, names))

    def enable(self, name: str, *, enabled: bool) -> Scheduled:
        """Pause or resume a schedule, all else as it is."""
        known = self._get(name)
        kept: Any = {key: value for key, value in known.items() if key in _KEPT}
        state = "ENABLED" if enabled else "DISABLED"
        self._client.update_schedule(**(kept | {"GroupName": self._group, "State": state}))
        return _scheduled({**known, "State": state})

    def delete(self, name: str) -> None:
        """Delete a schedule, or end the command when there is none."""
        try:
            self._client.delete_schedule(GroupName=self._group, Name=name)
        except self._client.exceptions.ResourceNotFoundException:
            raise self._missing(name) from None

    def _get(self, name: str) -> GetScheduleOutputTypeDef:
        try:
            return self._client.get_schedule(GroupName=self._group, Name=name)
        except self._client.exceptions.ResourceNotFoundException:
            raise self._missing(name) from None

    def _missing(self, name: str) -> Exception:
        return failure(
            f"there is no schedule {name} in {self._where}; schedule list gives those there are"
        )

    def _target(self, campaign: Campaign) -> TargetTypeDef:
        return {
            "Arn": self._outputs["SenderFunctionArn"],
            "RoleArn": self._outputs["ScheduleRoleArn"],
            "Input": input_of(campaign),
            "RetryPolicy": {"MaximumRetryAttempts": RETRIES, "MaximumEventAgeInSeconds": OLDEST},
            "DeadLetterConfig": {"Arn": self._dead_letters()},
        }

    def _dead_letters(self) -> str:
        """Give the ARN of the dead-letter queue, which is in the sender's account and region."""
        _, partition, _, region, account, *_ = self._outputs["SenderFunctionArn"].split(":")
        queue = self._outputs["DeadLetterQueueUrl"].rpartition("/")[2]
        return f"arn:{partition}:sqs:{region}:{account}:{queue}"


_KEPT = (
    "Name",
    "Description",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "FlexibleTimeWindow",
    "Target",
    "StartDate",
    "EndDate",
    "KmsKeyArn",
    "ActionAfterCompletion",
)
"""What an update sets back to its default when it does not repeat it."""


def input_of(campaign: Campaign) -> str:
    """Give what a schedule of a campaign hands to the sender."""
    document = {"campaign": campaign.document(), "scheduledTime": PLACEHOLDER}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def name_problem(name: str) -> str | None:
    """Say what is wrong with a schedule's name; ``None``: nothing."""
    if _NAME.fullmatch(name):
        return None
    return f"{name!r} must be 1 to 64 of A-Z, a-z, 0-9, -, _ and ."


def input_problem(campaign: Campaign) -> str | None:
    """Say why a schedule cannot carry a campaign; ``None``: it can."""
    audience = campaign.audience
    if audience.listed and not audience.ids:
        return (
            "$.audience.list: a stored list lies with one run, and a schedule starts another each "
            "time; name up to 1,000 ids in the audience itself, or filter all subscribers (where)"
        )
    size = len(input_of(campaign).encode())
    if size <= LARGEST:
        return None
    return f"takes {size:,} bytes, a schedule carries {LARGEST:,}; name fewer ids"


def when_problem(when: str, timezone: str, now: datetime | None = None) -> str | None:
    """Say what is wrong with a time; ``None``: nothing that can be seen from here.

    Parameters
    ----------
    when
        A schedule expression, as EventBridge Scheduler writes it.
    timezone
        An IANA time zone.
    now
        The present, aware; the clock's without it.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"{timezone!r} is not a time zone; --timezone takes a name such as Europe/Berlin"
    if _CRON.fullmatch(when):
        return None
    if rate := _RATE.fullmatch(when):
        return _plural(when, rate)
    if at := _AT.fullmatch(when):
        return _past(at[1], zone, now or datetime.now(UTC))
    return (
        f"{when!r} is none of cron(minutes hours day-of-month month day-of-week year), "
        "rate(5 minutes) and at(2026-12-24T18:00:00)"
    )


def _plural(when: str, rate: re.Match[str]) -> str | None:
    right = f"rate({rate[1]} {rate[2]}{'' if rate[1] == '1' else 's'})"
    return None if when == right else f"{when!r} is written {right}"


def _past(at: str, zone: ZoneInfo, now: datetime) -> str | None:
    try:
        time = datetime.fromisoformat(at).replace(tzinfo=zone)
    except ValueError:
        return f"{at} is not a time that exists"
    if time <= now:
        return f"{at} {zone.key} is over; give a time to come"
    return None


def _scheduled(known: Mapping[str, Any]) -> Scheduled:
    try:
        campaign = json.loads(known["Target"]["Input"])["campaign"]
        name, event = str(campaign["name"]), str(campaign["event"]["name"])
    except (KeyError, TypeError, ValueError):
        name, event = None, None
    return Scheduled(
        known["Name"],
        known.get("State") == "ENABLED",
        known["ScheduleExpression"],
        known.get("ScheduleExpressionTimezone", "UTC"),
        name,
        event,
    )
