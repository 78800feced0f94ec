"""The API as the template deploys it: who is let in, what the function may do, what is logged."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import Session
from yellowring.settings import ApiSettings

from tests.unit.test_template import (
    PARAMETERS,
    PROJECT,
    RESOURCES,
    TEMPLATE,
    allowed,
    environment,
    properties,
    statements,
)

APIS = ("HttpApi", "JwtHttpApi")
JWT = ("JwtIssuer", "JwtAudience", "JwtScope")
GIVEN = {"Fn::And": [{"Fn::Not": [{"Fn::Equals": [{"Ref": name}, ""]}]} for name in JWT]}
CALLS = {
    "api/queue.py": {"NotificationsQueue"},
    "api/runs.py": {"SenderFunction"},
    "sender/notification/status.py": {"RunsTable"},
    "sender/run/store.py": {"RunsTable"},
    "sender/run/machine.py": {"RunMachine", "executions of RunMachine"},
    "sender/run/announcing.py": {"EventBus"},
    "subscribers/store.py": {"SubscribersTable"},
    "subscribers/audience.py": {"SubscribersTable", "index of SubscribersTable"},
}
"""Where the API's role is for calling AWS, and what is called there."""
SCANS = {"dynamodb:Scan", "dynamodb:DescribeTable"}
"""What the sender and the commands call of these."""


def operations() -> dict[str, str]:
    """Return actions by the names of the calls that need them."""
    session = Session()
    clients = {"dynamodb": "dynamodb", "states": "stepfunctions", "events": "events", "sqs": "sqs"}
    found = {
        xform_name(name): f"{service}:{name}"
        for service, client in clients.items()
        for name in session.get_service_model(client).operation_names
    }
    return found | {"invoke": "lambda:InvokeFunction"}


def routes(api: str) -> list[dict[str, Any]]:
    """Return the properties of an API's routes."""
    return [
        each["Properties"]
        for each in RESOURCES.values()
        if each["Type"] == "AWS::ApiGatewayV2::Route" and each["Properties"]["ApiId"]["Ref"] == api
    ]


def test_the_api_may_do_what_its_addresses_do_and_nothing_else() -> None:
    assert allowed("ApiRole") == {
        "ApiLogGroup": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "SubscribersTable": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:BatchGetItem"},
        "index of SubscribersTable": {"dynamodb:Query"},
        "RunsTable": {
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:Query",
            "dynamodb:BatchWriteItem",
        },
        "RunMachine": {"states:StartExecution"},
        "executions of RunMachine": {"states:DescribeExecution"},
        "EventBus": {"events:PutEvents"},
        "SenderFunction": {"lambda:InvokeFunction"},
        "NotificationsQueue": {"sqs:SendMessage"},
    }
    assert "*" not in "".join(str(statement["Action"]) for statement in statements("ApiRole"))


def test_the_role_may_call_what_the_code_calls_and_the_code_calls_what_it_may() -> None:
    may = {name: each for name, each in allowed("ApiRole").items() if name != "ApiLogGroup"}
    called: dict[str, set[str]] = {}
    for module, targets in CALLS.items():
        text = (PROJECT / "lambda/yellowring" / module).read_text(encoding="utf-8")
        patterns = (r"(?:_client|functions)\.(\w+)", r"get_paginator\(.(\w+)")
        names = {name for pattern in patterns for name in re.findall(pattern, text)}
        calls = {operations()[name] for name in names if name in operations()} - SCANS
        assert calls, f"{module} calls nothing"
        for call in calls:
            permitted = {target for target in targets if call in may[target]}
            assert permitted, f"{module} may not {call}"
            for target in permitted:
                called.setdefault(target, set()).add(call)
    assert called == may


def test_the_environment_holds_every_variable_that_the_settings_read() -> None:
    text = dict.fromkeys(environment("ApiFunction"), "1")
    assert ApiSettings.from_environ(text)
    assert text.keys() >= {"STACK_NAME", "EVENT_BUS_NAME", "SENDER_FUNCTION_NAME"}


def test_the_function_answers_before_the_gateway_gives_up() -> None:
    assert properties("ApiFunction")["Timeout"] < 30
    assert properties("ApiFunction")["Handler"] == "yellowring.api.app.lambda_handler"


