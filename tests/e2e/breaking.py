"""How a set-up is broken, by what a person could have done, and mended again."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from yellowring.sender.campaign import parse_campaign
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.run.lifecycle import new_run
from yellowring.sender.run.request import RunRequest
from yellowring.sender.run.run import Ending
from yellowring_tools.cli.aws.stacks import noted
from yellowring_tools.local_stack.stack import SKILL_FUNCTION, STACK_NAME
from yellowring_tools.local_stack.story import CAMPAIGN

from tests.e2e.support import NOTIFIER, configured, runs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from yellowring_tools.cli.aws.stacks import Stack
    from yellowring_tools.local_stack.stack import LocalStack

ANOTHER_FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:somebody-elses"
OWN_SCHEDULE = f"{STACK_NAME}-campaign"


def patient_of(stack: LocalStack) -> Stack:
    """Return the stack as the commands see it."""
    return noted(json.loads((stack.workspace.path / "stack.json").read_text(encoding="utf-8")))


# ---- the secret, the functions ----


def secret(text: str) -> Callable[[LocalStack], AbstractContextManager[None]]:
    """Put something else into the secret."""

    @contextmanager
    def broken(stack: LocalStack) -> Iterator[None]:
        name, secrets = stack.outputs.CredentialsSecretId, stack.aws.secrets
        before = secrets.get_secret_value(SecretId=name)["SecretString"]
        secrets.put_secret_value(SecretId=name, SecretString=text)
        yield
        secrets.put_secret_value(SecretId=name, SecretString=before)

    return broken


def told(**variables: str) -> Callable[[LocalStack], AbstractContextManager[None]]:
    """Tell the sender something else."""
    changed: Any = variables
    return lambda stack: configured(stack, **changed)


@contextmanager
def held_up(stack: LocalStack) -> Iterator[None]:
    """Reserve no concurrency at all."""
    name, functions = stack.outputs.SenderFunctionName, stack.aws.functions
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    yield
    functions.delete_function_concurrency(FunctionName=name)


@contextmanager
def shut_out(stack: LocalStack) -> Iterator[None]:
    """Take Alexa's permission back."""
    functions, called = stack.aws.functions, _called(stack)
    policy = json.loads(functions.get_policy(**called)["Policy"])
    for each in policy["Statement"]:
        functions.remove_permission(**called, StatementId=each["Sid"])
    yield
    _permit(stack, stack.skill.skill_id)


@contextmanager
def let_in_another(stack: LocalStack) -> Iterator[None]:
    """Let Alexa in for another skill."""
    with shut_out(stack):
        _permit(stack, "amzn1.ask.skill.another")
        yield
        stack.aws.functions.remove_permission(**_called(stack), StatementId="alexa")


def _called(stack: LocalStack) -> Any:
    """Return what Alexa calls: the skill function, or its alias."""
    alias = [{"Qualifier": each} for each in stack.outputs.SkillFunctionArn.split(":")[7:]]
    return {"FunctionName": SKILL_FUNCTION, **(alias[0] if alias else {})}


def _permit(stack: LocalStack, skill_id: str) -> None:
    stack.aws.functions.add_permission(
        **_called(stack),
        StatementId="alexa",
        Action="lambda:InvokeFunction",
        Principal="alexa-appkit.amazon.com",
        EventSourceToken=skill_id,
    )


