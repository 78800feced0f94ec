"""What is watched: alarms and dashboard look at metrics that there are, and the runbook knows all.

CloudWatch takes an alarm on a metric that nobody ever emits, and is silent for ever.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]
from yellowring.sender.notification.batch import LONGEST_BACK_OFF

from tests.unit.metrics import OF_AWS, OURS, PACKAGE, emitted, is_told
from tests.unit.test_template import PARAMETERS, PROJECT, RESOURCES, TEMPLATE, properties

ALARMS = sorted(n for n, each in RESOURCES.items() if each["Type"] == "AWS::CloudWatch::Alarm")
RUNBOOK = (PROJECT / "docs" / "runbook.md").read_text(encoding="utf-8")
AWS_ONLY: dict[str, Any] = yaml_parse(
    (PROJECT / "infrastructure" / "aws-only.yaml").read_text(encoding="utf-8")
)
QUERIES: dict[str, dict[str, Any]] = AWS_ONLY["Resources"]
FUNCTIONS = ("Skill", "Sender", "Notifier", "Api")
WEEK, HOUR = 7 * 24 * 3600, 3600
SEARCH = re.compile(
    r"SEARCH\('\{(\w+),([\w,]+)\} MetricName=\"(\w+)\" stack=\"(.+?)\"', '\w+', \d+\)"
)


def short(alarm: str) -> str:
    """Return what an alarm is called after its stack's name."""
    name: str = properties(alarm)["AlarmName"]["Fn::Sub"]
    return name.removeprefix("${AWS::StackName}-")


def sections() -> dict[str, str]:
    """Return the runbook's sections on alarms, by the alarm's name."""
    parts = re.split(r"^### `(.+?)`$", RUNBOOK, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_looks_at_a_metric_that_is_emitted_with_its_very_dimensions(alarm: str) -> None:
    known = properties(alarm)
    dimensions = {each["Name"]: each["Value"] for each in known["Dimensions"]}
    assert is_told(known["Namespace"], known["MetricName"], frozenset(dimensions))
    if known["Namespace"] == OURS:
        assert dimensions["stack"] == {"Ref": "AWS::StackName"}


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_is_named_by_its_stack_tells_the_topic_and_knows_what_silence_means(
    alarm: str,
) -> None:
    known = properties(alarm)
    assert known["AlarmName"]["Fn::Sub"].startswith("${AWS::StackName}-")
    assert known["AlarmActions"] == {
        "Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]
    }
    silence = "breaching" if alarm == "RunMissingAlarm" else "notBreaching"
    assert known["TreatMissingData"] == silence
    assert known["AlarmDescription"]


@pytest.mark.parametrize(
    ("alarm", "metric", "fires", "at", "of"),
    [
        ("RunHalted", "RunsHalted", "Greater", 0, None),
        ("RunMissing", "RunsStarted", "Less", 1, None),
        ("AcceptedShare", "AcceptedShare", "Less", {"Ref": "AcceptedShare"}, None),
        (
            "NotificationsOldest",
            "NotificationAge",
            "Greater",
            {"Ref": "OldestNotificationSeconds"},
            None,
        ),
        (
            "NotificationsUnread",
            "ApproximateAgeOfOldestMessage",
            "Greater",
            {"Ref": "OldestNotificationSeconds"},
            "NotificationsQueue",
        ),
        (
            "NotificationsDead",
            "ApproximateNumberOfMessagesVisible",
            "Greater",
            0,
            "NotificationsDeadLetterQueue",
        ),
        ("DeadLetters", "ApproximateNumberOfMessagesVisible", "Greater", 0, "DeadLetterQueue"),
        ("SkillSlow", "Duration", "Greater", 6500, "SkillFunction"),
        ("DeploymentErrors", "Errors", "Greater", 0, None),
    ],
)
def test_an_alarm_fires_when(
    alarm: str, metric: str, fires: str, at: object, of: str | None
) -> None:
    known = properties(f"{alarm}Alarm")
    assert (known["MetricName"], known["Threshold"]) == (metric, at)
    assert known["ComparisonOperator"] == f"{fires}ThanThreshold"
    named = [each["Value"] for each in known["Dimensions"]]
    if of is not None:
        assert named in ([{"Ref": of}], [{"Fn::GetAtt": [of, "QueueName"]}])


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("suffix", "metric"),
    [
        ("Errors", "Errors"),
        ("Throttles", "Throttles"),
        ("Recursion", "RecursiveInvocationsDropped"),
    ],
)
def test_each_function_is_watched_for(function: str, suffix: str, metric: str) -> None:
    known = properties(f"{function}{suffix}Alarm")
    assert known["MetricName"] == metric
    assert known["Dimensions"] == [
        {"Name": "FunctionName", "Value": {"Ref": f"{function}Function"}}
    ]
    assert (known["Statistic"], known["Threshold"]) == ("Sum", 0)
    assert known["ComparisonOperator"] == "GreaterThanThreshold"


