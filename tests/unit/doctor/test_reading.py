"""What the checks read of AWS and of servers, in memory and on this machine."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.run.request import PLACEHOLDER
from yellowring_tools.doctor.skill.endpoints import check_endpoints
from yellowring_tools.doctor.skill.known import Known, of_package
from yellowring_tools.doctor.stack.alarms import check_alarms
from yellowring_tools.doctor.stack.clock import date_of
from yellowring_tools.doctor.stack.deployment import Deployment, Resource
from yellowring_tools.doctor.stack.queues import oldest
from yellowring_tools.doctor.stack.schedules import of_own
from yellowring_tools.local_stack.workspace import PROJECT

from tests.unit.cli.kit import campaign
from tests.unit.doctor.test_stack import states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yellowring_tools.cli.aws.stacks import Stack


def test_the_oldest_message_is_as_old_as_cloudwatch_measured_last(stack: Stack) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    assert oldest(Deployment(stack), "notifications", now) is None
    for minutes, seconds in ((9, 4000.0), (2, 1000.0)):
        stack.alarms.put_metric_data(
            Namespace="AWS/SQS",
            MetricData=[
                {
                    "MetricName": "ApproximateAgeOfOldestMessage",
                    "Dimensions": [{"Name": "QueueName", "Value": "notifications"}],
                    "Timestamp": now - timedelta(minutes=minutes),
                    "Value": seconds,
                }
            ],
        )
    assert oldest(Deployment(stack), "notifications", now) == 1000.0
    assert oldest(Deployment(stack), "others", now) is None


def test_the_alarms_of_a_stack_whose_name_begins_with_ours_are_not_ours(stack: Stack) -> None:
    ours, theirs = "yellow-ring-run-halted", "yellow-ring-live-run-halted"
    for name in (ours, theirs):
        stack.alarms.put_metric_alarm(
            AlarmName=name,
            Namespace="YellowRing",
            MetricName="RunsHalted",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
        )
        stack.alarms.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="1 > 0")
    own = Resource("RunHaltedAlarm", "AWS::CloudWatch::Alarm", ours)
    told: Any = SimpleNamespace(stack=stack, name="yellow-ring", resources=(own,), parameters={})
    assert [each.where for each in check_alarms(told)] == [f"alarm {ours}"]


def deployment(**parameters: str) -> Any:
    outputs = {
        "ScheduleName": "yellow-ring-campaign",
        "SenderFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:yellow-ring-sender",
    }
    return SimpleNamespace(outputs=outputs, parameters=parameters)


@pytest.mark.parametrize(
    ("own", "wanted", "found"),
    [
        ([{"State": "ENABLED"}], "ENABLED", []),
        ([{"State": "DISABLED"}], "DISABLED", []),
        ([{"State": "ENABLED"}], "DISABLED", ["warning"]),
        ([{"State": "DISABLED"}], "ENABLED", ["warning"]),
        ([], "ENABLED", ["fault"]),
        ([], "DISABLED", ["warning"]),  # nothing stays dark for it
    ],
)
def test_the_stacks_own_schedule_is_there_and_in_the_state_that_was_deployed(
    own: list[dict[str, str]], wanted: str, found: list[str]
) -> None:
    assert states(of_own(own, deployment(ScheduleState=wanted))) == found


def own_schedule(**changed: Any) -> dict[str, Any]:
    document = {"campaign": campaign(), "scheduledTime": PLACEHOLDER}
    return {
        "State": "ENABLED",
        "ScheduleExpression": "cron(0 9 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "Target": {"Input": json.dumps(document)},
        **changed,
    }


DEPLOYED = {
    "ScheduleState": "ENABLED",
    "ScheduleExpression": "cron(0 9 * * ? *)",
    "ScheduleTimeZone": "Europe/Berlin",
    "Campaign": json.dumps(campaign(), indent=2),
}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, []),
        ({"ScheduleExpression": "rate(1 hour)"}, ["ScheduleExpression=cron(0 9 * * ? *)"]),
        ({"ScheduleExpressionTimezone": "UTC"}, ["ScheduleTimeZone=Europe/Berlin"]),
        (
            {"Target": {"Input": json.dumps({"campaign": campaign(name="other")})}},
            ["parameter Campaign"],
        ),
        ({"Target": {"Input": "{}"}}, []),  # found by what reads the input
    ],
)
def test_a_schedule_of_the_stack_that_was_changed_by_hand_is_found(
    changed: dict[str, Any], says: list[str]
) -> None:
    findings = list(of_own([own_schedule(**changed)], deployment(**DEPLOYED)))
    assert states(findings) == ["warning"] * len(says)
    assert all(part in each.what for part, each in zip(says, findings, strict=True))


def test_a_stack_that_does_not_say_how_it_was_deployed_has_no_drift() -> None:
    assert states(of_own([own_schedule()], deployment())) == []


def test_endpoints_that_are_still_placeholders_are_unknown() -> None:
    known = of_package(PROJECT / "skill-package")
    [found] = check_endpoints(deployment(), known)
    assert (found.state, "placeholders" in found.what) == ("unknown", True)


def test_an_endpoint_that_is_no_address_is_not_looked_for() -> None:
    for uri in ("arn:aws", "arn:aws:lambda:us-east-1:999999999999:function:theirs"):
        document = {"manifest": {"events": {"endpoint": {"uri": uri}}}}
        found = list(check_endpoints(deployment(), Known("the skill", document, {})))
        assert len(found) == (uri == "arn:aws")


@contextmanager
def server() -> Iterator[str]:
    class Quiet(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Quiet) as serving:
        thread = threading.Thread(target=serving.handle_request)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        thread.join()


def test_a_servers_date_is_read_whatever_it_answers() -> None:
    with server() as url:
        told = date_of(url)
    assert told is not None
    assert abs(parsedate_to_datetime(told) - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_server_that_does_not_answer_tells_no_date() -> None:
    assert date_of("http://127.0.0.1:1") is None
