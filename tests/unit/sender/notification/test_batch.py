"""A batch of notifications: each is sent, kept for later, or kept as evidence; none is lost."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError
from yellowring.alexa import InvalidCredentials, TokenUnavailable
from yellowring.alexa.proactive_events import Answer
from yellowring.observability import hash_user_id
from yellowring.sender.delivery.noting import Noting
from yellowring.sender.delivery.sending import Sending
from yellowring.sender.notification import batch
from yellowring.sender.notification.batch import (
    FIRST_BACK_OFF,
    LONGEST_BACK_OFF,
    LONGEST_RETRY_AFTER,
    UNTIL_GIVEN_UP,
    Batch,
)
from yellowring.sender.notification.bookkeeping import Bookkeeping
from yellowring.sender.notification.evidence import Evidence
from yellowring.sender.notification.opening import (
    MOVED,
    NOBODY,
    REFUSED,
    TOO_MANY,
    UNANSWERED,
    Opening,
)
from yellowring.sender.notification.queue import Queue
from yellowring.sender.notification.status import Status, Statuses
from yellowring.subscribers import MOST_ACCOUNTS, Customer

from tests.conftest import SKILL_ID
from tests.envelopes import WEATHER
from tests.unit.sender.notification.test_notification import document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
EU = "https://api.eu.amazonalexa.com"
MOMENT = timedelta(milliseconds=1)
FORBIDDEN = Answer(403, "no subscription for this user")


def user(number: int) -> str:
    return f"amzn1.ask.account.U{number}"


async def noop() -> None:
    pass


@dataclass
class Post:
    """A queue, a table and an Alexa, as a test sets them."""

    dynamodb: DynamoDBClient
    answers: Callable[[str], Answer] = lambda _: Answer(202)
    records: dict[str, Customer] = field(default_factory=dict)
    now: datetime = NOW
    ready_raises: Exception | None = None
    looks_up: Callable[[], None] = lambda: None
    linked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    moved: dict[str, str | None] = field(default_factory=dict)
    notes_accepted: bool = False
    cannot_note: bool = False
    statuses: Any = None
    queue_fails: bool = False
    per_second: int = 25
    waits: Callable[[], Awaitable[None]] = noop

    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    dead: list[dict[str, Any]] = field(default_factory=list)
    acquired: list[int] = field(default_factory=list)
    slowed: int = 0
    read_along: set[str] = field(default_factory=set)
    noted: list[tuple[str, str]] = field(default_factory=list)
    _evidence: Evidence | None = None

    def work(self, *records: dict[str, Any]) -> list[str]:
        """Have a batch worked; return the messages that stay on the queue."""
        fake = cast("Any", self)
        self._evidence = self._evidence or Evidence(self.dynamodb, "runs", SKILL_ID)
        self.statuses = self.statuses or Statuses(self.dynamodb, "runs")
        worker = Batch(
            Queue(fake, "the queue", "the dead"),
            opening=Opening(fake, SKILL_ID, self._now),
            sending=Sending(fake, fake, fake, "na"),
            evidence=self._evidence,
            bookkeeping=Bookkeeping(
                self.statuses, Noting(fake, accepted=self.notes_accepted), SKILL_ID, self._now
            ),
            until=time.monotonic() + 60,
            now=self._now,
        )
        answer = asyncio.run(worker.work(records))
        assert json.loads(json.dumps(answer)) == answer
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    def _now(self) -> datetime:
        return self.now

    # ---- the queue ----

    def change_message_visibility(
        self,
        QueueUrl: str,  # noqa: N803
        ReceiptHandle: str,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
    ) -> None:
        assert QueueUrl == "the queue"
        if self.queue_fails:
            raise ClientError({"Error": {"Code": "InternalError"}}, "ChangeMessageVisibility")
        self.hidden[ReceiptHandle.removeprefix("receipt ")] = VisibilityTimeout

    def send_message(self, **request: Any) -> None:
        assert request["QueueUrl"] == "the dead"
        if self.queue_fails:
            raise ClientError({"Error": {"Code": "InternalError"}}, "SendMessage")
        self.dead.append(request)

    # ---- the subscribers ----

    def of(self, attributes: Collection[str], where: object) -> Post:
        assert where is None
        self.read_along = set(attributes)
        return self

    def named(self, user_ids: Sequence[str], event_name: str) -> tuple[Customer, ...]:
        self.looks_up()
        links = {each: id_ for id_, accounts in self.linked.items() for each in accounts}
        links |= self.moved  # type: ignore[arg-type]
        found = (self.records.get(each, Customer(each, None)) for each in user_ids)
        return tuple(replace(each, customer_id=links.get(each.user_id)) for each in found)

    def accounts(self, customer_id: str) -> tuple[str, ...]:
        self.looks_up()
        return self.linked.get(customer_id, ())

    def note_outcome(self, user_id: str, reference_id: str, outcome: str, at_ms: int) -> None:
        if self.cannot_note:
            raise ClientError({"Error": {"Code": "InternalError"}}, "PutItem")
        assert reference_id == "order~7"
        assert at_ms == self.now.timestamp() * 1000
        self.noted.append((user_id, outcome))

    # ---- Alexa and the pace ----

    async def ready(self) -> None:
        if self.ready_raises:
            raise self.ready_raises

    async def acquire_urgent(self, requests: int) -> None:
        await self.waits()
        self.acquired.append(requests)

    def slow_down(self) -> None:
        self.slowed += 1

    def took(self, seconds: float) -> None:
        pass

    async def send(self, region: str, body: bytes) -> Answer:
        request = json.loads(body)
        self.sent.append((region, request))
        return self.answers(request["relevantAudience"]["payload"]["user"])


@pytest.fixture
def post(table: DynamoDBClient) -> Post:
    return Post(table)


def message(number: int = 0, receives: int = 1, body: str | None = None, **changes: Any) -> Any:
    """Return a record of Lambda's event, of a message that was put on the queue now."""
    changes = {"to": {"userId": user(number)}} | changes
    return {
        "messageId": f"m{number}",
        "receiptHandle": f"receipt m{number}",
        "body": json.dumps(document(**changes)) if body is None else body,
        "attributes": {
            "SentTimestamp": str(int(NOW.timestamp() * 1000)),
            "ApproximateReceiveCount": str(receives),
        },
    }


