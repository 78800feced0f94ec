from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Timer
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.order import parse_order
from yellowring.sender.outcomes import Counts, Outcome
from yellowring.sender.plan import plan
from yellowring.sender.runs import Runs, Segment, Step
from yellowring.subscribers import AttributesChange, Disabled, RegisterChange, Subscribers

from tests.envelopes import WEATHER
from tests.unit.cli.running import Run, yellowring

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli.stacks import Stack

FILE = str(Path(__file__).parents[3] / "examples/campaigns/weather-alert.json")
ADA, BEN, EVA = (f"amzn1.ask.account.{letter * 30}" for letter in "ABE")
AT = ("--scheduled-time", "2026-11-20T09:00:00Z")
RUN_ID = "snow~warning~20261120T090000Z"


class Sender:
    """Stands in for Lambda: takes orders, and answers each as it is told to."""

    def __init__(self, runs: Runs) -> None:
        self.orders: list[dict[str, Any]] = []
        self.answer: Callable[[dict[str, Any]], dict[str, Any]] = self.completes
        self._runs = runs

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "yellow-ring-sender"
        self.orders.append(json.loads(Payload))
        return self.answer(self.orders[-1])

    def completes(self, document: dict[str, Any]) -> dict[str, Any]:
        run = self.starts(document)
        if run.status == "running":
            self._runs.advance(run.run_id, 0, Segment(), None, Step(Counts({Outcome.ACCEPTED: 2})))
            self._runs.complete(run.run_id, run.started_at + timedelta(seconds=1))
        return self.says({})

    def halts(self, document: dict[str, Any]) -> dict[str, Any]:
        run = self.starts(document)
        self._runs.halt(run.run_id, run.started_at, "stage: the wrong one", Step(Counts()))
        return self.says({})

    def refuses(self, _: dict[str, Any]) -> dict[str, Any]:
        error = {"errorMessage": f"no {ADA} today", "errorType": "InvalidSettings"}
        return self.says(error) | {"FunctionError": "Unhandled"}

    def breaks(self, _: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import ReadTimeoutError

        raise ReadTimeoutError(endpoint_url="https://lambda")

    def starts(self, document: dict[str, Any]) -> Any:
        return self._runs.start(plan(parse_order(document, datetime.now(UTC)), lambda: 1))

    @staticmethod
    def says(document: dict[str, Any]) -> dict[str, Any]:
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(document).encode())}


@pytest.fixture
def sender(stack: Stack, runs: Runs) -> Sender:
    made = Sender(runs)
    stack.__dict__["functions"] = made
    return made


def send(*options: str) -> Run:
    return yellowring("send", FILE, *options)


def test_send_orders_the_campaign_under_the_id_of_its_time(sender: Sender) -> None:
    said = send(*AT)
    assert said.status == 0
    [order] = sender.orders
    assert order["runId"] == RUN_ID
    assert order["campaign"]["audience"] == {"type": "subscribers"}
    assert "completed: 2 of 2 (accepted 2)" in said.out
    assert f"run {RUN_ID} on yellow-ring in us-east-1" in said.err


def test_send_as_json_answers_the_run_alone(sender: Sender) -> None:
    document = send(*AT, "--json").document
    assert (document["runId"], document["status"]) == (RUN_ID, "completed")
    assert document["counts"]["accepted"] == 2


def test_the_present_minute_is_the_time_when_none_is_given(sender: Sender) -> None:
    send()
    time = datetime.strptime(sender.orders[0]["runId"][-16:], "%Y%m%dT%H%M%S%z")
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


def test_users_come_from_the_options_and_from_files(sender: Sender, tmp_path: Path) -> None:
    listed = tmp_path / "ids.txt"
    listed.write_text(f"{BEN}\n\n  {EVA}\n")
    send("--users", ADA, "--users", f"@{listed}")
    assert sender.orders[0]["campaign"]["audience"] == {"type": "users", "userIds": [ADA, BEN, EVA]}


def test_multicast_is_an_audience_of_its_own(sender: Sender) -> None:
    send("--multicast")
    assert sender.orders[0]["campaign"]["audience"] == {"type": "multicast"}
    both = send("--multicast", "--users", ADA)
    assert both.status == 2
    assert len(sender.orders) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--users", "not-an-id"), "--users: $.audience.userIds[0]"),
        (("--users", "@/nowhere/ids"), "--users: /nowhere/ids"),
        (("--users", ADA, "--users", ADA), "list each user once"),
        (("--scheduled-time", "tomorrow"), "--scheduled-time must be a time"),
        (("--run-id", "a b"), "--run-id must be 1 to 100"),
    ],
)
def test_a_wrong_option_sends_nothing_and_names_no_user(
    sender: Sender, options: tuple[str, ...], told: str
) -> None:
    said = send(*options)
    assert said.status == 1
    assert told in said.err
    assert ADA not in said.err
    assert sender.orders == []


def test_a_wrong_campaign_is_told_as_validate_tells_it(sender: Sender, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text('{"name": "x",\n "event": 1}')
    said = yellowring("send", str(file))
    assert said.status == 1
    assert f"{file}:2: $.event: must be an object" in said.err
    assert sender.orders == []


def test_a_halted_run_fails_and_says_why(sender: Sender) -> None:
    sender.answer = sender.halts
    said = send(*AT)
    assert said.status == 1
    assert "stage: the wrong one" in said.err


def test_what_the_sender_refuses_is_told_without_user_ids(sender: Sender) -> None:
    sender.answer = sender.refuses
    said = send(*AT)
    assert said.status == 1
    assert "no (a user id) today (InvalidSettings)" in said.err


def test_what_the_sender_refuses_is_told_though_a_run_of_that_id_has_ended(sender: Sender) -> None:
    send(*AT)

    def refuses_after_a_while(document: dict[str, Any]) -> dict[str, Any]:
        looked.wait(5)
        return sender.refuses(document)

    looked = Event()
    Timer(0.3, looked.set).start()
    sender.answer = refuses_after_a_while
    assert "the sender refused it" in send(*AT).err


def test_a_sender_that_does_not_answer_is_told(sender: Sender) -> None:
    sender.answer = sender.breaks
    said = send(*AT)
    assert said.status == 1
    assert said.err.splitlines()[-1].startswith("error: Read timeout")


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
    assert sender.orders == []
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
    assert "of 3 users named, 1 are deliverable; of the others, 1 not on record, 1 disabled" in (
        said.out
    )
    assert ADA not in said.out


def test_a_dry_run_of_a_multicast_shows_the_one_request(sender: Sender, people: None) -> None:
    document = send("--dry-run", "--multicast", "--json").document
    [only] = document["requests"]
    assert only["request"]["relevantAudience"] == {"type": "Multicast", "payload": {}}
