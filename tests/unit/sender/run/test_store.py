"""The runs table: what was written is read back, and of two who write one wins."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError
from yellowring.sender.campaign import Listed
from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.run import store
from yellowring.sender.run.items import REMNANTS, RETENTION, read_segment, segment_item
from yellowring.sender.run.ledger import MOST_OPEN
from yellowring.sender.run.refusals import Evidence, Held
from yellowring.sender.run.run import Ending, Segment, Waiting
from yellowring.sender.run.store import (
    CHUNK,
    RunConflict,
    RunNotFound,
    Runs,
    VersionConflict,
    chunks_of,
)

from tests.unit.sender.kit import campaign
from tests.unit.sender.run.kit import NOW, Interrupted, counts, run, users

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

LARGEST_ITEM = 400_000
"""Bytes, a little below what DynamoDB takes."""
FULL = Segment(
    1,
    attempt=1,
    cursor="amzn1.ask.account.CURSOR",
    visited=True,
    counts=counts(accepted=3, rejected=1),
    waiting=(
        Waiting("amzn1.ask.account.A", 1_795_165_200_123, 2, deliverable=False, link="1f"),
        Waiting("amzn1.ask.account.B", 0, 0),
    ),
    held=(Held("amzn1.ask.account.C", "eu", Outcome.REJECTED, 1_795_165_200_001, link="2e"),),
    evidence={"eu": Evidence(1, accepted=True), "na": Evidence(0, accepted=False)},
    rest=7,
    rest_cursor="amzn1.ask.account.REST",
    problem="LWA gives no token",
)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """The bounds between which each wait for a repeat was chosen; nobody waits in truth."""
    chosen: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> tuple[float, float]:
        return low, high

    monkeypatch.setattr(store, "random", SimpleNamespace(uniform=uniform))
    monkeypatch.setattr(store, "time", SimpleNamespace(sleep=chosen.append))
    return chosen


def item(table: DynamoDBClient, part: str, run_id: str = "snow") -> dict[str, Any]:
    """Return an item as it lies in the table, empty if there is none."""
    key: Any = {"runId": {"S": run_id}, "part": {"S": part}}
    return dict(table.get_item(TableName="runs", Key=key).get("Item", {}))


def parts(table: DynamoDBClient) -> list[str]:
    return sorted(each["part"]["S"] for each in table.scan(TableName="runs")["Items"])


# ---- the run's item ----


def test_a_run_is_read_back_as_it_was_put(runs: Runs) -> None:
    assert runs.known(run()) is None
    runs.put(run())
    assert runs.known(run()) == runs.load("snow") == run()


def test_a_run_that_is_put_again_is_the_one_that_was_put_first(runs: Runs) -> None:
    runs.put(run())
    later = run(started_at=NOW + timedelta(minutes=1), segments=5)
    runs.put(later)
    assert runs.known(later) == runs.load("snow") == run()


def test_a_put_whose_answer_is_lost_is_no_conflict(table: DynamoDBClient) -> None:
    client = Interrupted(table, "put_item", twice=True)
    Runs(cast("Any", client), "runs").put(run())
    assert Runs(table, "runs").load("snow") == run()


def test_another_campaign_under_the_same_id_is_a_conflict_that_says_the_way_out(runs: Runs) -> None:
    runs.put(run())
    with pytest.raises(RunConflict, match=r"snow exists with another campaign.*--run-id"):
        runs.known(run(document=campaign(expiresIn="PT2H")))


def test_another_list_of_users_is_a_conflict(runs: Runs) -> None:
    def to(*user_ids: str) -> dict[str, Any]:
        return campaign(audience={"type": "users", "userIds": list(user_ids)})

    runs.put(run(document=to(*users(2))))
    assert runs.known(run(document=to(*users(2))))
    with pytest.raises(RunConflict):
        runs.known(run(document=to(*users(3))))


def test_a_run_that_is_not_there_is_named(runs: Runs) -> None:
    with pytest.raises(RunNotFound, match="there is no run nowhere"):
        runs.load("nowhere")


def test_the_table_forgets_a_run_ninety_days_after_its_start(
    runs: Runs, table: DynamoDBClient
) -> None:
    runs.put(run())
    assert item(table, "run")["expiresAt"]["N"] == str(int((NOW + RETENTION).timestamp()))
    assert timedelta(days=90) == RETENTION


def test_an_execution_is_noted_once(runs: Runs) -> None:
    runs.put(run())
    runs.executed(run(), "arn:1")
    runs.executed(run(), "arn:2")  # by whoever read the run before
    noted = runs.load("snow")
    assert (noted.executions, noted.execution_arn) == (1, "arn:1")
    runs.executed(replace(noted, attempt=2), "arn:3")
    assert runs.load("snow") == noted


# ---- ending ----


def test_a_running_attempt_is_not_ending(runs: Runs) -> None:
    runs.put(run())
    assert runs.ending("snow", 1) is False


def test_another_attempt_is_ending(runs: Runs) -> None:
    runs.put(run())
    assert runs.ending("snow", 2) is True


def test_a_run_that_is_not_there_is_ending(runs: Runs) -> None:
    assert runs.ending("nowhere", 1) is True


def test_an_ended_run_is_ending(runs: Runs) -> None:
    runs.put(run())
    runs.finish(run(), "completed", counts(), cause=None, resumable=0, now=NOW)
    assert runs.ending("snow", 1) is True


def test_the_first_who_ends_a_run_says_why(runs: Runs) -> None:
    runs.put(run())
    halted = Ending("halted", "stage: wrong", NOW)
    assert runs.end(run(), halted) is True
    assert runs.ending("snow", 1) is True
    assert runs.end(run(), Ending("cancelled", None, NOW)) is False
    ending = runs.load("snow").ending
    assert ending == halted
    assert runs.load("snow").status == "running"  # until all is counted


def test_a_cancel_needs_no_cause(runs: Runs) -> None:
    runs.put(run())
    assert runs.end(run(), Ending("cancelled", None, NOW)) is True
    assert runs.load("snow").ending == Ending("cancelled", None, NOW)


def test_another_attempt_or_an_ended_run_is_not_to_be_ended(runs: Runs) -> None:
    runs.put(run())
    assert runs.end(run(attempt=2), Ending("cancelled", None, NOW)) is False
    runs.finish(run(), "completed", counts(), cause=None, resumable=0, now=NOW)
    assert runs.end(run(), Ending("cancelled", None, NOW)) is False
    assert runs.load("snow").ending is None


def test_a_run_finishes_once(runs: Runs) -> None:
    runs.put(run())
    tally = counts(accepted=2, notSent=1)
    assert runs.finish(run(), "halted", tally, cause="stage", resumable=1, now=NOW) is True
    assert (
        runs.finish(run(), "completed", counts(failed=9), cause=None, resumable=0, now=NOW) is False
    )
    done = runs.load("snow")
    assert (done.status, done.counts.document(), done.cause, done.resumable, done.ended_at) == (
        "halted",
        tally.document(),
        "stage",
        1,
        NOW,
    )
    assert done.announced is False


def test_another_attempt_does_not_finish_a_run(runs: Runs) -> None:
    runs.put(run())
    old = run(attempt=2)
    assert runs.finish(old, "completed", counts(), cause=None, resumable=0, now=NOW) is False
    assert runs.load("snow").status == "running"


def test_a_run_is_announced_in_its_attempt_only(runs: Runs) -> None:
    runs.put(run())
    runs.announced(run(attempt=2))
    assert runs.load("snow").announced is False
    runs.announced(run())
    assert runs.load("snow").announced is True


# ---- resume ----


def halted(runs: Runs) -> None:
    runs.put(run())
    runs.executed(run(), "arn:1")
    runs.end(run(), Ending("halted", "stage", NOW))
    runs.finish(run(), "halted", counts(accepted=1), cause="stage", resumable=3, now=NOW)
    runs.announced(run())


def test_a_resumed_run_is_running_as_if_it_had_never_ended(
    runs: Runs, table: DynamoDBClient
) -> None:
    halted(runs)
    later = NOW + timedelta(hours=3)
    assert runs.resume(runs.load("snow"), later, later + timedelta(hours=1)) is True
    expected = run(attempt=2, event_time=later, expiry_time=later + timedelta(hours=1))
    assert runs.load("snow") == replace(expected, counts=counts(accepted=1))
    assert item(table, "run")["expiresAt"]["N"] == str(int((later + RETENTION).timestamp()))
    assert runs.ending("snow", 2) is False


def test_of_two_who_resume_one_does(runs: Runs) -> None:
    halted(runs)
    known = runs.load("snow")
    assert runs.resume(known, NOW, NOW + timedelta(hours=1)) is True
    assert runs.resume(known, NOW, NOW + timedelta(hours=1)) is False
    assert runs.load("snow").attempt == 2


def test_a_running_run_is_not_resumed(runs: Runs) -> None:
    runs.put(run())
    assert runs.resume(run(), NOW, NOW + timedelta(hours=1)) is False


# ---- segments ----


def test_a_segment_without_an_item_is_fresh(runs: Runs) -> None:
    assert runs.segment("snow", 3) == Segment(3)
    assert runs.segments(run()) == []


def test_a_checkpoint_is_read_back_as_it_was_written(runs: Runs) -> None:
    written = runs.checkpoint(run(), Segment(1), FULL)
    assert written == replace(FULL, version=1)
    assert runs.segment("snow", 1) == written
    assert runs.segments(run()) == [written]


def test_segments_are_those_of_the_run_and_in_their_order(runs: Runs) -> None:
    for number in (10, 2):
        runs.checkpoint(run(), Segment(number), Segment(number))
    runs.checkpoint(run("other"), Segment(0), Segment(0))
    runs.put(run())
    runs.put_list("snow", "0" * 32, users(1), NOW)
    assert [each.number for each in runs.segments(run())] == [2, 10]


def test_every_checkpoint_raises_the_version(runs: Runs) -> None:
    first = runs.checkpoint(run(), Segment(0), Segment(0, cursor="a"))
    second = runs.checkpoint(run(), first, replace(first, cursor="b"))
    assert (first.version, second.version, runs.segment("snow", 0).cursor) == (1, 2, "b")


def test_of_two_workers_on_one_segment_only_one_can_count(runs: Runs) -> None:
    runs.checkpoint(run(), Segment(0), Segment(0, cursor="mine"))
    with pytest.raises(VersionConflict, match="segment 0 of run snow"):
        runs.checkpoint(run(), Segment(0), Segment(0, cursor="theirs"))
    known = runs.segment("snow", 0)
    runs.checkpoint(run(), known, replace(known, cursor="mine too"))
    with pytest.raises(VersionConflict):
        runs.checkpoint(run(), known, replace(known, cursor="theirs"))
    assert runs.segment("snow", 0).cursor == "mine too"


@pytest.mark.parametrize("known", [False, True], ids=["fresh", "known"])
def test_a_checkpoint_whose_answer_is_lost_is_ones_own(table: DynamoDBClient, known: bool) -> None:
    before = Segment(0)
    if known:
        before = Runs(table, "runs").checkpoint(run(), before, before)
    losing = Runs(cast("Any", Interrupted(table, "put_item", twice=True)), "runs")
    after = losing.checkpoint(run(), before, replace(before, cursor="a"))
    assert after == replace(before, cursor="a", version=before.version + 1)
    assert Runs(table, "runs").segment("snow", 0) == after


def test_an_error_of_the_table_is_no_conflict(runs: Runs, table: DynamoDBClient) -> None:
    def fail() -> None:
        raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "PutItem")

    throttled = Runs(cast("Any", Interrupted(table, "put_item", before=fail)), "runs")
    with pytest.raises(ClientError):
        throttled.checkpoint(run(), Segment(0), Segment(0))
    again = Runs(cast("Any", Interrupted(table, "put_item", before=fail)), "runs")
    with pytest.raises(ClientError):
        again.put(run())
    update = Runs(cast("Any", Interrupted(table, "update_item", before=fail)), "runs")
    with pytest.raises(ClientError):
        update.end(run(), Ending("cancelled", None, NOW))


def test_the_table_forgets_segments_a_day_after_the_events_expiry(
    runs: Runs, table: DynamoDBClient
) -> None:
    runs.checkpoint(run(), Segment(0), Segment(0))
    expected = NOW + timedelta(hours=1) + timedelta(days=1)
    assert item(table, "segment#0000")["expiresAt"]["N"] == str(int(expected.timestamp()))
    assert timedelta(days=1) == REMNANTS


def test_who_waits_or_is_held_from_before_links_were_kept_has_none() -> None:
    item = segment_item(run(), FULL, 1, "me")
    for each in (*item["waiting"]["L"], *item["held"]["L"]):
        del each["L"][4 if each in item["waiting"]["L"] else 5 :]
    known = read_segment(item)
    links = (*(each.link for each in known.waiting), *(each.link for each in known.held))
    assert links == ("", "", "")
    assert [each.user_id for each in known.waiting] == [each.user_id for each in FULL.waiting]
    assert all(each.deliverable for each in known.held)


def test_a_segment_with_all_that_may_be_open_fits_into_an_item(table: DynamoDBClient) -> None:
    taken: list[Any] = []

    class Client:
        def put_item(self, **request: Any) -> None:
            taken.append(request["Item"])

    ids = [f"amzn1.ask.account.{number:04}".ljust(255, "x") for number in range(MOST_OPEN)]
    late = 4_000_000_000_000
    waiting = tuple(Waiting(each, late, 1000, link="f" * 16) for each in ids)
    held = tuple(Held(each, "na", Outcome.REJECTED, late, link="f" * 16) for each in ids)
    for full in (Segment(0, waiting=waiting), Segment(0, held=held)):
        Runs(cast("Any", Client()), "runs").checkpoint(run(), Segment(0), full)
    assert [len(json.dumps(each)) < LARGEST_ITEM for each in taken] == [True, True]


# ---- lists ----


@pytest.mark.parametrize(("many", "chunks"), [(0, 0), (1, 1), (499, 1), (500, 1), (501, 2)])
def test_a_list_of_any_length_is_read_back_in_chunks(runs: Runs, many: int, chunks: int) -> None:
    ids = users(many)
    digest = Listed.of(ids).digest
    assert runs.put_list("snow", digest, iter(ids), NOW) == chunks == chunks_of(many)
    read = [each for number in range(chunks) for each in runs.chunk("snow", digest, number)]
    assert read == ids
    assert runs.chunk("snow", digest, chunks) == []
    assert all(len(runs.chunk("snow", digest, number)) == CHUNK for number in range(chunks - 1))


def test_a_long_list_is_written_in_as_many_batches_as_it_takes() -> None:
    batches: list[list[Any]] = []

    class Client:
        def batch_write_item(self, RequestItems: Any) -> Any:  # noqa: N803
            batches.append([each["PutRequest"]["Item"] for each in RequestItems["runs"]])
            return {}

    ids = users(20_000)
    assert Runs(cast("Any", Client()), "runs").put_list("snow", "0" * 32, ids, NOW) == 40
    assert [len(batch) for batch in batches] == [25, 15]
    items = [each for batch in batches for each in batch]
    assert [each["part"]["S"] for each in items] == [f"list#{'0' * 32}#{n:06}" for n in range(40)]
    assert [each["S"] for chunk in items for each in chunk["ids"]["L"]] == ids


def test_a_chunk_of_the_longest_ids_fits_into_an_item(runs: Runs, table: DynamoDBClient) -> None:
    ids = [f"amzn1.ask.account.{number:04}".ljust(255, "x") for number in range(CHUNK)]
    runs.put_list("snow", "0" * 32, ids, NOW)
    assert len(json.dumps(item(table, f"list#{'0' * 32}#000000"))) < LARGEST_ITEM


def test_a_list_that_is_put_again_changes_nothing(runs: Runs, table: DynamoDBClient) -> None:
    for _ in range(2):
        runs.put_list("snow", "0" * 32, users(501), NOW)
    assert len(parts(table)) == 2


def test_what_a_batch_left_unwritten_is_written_again(
    table: DynamoDBClient, naps: list[tuple[float, float]]
) -> None:
    class Throttled:
        def __init__(self) -> None:
            self.calls = 0

        def batch_write_item(self, RequestItems: Any) -> Any:  # noqa: N803
            self.calls += 1
            now = {"runs": RequestItems["runs"][:1]}
            left = RequestItems["runs"][1:]
            table.batch_write_item(RequestItems=now)
            return {"UnprocessedItems": {"runs": left} if left else {}}

    throttled = Throttled()
    assert Runs(cast("Any", throttled), "runs").put_list("snow", "0" * 32, users(1001), NOW) == 3
    assert throttled.calls == 3
    assert len(naps) == 2
    assert Runs(table, "runs").chunk("snow", "0" * 32, 2) == users(1001)[1000:]


def test_each_repeat_of_a_batch_waits_longer_with_jitter_and_five_seconds_at_most(
    naps: list[tuple[float, float]],
) -> None:
    class Throttled:
        calls = 0

        def batch_write_item(self, RequestItems: Any) -> Any:  # noqa: N803
            self.calls += 1
            return {"UnprocessedItems": RequestItems if self.calls < 11 else {}}

    Runs(cast("Any", Throttled()), "runs").put_list("snow", "0" * 32, users(1), NOW)
    bounds = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert naps == [(each / 2, each) for each in bounds]


def test_a_batch_that_is_written_whole_waits_for_nothing(
    runs: Runs, naps: list[tuple[float, float]]
) -> None:
    runs.put_list("snow", "0" * 32, users(1), NOW)
    assert naps == []


def test_a_list_is_kept_until_a_day_after_the_event_and_longer_when_told(
    runs: Runs, table: DynamoDBClient
) -> None:
    def kept() -> set[str]:
        items = table.scan(TableName="runs")["Items"]
        return {each["expiresAt"]["N"] for each in items}

    runs.put_list("snow", "0" * 32, users(501), NOW)
    assert kept() == {str(int((NOW + REMNANTS).timestamp()))}
    later = NOW + timedelta(hours=5)
    runs.keep_list("snow", "0" * 32, 501, later)
    assert kept() == {str(int((later + REMNANTS).timestamp()))}


def test_keeping_a_list_that_has_gone_makes_none(runs: Runs, table: DynamoDBClient) -> None:
    with pytest.raises(ClientError):
        runs.keep_list("snow", "0" * 32, 1, NOW)
    assert parts(table) == []


def test_forgetting_leaves_the_runs_item_and_nobody_in_it(
    runs: Runs, table: DynamoDBClient
) -> None:
    digest = "0" * 32
    audience = {"type": "users", "list": {"digest": digest, "count": 26 * CHUNK}}
    listed = run(document=campaign(audience=audience), segments=3)
    runs.put(listed)
    runs.put_list("snow", digest, users(2), NOW)
    last: Any = {"runId": {"S": "snow"}, "part": {"S": f"list#{digest}#000025"}}
    table.put_item(TableName="runs", Item=last)
    for number in range(3):
        runs.checkpoint(listed, Segment(number), replace(FULL, number=number))
    runs.forget_customers(listed)
    assert parts(table) == ["run", "segment#0000", "segment#0001", "segment#0002"]
    assert "amzn1.ask.account" not in json.dumps(table.scan(TableName="runs")["Items"])
    runs.forget_customers(listed)  # again changes nothing


@pytest.mark.parametrize("known", [Segment(0), replace(FULL, number=0, version=1)])
def test_no_late_worker_writes_anybody_into_a_forgotten_segment(runs: Runs, known: Segment) -> None:
    if known.version:
        runs.checkpoint(run(), Segment(0), known)
    runs.forget_customers(run())
    with pytest.raises(VersionConflict):
        runs.checkpoint(run(), known, replace(FULL, number=0))


def test_runs_are_listed_newest_first_and_nothing_else_is(runs: Runs) -> None:
    runs.put(run("old"))
    runs.put(run("new", started_at=NOW + timedelta(seconds=1)))
    runs.checkpoint(run("old"), Segment(0), Segment(0))
    runs.put_list("old", "0" * 32, users(1), NOW)
    assert [each.run_id for each in runs.list()] == ["new", "old"]
