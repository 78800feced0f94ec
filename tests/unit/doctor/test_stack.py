from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.alexa import InvalidCredentials, TokenUnavailable
from yellowring_tools.doctor.stack.alarms import of_alarms, of_topic
from yellowring_tools.doctor.stack.clock import of_date
from yellowring_tools.doctor.stack.functions import (
    OF_OUTPUTS,
    OF_PARAMETERS,
    expected,
    of_architecture,
    of_concurrency,
    of_state,
    of_variables,
)
from yellowring_tools.doctor.stack.secret import SCOPES, of_scopes
from yellowring_tools.doctor.stack.template import (
    OUTPUTS,
    of_outputs,
    of_parameters,
    of_status,
    parameters_of,
)
from yellowring_tools.doctor.stack.workflow import of_machine, of_rule

from tests.unit.test_template import FUNCTIONS, PARAMETERS, PROJECT, TEMPLATE, environment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yellowring_tools.doctor import Finding

NOW = datetime(2026, 11, 21, 21, 0, tzinfo=UTC)
SENDER = "arn:aws:lambda:us-east-1:123456789012:function:yellow-ring-sender"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:yellow-ring-run"


def states(findings: Iterable[Finding]) -> list[str]:
    return [each.state for each in findings]


# ---- the stack, its template ----


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("CREATE_COMPLETE", []),
        ("UPDATE_COMPLETE", []),
        ("UPDATE_IN_PROGRESS", ["warning"]),
        ("UPDATE_ROLLBACK_COMPLETE", ["warning"]),
        ("ROLLBACK_FAILED", ["fault"]),
        ("UPDATE_ROLLBACK_FAILED", ["fault"]),
    ],
)
def test_a_deployment_that_did_not_succeed_is_found(status: str, found: list[str]) -> None:
    assert states(of_status(status, "yellow-ring")) == found


def test_an_output_that_is_not_there_is_named() -> None:
    every = dict.fromkeys((*OUTPUTS, "SkillFunctionArn", "SkillFunctionName"), "x")
    assert states(of_outputs(every, {}, "yellow-ring")) == []
    for name in every:
        rest = {key: value for key, value in every.items() if key != name}
        [fault] = of_outputs(rest, {}, "yellow-ring")
        assert name in fault.what


def test_a_skill_with_a_function_of_its_own_needs_none_of_ours() -> None:
    own = {"WithSkillFunction": "false"}
    assert states(of_outputs(dict.fromkeys(OUTPUTS, "x"), own, "yellow-ring")) == []


def test_the_outputs_that_are_looked_for_are_the_templates() -> None:
    assert set(OUTPUTS) <= TEMPLATE["Outputs"].keys()
    assert not any("Condition" in TEMPLATE["Outputs"][each] for each in OUTPUTS)


def test_the_templates_parameters_are_read_without_its_tags() -> None:
    text = (PROJECT / "template.yaml").read_text(encoding="utf-8")
    assert parameters_of(text) == tuple(PARAMETERS)
    assert parameters_of("Resources:\n  A:\n    Type: x\n") == ()


def test_parameters_that_came_and_went_are_named() -> None:
    known = PROJECT / "template.yaml"
    assert states(of_parameters({"A"}, {"A"}, known, "yellow-ring")) == []
    removed, added = of_parameters({"A", "Old"}, {"A", "New"}, known, "yellow-ring")
    assert "Old" in removed.what
    assert "New" in added.what
    assert "New" not in removed.what


# ---- functions ----


@pytest.mark.parametrize(
    ("configuration", "found"),
    [
        ({"State": "Active", "LastUpdateStatus": "Successful"}, []),
        ({}, []),
        ({"State": "Inactive"}, []),  # idle: the next call wakes it
        ({"State": "Pending"}, ["warning"]),
        ({"State": "Failed", "StateReason": "no subnet"}, ["fault"]),
        ({"LastUpdateStatus": "InProgress"}, ["warning"]),
        ({"LastUpdateStatus": "Failed"}, ["fault"]),
    ],
)
def test_a_function_that_cannot_be_invoked_is_found(
    configuration: dict[str, Any], found: list[str]
) -> None:
    assert states(of_state(configuration, "sender")) == found


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({}, []),
        ({"ReservedConcurrentExecutions": 1}, []),
        ({"ReservedConcurrentExecutions": 0}, ["fault"]),
    ],
)
def test_a_function_without_concurrency_is_found(told: dict[str, int], found: list[str]) -> None:
    assert states(of_concurrency(told, "sender")) == found


