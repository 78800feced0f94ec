"""What became of a notification: each account's first outcome, on an item that was put before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.notification.status import KEPT, OVER, Status, Statuses

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
EXPIRY = NOW + timedelta(hours=1)
ID = "order~7"
ANNA, BEN = "aa11", "bb22"


@pytest.fixture
def statuses(table: DynamoDBClient) -> Statuses:
    """Statuses, of which one was put."""
    statuses = Statuses(table, "runs")
    assert statuses.put(ID, "hash", NOW, EXPIRY) is None
    return statuses


def read(statuses: Statuses) -> Status:
    status = statuses.get(ID)
    assert status is not None
    return status


def test_what_was_put_is_queued_and_nobody_has_an_outcome(statuses: Statuses) -> None:
    assert read(statuses) == Status(ID, "hash", NOW, EXPIRY)


def test_a_status_is_read_consistently(
    statuses: Statuses, table: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def get_item(**call: Any) -> dict[str, Any]:
        asked.append(call)
        return {}

    monkeypatch.setattr(table, "get_item", get_item)
    statuses.get(ID)
    assert [call["ConsistentRead"] for call in asked] == [True]


def test_what_was_never_put_has_no_status(statuses: Statuses) -> None:
    assert statuses.get("order~8") is None


def test_what_lies_there_is_returned_and_stays(statuses: Statuses) -> None:
    statuses.settle(ID, ANNA, "accepted", NOW)
    later = NOW + timedelta(minutes=5)
    there = statuses.put(ID, "another", later, EXPIRY + timedelta(hours=1))
    assert there == read(statuses)
    assert (there.body_hash, there.expires_at, there.outcomes) == (
        "hash",
        EXPIRY,
        {ANNA: "accepted"},
    )


@pytest.mark.parametrize(("seconds", "is_new"), [(0, False), (1, True)])
def test_what_is_no_longer_kept_is_not_found_by_another_put(
    statuses: Statuses, seconds: int, is_new: bool
) -> None:
    later = EXPIRY + KEPT + timedelta(seconds=seconds)
    there = statuses.put(ID, "another", later, later + timedelta(hours=1))
    assert (there is None) is is_new


def test_each_account_has_its_own_outcome_and_reason(statuses: Statuses) -> None:
    statuses.settle(ID, ANNA, "accepted", NOW)
    statuses.settle(ID, BEN, "skipped", NOW, "disabled")
    status = read(statuses)
    assert status.outcomes == {ANNA: "accepted", BEN: "skipped"}
    assert status.reasons == {BEN: "disabled"}
    assert (status.reason, status.done) == ("disabled", False)


@pytest.mark.parametrize("later", ["duplicate", "expired", "limited"])
def test_an_accounts_first_outcome_stands(statuses: Statuses, later: str) -> None:
    statuses.settle(ID, ANNA, "accepted", NOW)
    statuses.settle(ID, ANNA, later, NOW, "why")
    status = read(statuses)
    assert (status.outcomes, status.reason) == ({ANNA: "accepted"}, "")


@pytest.mark.parametrize("done", [True, False])
def test_the_last_account_can_finish_it(statuses: Statuses, done: bool) -> None:
    statuses.settle(ID, ANNA, "accepted", NOW, done=done)
    assert read(statuses).done is done


def test_a_later_outcome_does_not_open_it_again(statuses: Statuses) -> None:
    statuses.settle(ID, ANNA, "accepted", NOW, done=True)
    statuses.settle(ID, BEN, "accepted", NOW)
    assert read(statuses).done


def test_the_first_reason_it_was_finished_with_stands_before_the_accounts(
    statuses: Statuses,
) -> None:
    statuses.settle(ID, ANNA, "skipped", NOW, "disabled")
    statuses.finish(ID, NOW)
    assert read(statuses).reason == "disabled"
    statuses.finish(ID, NOW, "nobody is linked")
    statuses.finish(ID, NOW, "another")
    status = read(statuses)
    assert (status.reason, status.done) == ("nobody is linked", True)


def test_reasons_of_several_accounts_are_told_each_once(statuses: Statuses) -> None:
    for number, reason in enumerate(("no permission", "disabled", "disabled")):
        statuses.settle(ID, f"a{number}", "skipped", NOW, reason)
    assert read(statuses).reason == "disabled; no permission"


def test_nothing_is_made_of_a_notification_without_a_status(
    statuses: Statuses, table: DynamoDBClient
) -> None:
    statuses.settle("order~8", ANNA, "accepted", NOW, done=True)
    statuses.finish("order~8", NOW, "why")
    assert table.scan(TableName="runs")["Count"] == 1


def test_it_is_in_a_partition_of_its_own_that_no_run_can_have(
    statuses: Statuses, table: DynamoDBClient
) -> None:
    statuses.put("order~8", "hash", NOW, EXPIRY)
    items = table.scan(TableName="runs")["Items"]
    assert sorted(item["runId"]["S"] for item in items) == [
        "#notification~order~7",
        "#notification~order~8",
    ]
    assert {item["part"]["S"] for item in items} == {"notification"}


def test_it_goes_a_day_after_its_expiry(statuses: Statuses, table: DynamoDBClient) -> None:
    (item,) = table.scan(TableName="runs")["Items"]
    assert item["expiresAt"]["N"] == str(int((EXPIRY + timedelta(days=1)).timestamp()))


def test_what_is_given_up_is_done_and_failed_until_its_outcomes_are_known(
    statuses: Statuses,
) -> None:
    statuses.settle(ID, ANNA, "accepted", NOW)
    statuses.give_up(ID, BEN, "why")
    status = read(statuses)
    assert status.outcomes == {ANNA: "accepted", BEN: "failed"}
    assert (status.reason, status.done) == ("why", True)
    statuses.settle(ID, BEN, "limited", NOW, done=True)
    status = read(statuses)
    assert status.outcomes == {ANNA: "accepted", BEN: "limited"}
    assert (status.reason, status.done) == ("", True)


def test_what_was_done_before_is_not_given_up(statuses: Statuses) -> None:
    statuses.settle(ID, ANNA, "accepted", NOW, done=True)
    statuses.give_up(ID, BEN, "why")
    assert read(statuses).outcomes == {ANNA: "accepted"}


@pytest.mark.parametrize(("seconds", "over"), [(-1, False), (0, True)])
def test_what_has_expired_is_done_though_nobody_noted_it(
    statuses: Statuses, seconds: int, over: bool
) -> None:
    statuses.settle(ID, ANNA, "skipped", NOW, "disabled")
    status = read(statuses).as_of(EXPIRY + timedelta(seconds=seconds))
    assert (status.done, status.reason) == (over, OVER if over else "disabled")
    statuses.finish(ID, NOW)
    assert read(statuses).as_of(EXPIRY + KEPT).reason == "disabled"
