from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError
from yellowring.sender.campaign import Listed
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.notification.notification import Notification, parse_notification
from yellowring.sender.run.request import parse_run_request
from yellowring.sender.run.store import RunConflict, Runs, chunks_of
from yellowring.subscribers import AttributesChange, Disabled, RegisterChange, Subscribers
from yellowring_tools.cli.aws.stack_runs import lifecycle_of
from yellowring_tools.cli.files import dry_run

from tests.envelopes import WEATHER
from tests.unit.cli.running import Run, yellowring

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sqs.client import SQSClient
    from yellowring.sender.run.run import Status
    from yellowring_tools.cli.aws.stacks import Stack

FILE = str(Path(__file__).parents[3] / "examples/campaigns/weather-alert.json")
ADA, BEN, EVA = (f"amzn1.ask.account.{letter * 30}" for letter in "ABE")
AT = ("--scheduled-time", "2026-11-20T09:00:00Z")
RUN_ID = "snow~warning~20261120T090000Z"


class Sender:
    """Stands in for Lambda: starts runs as the sender does, or answers as it is told to."""

    def __init__(self, stack: Stack) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answer: Callable[[dict[str, Any]], dict[str, Any]] = self.starts
        self._lifecycle = lifecycle_of(stack)

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "yellow-ring-sender"
        self.requests.append(json.loads(Payload))
        return self.answer(self.requests[-1])

    def starts(self, document: dict[str, Any]) -> dict[str, Any]:
        try:
            run = self._lifecycle.start(parse_run_request(document), 4)
        except RunConflict as error:
            return self.says({"errorMessage": str(error), "errorType": "RunConflict"}, failed=True)
        return self.says(self._lifecycle.document(run))

    def ends(
        self, document: dict[str, Any], status: Status = "completed", **given: Any
    ) -> dict[str, Any]:
        answer = self.starts(document)
        runs = self._lifecycle.runs
        run = runs.load(document["runId"])
        counts = Counts(given.pop("counts", {Outcome.ACCEPTED: 2}))
        ending = {"cause": None, "resumable": 0, "now": run.started_at} | given
        runs.finish(run, status, counts, **ending)
        return answer

    def halts(self, document: dict[str, Any]) -> dict[str, Any]:
        return self.ends(document, "halted", cause="stage: the wrong one")

    def refuses(self, _: dict[str, Any]) -> dict[str, Any]:
        error = {"errorMessage": f"no {ADA} today", "errorType": "InvalidSettings"}
        return self.says(error, failed=True)

    def breaks(self, _: dict[str, Any]) -> dict[str, Any]:
        raise ReadTimeoutError(endpoint_url="https://lambda")

    @staticmethod
    def says(document: dict[str, Any], *, failed: bool = False) -> dict[str, Any]:
        answer = {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(document).encode())}
        return answer | ({"FunctionError": "Unhandled"} if failed else {})


@pytest.fixture
def sender(stack: Stack) -> Sender:
    made = Sender(stack)
    stack.__dict__["functions"] = made
    return made


def send(*options: str, stdin: bytes | None = None) -> Run:
    return yellowring("send", FILE, *options, stdin=stdin)


def test_send_starts_the_campaigns_run_under_the_id_of_its_time(sender: Sender) -> None:
    said = send(*AT)
    assert said.status == 0
    [request] = sender.requests
    assert request["runId"] == RUN_ID
    assert request["campaign"]["audience"] == {"type": "subscribers"}
    assert f"run {RUN_ID} on yellow-ring in us-east-1" in said.err
    assert f"runs watch {RUN_ID}" in said.err


def test_send_as_json_answers_the_run_alone(sender: Sender) -> None:
    document = send(*AT, "--json").document
    assert (document["runId"], document["status"]) == (RUN_ID, "running")
    assert document["counts"]["accepted"] == 0


def test_send_stays_until_the_run_is_over_where_it_is_told_to(sender: Sender) -> None:
    sender.answer = sender.ends
    said = send(*AT, "--watch")
    assert said.status == 0
    assert said.out == "completed: 2 of 2 (accepted 2)\n"
    lines = send(*AT, "--watch", "--json").out.splitlines()
    assert [json.loads(line)["settled"] for line in lines] == [2]


