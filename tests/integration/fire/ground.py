"""The ground to fight on: embedded AWS and simulated Alexa as processes, customers, hosts."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3

from local_stack.alexa import Alexa, Skill, start_simulator
from local_stack.emulator import start_emulator, wait_for_emulator
from local_stack.environments import aws_environment, server_environment
from local_stack.processes import Child, free_port
from local_stack.web import call
from local_stack.workspace import PROJECT, workspace
from tests.conftest import CLIENT_ID, CLIENT_SECRET, PERSONAL, SKILL_ID, create_table
from tests.envelopes import WEATHER
from tests.integration.fire.hosts import START_SECONDS, Host, announced
from tests.unit.sender.kit import HOSTS, LONG_AGO, RUN_ID, SCHEDULED, campaign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_sqs.client import SQSClient

    from local_stack.workspace import Workspace

MILLISECONDS = 8_000
"""What an invocation has: a slice of four seconds, and its last send after nearly seven."""
VISIBILITY = 12
"""Seconds until the message of a killed worker comes back; longer than an invocation takes."""
RECEIVES = 20
"""How often a message is given out before it is dead: no healthy one meets as many kills."""
TIMEOUT = 2.0
"""Seconds that Alexa has to answer."""
AT_ONCE = {"work.LONGEST_DELAY": 1}
"""Retries come back after a second, not after half a minute to four."""
BATCH = 25


def register(at: int, value: dict[str, Any]) -> dict[str, Any]:
    """Give a register of a customer's record as it lies in the table."""
    return {"M": {"at": {"N": str(at)}, "by": {"S": "id"}, "value": value}}


@dataclass(slots=True)
class Ground:
    """The parts that all tests share, and the tables and queues that are one test's own."""

    endpoint: str
    alexa: Alexa
    space: Workspace
    dynamodb: DynamoDBClient
    sqs: SQSClient
    name: str = ""
    queues: dict[str, str] = field(default_factory=dict)
    started: int = 0

    def clear(self) -> None:
        """Begin anew: an Alexa without customers or faults, empty tables, empty queues."""
        call("POST", f"{self.alexa.url}/_sim/reset")
        self.name = secrets.token_hex(4)
        for table, key in (("subscribers", "userId"), ("runs", "runId")):
            create_table(self.dynamodb, f"{table}-{self.name}", key)
        dead = self.sqs.create_queue(QueueName=f"dead-{self.name}")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
        redrive = {
            "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
            "maxReceiveCount": RECEIVES,
        }
        work = self.sqs.create_queue(
            QueueName=f"work-{self.name}",
            Attributes={
                "VisibilityTimeout": str(VISIBILITY),
                "RedrivePolicy": json.dumps(redrive),
            },
        )["QueueUrl"]
        self.queues = {"work": work, "dead": dead}

    def come_back_after(self, seconds: int) -> None:
        """Set the work queue's visibility time-out."""
        self.sqs.set_queue_attributes(
            QueueUrl=self.queues["work"], Attributes={"VisibilityTimeout": str(seconds)}
        )

    def customers(self, many: int, region: str = "na") -> list[str]:
        """Make customers who are subscribed in Alexa's eyes, and give their user ids."""
        wanted = {"count": many, "region": region, "subscribed": [WEATHER], "silent": True}
        made = call("POST", f"{self.alexa.url}/_sim/customers", wanted)
        return [customer["userId"] for customer in made]

    def know(self, user_ids: Iterable[str], region: str = "na", **changes: Any) -> None:
        """Put customers into the subscribers table: subscribed, unless changed."""
        item = {
            "subscriptions": register(LONG_AGO, {"SS": [WEATHER]}),
            "host": register(LONG_AGO, {"S": HOSTS[region]}),
            **changes,
        }
        puts = [{"PutRequest": {"Item": {"userId": {"S": user}, **item}}} for user in user_ids]
        for start in range(0, len(puts), BATCH):
            batch: Any = {f"subscribers-{self.name}": puts[start : start + BATCH]}
            while batch:
                batch = self.dynamodb.batch_write_item(RequestItems=batch)["UnprocessedItems"]

    def faults(self, **faults: Any) -> None:
        """Set the faults of Alexa's API."""
        call("PUT", f"{self.alexa.url}/_sim/faults", {"api": faults})

    def traffic(self) -> Any:
        """Tell what Alexa was asked and answered."""
        return self.alexa.requests()

    def heard(self) -> Counter[tuple[str, str]]:
        """Count the notifications of each customer and run."""
        notifications = call("GET", f"{self.alexa.url}/_sim/notifications")
        return Counter((each["userId"], each["referenceId"]) for each in notifications)

    def rejected(self) -> int:
        """Count the customers whose record says that Alexa refused them."""
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=f"subscribers-{self.name}",
            FilterExpression="attribute_exists(rejectedAt)",
            Select="COUNT",
        )
        return sum(page["Count"] for page in pages)

    def run(self, run_id: str = RUN_ID) -> dict[str, Any] | None:
        """Give a run's status, counts and open segments, if it was started."""
        item = self.dynamodb.get_item(
            TableName=f"runs-{self.name}", Key={"runId": {"S": run_id}}, ConsistentRead=True
        ).get("Item")
        if item is None:
            return None
        return {
            "status": item["status"]["S"],
            "counts": {name: int(count["N"]) for name, count in item["counts"]["M"].items()},
            "open": len(item["segments"]["M"]),
            "waiting": len(item["retries"]["M"]),
        }

    def messages(self, queue: str = "work") -> int:
        """Count what is on a queue: to be had, given out, or delayed."""
        attributes = self.sqs.get_queue_attributes(
            QueueUrl=self.queues[queue], AttributeNames=["All"]
        )["Attributes"]
        return (
            int(attributes["ApproximateNumberOfMessages"])
            + int(attributes["ApproximateNumberOfMessagesNotVisible"])
            + int(attributes["ApproximateNumberOfMessagesDelayed"])
        )

    def start(
        self,
        module: str,
        *arguments: str,
        values: Mapping[str, Any],
        scan: str = "",
        milliseconds: int = MILLISECONDS,
        **environment: str,
    ) -> Host:
        """Start a host of the sender."""
        fire = {"values": values, "timeout": TIMEOUT, "scan": scan, "milliseconds": milliseconds}
        own = {
            "FIRE": json.dumps(fire),
            "PYTHONPATH": os.pathsep.join((str(PROJECT), str(PROJECT / "lambda"))),
            "SKILL_ID": SKILL_ID,
            "SKILL_STAGE": "development",
            "SUBSCRIBERS_TABLE": f"subscribers-{self.name}",
            "RUNS_TABLE": f"runs-{self.name}",
            "WORK_QUEUE_URL": self.queues["work"],
            "DEAD_LETTER_QUEUE_URL": self.queues["dead"],
            "CREDENTIALS_SECRET_ID": "credentials",
            "ALEXA_BASE_URL": f"{self.alexa.url}/{{region}}",
            "LWA_BASE_URL": self.alexa.url,
            "POWERTOOLS_SERVICE_NAME": "sender",
        }
        self.started += 1
        command = [sys.executable, "-m", f"tests.integration.fire.{module}", *arguments]
        env = server_environment(aws_environment(self.endpoint) | own | environment)
        log = self.space.logs / f"{self.name}-{self.started:03}-{module}.log"
        return Host(Child.start(module, command, log=log, env=env, cwd=PROJECT))

    @contextmanager
    def fast_alexa(self, customers: int) -> Iterator[str]:
        """Serve an Alexa that accepts all, and a table of so many customers; gives their URL."""
        command = [sys.executable, "-m", "tests.integration.fire.fast_alexa", str(customers)]
        log = self.space.logs / f"{self.name}-fast-alexa.log"
        env = server_environment({})
        with Child.start("fast Alexa", command, log=log, env=env, cwd=PROJECT) as child:
            yield child.announcement(START_SECONDS)["url"]

    def logs(self) -> Iterator[Path]:
        """Give the logs of this test's hosts."""
        return self.space.logs.glob(f"{self.name}-*.log")

    def most_receives(self) -> int:
        """Tell how often the message was given out that was given out most, before it was done."""
        said = [each for log in self.logs() for each in announced(log)]
        return max(int(each.get("receives", 0)) for each in said)

    def check_logs(self) -> None:
        """Find nobody's user id, no token and no secret in what the hosts logged."""
        for log in self.logs():
            assert PERSONAL.search(log.read_text(errors="replace")) is None, log.name


