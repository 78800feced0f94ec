"""The deployed path, from skill events to notifications, under the roles of the template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local_stack.emulator import FunctionFailed
from local_stack.schedule import invocations, wait_for_run
from local_stack.story import CAMPAIGN, WEATHER

if TYPE_CHECKING:
    from local_stack.report import Report
    from local_stack.stack import LocalStack

RUN_SECONDS = 60.0


def order(name: str, **parts: object) -> dict[str, Any]:
    return {
        "campaign": {**CAMPAIGN, "name": name, **parts},
        "scheduledTime": "2026-11-20T09:00:00Z",
    }


def ringing(report: Report) -> set[str]:
    return {each.user_ids[-1] for each in report.customers if each.should_ring}


def received(stack: LocalStack, run_id: str) -> list[str]:
    return sorted(
        each["userId"] for each in stack.alexa.notifications() if each["referenceId"] == run_id
    )


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
    run = stack.send(order("named", audience={"type": "users", "userIds": [hugo, ada]}))
    assert run["status"] == "completed"
    assert {name: count for name, count in run["counts"].items() if count} == {
        "accepted": 1,
        "rejected": 1,
    }
    assert received(stack, run["runId"]) == [ada]


def test_a_large_audience_goes_through_the_work_queue(stack: LocalStack, story: Report) -> None:
    user_ids = [
        stack.alexa.add_customer("na", "en-US", subscribed=[WEATHER], silent=True)
        for _ in range(250)
    ]
    before = invocations(stack)
    run = stack.send(order("large", audience={"type": "users", "userIds": user_ids}))
    item = wait_for_run(stack, run["runId"], RUN_SECONDS)
    assert item["status"]["S"] == "completed"
    assert item["counts"]["M"]["accepted"]["N"] == "250"
    assert received(stack, run["runId"]) == sorted(user_ids)
    assert invocations(stack) > before + 1


def test_a_multicast_reaches_whoever_alexa_says_is_subscribed_in_the_region(
    stack: LocalStack, story: Report
) -> None:
    run = stack.send(order("multicast", audience={"type": "multicast"}))
    assert run["status"] == "completed"
    views = {view["userId"]: view for view in stack.alexa.customers()}
    subscribed = [
        user_id
        for user_id, view in views.items()
        if view["region"] == "na" and WEATHER in view["subscriptions"]
    ]
    assert received(stack, run["runId"]) == sorted(subscribed)


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
        stack.send(order("refused", **part))
    assert stack.run("refused~20261120T090000Z") is None


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


def test_the_functions_logs_hold_no_user_id_and_no_secret(stack: LocalStack, story: Report) -> None:
    user_ids = [user_id for each in story.customers for user_id in each.user_ids]
    for function in (stack.outputs.SkillFunctionName, stack.outputs.SenderFunctionName):
        logged = "\n".join(stack.log_lines(function))
        assert logged
        assert [user_id for user_id in user_ids if user_id in logged] == []
        assert stack.skill.client_secret not in logged


def test_nothing_is_left_in_the_queues(stack: LocalStack, story: Report) -> None:
    for url in (stack.outputs.WorkQueueUrl, stack.outputs.DeadLetterQueueUrl):
        attributes = stack.aws.sqs.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        assert set(attributes.values()) == {"0"}, json.dumps(attributes)