def test_the_present_minute_is_the_time_when_none_is_given(sender: Sender) -> None:
    send()
    time = datetime.strptime(sender.requests[0]["runId"][-16:], "%Y%m%dT%H%M%S%z")
    assert time.second == 0
    assert abs(datetime.now(UTC) - time) < timedelta(minutes=2)


def test_a_run_may_be_named(sender: Sender) -> None:
    assert send("--run-id", "my~run", "--json").document["runId"] == "my~run"


def test_a_second_send_says_that_the_run_was_started_before(sender: Sender) -> None:
    assert "before" not in send(*AT).err
    again = send(*AT)
    assert again.status == 0
    assert "was started before" in again.err
    assert "--run-id" in again.err


def test_a_changed_campaign_within_the_minute_is_told_what_to_do(
    sender: Sender, tmp_path: Path
) -> None:
    send(*AT)
    said = yellowring("send", changed(tmp_path, expiresIn="PT2H"), *AT)
    assert said.status == 1
    assert f"run {RUN_ID} exists with another campaign" in said.err
    for way in ("next minute", "--run-id", "another name"):
        assert way in said.err
    assert len(sender.requests) == 1


def test_a_conflict_that_only_the_sender_sees_is_told_alike(sender: Sender) -> None:
    error = {"errorMessage": "run x exists", "errorType": "RunConflict"}
    sender.answer = lambda _: sender.says(error, failed=True)
    assert "--run-id" in send(*AT).err


def test_several_users_are_a_run_that_names_them(sender: Sender) -> None:
    said = send("--users", ADA, "--users", BEN)
    assert said.status == 0
    assert "stored" not in said.err
    audience = sender.requests[0]["campaign"]["audience"]
    assert audience == {"type": "users", "userIds": [ADA, BEN]}