@pytest.mark.parametrize("alarm", ["NotificationsOldest", "NotificationsUnread"])
def test_the_oldest_of_all_notifications_is_what_counts(alarm: str) -> None:
    assert properties(f"{alarm}Alarm")["Statistic"] == "Maximum"


def test_a_notification_that_is_tried_again_and_again_keeps_its_alarm_on_between_its_tries() -> (
    None
):
    known = properties("NotificationsOldestAlarm")
    looked_at = known["Period"] * known["EvaluationPeriods"]
    assert known["DatapointsToAlarm"] == 1, "its age is only told when it is tried"
    assert looked_at > LONGEST_BACK_OFF + properties("NotifierFunction")["Timeout"]


def test_what_is_expected_and_missing_can_be_looked_for_a_week_back_and_no_longer() -> None:
    known, hours = properties("RunMissingAlarm"), PARAMETERS["ExpectedRunHours"]
    assert known["Period"] == HOUR
    assert known["EvaluationPeriods"] == {"Ref": "ExpectedRunHours"}
    assert "DatapointsToAlarm" not in known, "every hour of them has to be without a run"
    assert known["Period"] * hours["MaxValue"] == WEEK
    assert (hours["Default"], RESOURCES["RunMissingAlarm"]["Condition"]) == (0, "ExpectsRuns")
    assert (known["ComparisonOperator"], known["Threshold"]) == ("LessThanThreshold", 1)
    assert {"Name": "by", "Value": "schedule"} in known["Dimensions"]


@pytest.mark.parametrize("alarm", [each for each in ALARMS if each != "RunMissingAlarm"])
def test_an_alarm_of_short_periods_looks_back_a_day_at_most(alarm: str) -> None:
    known = properties(alarm)
    assert known["Period"] * known["EvaluationPeriods"] <= WEEK / 7
    assert known.get("DatapointsToAlarm", 1) <= known["EvaluationPeriods"]


def test_slow_answers_are_told_before_alexa_stops_waiting() -> None:
    known = properties("SkillSlowAlarm")
    assert known["ExtendedStatistic"] == "p99"
    assert "Statistic" not in known
    assert known["Threshold"] < 1000 * properties("SkillFunction")["Timeout"] == 8000
    # Of a few invocations the slowest is the p99: a single cold start would be an alarm.
    assert known["EvaluateLowSampleCountPercentile"] == "ignore"


def test_an_alarm_on_what_may_not_be_deployed_is_not_deployed_either() -> None:
    of_the_skill = [name for name in ALARMS if name.startswith("Skill")]
    assert {RESOURCES[name].get("Condition") for name in of_the_skill} == {"HasSkillFunction"}
    others = {n for n in ALARMS if n not in of_the_skill and "Condition" in RESOURCES[n]}
    assert others == {"RunMissingAlarm", "DeploymentErrorsAlarm"}


def test_a_bad_version_is_noticed_while_the_shortest_deployment_still_goes_on() -> None:
    known = properties("DeploymentErrorsAlarm")
    lasts = re.findall(r"Canary10Percent(\d+)Minutes", str(PARAMETERS["SkillDeployment"]))
    # CloudWatch has a function's errors a minute or two after their period.
    told_after = known["Period"] * known["EvaluationPeriods"] + 120
    assert told_after < 60 * min(map(int, lasts))
    assert known["Statistic"] == "Sum"
    assert known.get("DatapointsToAlarm", 1) == 1


