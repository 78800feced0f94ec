"""Set-ups that are broken in one way each, and what the doctor must say of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.breaking import (
    ANOTHER_FUNCTION,
    aimless,
    alarmed,
    campaign,
    deaf,
    held_up,
    let_in_another,
    mapping,
    message,
    misdirected,
    queue,
    run,
    schedule,
    secret,
    shut_out,
    told,
    unindexed,
    unscheduled,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from yellowring_tools.local_stack.stack import LocalStack


@dataclass(frozen=True)
class SetUp:
    """A broken set-up: the check that must find it, and what it must say."""

    check: str
    says: str
    broken: Callable[[LocalStack], AbstractContextManager[None]]
    state: str = "fault"


BROKEN: dict[str, SetUp] = {
    "a secret that was never filled": SetUp(
        "secret", "no usable clientId", secret('{"clientId":"REPLACE_ME","clientSecret":"x"}')
    ),
    "a secret that is no JSON": SetUp("secret", "is not JSON", secret("amzn1.client")),
    "a secret without the client secret": SetUp(
        "secret", "no usable clientSecret", secret('{"clientId":"amzn1.client"}')
    ),
    "a secret that Amazon refuses": SetUp(
        "secret", "refused the skill's credentials", secret('{"clientId":"a","clientSecret":"b"}')
    ),
    "a stage changed by hand": SetUp("functions", "SkillStage is", told(SKILL_STAGE="live")),
    "workers changed by hand": SetUp("functions", "MaxWorkers is '2'", told(MAX_WORKERS="9")),
    "a table that is another's": SetUp(
        "functions", "the output SubscribersTableName", told(SUBSCRIBERS_TABLE="others")
    ),
    "a function without concurrency": SetUp("functions", "concurrency of 0", held_up),
    "no permission for Alexa": SetUp("permission", "does not let Alexa in", shut_out),
    "a permission for another skill": SetUp("permission", "another skill", let_in_another),
    "a notifier that is switched off": SetUp("queues", "takes nothing", mapping(Enabled=False)),
    "a notifier that reports no failures": SetUp(
        "queues", "which messages failed", mapping(FunctionResponseTypes=[])
    ),
    "a schedule that was switched on": SetUp(
        "schedules", "ScheduleState=DISABLED", schedule(State="ENABLED"), "warning"
    ),
    "a schedule that was deleted": SetUp("schedules", "deleted by hand", unscheduled, "warning"),
    "a schedule of another function": SetUp(
        "schedules", "and not the sender", schedule(target={"Arn": ANOTHER_FUNCTION})
    ),
    "a schedule in another role": SetUp(
        "schedules",
        "may not start the sender",
        schedule(target={"RoleArn": "arn:aws:iam::000000000000:role/another"}),
    ),
    "a schedule that was changed by hand": SetUp(
        "schedules",
        "deployed with ScheduleExpression=",
        schedule(ScheduleExpression="at(2020-01-01T00:00:00)", State="ENABLED"),
        "warning",
    ),
    "a schedule without a campaign": SetUp(
        "schedules", "its input is not", schedule(target={"Input": '{"campaigne": {}}'})
    ),
    "a schedule with a wrong campaign": SetUp(
        "schedules", "MadeUp", campaign(event={"name": "AMAZON.MadeUp", "payload": {}})
    ),
    "a schedule whose event source is unknown": SetUp(
        "schedules", "no event source of this stack", campaign(content="digest")
    ),
    "a campaign without the texts of a locale": SetUp(
        "texts",
        "no texts for",
        campaign(localizedAttributes=[{"locale": "de-DE", "source": "Wetterdienst"}]),
        "warning",
    ),
    "a notification that was given up": SetUp(
        "queues", "1 notifications given up", message("NotificationsDeadLetterQueueUrl")
    ),
    "a firing that failed": SetUp("queues", "1 firings", message("DeadLetterQueueUrl")),
    "a queue that is too hasty": SetUp(
        "queues", "works on them for up to 60 s", queue("VisibilityTimeout", "20")
    ),
    "a run that was halted": SetUp(
        "runs", "50 refusals in a row", run("halted", "50 refusals in a row", rejected=50)
    ),
    "a run that reached nobody": SetUp("runs", "reached nobody", run(rejected=3)),
    "a run that was never started": SetUp("runs", "was never started", run("running")),
    "a run without answers": SetUp(
        "runs", "2 customers of whom nobody knows", run(accepted=5, failed=2), "warning"
    ),
    "a workflow of another function": SetUp("workflow", "somebody-elses", misdirected),
    "a rule that is disabled": SetUp("events", "is disabled", deaf),
    "a rule without a target": SetUp("events", "has no target", aimless),
    "an alarm that is raised": SetUp("alarms", "a test raised it", alarmed),
    "a table without its index": SetUp("tables", "no index customers", unindexed),
}
"""The broken set-ups of the stack, by what is wrong."""
