"""What somebody can do with the schedule's role: send what a schedule could, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender import app
from yellowring.sender.campaign import InvalidCampaign, parse_campaign
from yellowring.sender.campaign.event_source import EventSourceFailed

from tests.unit.sender.conftest import alexa, clients, world
from tests.unit.sender.kit import SCHEDULED, Context, campaign
from tests.unit.test_template import allowed, properties

if TYPE_CHECKING:
    from tests.unit.sender.kit import World

__all__ = ["alexa", "clients", "world"]

VICTIM = "amzn1.ask.account.AVICTIM"


def test_only_eventbridge_for_this_stacks_schedules_may_take_the_role() -> None:
    [trust] = properties("ScheduleRole")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    told = trust["Condition"]["StringEquals"]
    assert told["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert told["aws:SourceArn"]["Fn::Sub"].endswith(":schedule-group/${AWS::StackName}")


def test_the_role_reads_nothing_and_invokes_nothing_but_the_sender() -> None:
    assert allowed("ScheduleRole") == {
        "SenderFunction": {"lambda:InvokeFunction"},
        "DeadLetterQueue": {"sqs:SendMessage"},
    }


@pytest.mark.parametrize("content", ["os:system", "subprocess:run", "arn:aws:lambda:x", "../x"])
def test_a_campaign_can_name_no_code(world: World, content: str) -> None:
    document = {"campaign": campaign(content=content), "scheduledTime": SCHEDULED}
    with pytest.raises((InvalidCampaign, EventSourceFailed)):
        app.lambda_handler(document, Context())


@pytest.mark.parametrize(
    "more", [{"endpoint": "https://evil.example"}, {"headers": {}}, {"credentials": "x"}]
)
def test_a_campaign_cannot_say_where_to_send(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidCampaign):
        parse_campaign(campaign(**more))


def test_a_campaign_that_is_invoked_again_and_again_is_one_run(world: World) -> None:
    world.customers(3)
    document = {"campaign": campaign(), "scheduledTime": SCHEDULED}
    answers = [app.lambda_handler(document, Context()) for _ in range(5)]
    assert len({answer["runId"] for answer in answers}) == 1


def test_no_answer_tells_who_is_subscribed(world: World) -> None:
    [user_id] = world.customers(1)
    for audience in (
        {"type": "subscribers"},
        {"type": "users", "userIds": [user_id, VICTIM]},
        {"type": "customers", "customerIds": ["4711"]},
    ):
        name = f"probe-{audience['type']}"
        document = {"campaign": campaign(name=name, audience=audience), "scheduledTime": SCHEDULED}
        told = json.dumps(app.lambda_handler(document, Context()))
        assert "amzn1.ask.account" not in told
        assert "4711" not in told