def test_what_a_deployment_is_taken_back_for_is_what_alexa_calls() -> None:
    known = properties("DeploymentErrorsAlarm")
    alias = properties("SkillFunction")["AutoPublishAlias"]
    assert known["Dimensions"] == [
        {"Name": "FunctionName", "Value": {"Ref": "SkillFunction"}},
        {"Name": "Resource", "Value": {"Fn::Sub": f"${{SkillFunction}}:{alias}"}},
    ]
    assert RESOURCES["DeploymentErrorsAlarm"]["Condition"] == "IsGradual"
    assert TEMPLATE["Conditions"]["IsGradual"] == {
        "Fn::And": [
            {"Condition": "HasSkillFunction"},
            {"Fn::Not": [{"Fn::Equals": [{"Ref": "SkillDeployment"}, "AllAtOnce"]}]},
        ]
    }


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("suffix", ["Errors", "Throttles"])
def test_what_happens_once_and_is_tried_again_is_no_alarm(function: str, suffix: str) -> None:
    known = properties(f"{function}{suffix}Alarm")
    looked_at = (known["Period"], known["EvaluationPeriods"], known["DatapointsToAlarm"])
    assert looked_at == (300, 3, 2)  # the runbook's two of three windows of five minutes


# ---- the runbook ----


def test_the_runbook_has_a_section_for_each_alarm_and_for_no_other() -> None:
    assert sorted(sections()) == sorted(map(short, ALARMS))


@pytest.mark.parametrize("alarm", ALARMS)
def test_a_section_says_what_the_alarm_means_and_what_to_do(alarm: str) -> None:
    section = sections()[short(alarm)]
    means, do = section.split("**Do:**")
    assert len(means.partition("**Means:**")[2].strip()) > 40
    assert len(do.strip()) > 40


def test_the_runbook_names_nothing_that_is_not_there() -> None:
    named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", RUNBOOK))
    sources = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    errors = re.findall(r"^class (\w+)", sources, flags=re.MULTILINE)
    of_aws = [name for metrics in OF_AWS.values() for name in metrics]
    known = {*emitted(), *PARAMETERS, *TEMPLATE["Outputs"], *RESOURCES, *QUERIES, *errors, *of_aws}
    assert named - known == set()


# ---- the dashboard ----


def dashboard() -> dict[str, Any]:
    """Return the dashboard as it is, the stack's names left as they stand."""
    body: dict[str, Any] = json.loads(properties("Dashboard")["DashboardBody"]["Fn::Sub"])
    return body


def shown() -> list[tuple[str, str, str, frozenset[str]]]:
    """Return what the dashboard shows: widget, namespace, metric, dimensions."""
    found = []
    for widget in dashboard()["widgets"]:
        for row in widget["properties"].get("metrics", []):
            title = widget["properties"]["title"]
            if isinstance(row[0], dict):
                match = SEARCH.fullmatch(row[0]["expression"])
                assert match, row
                found.append((title, match[1], match[3], frozenset(match[2].split(","))))
            else:
                names = [each for each in row if isinstance(each, str)]
                found.append((title, names[0], names[1], frozenset(names[2::2])))
    return found


@pytest.mark.parametrize(
    ("title", "namespace", "metric", "dimensions"), shown(), ids=lambda each: str(each)[:40]
)
def test_the_dashboard_shows_metrics_that_are_emitted(
    title: str, namespace: str, metric: str, dimensions: frozenset[str]
) -> None:
    assert is_told(namespace, metric, dimensions), title