def queued(sqs: SQSClient) -> list[Notification]:
    url = sqs.get_queue_url(QueueName="notifications")["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [parse_notification(each["Body"], datetime.now(UTC)) for each in messages]


def test_one_user_is_a_notification_that_the_sender_reads(sender: Sender, sqs: SQSClient) -> None:
    said = send("--users", ADA, *AT)
    assert said.status == 0
    assert sender.requests == []
    [notification] = queued(sqs)
    assert (notification.user_id, notification.reference_id) == (ADA, RUN_ID)
    document = json.loads(Path(FILE).read_text())
    assert notification.event_name == document["event"]["name"]
    assert notification.payload == document["event"]["payload"]
    assert notification.localized_attributes == document["localizedAttributes"]
    assert f"notification {RUN_ID} is queued for amzn1.ask.account.…AAAAAA" in said.out
    assert "rings once" in said.out


@pytest.mark.parametrize(("expires_in", "minutes"), [("PT5M", 6.5), ("PT30M", 30)])
def test_a_notification_says_when_it_expires(
    sender: Sender, sqs: SQSClient, tmp_path: Path, expires_in: str, minutes: float
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    file = changed(tmp_path, expiresIn=expires_in)
    document = yellowring("send", file, "--users", ADA, "--run-id", "mine", "--json").document
    assert (document["referenceId"], document["queued"]) == ("mine", True)
    assert ADA not in json.dumps(document)
    [notification] = queued(sqs)
    assert document["expiryTime"] == notification.expiry_time.isoformat()
    life = notification.expiry_time - before
    assert timedelta(0) <= life - timedelta(minutes=minutes) < timedelta(seconds=30)


def test_one_user_with_a_text_of_their_own_is_a_run(
    sender: Sender, sqs: SQSClient, tmp_path: Path
) -> None:
    yellowring("send", personal(tmp_path), "--users", ADA)
    assert queued(sqs) == []
    assert sender.requests[0]["campaign"]["audience"]["userIds"] == [ADA]


def listed(runs: Runs, request: dict[str, Any]) -> list[str]:
    """Read the list that a request names."""
    named = request["campaign"]["audience"]["list"]
    chunks = (
        runs.chunk(request["runId"], named["digest"], number)
        for number in range(chunks_of(named["count"]))
    )
    return [user_id for chunk in chunks for user_id in chunk]


def test_users_from_a_file_are_stored_with_the_run_before_it_starts(
    sender: Sender, runs: Runs, tmp_path: Path
) -> None:
    file = tmp_path / "ids.txt"
    file.write_bytes(f"\ufeff# friends\r\n{BEN}\r\n\r\n  {EVA}  # a guest\r\n".encode())

    def starts(request: dict[str, Any]) -> dict[str, Any]:
        assert listed(runs, request) == [ADA, BEN, EVA]
        return sender.starts(request)

    sender.answer = starts
    said = send("--users", ADA, "--users", f"@{file}")
    assert said.status == 0, said.err
    assert sender.requests[0]["campaign"]["audience"] == {
        "type": "users",
        "list": {"digest": Listed.of((ADA, BEN, EVA)).digest, "count": 3},
    }
    assert "3 users stored for the run" in said.err
    assert runs.load(sender.requests[0]["runId"]).segments == 1


@pytest.mark.parametrize("option", ["-", "@-"])
def test_users_come_from_the_input_too(sender: Sender, runs: Runs, option: str) -> None:
    assert send("--users", option, stdin=f"{EVA}\n".encode()).status == 0
    assert listed(runs, sender.requests[0]) == [EVA]


@pytest.mark.parametrize("many", [1203, pytest.param(120_000, marks=pytest.mark.slow)])
def test_a_file_of_any_length_is_one_run(
    sender: Sender, runs: Runs, tmp_path: Path, many: int
) -> None:
    ids = [f"amzn1.ask.account.{number:060}" for number in range(many)]
    file = tmp_path / "ids.txt"
    file.write_text("\n".join([*ids, *ids[:7]]))
    said = send("--users", f"@{file}", *AT)
    assert said.status == 0, said.err
    assert "7 duplicates left out" in said.err
    assert f"{many:,} users stored" in said.err
    [request] = sender.requests
    assert request["campaign"]["audience"]["list"]["count"] == many
    assert listed(runs, request) == ids
    assert len(json.dumps(request)) < 10_000
    assert runs.load(RUN_ID).segments == min(4, chunks_of(many))


def test_the_same_file_twice_is_the_same_run_and_another_is_a_conflict(
    sender: Sender, tmp_path: Path
) -> None:
    file = tmp_path / "ids.txt"
    file.write_text(f"{ADA}\n{BEN}\n")
    assert send("--users", f"@{file}", *AT).status == 0
    again = send("--users", f"@{file}", *AT)
    assert again.status == 0
    assert "started before" in again.err
    assert "stored" not in again.err
    file.write_text(f"{ADA}\n{EVA}\n")
    other = send("--users", f"@{file}", *AT)
    assert other.status == 1
    assert "another campaign" in other.err
    assert len(sender.requests) == 2


def test_bad_lines_are_told_by_their_numbers_the_first_five(
    sender: Sender, runs: Runs, tmp_path: Path
) -> None:
    file = tmp_path / "ids.txt"
    file.write_text("\n".join([ADA, "", *(f"secret{number}" for number in range(7))]))
    said = send("--users", f"@{file}", *AT)
    assert said.status == 1
    assert [line for line in said.err.splitlines() if line.startswith(f"{file}:")] == [
        f"{file}:{number}: is not a user id, amzn1.ask.account. and more" for number in range(3, 8)
    ]
    assert "and 2 more lines like that" in said.err
    assert "secret" not in said.err
    assert sender.requests == []
    assert runs.list() == []


def test_a_file_without_users_is_told(sender: Sender, tmp_path: Path) -> None:
    file = tmp_path / "ids.txt"
    file.write_text("# nobody yet\n")
    assert "has no user id" in send("--users", f"@{file}").err
    assert sender.requests == []


def test_the_input_is_read_for_one_thing_only(sender: Sender) -> None:
    said = yellowring("send", "-", "--users", "@-", stdin=b"{}")
    assert said.status == 2
    assert "read once" in said.err


def test_a_stored_list_of_another_run_is_refused(sender: Sender, tmp_path: Path) -> None:
    stored = {"type": "users", "list": {"digest": "0" * 32, "count": 3}}
    said = yellowring("send", changed(tmp_path, audience=stored))
    assert said.status == 1
    assert "--users @FILE" in said.err
    assert sender.requests == []


def test_multicast_is_an_audience_of_its_own(sender: Sender) -> None:
    send("--multicast")
    assert sender.requests[0]["campaign"]["audience"] == {"type": "multicast"}
    both = send("--multicast", "--users", ADA)
    assert both.status == 2
    assert len(sender.requests) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--users", ADA, "--users", "not-an-id"), "--users, number 2: is not a user id"),
        (("--users", "@/nowhere/ids"), "--users: /nowhere/ids"),
        (("--customer", "4711", "--customer", "Jane Doe"), "--customer, number 2: is not a cust"),
        (("--customer", "Atza|secret"), "--customer, number 1: is not a customer id"),
        (("--customers-file", "/nowhere/ids"), "--customers-file: /nowhere/ids"),
        (("--users", ADA + "A" * 255), "must be at most 255 long"),
        (("--scheduled-time", "tomorrow"), "--scheduled-time must be a time"),
        (("--run-id", "a b"), "--run-id must be 1 to 64"),
        (("--run-id", "a-b"), "--run-id must be 1 to 64"),
    ],
)
def test_a_wrong_option_sends_nothing_and_names_no_user(
    sender: Sender, options: tuple[str, ...], told: str
) -> None:
    said = send(*options)
    assert said.status == 1
    assert told in said.err
    assert ADA not in said.err
    assert sender.requests == []


