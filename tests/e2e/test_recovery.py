"""What a team does after an accident: restore, import, go back a version, take a stack down."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from yellowring.subscribers import Erased, Subscribers
from yellowring_tools.local_stack.deployment import Build, Outputs, deploy, host_architecture
from yellowring_tools.local_stack.stack import SKILL_ID
from yellowring_tools.local_stack.story import CAMPAIGN

from tests.e2e.support import (
    LIVE,
    Customer,
    campaign_for,
    configured,
    counts,
    crowd,
    ended,
    eventually,
    heard,
    start,
    yellowring,
)

if TYPE_CHECKING:
    from pathlib import Path

    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

MANY = 3


def subscribers(stack: LocalStack, table: str = "") -> Subscribers:
    return Subscribers(stack.aws.dynamodb, table or stack.outputs.SubscribersTableName)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def lose(stack: LocalStack, user_id: str) -> None:
    """Delete somebody's item, as an accident would."""
    stack.aws.dynamodb.delete_item(
        TableName=stack.outputs.SubscribersTableName, Key={"userId": {"S": user_id}}
    )


def test_a_restored_table_brings_back_who_was_lost_and_nobody_who_was_erased(
    stack: LocalStack,
) -> None:
    lost, erased, *others = users = crowd(stack, "restored", MANY)
    backup = stack.aws.dynamodb.create_backup(
        TableName=stack.outputs.SubscribersTableName, BackupName="before"
    )
    lose(stack, lost)
    assert yellowring(stack, "customer", "forget", erased, "--yes").status == 0
    table = f"restored-{uuid.uuid4().hex[:8]}"
    stack.aws.dynamodb.restore_table_from_backup(
        TargetTableName=table, BackupArn=backup["BackupDetails"]["BackupArn"]
    )
    # The embedded AWS does not tell that a table was restored; AWS does, and its time.
    command = ("restore", "--from", table, "--taken-at", now(), "--json")
    dry = yellowring(stack, *command, "--dry-run")
    assert dry.status == 0, dry.err
    assert subscribers(stack).get(lost) is None
    said = yellowring(stack, *command)
    assert said.status == 0, said.err
    assert said.document == {**dry.document, "dryRun": False}
    assert (said.document["added"], said.document["failed"]) == (1, 0)
    assert said.document["erased"] >= 1
    start(stack, "restored~1", campaign_for("restored"))
    assert counts(ended(stack, "restored~1")) == {"accepted": MANY - 1}
    assert heard(stack, "restored~1") == dict.fromkeys([lost, *others], 1)
    assert len(users) == MANY


def test_an_export_is_imported_beside_live_writes(stack: LocalStack, tmp_path: Path) -> None:
    lost, erased, changed = crowd(stack, "imported", MANY)
    file = tmp_path / "customers.jsonl"
    assert yellowring(stack, "subscribers", "export", "-o", str(file)).status == 0
    lose(stack, lost)
    subscribers(stack).apply(erased, Erased(int(datetime.now(UTC).timestamp() * 1000)))
    somebody = Customer(stack, "na", "en-US")
    somebody.does("enable")
    said = yellowring(stack, "subscribers", "import", str(file), "--json")
    assert said.status == 0, said.err
    assert (said.document["added"], said.document["failed"]) == (1, 0)
    start(stack, "imported~1", campaign_for("imported"))
    assert counts(ended(stack, "imported~1")) == {"accepted": 2}
    assert heard(stack, "imported~1") == {lost: 1, changed: 1}
    somebody.does("disable")


def test_alexa_calls_the_alias_which_goes_back_to_an_older_version_at_once(
    stack: LocalStack,
) -> None:
    functions, name = stack.aws.functions, stack.outputs.SkillFunctionName
    assert stack.outputs.SkillFunctionArn.endswith(f":{name}:{LIVE}")
    before = functions.get_alias(FunctionName=name, Name=LIVE)["FunctionVersion"]
    replies = Customer(stack, "na", "en-US").replies

    def asks() -> object:
        customer = Customer(stack, "na", "en-US")  # Alexa waits for an answer of who was asked
        customer.does("enable")
        return customer.says("TurnOnNotificationsIntent")["speech"]

    with configured(stack, name, VOICE_CONSENT="voice"):
        published = functions.get_alias(FunctionName=name, Name=LIVE)["FunctionVersion"]
        assert published != before
        assert asks() == replies["consent_ask"]
        functions.update_alias(FunctionName=name, Name=LIVE, FunctionVersion=before)
        assert asks() == replies["consent_card_sent"]


# ---- a stack beside, which is taken down ----


