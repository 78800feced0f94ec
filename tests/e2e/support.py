"""What the tests of the deployed stack do: make customers, send to them, wait, and look."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from yellowring.alexa.sync import OutOfSession
from yellowring.sender.run.announcing import Announcer
from yellowring.sender.run.lifecycle import Lifecycle
from yellowring.sender.run.machine import Machine
from yellowring.sender.run.store import RunNotFound, Runs
from yellowring.skill.speech import speech
from yellowring.subscribers import Record, Subscribers
from yellowring.subscribers.items import dump
from yellowring.subscribers.record import Entry
from yellowring_tools.cli.aws.customers import plain
from yellowring_tools.local_stack.beside.deployment import build_and_deploy
from yellowring_tools.local_stack.beside.skill import STACK_PARAMETER
from yellowring_tools.local_stack.beside.template import Template
from yellowring_tools.local_stack.environments import aws_environment
from yellowring_tools.local_stack.stack import STACK_NAME
from yellowring_tools.local_stack.story import CAMPAIGN, WEATHER
from yellowring_tools.local_stack.web import call
from yellowring_tools.local_stack.workspace import PROJECT

from tests.envelopes import EU, FE, NA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from yellowring.alexa import Region
    from yellowring.sender.run.run import Run
    from yellowring_tools.local_stack.stack import LocalStack

SECONDS = 240.0
"""A deadline for what takes seconds, on a machine that may be busy."""
LONG_AGO = 1_700_000_000_000
HOSTS: Mapping[Region, str] = {"na": NA, "eu": EU, "fe": FE}
BATCH = 25
NOTIFIER = f"{STACK_NAME}-notifier"
API = f"{STACK_NAME}-api"
USER_ID = "amzn1.ask.account."


def eventually[T](what: Callable[[], T | None], said: str, seconds: float = SECONDS) -> T:
    """Wait until something is there, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, said
        time.sleep(0.2)
    return found


# ---- customers ----


class Customer:
    """Somebody with an Echo and the Alexa app."""

    def __init__(self, stack: LocalStack, region: Region, locale: str) -> None:
        self._stack = stack
        self.region = region
        self.locale = locale
        self.replies = speech(locale)
        self.user_id = stack.alexa.add_customer(region, locale)

    def does(self, action: str, **body: object) -> Any:
        path = f"{self._stack.alexa.url}/_sim/customers/{quote(self.user_id)}/{action}"
        return call("POST", path, body)

    def says(self, intent: str = "LaunchRequest") -> Any:
        return self.does("say", intent=intent, locale=self.locale)

    def subscribes(self, *events: str) -> None:
        """Enable the skill, subscribe, and wait until the skill knows."""
        self.does("enable")
        self.does("subscribe", events=events or [WEATHER])
        eventually(lambda: self.record().get("subscriptions"), "the subscription was not stored")

    def record(self) -> dict[str, Any]:
        table = self._stack.outputs.SubscribersTableName
        record = Subscribers(self._stack.aws.dynamodb, table).get(self.user_id)
        return plain(record) if record else {}

    def send(self, name: str, **members: object) -> None:
        """Have the business send the skill a message about this customer."""
        with OutOfSession(
            self._stack.skill.client_id,
            self._stack.skill.client_secret,
            alexa_base_url=self._stack.alexa.url + "/{region}",
            lwa_base_url=self._stack.alexa.url,
        ) as alexa:
            data = {"version": 1, "command": name, **members}
            alexa.send_message(self.user_id, data, region=self.region)

    def heard(self) -> list[dict[str, Any]]:
        return [
            each for each in self._stack.alexa.notifications() if each["userId"] == self.user_id
        ]