def test_one_customer_is_a_notification_to_all_their_accounts(
    sender: Sender, sqs: SQSClient
) -> None:
    said = send("--customer", "kundin-4711", *AT)
    assert said.status == 0
    assert sender.requests == []
    [notification] = queued(sqs)
    assert (notification.user_id, notification.customer_id) == (None, "kundin-4711")
    assert f"notification {RUN_ID} is queued for customer …11" in said.out
    assert "yellowring customer show ID has what went wrong" in said.out
    assert "kundin" not in said.out


def test_several_customers_are_a_run_that_names_them(sender: Sender) -> None:
    assert send("--customer", "4711", "--customer", "@4712").status == 0
    audience = sender.requests[0]["campaign"]["audience"]
    assert audience == {"type": "customers", "customerIds": ["4711", "@4712"]}


def test_customers_from_a_file_are_stored_with_the_run_before_it_starts(
    sender: Sender, runs: Runs, tmp_path: Path
) -> None:
    file = tmp_path / "ids.txt"
    file.write_text("# friends\n4712\n\n4713 # a guest\n4712\n")
    said = send("--customer", "4711", "--customers-file", str(file))
    assert said.status == 0, said.err
    assert sender.requests[0]["campaign"]["audience"] == {
        "type": "customers",
        "list": {"digest": Listed.of(("4711", "4712", "4713")).digest, "count": 3},
    }
    assert listed(runs, sender.requests[0]) == ["4711", "4712", "4713"]
    assert "1 duplicate left out; each customer is told once" in said.err
    assert "3 customers stored for the run" in said.err


def test_a_campaign_that_names_customers_itself_is_sent(sender: Sender, tmp_path: Path) -> None:
    named = {"type": "customers", "customerIds": ["4711", "4712"]}
    assert yellowring("send", changed(tmp_path, audience=named)).status == 0
    assert sender.requests[0]["campaign"]["audience"] == named


def test_two_audiences_are_one_too_many(sender: Sender) -> None:
    for options in (
        ("--users", ADA, "--customer", "4711"),
        ("--users", ADA, "--customers-file", "ids"),
        ("--customer", "4711", "--multicast"),
    ):
        said = send(*options)
        assert said.status == 2
        assert "two audiences" in said.err
    assert sender.requests == []


def test_more_users_than_a_command_names_are_sent_to_from_a_file(sender: Sender) -> None:
    options = [part for number in range(1001) for part in ("--users", f"{ADA}{number}")]
    said = send(*options)
    assert said.status == 1
    assert "--users @FILE" in said.err


