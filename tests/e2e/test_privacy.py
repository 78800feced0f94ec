"""What is left of a customer who has all kinds of things behind them, and is forgotten."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.subscribers import RegisterChange, Subscribers
from yellowring_tools.local_stack.story import CAMPAIGN, WEATHER

from tests.e2e.signed import ApiClient
from tests.e2e.support import (
    Customer,
    campaign_for,
    campaign_to,
    counts,
    ended,
    eventually,
    executions,
    heard,
    history,
    messages,
    queues,
    runs_of,
    start,
    yellowring,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

TEXTS = {key: CAMPAIGN[key] for key in ("event", "localizedAttributes")}
REMNANTS = timedelta(days=1)
"""How long after an event's expiry a run that can be resumed may still name customers."""
SMALL = 1_000_000
"""Bytes of what is looked into in S3: larger are the functions' own files."""
type Found = list[tuple[str, Any]]


def stores(stack: LocalStack) -> Iterator[tuple[str, Any]]:
    """Read every store of the account: where, and what lies there."""
    yield from _tables(stack)
    yield from _messages(stack)
    yield from _logs(stack)
    aws = stack.aws
    for secret in aws.secrets.list_secrets()["SecretList"]:
        value = aws.secrets.get_secret_value(SecretId=secret["ARN"])
        yield f"secret {secret['Name']}", [secret, value]
    for execution in executions(stack):
        described = aws.states.describe_execution(executionArn=execution)
        yield f"execution {execution}", [described, history(stack, execution)]
    for function in aws.functions.list_functions()["Functions"]:
        yield f"function {function['FunctionName']}", function
    for each in aws.scheduler.list_schedules()["Schedules"]:
        known = aws.scheduler.get_schedule(GroupName=each["GroupName"], Name=each["Name"])
        yield f"schedule {each['Name']}", known
    yield "archives", aws.events.list_archives()["Archives"]
    for bucket in aws.s3.list_buckets()["Buckets"]:
        for file in aws.s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            body = b""
            if file["Size"] < SMALL:
                body = aws.s3.get_object(Bucket=bucket["Name"], Key=file["Key"])["Body"].read()
            yield f"file {file['Key']}", [file["Key"], body.decode(errors="replace")]


def _tables(stack: LocalStack) -> Iterator[tuple[str, Any]]:
    dynamodb = stack.aws.dynamodb
    for table in dynamodb.list_tables()["TableNames"]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            for item in page["Items"]:
                yield f"table {table}", item


def _messages(stack: LocalStack) -> Iterator[tuple[str, Any]]:
    for url in stack.aws.sqs.list_queues()["QueueUrls"]:
        if messages(stack, url):
            told = stack.aws.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0
            )
            for message in told.get("Messages", []):
                yield f"queue {url}", message


def _logs(stack: LocalStack) -> Iterator[tuple[str, Any]]:
    logs = stack.aws.logs
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
            for event in page["events"]:
                yield f"log {name}", event


def naming(stack: LocalStack, *ids: str) -> Found:
    """Return all that names one of some ids, wherever it lies."""
    return [
        (where, what)
        for where, what in stores(stack)
        if any(each in json.dumps(what, default=str, ensure_ascii=False) for each in ids)
    ]


class Known(Customer):
    """Somebody with a past: linked, with attributes, told of by runs and notifications."""

    def __init__(self, stack: LocalStack) -> None:
        super().__init__(stack, "na", "en-US")
        self.name = f"known{uuid.uuid4().hex[:8]}"
        self.customer_id = f"{self.name}.customer"
        self.subscribes()
        self.send("customer", id=self.customer_id)
        self.send("attributes", set={"group": self.name, "town": "Ulm"})
        eventually(lambda: self.record().get("customer"), "the id was not stored")
        eventually(lambda: self.record().get("attributes"), "the attributes were not stored")
        self.says()

    @property
    def ids(self) -> tuple[str, str]:
        """Both ids that they go by."""
        return self.user_id, self.customer_id


