"""What a voice request tells is stored beside the answer, and never at its cost."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import yellowring
from yellowring.skill import app, background
from yellowring.skill.account_linking import AccountLinking, LinkingUnavailable
from yellowring.skill.assembly import skill_for
from yellowring.skill.envelope import now_ms
from yellowring.skill.voice_request import read_voice_request
from yellowring.subscribers import RegisterChange, Subscribers

from tests.envelopes import (
    EU,
    START,
    USER,
    account,
    command,
    consent,
    disabled,
    message,
    spoken,
    subscribed,
)
from tests.unit.skill.their_skill import TheirSkill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from tests.unit.skill.kit import Envelope, Record

type Calls = list[str]
START_MS = int(START.timestamp() * 1000)
AFTER_ANSWER, LONGEST = background.AFTER_ANSWER, background.LONGEST


@pytest.fixture(autouse=True)
def fresh(aws: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is late where the test does not say so, however slow the machine is."""
    monkeypatch.setattr(background, "AFTER_ANSWER", 30.0)
    monkeypatch.setattr(background, "LONGEST", 30.0)
    skill_for.cache_clear()
    yield
    skill_for.cache_clear()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Note the calls of DynamoDB."""
    noted: Calls = []
    make_request = boto3.client("dynamodb").__class__._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, operation: str, request: Any) -> Any:
        noted.append(operation)
        return make_request(self, operation, request)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", counted)
    return noted


@pytest.fixture
def answers() -> Callable[..., Any]:
    """Have their skill, wrapped, answer a request; each time in another container."""

    def wrapped(**options: Any) -> Callable[[Envelope], Any]:
        skill_for.cache_clear()
        handle = yellowring.wrap(TheirSkill().handler(), **options)
        return lambda event: handle(event, None)

    return wrapped


def launch(**made: Any) -> Envelope:
    return spoken("LaunchRequest", **made)


def value_of(record: dict[str, Any] | None, register: str) -> Any:
    assert record is not None
    return record[register]["value"]


def test_a_customer_who_speaks_has_their_locale_and_host_stored(
    answers: Any, record: Record
) -> None:
    answers()(launch(locale="de-DE", at=7))
    assert value_of(record(USER), "locale") == "de-DE"
    assert value_of(record(USER), "host") == "https://api.amazonalexa.com"


def test_what_is_stored_already_is_read_once_and_not_written(answers: Any, calls: Calls) -> None:
    answer = answers()
    answer(launch(at=1))
    assert calls == ["GetItem", "GetItem", "PutItem"]
    calls.clear()
    answer(launch(at=2))
    assert calls == []
    answers()(launch(at=3))  # another container
    assert calls == ["GetItem"]


def test_what_is_new_is_stored_at_once(answers: Any, record: Record) -> None:
    answer = answers()
    answer(launch(locale="en-US", at=1))
    answer(launch(locale="en-GB", at=2))
    moved = launch(locale="en-GB", at=3)
    moved["context"]["System"]["apiEndpoint"] = EU
    answer(moved)
    assert value_of(record(USER), "locale") == "en-GB"
    assert value_of(record(USER), "host") == EU


def test_after_a_while_it_is_looked_at_again(
    aws: DynamoDBClient,
) -> None:
    now = [0.0]
    remembered = background.Memory(clock=lambda: now[0])
    kept = background.Background(Subscribers(aws, "subscribers"), remembered)

    def begun(at: int) -> bool:
        storing = kept.begin({}, read_voice_request(launch(at=at), now_ms()))
        if storing is not None:
            storing.wait()
        return storing is not None

    assert begun(at=1)
    now[0] = background.MEMORY - 1
    assert not begun(at=2)
    now[0] = background.MEMORY + 1
    assert begun(at=3)


def test_after_an_erasure_it_is_stored_again(answers: Any, record: Record) -> None:
    answer = answers()
    answer(launch(at=1))
    answer(disabled(at=2))
    assert "locale" not in (record(USER) or {})
    answer(launch(at=3))
    assert value_of(record(USER), "locale") == "en-US"


def test_an_older_request_that_is_late_changes_nothing(answers: Any, record: Record) -> None:
    answers()(launch(locale="de-DE", at=9))
    answers()(launch(locale="en-US", at=1))
    answers()(disabled(at=20))
    answers()(launch(locale="en-US", at=10))
    assert set(record(USER) or {}) == {"userId", "erasedAt", "expiresAt"}


@pytest.mark.parametrize("missing", ["user", "timestamp", "session", "can fulfill"])
def test_nothing_is_stored_of_who_or_when_is_not_told(
    answers: Any, calls: Calls, missing: str
) -> None:
    made = launch()
    match missing:
        case "user":
            del made["context"]["System"]["user"], made["session"]["user"]
        case "timestamp":
            del made["request"]["timestamp"]
        case "session":
            made |= {"request": made["request"] | {"type": "AudioPlayer.PlaybackStarted"}}
            del made["session"]
        case _:
            made["request"]["type"] = "CanFulfillIntentRequest"
    answers()(made)
    assert calls == []


def test_the_customers_of_another_skill_are_not_stored(answers: Any, calls: Calls) -> None:
    made = launch()
    made["context"]["System"]["application"]["applicationId"] = "amzn1.ask.skill.another"
    answers()(made)
    assert calls == []


def test_a_table_that_fails_leaves_their_answer_as_it_is(
    answers: Any, environment: pytest.MonkeyPatch, logs_without_personal_data: list[str]
) -> None:
    environment.setenv("SUBSCRIBERS_TABLE", "a-table-that-is-not-there")
    assert "Welcome." in str(answers()(launch()))
    logged = "".join(logs_without_personal_data)
    assert '"error":"ResourceNotFoundException"' in logged.replace('": "', '":"')
    assert '"BackgroundFailures":1' in logged


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """A table that answers when the test says so, and nobody who waits for it for long."""
    monkeypatch.setattr(background, "AFTER_ANSWER", AFTER_ANSWER)
    released = threading.Event()
    read = Subscribers.get

    def waiting(self: Subscribers, user_id: str) -> Any:
        check(released)
        return read(self, user_id)

    monkeypatch.setattr(Subscribers, "get", waiting)
    yield released
    released.set()


def test_an_answer_that_is_there_waits_half_a_second_at_most(
    answers: Any, stuck: threading.Event, logs_without_personal_data: list[str]
) -> None:
    answer = answers()
    started = monotonic()
    assert "Welcome." in str(answer(launch()))
    assert AFTER_ANSWER <= monotonic() - started < 10
    assert '"error":"Late"' in "".join(logs_without_personal_data)


def test_what_is_late_is_stored_when_the_process_goes_on(
    answers: Any, stuck: threading.Event, record: Record
) -> None:
    before = set(threading.enumerate())
    answers()(launch(locale="de-DE", at=1))
    [late] = set(threading.enumerate()) - before
    assert late.daemon
    stuck.set()
    late.join(10)
    assert value_of(record(USER), "locale") == "de-DE"


def check(released: threading.Event) -> None:
    assert released.wait(30)


def test_the_bounds_are_half_a_second_and_two() -> None:
    assert (AFTER_ANSWER, LONGEST) == (0.5, 2.0)


def test_nothing_is_waited_for_two_seconds_after_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(background, "LONGEST", LONGEST)
    ticks = iter([0.0, LONGEST + 0.1])
    monkeypatch.setattr("yellowring.skill.background.time.monotonic", lambda: next(ticks))
    release = threading.Event()
    storing = background.Storing(lambda: check(release))
    waits: list[float] = []
    monkeypatch.setattr(storing._thread, "join", waits.append)
    storing.wait()
    release.set()
    assert waits == [0.0]


def test_the_businesss_own_id_is_stored_of_who_speaks(answers: Any, record: Record) -> None:
    answers(customer_id=lambda _: "4711")(launch(at=1))
    assert value_of(record(USER), "customer") == "4711"


def test_the_hook_sees_the_request_and_cannot_change_it(answers: Any) -> None:
    seen: list[Any] = []

    def customer_id(envelope: Any) -> str | None:
        seen.append(envelope["request"].pop("requestId"))
        return None

    event = launch()
    answers(customer_id=customer_id)(event)
    assert seen == [event["request"]["requestId"]]


def test_an_id_that_is_not_known_removes_none(answers: Any, record: Record) -> None:
    known: list[str | None] = ["4711", None]
    answer = answers(customer_id=lambda _: known.pop(0))
    answer(launch(at=1))
    answer(launch(at=2))
    assert value_of(record(USER), "customer") == "4711"


def test_a_hook_that_raises_is_counted_and_the_rest_is_stored(
    answers: Any, record: Record, logs_without_personal_data: list[str]
) -> None:
    def customer_id(envelope: Any) -> str:
        raise LookupError("their own")

    assert "Welcome." in str(answers(customer_id=customer_id)(launch()))
    assert value_of(record(USER), "locale") == "en-US"
    logged = "".join(logs_without_personal_data)
    assert '"error":"LookupError","part":"customer_id"' in logged
    assert "their own" not in logged


def test_an_answer_to_our_question_brings_no_second_write(answers: Any, calls: Calls) -> None:
    answers()(consent("ACCEPTED"))
    assert calls == ["GetItem", "PutItem"]


def test_the_memory_forgets_who_was_heard_longest_ago() -> None:
    memory = background.Memory(1.0, lambda: 0.0)
    for number in range(background.REMEMBERED + 1):
        memory.put(str(number), "told")
    assert not memory.holds("0", "told")
    assert memory.holds("1", "told")


def test_the_order_of_events_and_requests_does_not_matter(answers: Any, record: Record) -> None:
    answers()(launch(locale="de-DE", at=5))
    answers()(subscribed("AMAZON.WeatherAlert.Activated", at=1))
    stored = record(USER)
    assert value_of(stored, "locale") == "de-DE"
    assert value_of(stored, "subscriptions")


class Provider(ThreadingHTTPServer):
    """An identity provider's userinfo endpoint: who each access token stands for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Userinfo)
        self.known = {"token-1": "4711", "token-2": "4712"}
        self.status = 401
        self.asked: list[str] = []