def personal(source: str) -> dict[str, Any]:
    """Return an event whose source may name attributes."""
    payload = {"weatherAlert": {"source": source, "alertType": "SNOW_STORM"}}
    return {"name": WEATHER, "payload": payload}


# ---- sending ----


def test_each_is_sent_in_the_region_of_its_customer_and_none_stays(post: Post) -> None:
    post.records = {user(1): Customer(user(1), EU, deliverable=True)}
    assert post.work(message(0), message(1)) == []
    assert sorted(region for region, _ in post.sent) == ["eu", "na"]


def test_what_is_sent_is_what_the_message_says(post: Post) -> None:
    post.now += timedelta(minutes=3)
    post.work(message(0, expiresIn="PT2H"))
    ((_, request),) = post.sent
    said = document(to={"userId": user(0)})
    assert request == {
        "timestamp": NOW.isoformat(),
        "referenceId": "order~7",
        "expiryTime": (NOW + timedelta(hours=2)).isoformat(),
        "event": said["event"],
        "localizedAttributes": [],
        "relevantAudience": {"type": "Unicast", "payload": {"user": user(0)}},
    }


def test_a_message_that_comes_again_is_sent_under_the_same_reference_id(post: Post) -> None:
    for receives in (1, 2):
        post.work(message(0, receives))
    assert post.sent[0] == post.sent[1]


def test_turns_are_taken_once_for_those_that_are_to_be_sent(post: Post) -> None:
    post.records = {user(2): Customer(user(2), None, deliverable=False)}
    post.work(message(0), message(1), message(2), message(3, body="no json"))
    assert post.acquired == [2]


def test_no_turn_is_taken_where_nothing_is_to_be_sent(post: Post) -> None:
    assert post.work(message(3, body="no json")) == []
    assert post.acquired == []


def test_turns_are_taken_as_many_as_the_pace_has_at_once_and_used_before_the_next(
    post: Post,
) -> None:
    post.per_second = 2
    sent_before: list[int] = []

    async def waits() -> None:
        await asyncio.sleep(0)
        sent_before.append(len(post.sent))

    post.waits = waits
    assert post.work(*(message(number) for number in range(5))) == []
    assert post.acquired == [2, 2, 1]
    assert sent_before == [0, 2, 4]


def test_where_the_pace_is_not_known_yet_turns_are_taken_one_by_one(post: Post) -> None:
    post.per_second = 0
    assert post.work(message(0), message(1)) == []
    assert post.acquired == [1, 1]