@pytest.fixture
def known(stack: LocalStack) -> Known:
    """Somebody who was told of in every way, by runs that are over and one that can go on."""
    customer = Known(stack)
    api = ApiClient(stack)
    start(stack, f"{customer.name}~1", campaign_for(customer.name))
    start(stack, f"{customer.name}~2", campaign_to([customer.user_id]))
    to_them = {"type": "customers", "customerIds": [customer.customer_id]}
    start(stack, f"{customer.name}~3", {**CAMPAIGN, "audience": to_them})
    for to in ({"customerId": customer.customer_id}, {"userId": customer.user_id}):
        said = api.call("POST", "/v1/notifications", {"to": to, **TEXTS})
        assert said.status < 300, said.text
    customer.send(
        "notify", campaign={"name": customer.name, **TEXTS}, referenceId=f"{customer.name}~4"
    )
    assert api.call("GET", f"/v1/customers/{customer.customer_id}").status == 200
    for number in (1, 2, 3):
        assert counts(ended(stack, f"{customer.name}~{number}")) == {"accepted": 1}
    eventually(lambda: len(customer.heard()) == 6, "not all has rung")
    _refused(stack, customer)
    for url in queues(stack):
        eventually(lambda url=url: messages(stack, url) == 0, "messages are left")  # type: ignore[misc]
    return customer


def _refused(stack: LocalStack, customer: Known) -> None:
    """Have Alexa refuse them in a run of which nobody can say yet whether it is to be believed."""
    customer.does("unsubscribe", events=[WEATHER])
    eventually(lambda: not customer.record().get("subscriptions"), "they are still subscribed")
    table = stack.outputs.SubscribersTableName
    ahead = int(datetime.now().astimezone().timestamp() * 1000)
    stale = RegisterChange("subscriptions", ahead, "test", {WEATHER})
    Subscribers(stack.aws.dynamodb, table).apply(customer.user_id, stale)
    start(stack, f"{customer.name}~5", campaign_to([customer.user_id]))
    run = ended(stack, f"{customer.name}~5")
    assert counts(run) == {"rejected": 1}
    assert run.resumable == 1


def _left(stack: LocalStack, customer: Known) -> Found:
    """Return what names them besides the tombstone, and what a run needs that can be resumed.

    That goes a day after the event's expiry, and is looked at here.
    """
    left: Found = []
    for where, what in naming(stack, *customer.ids):
        if where == f"table {stack.outputs.SubscribersTableName}":
            assert what.keys() == {"userId", "version", "erasedAt", "expiresAt"}
        elif where == f"table {stack.outputs.RunsTableName}" and "part" in what:
            run = runs_of(stack).load(what["runId"]["S"])
            assert run.resumable, what["part"]
            expires = datetime.fromtimestamp(int(what["expiresAt"]["N"]), run.expiry_time.tzinfo)
            assert expires <= run.expiry_time + REMNANTS
        else:
            left.append((where, what))
    return left


def test_after_forget_me_no_store_names_the_customer_but_the_tombstone(
    stack: LocalStack, known: Known
) -> None:
    assert naming(stack, *known.ids), "the search finds nobody"
    assert known.says("ForgetMeIntent")["speech"] == known.replies["forget_confirm"]
    assert known.says("AMAZON.YesIntent")["speech"] == known.replies["forget_done"]
    eventually(lambda: "erasedAt" in known.record(), "not forgotten")
    assert _left(stack, known) == []


def test_an_operator_exports_a_customer_forgets_them_and_no_later_send_reaches_them(
    stack: LocalStack, known: Known
) -> None:
    said = yellowring(stack, "customer", "export", known.customer_id)
    assert said.status == 0, said.err
    [account] = said.document["accounts"]
    assert account["userId"] == known.user_id
    assert account["record"]["attributes"]["town"] == "Ulm"
    assert said.document["runs"] == [f"{known.name}~5"]
    assert len(said.document["notifications"]) == 2
    said = yellowring(stack, "customer", "forget", known.customer_id, "--yes", "--json")
    assert (said.status, said.document) == (0, {"erased": 1}), said.err
    assert _left(stack, known) == []
    start(stack, f"{known.name}~6", campaign_to([known.user_id]))
    assert counts(ended(stack, f"{known.name}~6")) == {"skipped": 1}
    assert heard(stack, f"{known.name}~6") == {}