def mapping(**changed: Any) -> Callable[[LocalStack], AbstractContextManager[None]]:
    """Change how the notifier takes notifications."""

    @contextmanager
    def broken(stack: LocalStack) -> Iterator[None]:
        functions = stack.aws.functions
        [own] = functions.list_event_source_mappings(FunctionName=NOTIFIER)["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=own["UUID"], **changed)
        yield
        functions.update_event_source_mapping(
            UUID=own["UUID"], Enabled=True, FunctionResponseTypes=["ReportBatchItemFailures"]
        )

    return broken


# ---- schedules ----


def schedule(
    *, target: dict[str, Any] | None = None, **changed: Any
) -> Callable[[LocalStack], AbstractContextManager[None]]:
    """Change the stack's own schedule."""

    @contextmanager
    def broken(stack: LocalStack) -> Iterator[None]:
        with _own_schedule(stack) as known:
            aimed = {**known["Target"], **(target or {})}
            stack.aws.scheduler.update_schedule(**{**known, **changed, "Target": aimed})
            yield

    return broken


def campaign(**changed: Any) -> Callable[[LocalStack], AbstractContextManager[None]]:
    """Change what the stack's own schedule sends."""
    document = {
        "campaign": {**CAMPAIGN, **changed},
        "scheduledTime": "<aws.scheduler.scheduled-time>",
    }
    return schedule(target={"Input": json.dumps(document)})


@contextmanager
def unscheduled(stack: LocalStack) -> Iterator[None]:
    """Delete the stack's own schedule."""
    with _own_schedule(stack, gone=True) as known:
        stack.aws.scheduler.delete_schedule(GroupName=STACK_NAME, Name=known["Name"])
        yield


@contextmanager
def _own_schedule(stack: LocalStack, *, gone: bool = False) -> Iterator[dict[str, Any]]:
    scheduler = stack.aws.scheduler
    found: Any = scheduler.get_schedule(GroupName=STACK_NAME, Name=OWN_SCHEDULE)
    kept = ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata")
    known = {key: value for key, value in found.items() if key not in kept}
    yield known
    (scheduler.create_schedule if gone else scheduler.update_schedule)(**known)


# ---- queues, runs, workflow, events ----


def message(output: str) -> Callable[[LocalStack], AbstractContextManager[None]]:
    """Leave a message on a dead-letter queue."""

    @contextmanager
    def broken(stack: LocalStack) -> Iterator[None]:
        url = getattr(stack.outputs, output)
        stack.aws.sqs.send_message(QueueUrl=url, MessageBody="{}")
        yield
        stack.aws.sqs.purge_queue(QueueUrl=url)

    return broken


def queue(name: str, value: str) -> Callable[[LocalStack], AbstractContextManager[None]]:
    """Change an attribute of the notifications' queue."""

    @contextmanager
    def broken(stack: LocalStack) -> Iterator[None]:
        url, sqs = stack.outputs.NotificationsQueueUrl, stack.aws.sqs
        asked: Any = [name]
        before: Any = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
        changed: Any = {name: value}
        sqs.set_queue_attributes(QueueUrl=url, Attributes=changed)
        yield
        sqs.set_queue_attributes(QueueUrl=url, Attributes=before)

    return broken


def run(
    status: str = "completed", cause: str | None = None, **counts: int
) -> Callable[[LocalStack], AbstractContextManager[None]]:
    """Put a run down that went so."""

    @contextmanager
    def broken(stack: LocalStack) -> Iterator[None]:
        runs = runs_of(stack)
        began = datetime.now(UTC) - timedelta(minutes=20)
        made = new_run(RunRequest(parse_campaign(CAMPAIGN), "broken~1"), 2, began)
        runs.put(made)
        known: Any = status
        if status in {"halted", "cancelled"}:
            runs.end(made, Ending(known, cause, began))
        if status != "running":
            final = Counts({Outcome(name): many for name, many in counts.items()})
            now = datetime.now(UTC)
            runs.finish(made, known, final, cause=cause, resumable=0, now=now)
        yield
        key: Any = {"runId": {"S": "broken~1"}, "part": {"S": "run"}}
        stack.aws.dynamodb.delete_item(TableName=stack.outputs.RunsTableName, Key=key)

    return broken


@contextmanager
def misdirected(stack: LocalStack) -> Iterator[None]:
    """Have the workflow work with another function."""
    states, arn = stack.aws.states, stack.outputs.RunMachineArn
    before = states.describe_state_machine(stateMachineArn=arn)["definition"]
    changed = before.replace(stack.outputs.SenderFunctionArn, ANOTHER_FUNCTION)
    states.update_state_machine(stateMachineArn=arn, definition=changed)
    yield
    states.update_state_machine(stateMachineArn=arn, definition=before)


def _rule(stack: LocalStack) -> str:
    [rule] = stack.aws.events.list_rules(EventBusName=stack.outputs.EventBusName)["Rules"]
    return rule["Name"]


@contextmanager
def deaf(stack: LocalStack) -> Iterator[None]:
    """Disable the rule that takes requests for notifications."""
    bus, events, name = stack.outputs.EventBusName, stack.aws.events, _rule(stack)
    events.disable_rule(Name=name, EventBusName=bus)
    yield
    events.enable_rule(Name=name, EventBusName=bus)


@contextmanager
def aimless(stack: LocalStack) -> Iterator[None]:
    """Take the rule's target away."""
    bus, events, name = stack.outputs.EventBusName, stack.aws.events, _rule(stack)
    targets: Any = events.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
    events.remove_targets(Rule=name, EventBusName=bus, Ids=[each["Id"] for each in targets])
    yield
    events.put_targets(Rule=name, EventBusName=bus, Targets=targets)


# ---- tables ----


@contextmanager
def unindexed(stack: LocalStack) -> Iterator[None]:
    """Delete the index of the business' own ids."""
    dynamodb, name = stack.aws.dynamodb, stack.outputs.SubscribersTableName
    gone: Any = [{"Delete": {"IndexName": "customers"}}]
    dynamodb.update_table(TableName=name, GlobalSecondaryIndexUpdates=gone)
    yield
    made: Any = {
        "IndexName": "customers",
        "KeySchema": [{"AttributeName": "customerId", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    dynamodb.update_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "userId", "AttributeType": "S"},
            {"AttributeName": "customerId", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexUpdates=[{"Create": made}],
    )


@contextmanager
def alarmed(stack: LocalStack) -> Iterator[None]:
    """Raise an alarm of the stack."""
    alarms, name = patient_of(stack).alarms, f"{STACK_NAME}-run-halted"
    alarms.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test raised it")
    yield
    alarms.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test is over")