def test_a_filter_and_named_users_do_not_go_together(sender: Sender, tmp_path: Path) -> None:
    said = yellowring("send", changed(tmp_path, where={"locale": "de-DE"}), "--users", ADA)
    assert said.status == 1
    assert "--users with" in said.err
    assert "$.where" in said.err


def test_a_wrong_campaign_is_told_as_validate_tells_it(sender: Sender, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text('{"name": "x",\n "event": 1}')
    said = yellowring("send", str(file))
    assert said.status == 1
    assert f"{file}:2: $.event: must be an object" in said.err
    assert sender.requests == []


@pytest.mark.parametrize("options", [(), ("--watch",)])
def test_a_halted_run_fails_and_says_why(sender: Sender, options: tuple[str, ...]) -> None:
    sender.answer = sender.halts
    said = send(*AT, *options)
    assert said.status == 1
    assert "stage: the wrong one" in said.err


def test_a_run_that_reached_nobody_has_a_status_of_its_own(sender: Sender) -> None:
    sender.answer = lambda request: sender.ends(request, counts={Outcome.REJECTED: 2})
    assert send(*AT, "--watch").status == 5


def test_what_the_sender_refuses_is_told_without_user_ids(sender: Sender) -> None:
    sender.answer = sender.refuses
    said = send(*AT)
    assert said.status == 1
    assert "no (a user id) today (InvalidSettings)" in said.err


def test_a_sender_that_does_not_answer_is_told(sender: Sender) -> None:
    sender.answer = sender.breaks
    said = send(*AT)
    assert said.status == 1
    assert said.err.splitlines()[-1].startswith("error: Read timeout")


def changed(tmp_path: Path, **parts: Any) -> str:
    """The campaign with other parts."""
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(json.loads(Path(FILE).read_text()) | parts))
    return str(file)


@pytest.fixture
def people(subscribers: Subscribers) -> None:
    """Ada and Eva are deliverable in two regions, Ben has paused the skill."""
    for user_id, host in ((ADA, "api"), (BEN, "api"), (EVA, "api.eu")):
        endpoint = f"https://{host}.amazonalexa.com"
        subscribers.apply(
            user_id,
            RegisterChange("subscriptions", 1_000, "id", {WEATHER}),
            RegisterChange("host", 1_000, "id", endpoint),
        )
    subscribers.apply(BEN, Disabled(2_000))


def test_a_dry_run_counts_shows_requests_and_sends_nothing(
    sender: Sender, runs: Runs, people: None
) -> None:
    document = send("--dry-run", "--json", *AT).document
    assert document["runId"] == RUN_ID
    assert document["customers"] == {"deliverable": 2, "byRegion": {"eu": 1, "na": 1}}
    assert {each["region"] for each in document["requests"]} == {"eu", "na"}
    body = document["requests"][0]["request"]
    assert body["referenceId"] == RUN_ID
    assert body["relevantAudience"]["payload"]["user"] in {
        "amzn1.ask.account.…AAAAAA",
        "amzn1.ask.account.…EEEEEE",
    }
    assert sender.requests == []
    assert runs.list() == []


def personal(tmp_path: Path, **parts: Any) -> str:
    """A campaign whose sender is the customer's own town."""
    document = json.loads(Path(FILE).read_text()) | {"localizedAttributes": []} | parts
    document["event"]["payload"]["weatherAlert"]["source"] = "{town} weather"
    file = tmp_path / "personal.json"
    file.write_text(json.dumps({k: v for k, v in document.items() if v != []}))
    return str(file)


def test_a_dry_run_says_to_each_what_is_theirs_and_what_they_lack(
    sender: Sender, subscribers: Subscribers, people: None, tmp_path: Path
) -> None:
    subscribers.apply(EVA, AttributesChange(1_000, "id", {"town": "Ulm"}))
    file = personal(tmp_path)
    by_region = {
        each["region"]: each
        for each in yellowring("send", file, "--dry-run", "--json").document["requests"]
    }
    payload = by_region["eu"]["request"]["event"]["payload"]
    assert payload["weatherAlert"]["source"] == "Ulm weather"
    assert "no attribute town" in by_region["na"]["invalid"]
    assert "to na, nothing: the customer has no" in yellowring("send", file, "--dry-run").out