class Userinfo(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Provider

    def do_GET(self) -> None:
        token = self.headers["Authorization"].removeprefix("Bearer ")
        self.server.asked.append(token)
        subject = self.server.known.get(token)
        body = json.dumps({"sub": subject}).encode()
        self.send_response(200 if subject else self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider(environment: pytest.MonkeyPatch) -> Iterator[Provider]:
    """An identity provider that the environment names."""
    with Provider() as server:
        environment.setenv("USERINFO_URL", f"http://127.0.0.1:{server.server_port}/userinfo")
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield server
        server.shutdown()
        serving.join()


def linked(token: str = "token-1", **made: Any) -> Envelope:
    """Return a request of somebody whose account is linked."""
    event = launch(**made)
    event["context"]["System"]["user"]["accessToken"] = token
    return event


@pytest.fixture(params=["their skill", "our skill"])
def spoken_to(request: pytest.FixtureRequest, answers: Any) -> Callable[[Envelope], Any]:
    """A skill that customers speak to."""
    if request.param == "their skill":
        wrapped: Callable[[Envelope], Any] = answers()
        return wrapped
    return lambda event: app.lambda_handler(event, None)


def test_whose_account_is_linked_is_stored_when_they_speak(
    spoken_to: Callable[[Envelope], Any], provider: Provider, record: Record
) -> None:
    spoken_to(linked(at=5))
    assert value_of(record(USER), "customer") == "4711"
    assert value_of(record(USER), "account") is True
    spoken_to(linked(at=6))
    assert provider.asked == ["token-1"]


def test_each_token_is_asked_about_once_whatever_id_is_known(
    spoken_to: Callable[[Envelope], Any], provider: Provider, record: Record
) -> None:
    spoken_to(account_of("token-1", at=1))
    provider.asked.clear()
    for at, token in enumerate(("token-1", "token-1", "token-2", "token-2"), start=2):
        spoken_to(linked(token, at=at, locale=f"{'de' if at % 2 else 'en'}-US"))
    assert provider.asked == ["token-1", "token-2"]
    assert value_of(record(USER), "customer") == "4712"


def test_a_token_is_newer_than_the_id_where_no_event_tells_of_the_link(
    answers: Any, provider: Provider, record: Record
) -> None:
    answers(skill_events=False)(linked("token-1", at=1))
    answers(skill_events=False)(linked("token-2", at=2))
    assert value_of(record(USER), "customer") == "4712"


def test_the_same_answer_to_another_token_is_not_written(
    answers: Any, provider: Provider, calls: Calls
) -> None:
    provider.known["token-3"] = "4711"
    answer = answers()
    answer(linked("token-1", at=1))
    calls.clear()
    answer(linked("token-3", at=2))
    assert calls == ["GetItem"]


def apply(aws: DynamoDBClient, *registers: tuple[str, int, Any]) -> None:
    changes = [
        RegisterChange(name, START_MS + at * 1000, "x", each) for name, at, each in registers
    ]
    Subscribers(aws, "subscribers").apply(USER, *changes)


def test_a_refused_token_ends_an_id_that_is_older_than_the_link(
    spoken_to: Callable[[Envelope], Any], provider: Provider, aws: DynamoDBClient, record: Record
) -> None:
    apply(aws, ("customer", 1, "4000"), ("account", 2, True))
    spoken_to(linked("refused", at=3))
    assert "customerId" not in (record(USER) or {})


@pytest.mark.parametrize("account_at", [None, 1])
def test_a_refused_token_leaves_an_id_that_no_link_has_followed(
    answers: Any,
    provider: Provider,
    aws: DynamoDBClient,
    record: Record,
    account_at: int | None,
) -> None:
    apply(aws, ("customer", 2, "4000"), *([("account", 1, True)] if account_at else []))
    for at in (3, 4):
        answers()(linked("refused", at=at))
    assert (record(USER) or {})["customerId"] == "4000"


def test_what_other_containers_stored_gives_way_to_the_businesss_own_id(
    answers: Any, record: Record
) -> None:
    told = {"here": "4711", "there": "0815"}
    here = answers(customer_id=lambda _: told["here"])
    here(launch(at=1))
    answers(customer_id=lambda _: told["there"])(launch(at=2))
    here(launch(at=3))
    assert value_of(record(USER), "customer") == "4711"


def test_after_a_command_in_a_handler_it_is_looked_at_again(
    answers: Any, record: Record, calls: Calls
) -> None:
    answer = answers()
    answer(launch(at=1))
    yellowring.command(launch(at=2), "forget")
    answer(launch(at=4))
    assert value_of(record(USER), "locale") == "en-US"


def account_of(token: str, at: int) -> Envelope:
    event = account(linked=True, at=at)
    event["request"]["body"]["accessToken"] = token
    return event


def test_a_link_that_is_newer_than_the_id_is_asked_about_again(
    spoken_to: Callable[[Envelope], Any], provider: Provider, record: Record
) -> None:
    spoken_to(message(command("customer", id="4000"), at=1))
    spoken_to(account_of("refused", at=2))
    spoken_to(linked("token-2", at=3))
    assert value_of(record(USER), "customer") == "4712"


def test_after_a_disable_the_id_is_asked_for_again(
    spoken_to: Callable[[Envelope], Any], provider: Provider, record: Record
) -> None:
    spoken_to(linked(at=1))
    spoken_to(disabled("PERSISTED", at=2))
    skill_for.cache_clear()
    spoken_to(linked(at=4))
    assert (record(USER) or {})["customer"]["at"] == (record(USER) or {})["disabledAt"] + 1001


def test_a_token_that_is_refused_is_asked_about_once(
    spoken_to: Callable[[Envelope], Any], provider: Provider, record: Record
) -> None:
    for at in (1, 2, 3):
        spoken_to(linked("refused", at=at, locale=f"{'de' if at == 2 else 'en'}-US"))
    assert provider.asked == ["refused"]
    assert value_of(record(USER), "account") is True
    assert "customer" not in (record(USER) or {})
    spoken_to(linked("token-1", at=4))
    assert value_of(record(USER), "customer") == "4711"


def test_a_provider_that_is_down_is_left_alone_for_a_while_and_its_customers_are_answered(
    spoken_to: Callable[[Envelope], Any], provider: Provider, record: Record
) -> None:
    provider.status = 503
    for at in (1, 2):
        assert spoken_to(linked("token-3", at=at))["response"]["outputSpeech"]
    assert provider.asked == ["token-3"]
    assert value_of(record(USER), "account") is True  # the link is stored all the same


@pytest.mark.parametrize(
    ("status", "times"),
    [
        (503, [0.0, background.PAUSE + 1, background.MEMORY + 40]),
        (401, [0.0, background.MEMORY + 40]),
    ],
    ids=["down", "refusing"],
)
def test_a_provider_is_asked_again_after_a_while_and_sooner_where_it_was_down(
    aws: DynamoDBClient, provider: Provider, status: int, times: list[float]
) -> None:
    now = [0.0]
    url = f"http://127.0.0.1:{provider.server_port}/userinfo"
    kept = background.Background(
        Subscribers(aws, "subscribers"),
        background.Memory(clock=lambda: now[0]),
        linking=AccountLinking(url),
        clock=lambda: now[0],
    )
    provider.status = status
    asked_at = []
    for moment in (0.0, background.PAUSE - 1, background.PAUSE + 1, background.MEMORY + 40):
        now[0] = moment
        event = linked("token-3")
        provider.asked.clear()
        with kept.beside(event, read_voice_request(event, now_ms())):
            pass
        asked_at += [moment] * len(provider.asked)
    assert asked_at == times


def test_after_a_freeze_the_next_request_asks_again(
    spoken_to: Callable[[Envelope], Any],
    provider: Provider,
    record: Record,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asks = AccountLinking.customer_id

    def frozen(self: AccountLinking, token: str) -> str:
        raise LinkingUnavailable("the process stood still", frozen=True)

    monkeypatch.setattr(AccountLinking, "customer_id", frozen)
    spoken_to(linked(at=1))
    monkeypatch.setattr(AccountLinking, "customer_id", asks)
    spoken_to(linked(at=2))
    assert value_of(record(USER), "customer") == "4711"


def test_an_unlinking_that_is_newer_stands(
    spoken_to: Callable[[Envelope], Any], provider: Provider, record: Record
) -> None:
    spoken_to(account(linked=False, at=9))
    spoken_to(linked(at=5))
    assert "value" not in (record(USER) or {})["customer"]
    assert "value" not in (record(USER) or {})["account"]


def test_what_the_skill_itself_knows_counts_before_the_link(
    answers: Any, provider: Provider, record: Record
) -> None:
    answers(customer_id=lambda _: "77")(linked(at=1))
    assert value_of(record(USER), "customer") == "77"
    assert provider.asked == []


def test_nobody_is_asked_where_there_is_no_provider(
    spoken_to: Callable[[Envelope], Any], record: Record
) -> None:
    spoken_to(linked(at=1))
    assert set(record(USER) or {}) == {"userId", "locale", "host", "expiresAt"}


def test_no_token_is_stored_or_logged(
    spoken_to: Callable[[Envelope], Any],
    provider: Provider,
    aws: DynamoDBClient,
    logs_without_personal_data: list[str],
) -> None:
    for token in ("token-1", "refused"):
        spoken_to(linked(token, at=1))
    stored = json.dumps(aws.scan(TableName="subscribers")["Items"])
    for told in (stored, "".join(logs_without_personal_data)):
        assert "token-1" not in told
        assert "refused" not in told


def test_a_number_is_taken_for_an_id_and_anything_else_is_counted(
    answers: Any, record: Record, logs_without_personal_data: list[str]
) -> None:
    known: list[Any] = ["no id, but a text", {"id": "4711"}, True, 4711]
    answer = answers(customer_id=lambda _: known.pop(0))
    for at in (1, 2, 3):
        answer(launch(at=at))
    assert "customer" not in (record(USER) or {})
    assert "".join(logs_without_personal_data).count('"part":"customer_id"') == 3
    answer(launch(at=4))
    assert value_of(record(USER), "customer") == "4711"