class Beside:
    """Another stack of ours on the same AWS."""

    def __init__(self, stack: LocalStack, name: str, **parameters: str) -> None:
        self.stack = stack
        self.name = name
        self.outputs: Outputs = self.deploy(**parameters)

    def deploy(self, **parameters: str) -> Outputs:
        own = {
            "SkillId": SKILL_ID,
            "MaxWorkers": "2",
            "MaxEventsPerSecond": "2",
            "AlexaBaseUrl": f"{self.stack.alexa.url}/{{region}}",
            "LwaBaseUrl": self.stack.alexa.url,
            **parameters,
        }
        build = Build(host_architecture())
        return deploy(build, self.name, own, self.stack.aws, self.stack.workspace)

    def subscribers(self) -> Subscribers:
        return subscribers(self.stack, self.outputs.SubscribersTableName)

    def live(self) -> Any:
        """Return the configuration of the version that Alexa calls."""
        return self.stack.aws.functions.get_function_configuration(
            FunctionName=self.outputs.SkillFunctionName, Qualifier=LIVE
        )

    def is_gone(self) -> bool:
        functions = self.stack.aws.functions
        try:
            functions.get_function(FunctionName=self.outputs.SenderFunctionName)
        except functions.exceptions.ResourceNotFoundException:
            return True
        return False


def exists(stack: LocalStack, table: str) -> bool:
    return table in stack.aws.dynamodb.list_tables()["TableNames"]


def test_a_stack_is_taken_down_its_data_kept_and_taken_into_the_next_one(
    stack: LocalStack, tmp_path: Path
) -> None:
    old = Beside(stack, "going")
    version = old.live()["Version"]
    old.deploy(VoiceConsent="voice")  # nothing but a parameter
    assert old.live()["Version"] != version
    assert old.live()["Environment"]["Variables"]["VOICE_CONSENT"] == "voice"

    users = crowd(stack, "kept", 150)
    for each in users:
        record = subscribers(stack).get(each)
        assert record
        old.subscribers().merge(each, record)
    stack.aws.secrets.put_secret_value(
        SecretId=old.outputs.CredentialsSecretId,
        SecretString=stack.aws.secrets.get_secret_value(SecretId=stack.outputs.CredentialsSecretId)[
            "SecretString"
        ],
    )
    campaign = tmp_path / "campaign.json"
    campaign.write_text(json.dumps({**CAMPAIGN, "name": "kept"}))
    sent = yellowring(stack, "send", str(campaign), "--run-id", "kept~1", name="going")
    assert sent.status == 0, sent.err
    put = ("schedule", "put", str(campaign), "--when", "rate(1 hour)")
    assert yellowring(stack, *put, name="going").status == 0
    eventually(lambda: heard(stack, "kept~1"), "nothing was sent")

    asked = yellowring(stack, "teardown", "--keep-data", name="going")
    assert (asked.status, "give --yes" in asked.err) == (1, True)
    assert not old.is_gone()
    said = yellowring(stack, "teardown", "--keep-data", "--yes", "--json", name="going")
    assert said.status == 0, said.err
    tables = [old.outputs.SubscribersTableName, old.outputs.RunsTableName]
    assert said.document["tablesKept"] == tables
    assert said.document["schedulesPaused"] == ["kept"]
    assert said.document["runsCancelled"] == ["kept~1"]
    assert old.is_gone()
    assert set(heard(stack, "kept~1").values()) == {1}
    for table in tables:
        with pytest.raises(ClientError, match="protect"):
            stack.aws.dynamodb.delete_table(TableName=table)

    new = Beside(stack, "coming")
    take_in = ("restore", "--from", tables[0], "--taken-at", now(), "--json")
    taken = yellowring(stack, *take_in, name="coming")
    assert taken.status == 0, taken.err
    assert taken.document["added"] == len(users)
    record = new.subscribers().get(users[0])
    assert record
    assert record.attributes["group"].value == "kept"

    said = yellowring(stack, "teardown", "--delete-data", "--yes", name="coming")
    assert said.status == 0, said.err
    assert new.is_gone()
    assert not exists(stack, new.outputs.SubscribersTableName)
    assert not exists(stack, new.outputs.RunsTableName)
    assert exists(stack, tables[0])
    for table in tables:
        stack.aws.dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
        stack.aws.dynamodb.delete_table(TableName=table)


def test_data_that_goes_with_its_stack_is_not_promised_to_be_kept(stack: LocalStack) -> None:
    said = yellowring(stack, "teardown", "--keep-data", "--yes")
    assert said.status == 1
    assert "DataDeletionPolicy=Retain" in said.err
    assert exists(stack, stack.outputs.SubscribersTableName)
