"""The deployed path, from skill events to notifications, under the roles of the template."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yellowring_tools.local_stack.emulator import FunctionFailed
from yellowring_tools.local_stack.story import CAMPAIGN, WEATHER

from tests.e2e.support import (
    campaign_for,
    campaign_to,
    counts,
    crowd,
    ended,
    executions,
    heard,
    start,
)

if TYPE_CHECKING:
    from yellowring_tools.local_stack.report import Report
    from yellowring_tools.local_stack.stack import LocalStack

SCHEDULED = "2026-11-20T09:00:00Z"


def test_the_schedule_notifies_each_subscribed_customer_once_and_nobody_twice(
    story: Report,
) -> None:
    assert [check for check in story.checks if not check.ok] == []


def test_a_customer_hears_the_sentence_in_their_own_region_and_locale(
    stack: LocalStack, story: Report
) -> None:
    greta = next(each for each in story.customers if each.name == "Greta")
    [heard] = greta.heard
    assert "der Yellow-Ring-Wetterdienst" in heard
    [notification] = [
        each for each in stack.alexa.notifications() if each["userId"] == greta.user_ids[-1]
    ][:1]
    assert notification["region"] == "eu"
    assert notification["stage"] == "development"


def test_a_named_audience_is_notified_and_who_may_not_be_is_counted(
    stack: LocalStack, story: Report
) -> None:
    hugo = next(each for each in story.customers if each.name == "Hugo").user_ids[-1]
    ada = next(each for each in story.customers if each.name == "Ada").user_ids[-1]
    start(stack, "named~1", campaign_to([hugo, ada]))
    run = ended(stack, "named~1")
    assert (run.status, counts(run)) == ("completed", {"accepted": 1, "rejected": 1})
    assert heard(stack, "named~1") == {ada: 1}


def test_a_run_is_answered_at_once_and_firing_it_again_rings_nobody(stack: LocalStack) -> None:
    users = crowd(stack, "again", 3)
    fired = {"campaign": campaign_for("again"), "scheduledTime": SCHEDULED}
    answer = stack.send(fired)
    assert (answer["runId"], answer["status"]) == ("again~20261120T090000Z", "running")
    assert set(answer["counts"].values()) == {0}
    run = ended(stack, answer["runId"])
    assert (run.status, counts(run)) == ("completed", {"accepted": 3})
    again = stack.send(fired)
    assert (again["status"], again["counts"]) == ("completed", run.counts.document())
    assert len(executions(stack, run)) == 1 + run.segments
    assert heard(stack, answer["runId"]) == dict.fromkeys(users, 1)


def test_a_multicast_reaches_whoever_alexa_says_is_subscribed_in_the_region(
    stack: LocalStack, story: Report
) -> None:
    start(stack, "multicast~1", {**CAMPAIGN, "audience": {"type": "multicast"}})
    run = ended(stack, "multicast~1")
    assert (run.status, counts(run)) == ("completed", {"accepted": 1})
    subscribed = [
        view["userId"]
        for view in stack.alexa.customers()
        if view["region"] == "na" and WEATHER in view["subscriptions"]
    ]
    assert heard(stack, "multicast~1") == dict.fromkeys(subscribed, 1)


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"expiresIn": "PT4M"}, "expiresIn"),
        ({"event": {"name": "AMAZON.Nothing.Happened", "payload": {}}}, "AMAZON.Nothing.Happened"),
        ({"audience": {"type": "users", "userIds": []}}, "userIds"),
    ],
)
def test_a_campaign_that_cannot_be_sent_starts_no_run(
    stack: LocalStack, part: dict[str, object], reason: str
) -> None:
    with pytest.raises(FunctionFailed, match=reason):
        stack.send({"campaign": {**CAMPAIGN, **part}, "runId": "refused~1"})
    assert stack.run("refused~1") is None


def test_a_request_of_another_skill_is_refused_and_writes_nothing(stack: LocalStack) -> None:
    user_id = "amzn1.ask.account.STRANGER"
    envelope = {
        "version": "1.0",
        "context": {
            "System": {
                "application": {"applicationId": "amzn1.ask.skill.another"},
                "user": {"userId": user_id},
                "apiEndpoint": "https://api.amazonalexa.com",
            }
        },
        "request": {
            "type": "AlexaSkillEvent.SkillEnabled",
            "requestId": "amzn1.echo-external.request.1",
            "timestamp": "2026-11-20T09:00:00Z",
        },
    }
    with pytest.raises(FunctionFailed):
        stack.aws.invoke(stack.outputs.SkillFunctionName, envelope)
    assert stack.record(user_id) is None


def test_a_request_without_a_time_and_an_id_starts_no_run(stack: LocalStack) -> None:
    with pytest.raises(FunctionFailed, match="scheduledTime"):
        stack.send({"campaign": CAMPAIGN})