def order(
    ground: Ground,
    *,
    wait: bool = True,
    seconds: float = START_SECONDS,
    run_id: str = RUN_ID,
    **options: Any,
) -> Host:
    """Fire the schedule: invoke the sender in a process of its own."""
    document = {"campaign": campaign(), "scheduledTime": SCHEDULED}
    if run_id != RUN_ID:
        document |= {"runId": run_id}
    host = ground.start("order", json.dumps(document), **options)
    if wait:
        try:
            host.child.wait(seconds)
        finally:
            host.child.stop()
    return host


def finished(
    ground: Ground, seconds: float, meanwhile: Callable[[], None], run_id: str = RUN_ID
) -> dict[str, Any]:
    """Wait until a run is over and nothing is left on the queue; gives the run."""
    deadline = time.monotonic() + seconds
    while True:
        run, messages = ground.run(run_id), ground.messages()
        if run is not None and run["status"] != "running" and messages == 0:
            return run
        assert time.monotonic() < deadline, f"not over in {seconds} s: {run}, {messages} messages"
        meanwhile()
        time.sleep(0.05)


@contextmanager
def ground() -> Iterator[Ground]:
    """Bring the embedded AWS and the simulated Alexa up, and down again."""
    endpoint = f"http://127.0.0.1:{free_port()}"
    skill = Skill(SKILL_ID, CLIENT_ID, CLIENT_SECRET)
    with ExitStack() as parts:
        space = parts.enter_context(workspace("fire"))
        emulator = parts.enter_context(start_emulator(endpoint, space))
        simulator = parts.enter_context(start_simulator(skill, "nobody", endpoint, space))
        wait_for_emulator(emulator, endpoint)
        aws = aws_environment(endpoint)
        session = boto3.session.Session(
            aws["AWS_ACCESS_KEY_ID"], aws["AWS_SECRET_ACCESS_KEY"], region_name=aws["AWS_REGION"]
        )
        dynamodb = session.client("dynamodb", endpoint_url=endpoint)
        sqs = session.client("sqs", endpoint_url=endpoint)
        secrets_manager = session.client("secretsmanager", endpoint_url=endpoint)
        for client in (dynamodb, sqs, secrets_manager):
            parts.callback(client.close)
        secrets_manager.create_secret(
            Name="credentials",
            SecretString=json.dumps({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}),
        )
        alexa = Alexa(simulator.announcement(START_SECONDS)["url"])
        yield Ground(endpoint, alexa, space, dynamodb, sqs)