@pytest.mark.parametrize(
    ("told", "parameter", "found"),
    [
        ({}, "0", []),
        ({"ReservedConcurrentExecutions": 5}, "5", []),
        ({"ReservedConcurrentExecutions": 5}, None, []),
        ({"ReservedConcurrentExecutions": 5}, "0", ["warning"]),
        ({}, "5", ["warning"]),
        ({"ReservedConcurrentExecutions": 0}, "5", ["fault"]),
    ],
)
def test_an_api_that_was_given_another_concurrency_by_hand_is_found(
    told: dict[str, int], parameter: str | None, found: list[str]
) -> None:
    assert states(of_concurrency(told, "api", parameter)) == found


def test_a_function_of_another_architecture_is_found() -> None:
    assert states(of_architecture({"Architectures": ["arm64"]}, "arm64", "sender")) == []
    [fault] = of_architecture({"Architectures": ["arm64"]}, "x86_64", "sender")
    assert "make build ARCHITECTURE=x86_64" in fault.remedy


def test_what_functions_are_told_is_what_the_template_tells_them() -> None:
    outputs = TEMPLATE["Outputs"]
    for function in FUNCTIONS:
        told = environment(function)
        for variable, parameter in OF_PARAMETERS.items():
            assert told[variable] == {"Ref": parameter}
        for variable, output in OF_OUTPUTS.items():
            if variable == "DEAD_LETTER_QUEUE_URL" and function == "NotifierFunction":
                output = "NotificationsDeadLetterQueueUrl"  # noqa: PLW2901
            if variable != "RUN_MACHINE_ARN":  # by name, for they name each other
                assert told[variable] == outputs[output]["Value"]


def test_a_variable_that_was_changed_by_hand_is_named_with_what_it_should_be() -> None:
    parameters = {"MaxWorkers": "4", "EventSources": "digest=a:b"}
    outputs = {
        "RunsTableName": "runs",
        "DeadLetterQueueUrl": "dead",
        "NotificationsDeadLetterQueueUrl": "given-up",
    }
    right = {"MAX_WORKERS": "4", "RUNS_TABLE": "runs", "DEAD_LETTER_QUEUE_URL": "dead"}
    sound = {**right, "EVENT_SOURCES": "digest=a:b", "OWN": "x"}
    wanted = expected("sender", parameters, outputs)
    assert states(of_variables(sound, wanted, "sender")) == []
    [fault] = of_variables({**sound, "MAX_WORKERS": "9"}, wanted, "sender")
    assert "is '9', but the parameter MaxWorkers is '4'" in fault.what
    [fault] = of_variables({**sound, "RUNS_TABLE": "others"}, wanted, "sender")
    assert "the output RunsTableName is 'runs'" in fault.what
    api = expected("api", parameters, outputs)
    assert states(of_variables(right, api, "api")) == []  # without event sources
    assert expected("skill", {**parameters, "LogLevel": "INFO"}, outputs).keys() == {"LOG_LEVEL"}
    notifier = expected("notifier", parameters, outputs)
    assert notifier["DEAD_LETTER_QUEUE_URL"][0] == "given-up"


# ---- the secret ----


def test_both_scopes_are_asked_for_and_the_first_refusal_is_enough() -> None:
    asked: list[str] = []
    assert states(of_scopes(lambda scope: asked.append(scope) or "t", "secret", "fill it")) == []  # type: ignore[func-returns-value]
    assert asked == list(SCOPES)

    def refuse(scope: str) -> str:
        raise InvalidCredentials(f"refused for {scope}")

    [fault] = of_scopes(refuse, "secret", "fill it")
    assert (fault.state, fault.remedy) == ("fault", "fill it")
    assert fault.what == f"refused for {SCOPES[0]}"


