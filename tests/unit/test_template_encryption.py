"""A key of one's own: what it encrypts, and who may use it through what."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_template import PARAMETERS, QUEUES, RESOURCES, ROLES, TEMPLATE, properties

PAGE = Path(__file__).resolve().parents[2] / "docs" / "encryption.md"
KEY = {"Ref": "KmsKeyArn"}
NOTHING = {"Ref": "AWS::NoValue"}
TABLES = ("SubscribersTable", "RunsTable")
USE = {"kms:Decrypt", "kms:GenerateDataKey"}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in RESOURCES.items() if each["Type"] == kind}


def with_and_without(value: dict[str, Any]) -> tuple[Any, Any]:
    condition, given, otherwise = value["Fn::If"]
    assert condition == "HasKmsKey"
    return given, otherwise


def key_statements() -> dict[str, dict[str, Any]]:
    """What is allowed on the key, by the policy that allows it."""
    (own,) = RESOURCES["KeyPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    theirs, otherwise = with_and_without(
        RESOURCES["SkillPolicy"]["Properties"]["PolicyDocument"]["Statement"][-1]
    )
    assert otherwise == NOTHING
    return {"KeyPolicy": own, "SkillPolicy": theirs}


def test_without_a_key_there_is_nothing_of_it() -> None:
    assert PARAMETERS["KmsKeyArn"]["Default"] == ""
    assert TEMPLATE["Conditions"]["HasKmsKey"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "KmsKeyArn"}, ""]}]
    }
    assert RESOURCES["KeyPolicy"]["Condition"] == "HasKmsKey"
    assert "KmsKeyArn" not in str([properties(each) for each in RESOURCES if each != "KeyPolicy"])


@pytest.mark.parametrize("table", TABLES)
def test_the_tables_take_the_key(table: str) -> None:
    given, otherwise = with_and_without(RESOURCES[table]["Properties"]["SSESpecification"])
    assert given == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
    assert otherwise == {"SSEEnabled": True}


@pytest.mark.parametrize("queue", QUEUES)
def test_the_queues_take_the_key_instead_of_the_one_that_sqs_owns(queue: str) -> None:
    found = RESOURCES[queue]["Properties"]
    assert with_and_without(found["KmsMasterKeyId"]) == (KEY, NOTHING)
    assert with_and_without(found["SqsManagedSseEnabled"]) == (False, True)


def test_every_table_queue_secret_and_log_takes_the_key() -> None:
    assert set(of_type("AWS::DynamoDB::Table")) == set(TABLES)
    assert set(of_type("AWS::SQS::Queue")) == set(QUEUES)
    kept = of_type("AWS::Logs::LogGroup") | of_type("AWS::SecretsManager::Secret")
    assert len(kept) >= 7
    for name, each in kept.items():
        assert with_and_without(each["Properties"]["KmsKeyId"]) == (KEY, NOTHING), name


@pytest.mark.parametrize("policy", ["KeyPolicy", "SkillPolicy"])
def test_the_key_is_used_through_the_services_that_keep_something_and_not_by_itself(
    policy: str,
) -> None:
    statement = key_statements()[policy]
    assert set(statement["Action"]) == USE
    assert statement["Resource"] == KEY
    assert set(statement["Condition"]) == {"StringEquals"}
    through = statement["Condition"]["StringEquals"]["kms:ViaService"]
    names = {each["Fn::Sub"].removesuffix(".${AWS::Region}.${AWS::URLSuffix}") for each in through}
    assert names == {"dynamodb", "sqs"} | ({"secretsmanager"} if policy == "KeyPolicy" else set())


def test_every_role_that_reaches_what_is_encrypted_may_use_the_key() -> None:
    given = {each["Ref"] for each in RESOURCES["KeyPolicy"]["Properties"]["Roles"]}
    # The skill's role takes the policy that skills of other stacks take, too.
    assert {"Ref": "SkillPolicy"} in RESOURCES["SkillRole"]["Properties"]["ManagedPolicyArns"]
    # The workflow's and the census' reach nothing but the sender, which does.
    only_the_sender = {"RunMachineRole", "CensusRole"}
    assert given == set(ROLES) - {"SkillRole", *only_the_sender}
    keep = ("dynamodb:", "sqs:", "secretsmanager:")
    for role in only_the_sender:
        assert not any(each in str(properties(role)["Policies"]) for each in keep)


@pytest.mark.parametrize(
    ("arn", "taken"),
    [
        ("", True),
        ("arn:aws:kms:eu-west-1:123456789012:key/0aa1b2c3-1111-2222-3333-444455556666", True),
        ("arn:aws:kms:eu-west-1:123456789012:key/mrk-0123456789abcdef", True),
        ("arn:aws:kms:eu-west-1:123456789012:alias/ours", False),
        ("alias/ours", False),
        ("0aa1b2c3-1111-2222-3333-444455556666", False),
    ],
)
def test_a_key_is_given_by_its_own_arn_for_policies_take_no_alias(arn: str, taken: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS["KmsKeyArn"]["AllowedPattern"], arn)) is taken


def test_the_pages_key_policy_lets_services_in_for_this_stack_and_for_each_of_its_logs() -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    statements = {each["Sid"]: each for each in json.loads(text)["Statement"]}
    assert all(
        "Condition" in each for each in statements.values() if "Service" in each["Principal"]
    )
    logs = statements["LogsOfThisStack"]["Condition"]["ArnLike"]
    patterns = logs["kms:EncryptionContext:aws:logs:arn"]
    for name, group in of_type("AWS::Logs::LogGroup").items():
        named = group["Properties"]["LogGroupName"]["Fn::Sub"]
        arn = "arn:aws:logs:eu-west-1:123456789012:log-group:" + named.replace(
            "${AWS::StackName}", "yellow-ring"
        )
        assert any(fnmatchcase(arn, each) for each in patterns), name
    assert statements["EventsIntoTheQueues"]["Principal"] == {"Service": "events.amazonaws.com"}