def crowd(
    stack: LocalStack,
    group: str,
    many: int,
    region: Region = "na",
    *,
    event: str = WEATHER,
    locale: str = "en-US",
    **attributes: str,
) -> list[str]:
    """Make customers who are subscribed in Alexa's eyes and on record; return their user ids.

    They have an attribute ``group``, so that a campaign's ``where`` can be for them alone.
    """
    wanted = {
        "count": many,
        "region": region,
        "locale": locale,
        "subscribed": [event],
        "silent": True,
    }
    made = call("POST", f"{stack.alexa.url}/_sim/customers", wanted)
    user_ids = [customer["userId"] for customer in made]
    record = Record(
        registers={
            "subscriptions": Entry(LONG_AGO, "test", frozenset((event,))),
            "host": Entry(LONG_AGO, "test", HOSTS[region]),
            "locale": Entry(LONG_AGO, "test", locale),
        },
        attributes={
            key: Entry(LONG_AGO, "test", value)
            for key, value in {"group": group, **attributes}.items()
        },
    )
    puts = [{"PutRequest": {"Item": dump(user_id, record)}} for user_id in user_ids]
    for start in range(0, len(puts), BATCH):
        batch: Any = {stack.outputs.SubscribersTableName: puts[start : start + BATCH]}
        while batch:
            batch = stack.aws.dynamodb.batch_write_item(RequestItems=batch)["UnprocessedItems"]
    return user_ids


def marked(stack: LocalStack, user_ids: Iterable[str]) -> list[str]:
    """Return those whose record says that Alexa refused them."""
    return [each for each in user_ids if "rejectedAt" in (stack.record(each) or {})]


# ---- runs ----


def campaign_for(group: str, **parts: object) -> dict[str, Any]:
    """Return the story's campaign for one group of customers."""
    return {**CAMPAIGN, "name": group, "where": {"attributes.group": group}, **parts}


def campaign_to(user_ids: Iterable[str], **parts: object) -> dict[str, Any]:
    """Return the story's campaign for a list of users."""
    return {**CAMPAIGN, "audience": {"type": "users", "userIds": list(user_ids)}, **parts}


def start(stack: LocalStack, run_id: str, campaign: Mapping[str, object]) -> dict[str, Any]:
    """Have the sender start a run; return its answer."""
    return stack.send({"campaign": campaign, "runId": run_id})


def runs_of(stack: LocalStack) -> Runs:
    """Reach the runs table."""
    return Runs(stack.aws.dynamodb, stack.outputs.RunsTableName)


def lifecycle_of(stack: LocalStack) -> Lifecycle:
    """Reach what cancels and resumes runs, as the commands do."""
    return Lifecycle(
        runs_of(stack),
        Machine(stack.aws.states, stack.outputs.RunMachineArn),
        Announcer(stack.aws.events, stack.outputs.EventBusName),
    )


def ended(stack: LocalStack, run_id: str, seconds: float = SECONDS, attempt: int = 1) -> Run:
    """Wait until an attempt of a run has ended."""
    return eventually(lambda: _ended(stack, run_id, attempt), f"run {run_id} did not end", seconds)


def _ended(stack: LocalStack, run_id: str, attempt: int) -> Run | None:
    stack.check()
    try:
        run = runs_of(stack).load(run_id)
    except RunNotFound:
        return None
    return run if run.attempt >= attempt and run.status != "running" else None


def counts(run: Run) -> dict[str, int]:
    """Return a run's counts without zeros."""
    return {name: count for name, count in run.counts.document().items() if count}


def heard(stack: LocalStack, reference_id: str) -> Counter[str]:
    """Count the notifications that each customer got under a reference id."""
    notifications = stack.alexa.notifications()
    return Counter(each["userId"] for each in notifications if each["referenceId"] == reference_id)


# ---- the workflow ----


def executions(stack: LocalStack, run: Run | None = None) -> list[str]:
    """Return the ARNs of a run's executions, or of all, with their children's."""
    states, machine = stack.aws.states, stack.outputs.RunMachineArn
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    parents = [each["executionArn"] for page in pages for each in page["executions"]]
    if run is not None:
        begin = f":{run.run_id.replace('~', '-')}_"
        parents = [arn for arn in parents if begin in arn]
    found = list(parents)
    for parent in parents:
        for map_run in states.list_map_runs(executionArn=parent)["mapRuns"]:
            children = states.get_paginator("list_executions").paginate(
                mapRunArn=map_run["mapRunArn"]
            )
            found += [each["executionArn"] for page in children for each in page["executions"]]
    return found