@pytest.mark.parametrize("api", APIS)
def test_every_request_comes_to_the_function_and_none_past_the_authorizer(api: str) -> None:
    assert {each["RouteKey"] for each in routes(api)} == {"ANY /v1/{proxy+}", "$default"}
    for route in routes(api):
        assert route["Target"] == {"Fn::Sub": f"integrations/${{{api}Integration}}"}
        if api == "HttpApi":
            assert route["AuthorizationType"] == "AWS_IAM"
        else:
            assert route["AuthorizationType"] == "JWT"
            assert route["AuthorizerId"] == {"Ref": "JwtHttpApiAuthorizer"}
            assert route["AuthorizationScopes"] == [{"Ref": "JwtScope"}]
    integration = properties(f"{api}Integration")
    assert integration["IntegrationUri"] == {"Fn::GetAtt": ["ApiFunction", "Arn"]}
    assert integration["PayloadFormatVersion"] == "2.0"
    assert properties(f"{api}Permission")["SourceArn"]["Fn::Sub"].endswith(f":${{{api}}}/*")
    assert properties(f"{api}Permission")["Principal"] == "apigateway.amazonaws.com"


def test_no_other_route_and_no_function_url_leads_to_the_function() -> None:
    kinds = ("AWS::ApiGatewayV2::Route", "AWS::Lambda::Url", "AWS::Lambda::Permission")
    found = [name for name, each in RESOURCES.items() if each["Type"] in kinds]
    found.remove("SkillFunctionAlexaPermission")  # of the skill's, to nobody but Alexa
    assert len(found) == sum(len(routes(api)) + 1 for api in APIS)
    assert "Events" not in properties("ApiFunction")


def test_the_api_for_tokens_is_there_only_with_issuer_audience_and_scope() -> None:
    assert TEMPLATE["Conditions"]["HasJwt"] == GIVEN
    named = [name for name in RESOURCES if name.startswith("JwtHttpApi")]
    assert len(named) == 7
    assert {RESOURCES[name]["Condition"] for name in named} == {"HasJwt"}
    assert TEMPLATE["Outputs"]["JwtApiUrl"]["Condition"] == "HasJwt"
    configuration = properties("JwtHttpApiAuthorizer")["JwtConfiguration"]
    assert configuration == {
        "Issuer": {"Ref": "JwtIssuer"},
        "Audience": [{"Ref": "JwtAudience"}],
    }
    assert all(PARAMETERS[name]["Default"] == "" for name in JWT)


def test_a_part_of_the_three_alone_is_refused_with_the_reason() -> None:
    (assertion,) = TEMPLATE["Rules"]["JwtIsWholeOrAbsent"]["Assertions"]
    absent = {"Fn::And": [{"Fn::Equals": [{"Ref": name}, ""]} for name in JWT]}
    assert assertion["Assert"] == {"Fn::Or": [absent, GIVEN]}
    assert "Without a scope" in assertion["AssertDescription"]


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("", True),
        ("https://id.example/", True),
        ("http://127.0.0.1:4000/oidc", True),
        ("http://id.example/", False),
        ("http://127.0.0.1.example/", False),
    ],
)
def test_an_issuer_whose_keys_would_come_in_plain_text_is_refused(url: str, allowed: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS["JwtIssuer"]["AllowedPattern"], url)) is allowed


def test_the_api_leaves_concurrency_to_the_skill_and_reserves_it_only_when_told() -> None:
    reserved = properties("ApiFunction")["ReservedConcurrentExecutions"]
    no_value = {"Ref": "AWS::NoValue"}
    assert reserved == {"Fn::If": ["HasApiConcurrency", {"Ref": "ApiConcurrency"}, no_value]}
    assert TEMPLATE["Conditions"]["HasApiConcurrency"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "ApiConcurrency"}, "0"]}]
    }
    assert PARAMETERS["ApiConcurrency"]["Default"] == 0
    assert (PARAMETERS["ApiRate"]["Default"], PARAMETERS["ApiBurst"]["Default"]) == (50, 20)


@pytest.mark.parametrize("api", APIS)
def test_requests_are_throttled_by_parameter_and_logged_without_what_they_name(api: str) -> None:
    stage = properties(f"{api}Stage")
    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": {"Ref": "ApiRate"},
        "ThrottlingBurstLimit": {"Ref": "ApiBurst"},
    }
    logged = stage["AccessLogSettings"]
    assert logged["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogGroup", "Arn"]}
    variables = set(json.loads(logged["Format"]).values())
    assert variables == {
        f"$context.{name}"
        for name in (
            "requestId",
            "apiId",
            "routeKey",
            "httpMethod",
            "status",
            "responseLatency",
            "error.responseType",
        )
    }


def test_an_event_that_asks_for_a_notification_is_put_on_the_queue() -> None:
    rule = properties("NotificationRequested")
    assert rule["EventBusName"] == {"Ref": "EventBus"}
    assert rule["EventPattern"] == {"detail-type": ["Notification Requested"]}
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::GetAtt": ["NotificationsQueue", "Arn"]}
    assert target["InputPath"] == "$.detail"
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    (statement,) = properties("NotificationsQueuePolicy")["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["NotificationRequested", "Arn"]}}
    }