def test_a_dry_run_counts_and_asks_no_event_source(
    sender: Sender, people: None, tmp_path: Path
) -> None:
    file = personal(tmp_path, content="digest")
    document = yellowring("send", file, "--dry-run", "--json").document
    assert document["customers"]["deliverable"] == 2
    assert (document["content"], document["requests"]) == ("digest", [])
    told = yellowring("send", file, "--dry-run").out
    assert "made by the event source 'digest', which was not asked" in told


def test_a_campaign_with_an_event_source_is_a_run_even_for_one(
    sender: Sender, people: None, tmp_path: Path
) -> None:
    event = {"name": WEATHER}
    file = tmp_path / "digest.json"
    file.write_text(json.dumps({"name": "daily", "event": event, "content": "digest"}))
    yellowring("send", str(file), "--users", ADA, *AT)
    (request,) = sender.requests
    assert request["campaign"]["content"] == "digest"
    assert request["campaign"]["event"] == event


def test_a_dry_run_counts_through_the_campaigns_filter(
    sender: Sender, subscribers: Subscribers, people: None, tmp_path: Path
) -> None:
    subscribers.apply(EVA, AttributesChange(1_000, "id", {"town": "Ulm"}))
    file = personal(tmp_path, where={"attributes.town": "Ulm"})
    document = yellowring("send", file, "--dry-run", "--json").document
    assert document["customers"] == {"deliverable": 1, "byRegion": {"eu": 1}}


def test_a_dry_run_to_named_users_says_who_would_not_hear(sender: Sender, people: None) -> None:
    unknown = "amzn1.ask.account.UNKNOWN"
    said = send("--dry-run", "--users", ADA, "--users", BEN, "--users", unknown)
    assert "of 3 users named, 1 is deliverable; of the others, 1 not on record, 1 disabled" in (
        said.out
    )
    assert ADA not in said.out


def test_a_dry_run_to_customers_says_how_many_accounts_would_hear(
    sender: Sender, subscribers: Subscribers, people: None
) -> None:
    for user_id in (ADA, BEN):
        subscribers.apply(user_id, RegisterChange("customer", 3_000, "id", "4711"))
    crowd = [f"{EVA}{number}" for number in range(26)]
    for user_id in crowd:
        subscribers.apply(user_id, RegisterChange("customer", 3_000, "id", "4712"))
    options = [part for each in ("4711", "4712", "4713") for part in ("--customer", each)]
    document = send("--dry-run", "--json", *options).document
    assert document["customers"] == {
        "named": 3,
        "accounts": 2,
        "deliverable": 1,
        "unknown": 0,
        "notDeliverable": {"disabled": 1},
        "notLinked": 1,
        "tooManyAccounts": 1,
    }
    assert (
        "3 customers named: 2 accounts, of which 1 is deliverable; of the others, 1 disabled; of "
        "the ids, 1 linked to nobody, 1 linked to too many accounts"
    ) in send("--dry-run", *options).out


def test_a_dry_run_of_a_multicast_shows_the_one_request(sender: Sender, people: None) -> None:
    document = send("--dry-run", "--multicast", "--json").document
    [only] = document["requests"]
    assert only["request"]["relevantAudience"] == {"type": "Multicast", "payload": {}}


def test_a_dry_run_to_a_file_looks_its_users_up_and_stores_nothing(
    sender: Sender, runs: Runs, people: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "REASONS_READ", 0)
    file = tmp_path / "ids.txt"
    strangers = [f"{ADA}{number}" for number in range(1200)]
    file.write_text("\n".join([ADA, BEN, *strangers, EVA]))
    document = send("--users", f"@{file}", "--dry-run", "--json", *AT).document
    assert document["customers"] == {
        "named": 1203,
        "deliverable": 2,
        "unknown": 1200,
        "notDeliverable": {"not deliverable": 1},
    }
    assert len(document["requests"]) == 3
    assert runs.list() == []