def history(stack: LocalStack, execution: str) -> list[dict[str, Any]]:
    """Return the events of an execution, the oldest first."""
    pages = stack.aws.states.get_paginator("get_execution_history").paginate(executionArn=execution)
    return [dict(event) for page in pages for event in page["events"]]


def tasks(stack: LocalStack, run: Run, kind: str) -> int:
    """Count the workflow's tasks in a run that has ended: all ``Scheduled``, or all ``Failed``."""
    return sum(
        event["type"] == f"Task{kind}"
        for execution in executions(stack, run)
        for event in history(stack, execution)
    )


def invocations(stack: LocalStack) -> int:
    """Count the invocations of the sender that have come to an end."""
    lines = stack.log_lines(stack.outputs.SenderFunctionName)
    return sum(line.startswith("REPORT RequestId") for line in lines)


# ---- stacks beside ours ----


def deploy_beside(
    stack: LocalStack,
    template: Path,
    name: str,
    parameters: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Build and deploy another template beside the stack, and return its outputs by name.

    Its functions find the library by the requirement ``yellowring``. A parameter
    ``YellowRingStack`` gets the name of the stack, whose exports it may import.
    """
    read = Template.read(template)
    known = {STACK_PARAMETER: STACK_NAME} if STACK_PARAMETER in read.parameters else {}
    return build_and_deploy(read, name, {**known, **(parameters or {})}, stack.aws, stack.workspace)


# ---- settings, queues, commands ----


@contextmanager
def configured(
    stack: LocalStack,
    *names: str,
    timeout: int | None = None,
    layers: Iterable[str] = (),
    **variables: str,
) -> Iterator[None]:
    """Give functions, or else the sender alone, other settings for a while."""
    functions = stack.aws.functions
    before = [
        functions.get_function_configuration(FunctionName=name)
        for name in names or (stack.outputs.SenderFunctionName,)
    ]
    for known in before:
        functions.update_function_configuration(
            FunctionName=known["FunctionName"],
            Timeout=timeout or known["Timeout"],
            Layers=list(layers),
            Environment={"Variables": known["Environment"]["Variables"] | variables},
        )
    try:
        yield
    finally:
        for known in before:
            functions.update_function_configuration(
                FunctionName=known["FunctionName"],
                Timeout=known["Timeout"],
                Layers=[],
                Environment={"Variables": known["Environment"]["Variables"]},
            )


@contextmanager
def faults(stack: LocalStack, **faults: object) -> Iterator[None]:
    """Have Alexa fail for a while."""
    stack.alexa.set_faults(faults)
    try:
        yield
    finally:
        stack.alexa.set_faults({})


def messages(stack: LocalStack, url: str) -> int:
    """Count what is on a queue: to be had, given out, or delayed."""
    names: Any = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    answer = stack.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(map(int, answer["Attributes"].values()))


def queues(stack: LocalStack) -> tuple[str, ...]:
    """Return the URLs of the stack's queues: all are empty when all is done and well."""
    outputs = stack.outputs
    return (
        outputs.NotificationsQueueUrl,
        outputs.NotificationsDeadLetterQueueUrl,
        outputs.DeadLetterQueueUrl,
    )


@dataclass(frozen=True)
class Said:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def yellowring(stack: LocalStack, *arguments: str) -> Said:
    """Call the operators' command, which finds the stack through CloudFormation."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    } | aws_environment(stack.aws.endpoint, stack.aws.keys)
    command = [str(Path(sys.executable).with_name("yellowring")), *arguments]
    done = subprocess.run(
        [*command, "--stack", STACK_NAME],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        cwd=PROJECT,
    )
    return Said(done.returncode, done.stdout, done.stderr)
