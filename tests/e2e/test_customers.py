"""The business' own customer ids: all of a household's accounts hear once, and why not is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from yellowring.sender.notification.opening import NOBODY
from yellowring.sender.notification.status import Status, Statuses
from yellowring.subscribers import Subscribers
from yellowring_tools.local_stack.story import CAMPAIGN, WEATHER

from tests.e2e.support import (
    Customer,
    counts,
    ended,
    eventually,
    heard,
    messages,
    start,
    yellowring,
)

if TYPE_CHECKING:
    from pathlib import Path

    from yellowring.alexa import Region
    from yellowring_tools.local_stack.stack import LocalStack

TEXTS = {key: CAMPAIGN[key] for key in ("event", "localizedAttributes")}


def household(stack: LocalStack, customer_id: str, *regions: Region) -> list[Customer]:
    """Make accounts that are subscribed and linked to an id of the business."""
    accounts = [Customer(stack, region, "en-US") for region in regions]
    for each in accounts:
        each.subscribes()
        each.send("customer", id=customer_id)
    for each in accounts:
        eventually(lambda of=each: of.record().get("customer"), "the id was not stored")  # type: ignore[misc]
    return accounts


def ask(stack: LocalStack, reference_id: str, **to: str) -> Statuses:
    """Put a notification on the queue, as the API does; return where its status is."""
    expiry = datetime.now(UTC) + timedelta(hours=1)
    statuses = Statuses(stack.aws.dynamodb, stack.outputs.RunsTableName)
    statuses.put(reference_id, "hash", datetime.now(UTC), expiry)
    message = {
        **TEXTS,
        "to": to,
        "referenceId": reference_id,
        "expiryTime": expiry.isoformat(),
    }
    stack.aws.sqs.send_message(
        QueueUrl=stack.outputs.NotificationsQueueUrl, MessageBody=json.dumps(message)
    )
    return statuses


def done(statuses: Statuses, reference_id: str) -> Status:
    """Wait until a notification has all its outcomes."""

    def status() -> Status | None:
        found = statuses.get(reference_id)
        return found if found and found.done else None

    return eventually(status, f"{reference_id} has no outcome")


def left(stack: LocalStack) -> int:
    return messages(stack, stack.outputs.NotificationsQueueUrl)


def outcomes(stack: LocalStack, customer: Customer) -> dict[str, object]:
    """Return what the customer's record says became of which event."""
    table = stack.outputs.SubscribersTableName
    record = Subscribers(stack.aws.dynamodb, table).get(customer.user_id)
    return {name: entry.value for name, entry in record.outcomes.items()} if record else {}


def test_a_notification_rings_once_on_each_account_of_a_household(stack: LocalStack) -> None:
    accounts = household(stack, "home-4711", "na", "eu")
    for _ in range(2):  # the second finds that all is done
        statuses = ask(stack, "home~1", customerId="home-4711")
        status = done(statuses, "home~1")
        eventually(lambda: left(stack) == 0, "messages are left")
    assert list(status.outcomes.values()) == ["accepted", "accepted"]
    assert heard(stack, "home~1") == {each.user_id: 1 for each in accounts}
    assert [each.heard()[0]["region"] for each in accounts] == ["na", "eu"]


def test_who_is_linked_no_more_is_not_told_and_the_status_says_why(stack: LocalStack) -> None:
    [customer] = household(stack, "left-4712", "na")
    customer.send("customer", id=None)
    eventually(lambda: not customer.record().get("customer"), "the id was not removed")
    status = done(ask(stack, "left~1", customerId="left-4712"), "left~1")
    assert list(status.outcomes.values()) == ["skipped"]
    assert status.reason == NOBODY
    assert heard(stack, "left~1") == {}


def test_who_turned_notifications_off_finds_why_in_the_status_and_the_record(
    stack: LocalStack,
) -> None:
    [customer] = household(stack, "off-4713", "fe")
    customer.does("unsubscribe", events=[WEATHER])
    eventually(lambda: not customer.record().get("subscriptions"), "they are still subscribed")
    status = done(ask(stack, "off~1", customerId="off-4713"), "off~1")
    assert (list(status.outcomes.values()), status.reason) == (["skipped"], "not subscribed")
    eventually(lambda: outcomes(stack, customer), "nothing was noted")
    assert outcomes(stack, customer) == {"off~1": "skipped"}


def test_a_run_to_customers_reaches_all_their_accounts_once(stack: LocalStack) -> None:
    accounts = [
        *household(stack, "run-1", "na", "eu", "na"),
        *household(stack, "run-2", "fe"),
    ]
    audience = {"type": "customers", "customerIds": ["run-1", "stranger", "run-2"]}
    start(stack, "customers~1", {**CAMPAIGN, "audience": audience})
    run = ended(stack, "customers~1")
    assert (run.status, counts(run)) == ("completed", {"accepted": 4, "skipped": 1})
    assert heard(stack, "customers~1") == {each.user_id: 1 for each in accounts}


def test_the_command_sends_to_one_customer_and_to_a_file_of_them(
    stack: LocalStack, tmp_path: Path
) -> None:
    accounts = household(stack, "cli-1", "na", "na")
    campaign, ids = tmp_path / "campaign.json", tmp_path / "ids.txt"
    campaign.write_text(json.dumps(CAMPAIGN))
    ids.write_text("cli-1\ncli-nobody\n")
    said = yellowring(stack, "send", str(campaign), "--customer", "cli-1", "--run-id", "cli~1")
    assert (said.status, "cli-1" in said.out) == (0, False), said.err
    eventually(lambda: len(heard(stack, "cli~1")) == len(accounts), "somebody was not told")
    said = yellowring(
        stack, "send", str(campaign), "--customers-file", str(ids), "--run-id", "cli~2", "--watch"
    )
    assert said.status == 0, said.err
    assert counts(ended(stack, "cli~2")) == {"accepted": 2, "skipped": 1}
    assert heard(stack, "cli~2") == {each.user_id: 1 for each in accounts}