def test_an_amazon_that_does_not_answer_is_no_fault_of_the_secret() -> None:
    def silent(_: str) -> str:
        raise TokenUnavailable("no answer")

    assert states(of_scopes(silent, "secret", "fill it")) == ["unknown"]


# ---- workflow, events, alarms, clock ----


def definition(function: str) -> str:
    return f'{{"States": {{"A": {{"Retry": [], "Parameters": {{"FunctionName": "{function}"}}}}}}}}'


@pytest.mark.parametrize(
    ("machine", "found"),
    [
        ({"status": "ACTIVE", "definition": definition(SENDER)}, []),
        ({"status": "DELETING", "definition": definition(SENDER)}, ["fault"]),
        ({"status": "ACTIVE", "definition": definition(f"{SENDER}-old")}, ["fault"]),
        ({"status": "ACTIVE", "definition": "{}"}, ["fault"]),
        (None, ["fault"]),
    ],
)
def test_a_workflow_that_does_not_work_with_the_sender_is_found(
    machine: dict[str, str] | None, found: list[str]
) -> None:
    assert states(of_machine(machine, MACHINE, SENDER)) == found


@pytest.mark.parametrize(
    ("rule", "targets", "found"),
    [
        ({"State": "ENABLED"}, 1, []),
        ({"State": "DISABLED"}, 1, ["fault"]),
        ({"State": "ENABLED"}, 0, ["fault"]),
        (None, 0, ["fault"]),
    ],
)
def test_a_rule_whose_events_go_nowhere_is_found(
    rule: dict[str, str] | None, targets: int, found: list[str]
) -> None:
    assert states(of_rule(rule, targets, "NotificationRequested")) == found


def test_an_alarm_that_is_raised_gone_or_mute_is_found() -> None:
    ok = {"AlarmName": "ring-errors", "StateValue": "OK", "ActionsEnabled": True}
    assert states(of_alarms([ok], ["ring-errors"])) == []
    assert states(of_alarms([{**ok, "StateValue": "INSUFFICIENT_DATA"}], [])) == []
    [raised] = of_alarms([{**ok, "StateValue": "ALARM", "StateReason": "3 > 1"}], [])
    assert (raised.state, raised.what) == ("fault", "is raised: 3 > 1")
    assert states(of_alarms([{**ok, "ActionsEnabled": False}], [])) == ["warning"]
    [gone] = of_alarms([], ["ring-errors"])
    assert (gone.state, gone.where) == ("fault", "alarm ring-errors")


@pytest.mark.parametrize(
    ("stage", "topic", "found"),
    [("live", "", ["warning"]), ("development", "", []), ("live", "arn:aws:sns:x", [])],
)
def test_alarms_of_the_public_that_nobody_hears_of_are_found(
    stage: str, topic: str, found: list[str]
) -> None:
    told = {"SkillStage": stage, "AlarmTopicArn": topic}
    assert states(of_topic(told, "yellow-ring")) == found


@pytest.mark.parametrize(
    ("header", "found", "says"),
    [
        ("Sat, 21 Nov 2026 21:00:00 GMT", [], ""),
        ("Sat, 21 Nov 2026 21:00:09 GMT", [], ""),
        ("Sat, 21 Nov 2026 21:00:10 GMT", ["warning"], "10 s behind AWS's"),
        ("Sat, 21 Nov 2026 20:59:50 GMT", ["warning"], "10 s ahead of AWS's"),
        ("Sat, 21 Nov 2026 20:55:00 GMT", ["fault"], "300 s ahead of AWS's"),
        ("yesterday", [], ""),
        (None, [], ""),
    ],
)
def test_a_clock_that_is_off_is_found(header: str | None, found: list[str], says: str) -> None:
    findings = list(of_date(header, NOW, "AWS"))
    assert states(findings) == found
    assert all(says in each.what for each in findings)


def test_a_date_without_a_zone_is_utc() -> None:
    header = "Sat, 21 Nov 2026 21:00:00 -0000"
    assert states(of_date(header, NOW + timedelta(seconds=1), "AWS")) == []