def test_what_the_time_does_not_suffice_for_comes_back_at_once(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    clock = iter([now, now + 59, now + 61])

    async def waits() -> None:
        if post.acquired == [2, 2]:
            await asyncio.Event().wait()

    monkeypatch.setattr(batch, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    post.per_second = 2
    post.waits = waits
    assert post.work(*(message(number, 5) for number in range(6))) == ["m4", "m5"]
    assert post.hidden == {"m4": 1, "m5": 1}
    assert len(post.sent) == 4


def test_placeholders_are_filled_from_the_customers_attributes(post: Post) -> None:
    attributes = {"desk": "the Ulm desk"}
    post.records = {user(0): Customer(user(0), None, None, attributes, deliverable=True)}
    assert post.work(message(0, event=personal("{desk}"))) == []
    ((_, request),) = post.sent
    assert request["event"]["payload"]["weatherAlert"]["source"] == "the Ulm desk"
    assert post.read_along == {"desk"}


def test_who_lacks_a_placeholders_attribute_is_counted_invalid_and_not_sent_to(
    post: Post, logs_without_personal_data: list[str]
) -> None:
    assert post.work(message(0, event=personal("{hivStatus}"))) == []
    assert (post.sent, post.acquired, post.dead) == ([], [], [])
    logged = "".join(logs_without_personal_data)
    assert '"invalid"' in logged
    assert "hivStatus" not in logged


def test_what_a_payload_is_wrong_in_is_logged_by_the_schemas_own_names(
    post: Post, logs_without_personal_data: list[str]
) -> None:
    event = personal("desk")
    event["payload"]["weatherAlert"]["JaneDoe_oncology"] = 1
    post.work(message(0, event=event))
    logged = "".join(logs_without_personal_data)
    assert "$.event.payload.weatherAlert.*" in logged
    assert "JaneDoe" not in logged


@pytest.mark.parametrize("status", [202, 409, 432])
def test_a_final_answer_ends_it(post: Post, status: int) -> None:
    post.answers = lambda _: Answer(status)
    assert post.work(message(0)) == []
    assert post.hidden == {}


def test_who_is_not_deliverable_is_skipped(post: Post) -> None:
    post.records = {user(0): Customer(user(0), None, deliverable=False)}
    assert post.work(message(0)) == []
    assert post.sent == []


def test_who_has_no_record_is_tried(post: Post) -> None:
    assert post.work(message(0)) == []
    assert len(post.sent) == 1


@pytest.mark.parametrize(("seconds", "sent"), [(-1, 1), (0, 0), (1, 0)])
def test_what_has_expired_is_counted_and_deleted(post: Post, seconds: int, sent: int) -> None:
    post.now = NOW + timedelta(minutes=54, seconds=30 + seconds)
    assert post.work(message(0)) == []
    assert len(post.sent) == sent


# ---- keeping ----


@pytest.mark.parametrize("status", [None, 401, 408, 429, 500])
def test_only_what_is_not_known_stays(post: Post, status: int | None) -> None:
    post.answers = lambda to: Answer(status if to == user(1) else 202)
    assert post.work(message(0), message(1), message(2)) == ["m1"]
    assert list(post.hidden) == ["m1"]
    assert post.slowed == (0 if status == 401 else 1)


@pytest.mark.parametrize(
    ("receives", "seconds"),
    [(1, 30), (2, 60), (3, 120), (5, 480), (6, 900), (7, 900), (1000, 900)],
)
def test_it_is_hidden_for_a_doubling_time(post: Post, receives: int, seconds: int) -> None:
    post.answers = lambda _: Answer(500)
    post.now += timedelta(seconds=30 * (2 ** min(receives - 1, 6) - 1))  # as long as all before
    post.work(message(0, receives, expiresIn="PT24H"))
    assert post.hidden == {"m0": seconds}
    assert (FIRST_BACK_OFF, LONGEST_BACK_OFF) == (30, 900)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [(None, 30), (10.0, 30), (30.5, 31), (39_600.0, 39_600), (86_400.0, LONGEST_RETRY_AFTER)],
)
def test_it_is_hidden_as_long_as_alexa_says(
    post: Post, retry_after: float | None, seconds: int
) -> None:
    post.answers = lambda _: Answer(429, retry_after=retry_after)
    post.work(message(0, expiresIn="PT24H"))
    assert post.hidden == {"m0": seconds}
    assert LONGEST_RETRY_AFTER == 11 * 3600


def test_it_comes_back_when_it_has_expired_to_be_counted(post: Post) -> None:
    post.answers = lambda _: Answer(429, retry_after=30_000)
    post.now = NOW + timedelta(minutes=54, seconds=0.5)
    post.work(message(0))
    assert post.hidden == {"m0": 6 * 60}


def test_a_message_whose_time_cannot_be_set_stays_nevertheless(post: Post) -> None:
    post.answers = lambda _: Answer(500)
    post.queue_fails = True
    assert post.work(message(0)) == ["m0"]


@pytest.mark.parametrize("error", [TokenUnavailable("later"), InvalidCredentials("wrong")])
def test_without_a_token_all_stay_and_no_turn_is_taken(post: Post, error: Exception) -> None:
    post.ready_raises = error
    assert post.work(message(0), message(1)) == ["m0", "m1"]
    assert (post.sent, post.acquired, post.dead) == ([], [], [])
    assert post.hidden == {"m0": 30, "m1": 30}


# ---- age ----


def ages(lines: list[str]) -> list[tuple[float, str]]:
    """Return the ages that lines tell of, with their unit."""
    read = [json.loads(line) for line in lines if "NotificationAge" in line]
    return [
        (line["NotificationAge"], line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Unit"])
        for line in read
    ]


def test_how_old_the_oldest_is_of_those_that_stay_is_told_once_a_batch(
    post: Post, logs_without_personal_data: list[str]
) -> None:
    post.answers = lambda to: Answer(202 if to == user(0) else 500)
    post.now += timedelta(seconds=20)
    old, young = message(1, 9, expiresIn="PT24H"), message(2, expiresIn="PT24H")
    for each, seconds in ((old, 5000), (young, 100)):
        sent = int((post.now - timedelta(seconds=seconds)).timestamp() * 1000)
        each["attributes"]["SentTimestamp"] = str(sent)
    assert post.work(message(0), old, young) == ["m1", "m2"]
    assert ages(logs_without_personal_data) == [(5000.0, "Seconds")]


def test_no_age_is_told_where_none_stays(post: Post, logs_without_personal_data: list[str]) -> None:
    assert post.work(message(0)) == []
    assert ages(logs_without_personal_data) == []


def test_the_age_is_told_of_what_stays_because_its_handling_raises(
    post: Post, logs_without_personal_data: list[str]
) -> None:
    def fail() -> None:
        raise KeyError

    post.looks_up = fail
    post.now += timedelta(seconds=4000)
    assert post.work(message(0, 7, expiresIn="PT24H")) == ["m0"]
    assert ages(logs_without_personal_data) == [(4000.0, "Seconds")]


# ---- evidence ----


@pytest.mark.parametrize("body", ["no json", "{}", "[]"])
def test_what_cannot_be_read_is_kept_as_evidence(post: Post, body: str) -> None:
    assert post.work(message(0, body=body), message(1)) == []
    (dead,) = post.dead
    assert dead["MessageBody"] == body
    assert dead["MessageAttributes"]["problem"]["StringValue"] == "Unreadable"
    assert len(post.sent) == 1


def test_evidence_that_cannot_be_kept_stays_on_the_queue(post: Post) -> None:
    post.queue_fails = True
    assert post.work(message(0, body="no json")) == ["m0"]


@pytest.mark.parametrize(
    ("age", "stays"),
    [(timedelta(0), True), (UNTIL_GIVEN_UP - MOMENT, True), (UNTIL_GIVEN_UP, False)],
)
@pytest.mark.parametrize("receives", [1, 20, 999])
def test_what_fails_until_it_cannot_live_any_more_is_kept_as_evidence(
    post: Post, receives: int, age: timedelta, stays: bool
) -> None:
    def fail() -> None:
        raise KeyError(user(0))

    post.looks_up = fail
    post.now += age
    assert post.work(to_customer(receives)) == (["m0"] if stays else [])
    assert len(post.dead) == (0 if stays else 1)
    assert "amzn1" not in str([each["MessageAttributes"] for each in post.dead])


def test_evidence_keeps_the_time_of_its_expiry(post: Post) -> None:
    def fail() -> None:
        raise KeyError

    post.looks_up = fail
    post.now += UNTIL_GIVEN_UP
    post.work(to_customer(expiresIn="PT2H"))
    (dead,) = post.dead
    kept = json.loads(dead["MessageBody"])
    assert kept["expiryTime"] == (NOW + timedelta(hours=2)).isoformat()


# ---- refusals ----


def test_a_refusal_is_not_believed_while_its_region_accepted_nobody_since(post: Post) -> None:
    post.answers = lambda _: FORBIDDEN
    for receives in range(1, 40):
        assert post.work(message(0, receives)) == ["m0"]
        post.now += timedelta(seconds=60)
    assert len(post.sent) == 39


@pytest.mark.parametrize("status", [403, 400])
def test_a_refusal_is_believed_once_another_was_accepted_after_it(post: Post, status: int) -> None:
    post.answers = lambda to: Answer(status, "no subscription") if to == user(0) else Answer(202)
    assert post.work(message(0)) == ["m0"]
    post.now += timedelta(seconds=30)
    assert post.work(message(1)) == []
    assert post.work(message(0, receives=2)) == []
    assert post.slowed == 0


def test_an_acceptance_before_the_refusal_proves_nothing(post: Post) -> None:
    post.answers = lambda to: FORBIDDEN if to == user(0) else Answer(202)
    post.work(message(1))
    post.now += timedelta(seconds=30)
    assert post.work(message(0)) == ["m0"]
    assert post.work(message(0, receives=2)) == ["m0"]


@pytest.mark.parametrize(("later", "believed"), [(0, False), (1, True)])
def test_an_acceptance_of_the_refusals_own_millisecond_proves_nothing(
    post: Post, later: int, believed: bool
) -> None:
    post.answers = lambda to: FORBIDDEN if to == user(0) else Answer(202)
    assert post.work(message(0)) == ["m0"]
    post.now += timedelta(milliseconds=later)
    post.work(message(1))
    assert post.work(message(0, receives=2)) == ([] if believed else ["m0"])


def test_an_acceptance_in_another_region_proves_nothing(post: Post) -> None:
    post.records = {user(1): Customer(user(1), EU, deliverable=True)}
    post.answers = lambda to: FORBIDDEN if to == user(0) else Answer(202)
    post.work(message(0))
    post.now += timedelta(seconds=30)
    post.work(message(1))
    assert post.work(message(0, receives=2)) == ["m0"]


def test_refusals_of_one_customers_two_notifications_are_two(post: Post) -> None:
    post.answers = lambda to: FORBIDDEN if to == user(0) else Answer(202)
    post.work(message(0))
    post.now += timedelta(seconds=30)
    post.work(message(1))
    post.now += timedelta(seconds=30)
    assert post.work(message(0, referenceId="order~8")) == ["m0"]


def test_evidence_names_nobody_and_goes_with_the_notification(post: Post) -> None:
    post.answers = lambda _: FORBIDDEN
    post.work(message(0))
    (item,) = post.dynamodb.scan(TableName="runs")["Items"]
    assert "amzn1" not in str(item)
    assert item["expiresAt"]["N"] == str(int((NOW + timedelta(hours=1)).timestamp()))


def test_an_acceptance_is_written_once_in_five_seconds(post: Post) -> None:
    def accepted_at() -> str:
        key: Any = {"runId": {"S": "#notifications"}, "part": {"S": "accepted#na"}}
        item = post.dynamodb.get_item(TableName="runs", Key=key)["Item"]
        return item["acceptedAt"]["N"]

    post.work(message(0))
    first = accepted_at()
    post.now += timedelta(seconds=4)
    post.work(message(0))
    assert accepted_at() == first
    post.now += timedelta(seconds=1)
    post.work(message(0))
    assert int(accepted_at()) - int(first) == 5000


def test_nobody_is_named_in_the_logs(post: Post, logs_without_personal_data: list[str]) -> None:
    post.answers = lambda _: FORBIDDEN
    post.work(*(message(number) for number in range(10)))
    assert "U0" not in "".join(logs_without_personal_data)


# ---- to a customer id ----


def to_customer(receives: int = 1, **changes: Any) -> Any:
    return message(0, receives, to={"customerId": "4711"}, **changes)


def known(post: Post, *numbers: int, **changes: Any) -> None:
    """Have accounts linked to the customer id, all of them deliverable."""
    post.linked["4711"] = tuple(user(number) for number in numbers)
    for number in numbers:
        post.records.setdefault(
            user(number), Customer(user(number), None, deliverable=True, **changes)
        )


def asked(post: Post) -> None:
    """Have somebody ask for what becomes of it."""
    post.statuses = Statuses(post.dynamodb, "runs")
    post.statuses.put("order~7", "hash", NOW, NOW + timedelta(hours=1))


def status(post: Post) -> Status:
    found = post.statuses.get("order~7")
    assert isinstance(found, Status)
    return found


def account(number: int) -> str:
    return hash_user_id(user(number), SKILL_ID)


def whom(post: Post) -> list[str]:
    """Return to whom requests went, in order."""
    return [request["relevantAudience"]["payload"]["user"] for _, request in post.sent]


def test_all_accounts_of_a_customer_are_told_once_under_one_reference_id(post: Post) -> None:
    known(post, 1, 2, 3)
    assert post.work(to_customer()) == []
    assert sorted(whom(post)) == [user(1), user(2), user(3)]
    assert {request["referenceId"] for _, request in post.sent} == {"order~7"}
    assert post.acquired == [3]


def test_each_account_of_a_customer_is_told_what_is_theirs(post: Post) -> None:
    for number, town in ((1, "Ulm"), (2, "Bonn")):
        known(post, number, attributes={"town": town})
    known(post, 1, 2)
    assert post.work(to_customer(event=personal("{town}"))) == []
    told = {
        request["relevantAudience"]["payload"]["user"]: request["event"]["payload"]["weatherAlert"]
        for _, request in post.sent
    }
    assert {who: each["source"] for who, each in told.items()} == {user(1): "Ulm", user(2): "Bonn"}


@pytest.mark.parametrize(
    ("seconds", "hidden"), [(0, 3), (5, 3), (7.5, 3), (8.2, 2), (9.9, 1), (10, None)]
)
def test_nobody_linked_is_looked_for_again_until_ten_seconds_after_it_was_put(
    post: Post, seconds: float, hidden: int | None
) -> None:
    asked(post)
    post.now += timedelta(seconds=seconds)
    assert post.work(to_customer(4)) == ([] if hidden is None else ["m0"])
    assert post.hidden == ({} if hidden is None else {"m0": hidden})
    assert status(post).done is (hidden is None)


def test_nobody_linked_is_skipped_and_the_status_says_why(post: Post) -> None:
    asked(post)
    post.now += timedelta(seconds=10)
    assert post.work(to_customer()) == []
    found = status(post)
    assert found.outcomes == {hash_user_id("4711", SKILL_ID): "skipped"}
    assert (found.reason, found.done) == (NOBODY, True)
    assert (post.sent, post.noted) == ([], [])


def test_who_is_linked_a_moment_later_is_told(post: Post) -> None:
    assert post.work(to_customer()) == ["m0"]
    known(post, 1)
    post.now += timedelta(seconds=3)
    assert post.work(to_customer(2)) == []
    assert whom(post) == [user(1)]


@pytest.mark.parametrize("to", [None, "4712"])
def test_whose_link_moves_between_the_looks_is_told_nothing_of_either(
    post: Post, to: str | None
) -> None:
    asked(post)
    known(post, 1, 2, attributes={"town": "Ulm"})
    post.moved = {user(1): to}
    assert post.work(to_customer(event=personal("{town}"))) == []
    assert whom(post) == [user(2)]
    assert status(post).outcomes == {account(1): "skipped", account(2): "accepted"}
    assert (status(post).reason, post.noted) == (MOVED, [])


@pytest.mark.parametrize("one_more", [0, 1])
def test_more_accounts_than_a_household_has_are_told_nothing(post: Post, one_more: int) -> None:
    asked(post)
    known(post, *range(MOST_ACCOUNTS + one_more))
    assert post.work(to_customer()) == []
    assert len(post.sent) == (0 if one_more else MOST_ACCOUNTS)
    found = status(post)
    assert found.done
    if one_more:
        assert (set(found.outcomes.values()), found.reason) == ({"invalid"}, TOO_MANY)


def test_a_message_stays_while_any_account_has_no_outcome(post: Post) -> None:
    known(post, 1, 2)
    post.answers = lambda to: Answer(429, retry_after=77) if to == user(2) else Answer(202)
    assert post.work(to_customer()) == ["m0"]
    assert post.hidden == {"m0": 77}


def test_an_account_that_has_its_outcome_is_not_sent_to_again(post: Post) -> None:
    asked(post)
    known(post, 1, 2)
    post.answers = lambda to: Answer(500) if to == user(2) else Answer(202)
    assert post.work(to_customer()) == ["m0"]
    assert status(post).outcomes == {account(1): "accepted"}
    assert not status(post).done
    post.sent, post.answers = [], lambda _: Answer(409)
    assert post.work(to_customer(2)) == []
    assert whom(post) == [user(2)]
    assert status(post).outcomes == {account(1): "accepted", account(2): "duplicate"}
    assert status(post).done


def test_of_a_household_of_whom_nobody_asks_only_who_has_no_outcome_is_sent_to_again(
    post: Post,
) -> None:
    known(post, *range(5))
    post.answers = lambda to: Answer(500) if to == user(2) else Answer(202)
    for receives in range(1, 7):
        assert post.work(to_customer(receives)) == ["m0"]
    assert whom(post).count(user(2)) == 6
    assert len(post.sent) == 5 + 5
    assert post.statuses.get("order~7") is None  # nobody asked


def test_what_is_kept_of_one_household_is_not_anothers_under_the_same_reference_id(
    post: Post,
) -> None:
    known(post, 1, 2)
    post.linked["4712"] = (user(1), user(3))
    post.answers = lambda to: Answer(500) if to == user(2) else Answer(202)
    assert post.work(to_customer()) == ["m0"]
    post.sent = []
    assert post.work(message(0, 2, to={"customerId": "4712"})) == []
    assert sorted(whom(post)) == [user(1), user(3)]


def test_nothing_is_kept_of_a_household_that_was_told_at_once_or_not_at_all(post: Post) -> None:
    def kept() -> int:
        items = post.dynamodb.scan(TableName="runs")["Items"]
        return sum(item["part"]["S"] == "notification" for item in items)

    known(post, 1, 2)
    assert post.work(to_customer()) == []
    assert kept() == 0
    post.answers = lambda _: Answer(500)
    assert post.work(to_customer()) == ["m0"]
    assert kept() == 0
    post.answers = lambda to: Answer(500) if to == user(2) else Answer(202)
    assert post.work(to_customer()) == ["m0"]
    assert kept() == 1


def test_looks_for_who_is_not_linked_yet_do_not_lengthen_the_back_off(post: Post) -> None:
    known(post, 1)
    post.answers = lambda _: Answer(500)
    post.now += timedelta(seconds=9)
    assert post.work(to_customer(4)) == ["m0"]
    assert post.hidden == {"m0": FIRST_BACK_OFF + 9}


def test_who_was_told_before_the_link_went_is_what_the_status_says(post: Post) -> None:
    asked(post)
    known(post, 1, 2)
    post.answers = lambda to: Answer(500) if to == user(2) else Answer(202)
    assert post.work(to_customer()) == ["m0"]
    post.linked.clear()
    post.now += timedelta(seconds=30)
    assert post.work(to_customer(2)) == []
    assert (status(post).outcomes, status(post).done) == ({account(1): "accepted"}, True)


def test_a_send_that_raises_leaves_the_message_however_often_it_was_received(post: Post) -> None:
    asked(post)
    known(post, 1, 2)

    def answer(to: str) -> Answer:
        if to == user(2):
            raise TokenUnavailable("later")
        return Answer(202)

    post.answers = answer
    assert post.work(to_customer(999)) == ["m0"]
    assert post.dead == []
    assert (status(post).outcomes, status(post).done) == ({account(1): "accepted"}, False)


def given_up(post: Post) -> None:
    def fail() -> None:
        raise KeyError(user(0))

    asked(post)
    post.looks_up = fail
    post.now += UNTIL_GIVEN_UP
    assert post.work(to_customer()) == []
    post.looks_up, post.now = lambda: None, NOW


def test_what_is_given_up_has_failed_and_the_status_says_why(post: Post) -> None:
    given_up(post)
    found = status(post)
    recipient = hash_user_id("4711", SKILL_ID)
    assert (found.outcomes, found.done) == ({recipient: "failed"}, True)
    assert "KeyError" in found.reason
    assert "amzn1" not in found.reason


def test_what_cannot_be_given_up_yet_is_not_done(post: Post) -> None:
    post.queue_fails = True
    asked(post)
    post.looks_up = lambda: (_ for _ in ()).throw(KeyError)
    post.now += UNTIL_GIVEN_UP
    assert post.work(to_customer()) == ["m0"]
    assert not status(post).done


def test_what_was_given_up_and_is_redriven_is_sent_and_has_its_own_outcome(post: Post) -> None:
    given_up(post)
    known(post, 0)
    assert post.work(to_customer()) == []
    assert whom(post) == [user(0)]
    found = status(post)
    assert (found.outcomes, found.reason, found.done) == ({account(0): "accepted"}, "", True)


# ---- what is kept of it ----


def test_only_the_last_outcome_of_a_household_says_that_it_is_done(post: Post) -> None:
    told: list[bool] = []

    class Noted(Statuses):
        def settle(self, *settled: Any, done: bool = False) -> None:
            told.append(done)
            super().settle(*settled, done=done)

    asked(post)
    post.statuses = Noted(post.dynamodb, "runs")
    known(post, 1, 2, 3)
    assert post.work(to_customer()) == []
    assert told == [False, False, True]


def test_a_second_put_of_what_is_done_sends_nothing(post: Post) -> None:
    asked(post)
    assert post.work(message(0)) == []
    assert post.work(message(0)) == []
    assert len(post.sent) == 1
    assert status(post).outcomes == {account(0): "accepted"}


@pytest.mark.parametrize("why", ["disabled", "no permission", "not subscribed", "rejected"])
def test_the_status_says_why_somebody_was_skipped(post: Post, why: Any) -> None:
    asked(post)
    post.records = {user(0): Customer(user(0), None, deliverable=False, deliverability=why)}
    assert post.work(message(0)) == []
    found = status(post)
    assert (found.outcomes, found.reason, found.done) == ({account(0): "skipped"}, why, True)
    assert post.noted == [(user(0), "skipped")]


def test_what_has_expired_is_done_for_every_account(post: Post) -> None:
    asked(post)
    known(post, 1, 2)
    post.now += timedelta(hours=1)
    assert post.work(to_customer()) == []
    assert status(post).outcomes == dict.fromkeys((account(1), account(2)), "expired")
    assert status(post).done
    assert sorted(post.noted) == [(user(1), "expired"), (user(2), "expired")]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([Answer(503)], UNANSWERED),
        ([Answer(None)], UNANSWERED),
        ([FORBIDDEN], REFUSED),
        ([Answer(503), FORBIDDEN], REFUSED),
        ([FORBIDDEN, Answer(503)], UNANSWERED),
    ],
)
def test_whoever_was_tried_until_it_expired_is_told_of_so(
    post: Post, answers: list[Answer], reason: str
) -> None:
    asked(post)
    known(post, 1, 2)
    for receives, answer in enumerate(answers, 1):
        post.answers = lambda to, told=answer: told if to == user(1) else Answer(202)  # type: ignore[misc]
        assert post.work(to_customer(receives)) == ["m0"]
    post.now += timedelta(hours=1)
    assert post.work(to_customer(3)) == []
    found = status(post)
    assert found.outcomes == {account(1): "expired", account(2): "accepted"}
    assert (found.reasons, found.done) == ({account(1): reason}, True)


