"""Alarms fire and tell the topic; the dashboard is there; the logs of a notification share an id.

The embedded AWS evaluates an alarm whenever a metric is put, over all that was put of the metric,
whatever its dimensions and whatever silence means; it takes no metrics out of logs. So what the
functions wrote is put as the metrics it says, and unit tests hold alarms to their dimensions.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.local_stack.emulator import FunctionFailed
from yellowring_tools.local_stack.stack import ALARM_TOPIC, STACK_NAME

from tests.e2e.signed import ApiClient
from tests.e2e.support import (
    API,
    NOTIFIER,
    Customer,
    campaign_for,
    configured,
    crowd,
    ended,
    eventually,
    start,
)
from tests.envelopes import enabled
from tests.unit.api.kit import EVENT
from tests.unit.test_template import RESOURCES
from tests.unit.test_watch import ALARMS, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

FEW_ENOUGH = 60
DEPLOYED = [each for each in ALARMS if RESOURCES[each].get("Condition") != "IsGradual"]
"""All but what CodeDeploy looks at: this AWS has none."""


class Pager:
    """Who is told by the alarms' topic."""

    def __init__(self, stack: LocalStack) -> None:
        self._aws = stack.aws
        self._url = self._aws.sqs.create_queue(QueueName="pager")["QueueUrl"]
        attributes = self._aws.sqs.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=["QueueArn"]
        )
        queue = attributes["Attributes"]["QueueArn"]
        by_sns = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [by_sns]})
        self._aws.sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        topics = self._aws.sns.list_topics()["Topics"]
        (topic,) = [t["TopicArn"] for t in topics if t["TopicArn"].endswith(f":{ALARM_TOPIC}")]
        self._aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
        self._heard: list[str] = []

    def hears_of(self, name: str) -> None:
        """Wait until the topic has told of an alarm."""
        eventually(lambda: name in self._listen(), f"nobody was told of {name}")

    def forget(self, name: str) -> None:
        """Have an alarm be as if nothing had ever happened."""
        self._listen()
        self._heard = [each for each in self._heard if each != name]
        self._aws.cloudwatch.set_alarm_state(
            AlarmName=name, StateValue="OK", StateReason="a test begins"
        )

    def _listen(self) -> list[str]:
        answer = self._aws.sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            told = json.loads(json.loads(message["Body"])["Message"])
            if told["NewStateValue"] == "ALARM":
                self._heard.append(told["AlarmName"])
            self._aws.sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self._heard


@pytest.fixture(scope="module")
def pager(stack: LocalStack) -> Pager:
    return Pager(stack)


def alarm(stack: LocalStack, name: str) -> Any:
    """Return an alarm as it is deployed."""
    (found,) = stack.aws.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found


def put(stack: LocalStack, namespace: str, *data: Any) -> None:
    stack.aws.cloudwatch.put_metric_data(Namespace=namespace, MetricData=list(data))


def put_written(stack: LocalStack, lines: Iterable[str], metrics: set[str]) -> set[str]:
    """Put the metrics of embedded-metric lines as CloudWatch does; return which there were."""
    found: set[str] = set()
    for line in lines:
        if '"_aws"' not in line:
            continue
        document = json.loads(line)
        for told in document["_aws"]["CloudWatchMetrics"]:
            for metric in told["Metrics"]:
                if metric["Name"] not in metrics:
                    continue
                found.add(metric["Name"])
                data = [
                    {
                        "MetricName": metric["Name"],
                        "Unit": metric["Unit"],
                        "Value": float(document[metric["Name"]]),
                        "Dimensions": [{"Name": n, "Value": document[n]} for n in names],
                    }
                    for names in told["Dimensions"]
                ]
                put(stack, told["Namespace"], *data)
    return found


@pytest.mark.parametrize("logical_id", DEPLOYED)
def test_an_alarm_fires_when_its_metric_breaches_and_the_topic_is_told(
    stack: LocalStack, pager: Pager, logical_id: str
) -> None:
    name = f"{STACK_NAME}-{short(logical_id)}"
    deployed = alarm(stack, name)
    is_below = deployed["ComparisonOperator"] == "LessThanThreshold"
    pager.forget(name)
    put(
        stack,
        deployed["Namespace"],
        {
            "MetricName": deployed["MetricName"],
            "Dimensions": deployed["Dimensions"],
            "Values": [0.0 if is_below else deployed["Threshold"] + 1],
            "Counts": [5000.0],  # a hundredth of all there are, and more, for a percentile
        },
    )
    assert alarm(stack, name)["StateValue"] == "ALARM"
    pager.hears_of(name)


def test_a_run_that_halts_is_told_of_by_what_the_sender_writes(
    stack: LocalStack, pager: Pager
) -> None:
    halted, few = f"{STACK_NAME}-run-halted", f"{STACK_NAME}-accepted-share"
    crowd(stack, "watched", FEW_ENOUGH)
    wanted = {"RunsHalted", "AcceptedShare"}
    sender = stack.outputs.SenderFunctionName

    def written() -> list[str]:
        lines = stack.log_lines(sender)
        return lines if all(any(f'"{each}":' in x for x in lines) for each in wanted) else []

    with configured(stack, SKILL_STAGE="live"):  # to reset it ends the worker, with what it wrote
        start(stack, "watched~1", campaign_for("watched"))
        assert ended(stack, "watched~1").status == "halted"
        lines = eventually(written, "the sender has not told of its run's end")
    for name in (halted, few):
        pager.forget(name)
    assert put_written(stack, lines, wanted) == wanted
    for name in (halted, few):
        pager.hears_of(name)


def test_a_function_that_fails_is_told_of(stack: LocalStack, pager: Pager) -> None:
    name = f"{STACK_NAME}-skill-errors"
    pager.forget(name)
    with pytest.raises(FunctionFailed):
        stack.aws.invoke(stack.outputs.SkillFunctionName, enabled())  # another skill's
    put(stack, "Test", {"MetricName": "Look", "Value": 1.0})  # or the emulator would not look
    pager.hears_of(name)


def test_the_dashboard_is_deployed_with_this_stacks_names_in_it(stack: LocalStack) -> None:
    answer = stack.aws.cloudwatch.get_dashboard(DashboardName=STACK_NAME)
    body = json.loads(answer["DashboardBody"])
    assert body["widgets"]
    assert "${" not in answer["DashboardBody"]
    assert stack.outputs.SubscribersTableName in answer["DashboardBody"]


def test_the_lines_of_a_notification_share_an_id_from_the_api_to_alexas_answer(
    stack: LocalStack,
) -> None:
    customer = Customer(stack, "na", "en-US")
    customer.subscribes(EVENT["name"])
    body = {"to": {"userId": customer.user_id}, "event": EVENT}
    said = ApiClient(stack).call("POST", "/v1/notifications", body, key=f"watched-{time.time()}")
    assert said.status == 202
    reference = said.body["id"]

    def sent() -> list[dict[str, Any]]:
        lines = [json.loads(x) for x in stack.log_lines(NOTIFIER) if x.startswith('{"level"')]
        return [line for line in lines if line.get("reference") == reference]

    (outcome,) = eventually(sent, "the notifier has told of no outcome")
    shared = outcome["correlation_id"]
    for function, service, message in (
        (API, "api", "request"),
        (NOTIFIER, "notifier", "Alexa answered"),
    ):
        lines = [json.loads(x) for x in stack.log_lines(function) if x.startswith('{"level"')]
        (line,) = [
            each
            for each in lines
            if each["message"] == message and each.get("correlation_id") == shared
        ]
        assert line["service"] == service
        assert line["function_request_id"]
