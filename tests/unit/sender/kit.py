"""A small world to send in: customers whom Alexa and our table know, and a workflow that works."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3
from yellowring.sender import app
from yellowring.subscribers import RegisterChange, Subscribers
from yellowring_tools.simulator.faults import Faults

from tests.envelopes import WEATHER

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from yellowring_tools.simulator.facts import Region
    from yellowring_tools.simulator.simulation import Simulation

HOSTS = {
    "na": "https://api.amazonalexa.com",
    "eu": "https://api.eu.amazonalexa.com",
    "fe": "https://api.fe.amazonalexa.com",
}
SCHEDULED = "2026-11-20T09:00:00Z"
RUN_ID = "snow~warning~20261120T090000Z"
NONE_OF_ANY = dict.fromkeys(
    ("accepted", "duplicate", "rejected", "limited", "invalid", "skipped", "expired", "failed"), 0
)
LONG_AGO = 1_700_000_000_000


def campaign(**changes: Any) -> dict[str, Any]:
    """Return a valid campaign, with changes."""
    payload = {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}}
    return {"name": "snow-warning", "event": {"name": WEATHER, "payload": payload}} | changes


class Context:
    """Lambda's context: five minutes are left, or as many milliseconds as a test says."""

    def __init__(self, milliseconds: int = 300_000) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


class World:
    """What a test of the sender works with."""

    def __init__(self, alexa: Simulation, dynamodb: DynamoDBClient) -> None:
        self.alexa = alexa
        self.dynamodb = dynamodb
        self.subscribers = Subscribers(dynamodb, "subscribers")
        self._states = boto3.client("stepfunctions")

    def customers(self, many: int, region: Region = "na") -> list[str]:
        """Make customers who are subscribed in Alexa's eyes and in ours."""
        return [self.customer(region) for _ in range(many)]

    def customer(self, region: Region = "na", *, subscribed: bool = True) -> str:
        """Make a customer whom we think subscribed; Alexa may think otherwise."""
        customer = self.alexa.customers.enable(self.alexa.customers.add(region, "en-US"))
        if subscribed:
            self.alexa.customers.subscribe(customer)
        self.know(customer.user_id, region)
        return customer.user_id

    def know(
        self,
        user_id: str,
        region: Region = "na",
        at: int = LONG_AGO,
        events: Collection[str] = (WEATHER,),
    ) -> None:
        """Put a subscription into our table."""
        self.subscribers.apply(
            user_id,
            RegisterChange("subscriptions", at, "id", frozenset(events)),
            RegisterChange("host", at, "id", HOSTS[region]),
        )

    def faults(self, **faults: Any) -> None:
        """Set the faults of Alexa's API."""
        self.alexa.set_faults(Faults.read(faults))

    def start(self, document: dict[str, Any] | None = None, **request: Any) -> dict[str, Any]:
        """Have the sender start a run; return what it answers."""
        request = {"campaign": document or campaign(), "scheduledTime": SCHEDULED} | request
        return app.lambda_handler(request, Context())

    def send(
        self, document: dict[str, Any] | None = None, turns: int = 1, **request: Any
    ) -> dict[str, Any]:
        """Start a run and do its workflow's work, at most so many slices of each segment."""
        run = self.start(document, **request)
        if run["status"] != "running":
            return run
        for segment in range(run["segments"]["total"]):
            for _ in range(turns):
                if self.slice(run, segment)["done"]:
                    break
        return self.finish(run)

    def slice(self, run: dict[str, Any], segment: int = 0, **more: Any) -> dict[str, Any]:
        """Have a slice of a segment done."""
        task = {"task": "slice", "segment": segment} | self._of(run) | more
        return app.lambda_handler(task, Context())

    def finish(self, run: dict[str, Any]) -> dict[str, Any]:
        """Have a run finished, as its execution does at its end."""
        task = {"task": "finish", "executionArn": run["execution"]} | self._of(run)
        return app.lambda_handler(task, Context())

    def executions(self) -> list[str]:
        """Return the names of the executions that were started."""
        listed = self._states.list_executions(stateMachineArn=os.environ["RUN_MACHINE_ARN"])
        return [execution["name"] for execution in listed["executions"]]

    def heard(self, user_id: str) -> list[str]:
        """Return the reference ids of what a customer was notified of."""
        customer = self.alexa.customers.get(user_id)
        return [notification.reference_id for notification in customer.notifications]

    def all_heard(self, user_ids: Sequence[str]) -> bool:
        """Check whether each of them was notified of the run exactly once."""
        return all(self.heard(user_id) == [RUN_ID] for user_id in user_ids)

    def is_rejected(self, user_id: str) -> bool:
        """Check whether our record says that Alexa refused the customer."""
        record = self.subscribers.get(user_id)
        return record is not None and "rejectedAt" in record.moments

    @staticmethod
    def _of(run: dict[str, Any]) -> dict[str, Any]:
        return {"runId": run["runId"], "attempt": run["attempt"]}