def test_who_heard_after_all_is_not_told_of_as_tried(post: Post) -> None:
    asked(post)
    post.answers = lambda _: Answer(503)
    assert post.work(message(0)) == ["m0"]
    post.answers = lambda _: Answer(409)
    assert post.work(message(0, 2)) == []
    found = status(post)
    assert (found.outcomes, found.reason, found.done) == ({account(0): "duplicate"}, "", True)


def test_that_somebody_was_tried_is_written_once(post: Post) -> None:
    written: list[Any] = []

    class Noted(Statuses):
        def note_tries(self, *noted: Any) -> None:
            written.append(noted)
            super().note_tries(*noted)

    asked(post)
    post.statuses = Noted(post.dynamodb, "runs")
    post.answers = lambda _: Answer(503)
    for receives in (1, 2, 3):
        assert post.work(message(0, receives)) == ["m0"]
    assert written == [("order~7", {account(0): UNANSWERED})]


class Failing(Statuses):
    """Statuses that cannot be written, or else not read."""

    def __init__(self, client: DynamoDBClient, *, read: bool = True) -> None:
        super().__init__(client, "runs")
        self._read = read

    def get(self, notification_id: str) -> Status | None:
        if self._read:
            return super().get(notification_id)
        raise ClientError({"Error": {"Code": "InternalError"}}, "GetItem")

    def settle(self, *settled: Any, **how: Any) -> None:
        if self._read:
            raise ClientError({"Error": {"Code": "InternalError"}}, "UpdateItem")
        super().settle(*settled, **how)