def test_the_dashboard_is_of_its_own_stack_and_region_and_no_other() -> None:
    assert properties("Dashboard")["DashboardName"] == {"Ref": "AWS::StackName"}
    text = json.dumps(dashboard())
    for widget in dashboard()["widgets"]:
        if widget["type"] != "text":
            assert widget["properties"]["region"] == "${AWS::Region}"
    used = set(re.findall(r"\$\{([\w:.]+)\}", text))
    assert all(each.startswith("AWS::") or each.split(".")[0] in RESOURCES for each in used)
    assert not re.search(r"yellow-ring|us-east-1|\d{12}", text)


def test_each_metric_of_a_stack_on_the_dashboard_is_of_this_stack() -> None:
    for widget in dashboard()["widgets"]:
        for row in widget["properties"].get("metrics", []):
            text = json.dumps(row)
            assert "YellowRing" not in text or "${AWS::StackName}" in text


@pytest.mark.parametrize(
    "metric",
    [
        "Subscribers",
        "SkillEvents",
        "Customers",
        "Pace",
        "SlowedRequests",
        "AcceptedShare",
        "NotificationAge",
    ],
)
def test_the_dashboard_shows(metric: str) -> None:
    assert metric in {each for _, _, each, _ in shown()}


def widget(title: str) -> dict[str, Any]:
    """Return the properties of a widget whose title begins so."""
    (found,) = (
        each["properties"]
        for each in dashboard()["widgets"]
        if each["properties"].get("title", "").startswith(title)
    )
    told: dict[str, Any] = found
    return told


def test_customers_that_are_counted_once_a_day_are_shown_as_they_were_counted() -> None:
    census = widget("Customers by state")
    assert (census["stat"], census["period"]) == ("Maximum", 86400)
    (row,) = census["metrics"]
    assert row[0]["expression"].endswith(", 'Maximum', 86400)")


def test_runs_that_ended_are_shown_whichever_function_ended_them() -> None:
    read = re.findall(r"SOURCE '(.+?)'", widget("Runs that ended")["query"])
    saved = [named["Fn::Sub"] for named, _ in looked_into("RunsEnded")]
    assert sorted(read) == sorted(each.replace("{Stack", "{AWS::Stack") for each in saved)


# ---- saved queries ----


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_saved_query_looks_into_logs_that_the_stack_writes(name: str) -> None:
    known = QUERIES[name]["Properties"]
    assert QUERIES[name]["Type"] == "AWS::Logs::QueryDefinition"
    assert known["Name"]["Fn::Sub"].startswith("${StackName}/")
    groups = {
        each["Properties"]["LogGroupName"]["Fn::Sub"].replace("AWS::StackName", "StackName")
        for each in RESOURCES.values()
        if each["Type"] == "AWS::Logs::LogGroup"
    }
    assert {named["Fn::Sub"] for named, _ in looked_into(name)} <= groups
    assert name in RUNBOOK


def looked_into(query: str) -> list[tuple[dict[str, str], bool]]:
    """Return the log groups of a query, and whether each is named only with a skill function."""
    found = []
    for each in QUERIES[query]["Properties"]["LogGroupNames"]:
        match each:
            case {"Fn::If": ["HasSkillFunction", named, {"Ref": "AWS::NoValue"}]}:
                found.append((named, True))
            case _:
                found.append((each, QUERIES[query].get("Condition") == "HasSkillFunction"))
    return found


def test_a_query_names_the_skills_log_only_where_there_is_one() -> None:
    assert AWS_ONLY["Parameters"]["WithSkillFunction"]["Default"] == "true"
    assert AWS_ONLY["Conditions"]["HasSkillFunction"] == TEMPLATE["Conditions"]["HasSkillFunction"]
    for query in QUERIES:
        for named, only_with_a_skill in looked_into(query):
            assert only_with_a_skill is named["Fn::Sub"].endswith("-skill"), query


@pytest.mark.parametrize("query", sorted(QUERIES))
def test_a_query_sorts_what_it_has_counted_by_what_it_has_named(query: str) -> None:
    text = QUERIES[query]["Properties"]["QueryString"]
    stats, _, order = text.partition("| stats ")[2].partition("| sort ")
    if stats:
        # Logs Insights has no @timestamp any more after stats, and sorts by nothing then.
        assert order.split()[0] in re.findall(r" as (\w+)", stats)