def test_an_outcome_that_cannot_be_written_keeps_the_message_for_another_try(post: Post) -> None:
    asked(post)
    post.statuses = Failing(post.dynamodb)
    assert post.work(message(0)) == ["m0"]
    assert post.hidden == {"m0": FIRST_BACK_OFF}
    post.statuses, post.answers = Statuses(post.dynamodb, "runs"), lambda _: Answer(409)
    assert post.work(message(0, 2)) == []
    assert (status(post).outcomes, status(post).done) == ({account(0): "duplicate"}, True)


def test_an_outcome_that_cannot_be_written_keeps_no_message_that_has_expired(post: Post) -> None:
    asked(post)
    post.statuses = Failing(post.dynamodb)
    post.now += timedelta(hours=1)
    assert post.work(message(0)) == []


def test_who_has_heard_is_told_of_so_though_the_evidence_cannot_be_written(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")

    monkeypatch.setattr(Evidence, "accepted", fail)
    asked(post)
    assert post.work(message(0)) == []
    assert (status(post).outcomes, status(post).done) == ({account(0): "accepted"}, True)


def test_a_status_that_cannot_be_read_is_written_all_the_same(post: Post) -> None:
    asked(post)
    post.statuses = Failing(post.dynamodb, read=False)
    assert post.work(message(0)) == []
    post.statuses = Statuses(post.dynamodb, "runs")
    assert (status(post).outcomes, status(post).done) == ({account(0): "accepted"}, True)


def test_content_that_cannot_be_made_is_told_by_its_shape(post: Post) -> None:
    asked(post)
    assert post.work(message(0, event=personal("{hivStatus}"))) == []
    found = status(post)
    assert (found.outcomes, found.done) == ({account(0): "invalid"}, True)
    assert "attribute is missing" in found.reason
    assert "hivStatus" not in found.reason


def test_a_message_that_is_no_notification_is_told_to_whoever_asked(post: Post) -> None:
    asked(post)
    assert post.work(message(0, expiresIn="Jane")) == []
    found = status(post)
    assert (found.outcomes, found.done) == ({account(0): "invalid"}, True)
    assert "$.expiresIn" in found.reason
    assert len(post.dead) == 1


@pytest.mark.parametrize("status_code", [432, 202, 409])
@pytest.mark.parametrize("accepted", [False, True])
def test_problems_are_noted_in_the_record_and_what_was_heard_where_that_is_wanted(
    post: Post, status_code: int, accepted: bool
) -> None:
    post.notes_accepted = accepted
    post.answers = lambda _: Answer(status_code)
    assert post.work(message(0)) == []
    heard = [(user(0), "accepted")] if accepted else []
    assert post.noted == ([(user(0), "limited")] if status_code == 432 else heard)


def test_what_is_not_known_is_not_noted(post: Post) -> None:
    post.answers = lambda _: Answer(500)
    assert post.work(message(0)) == ["m0"]
    assert post.noted == []


def test_a_record_or_a_status_that_cannot_be_written_holds_up_nothing(
    post: Post, logs_without_personal_data: list[str]
) -> None:
    class Broken:
        def get(self, notification_id: str) -> Status | None:
            raise ClientError({"Error": {"Code": "InternalError"}}, "GetItem")

        def settle(self, *_: object, **__: object) -> None:
            raise ClientError({"Error": {"Code": "InternalError"}}, "UpdateItem")

    post.statuses, post.cannot_note, post.notes_accepted = Broken(), True, True
    assert post.work(message(0)) == []
    assert len(post.sent) == 1
    logged = "".join(logs_without_personal_data)
    assert '"StatusFailures"' in logged
    assert '"OutcomesNotNoted":1' in logged


def test_customer_ids_are_not_logged(post: Post, logs_without_personal_data: list[str]) -> None:
    known(post, 1)
    post.work(message(0, to={"customerId": "jane.doe@example.com"}))
    post.now += timedelta(seconds=30)
    post.work(message(0, to={"customerId": "jane.doe@example.com"}))
    logged = "".join(logs_without_personal_data)
    assert '"skipped"' in logged
    assert "jane" not in logged
