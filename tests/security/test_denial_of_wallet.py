"""What an attacker could make somebody pay for: each thing that repeats or grows has a bound."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.api.problems import MOST_ERRORS
from yellowring.catalog import check_event
from yellowring.catalog.checking import MOST_PROBLEMS

from tests.envelopes import WEATHER, message, spoken, subscribed
from tests.security.hostile import TEXTS, listed, nested, places, put
from tests.unit.api.kit import EVENT, USER_ID
from tests.unit.test_template import PARAMETERS, RESOURCES, properties

if TYPE_CHECKING:
    from tests.unit.api.kit import Api
    from tests.unit.skill.kit import Handle

MANY = 5_000
SECONDS = 5.0
"""Far more than it takes, on a machine that does other work besides."""
LARGEST_ANSWER = 100_000
MOST_LOGGED = 5_000


def test_the_api_is_throttled_in_front_of_its_function() -> None:
    for stage in ("HttpApiStage", "JwtHttpApiStage"):
        limits = properties(stage)["DefaultRouteSettings"]
        assert limits == {
            "ThrottlingRateLimit": {"Ref": "ApiRate"},
            "ThrottlingBurstLimit": {"Ref": "ApiBurst"},
        }
    assert PARAMETERS["ApiRate"]["Default"] <= 50
    assert PARAMETERS["ApiBurst"]["Default"] <= 50


def test_what_a_queue_and_a_run_work_on_at_once_is_bounded() -> None:
    mapping = properties("NotifierFunction")["Events"]["Notifications"]["Properties"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] <= 5
    assert PARAMETERS["MaxWorkers"]["MaxValue"] <= 200
    assert PARAMETERS["MaxEventsPerSecond"]["MaxValue"]


def test_everything_that_is_tried_again_ends() -> None:
    found = list(_values(RESOURCES, "RetryPolicy"))
    assert len(found) == 4
    for policy in found:
        assert policy["MaximumRetryAttempts"] <= 185
        assert policy["MaximumEventAgeInSeconds"] <= 86_400
    invoked = properties("SenderFunction")["EventInvokeConfig"]
    assert invoked["MaximumRetryAttempts"] <= 2
    queue = properties("NotificationsQueue")
    assert queue["RedrivePolicy"]["maxReceiveCount"] <= 1_000
    assert queue["MessageRetentionPeriod"] <= 2 * 86_400


def test_what_the_stack_tells_its_bus_asks_for_nothing() -> None:
    pattern = properties("NotificationRequested")["EventPattern"]
    assert pattern == {"detail-type": ["Notification Requested"]}
    from yellowring.sender.run import announcing

    text = json.dumps(vars(announcing), default=str)
    assert "Notification Requested" not in text


def _values(document: Any, key: str) -> Any:
    if isinstance(document, dict):
        if key in document:
            yield document[key]
        for value in document.values():
            yield from _values(value, key)
    elif isinstance(document, list):
        for value in document:
            yield from _values(value, key)


def test_a_document_of_many_mistakes_has_few_problems_and_takes_no_time() -> None:
    keys = {f"k{number}": f"localizedattribute:t{number}" for number in range(MANY)}
    texts = [{"locale": "en-US"} | {f"u{number}": "x" for number in range(MANY // 10)}] * MANY
    began = time.process_time()
    checked = check_event(WEATHER, keys, texts)
    assert time.process_time() - began < SECONDS
    assert 0 < len(checked.problems) <= 2 * MOST_PROBLEMS


@pytest.mark.parametrize(
    "part",
    [
        {f"k{number}": "x" for number in range(MANY)},
        {"event": {"name": WEATHER, "payload": {f"k{number}": "x" for number in range(MANY)}}},
        {"localizedAttributes": [{"locale": "xx-XX", "text": ""}] * MANY},
        {"localizedAttributes": [{f"k{number}": 1 for number in range(MANY)}]},
    ],
    ids=["members", "payload", "locales", "texts"],
)
def test_an_answer_of_the_api_is_small_however_wrong_a_request_is(
    api: Api, part: dict[str, Any], logs_without_personal_data: list[str]
) -> None:
    wrong = {"to": {"userId": USER_ID}, "event": EVENT, **part}
    answer = api.call("POST", "/v1/notifications", wrong)
    assert answer.status == 422
    assert 0 < len(answer.paths) <= MOST_ERRORS
    assert len(answer.text) < LARGEST_ANSWER
    batch = api.call("POST", "/v1/notifications/batch", {"notifications": [wrong] * 3})
    assert len(batch.text) < LARGEST_ANSWER
    assert len("".join(logs_without_personal_data)) < MOST_LOGGED


@pytest.mark.parametrize("path", ["/v1/notifications", "/v1/notifications/batch", "/v1/runs"])
def test_a_body_that_is_nested_without_end_is_refused(api: Api, path: str) -> None:
    for raw in ("[" * 1_000_000, '{"a":' * 200_000, '{"event":' + "[" * 100_000):
        assert api.call("POST", path, raw=raw).status == 400


def test_a_nested_payload_is_refused(api: Api) -> None:
    event = {"name": WEATHER, "payload": {"weatherAlert": nested(500)}}
    wrong = {"to": {"userId": USER_ID}, "event": event}
    assert api.call("POST", "/v1/notifications", wrong).status == 422


REQUESTS = {
    "skill event": subscribed(WEATHER),
    "message": message({"version": 1, "command": "set", "set": {"town": "Ulm"}}),
    "voice": spoken("IntentRequest", "TurnOnNotificationsIntent"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_of_alexas_logs_little_whatever_it_holds(
    handle: Handle, name: str, logs_without_personal_data: list[str]
) -> None:
    whole = REQUESTS[name]
    for at in places(whole):
        if not at or at[-1] == "applicationId":
            continue
        for value in (TEXTS["very long"], nested(200), listed(200), [{"a": "b"}] * MANY):
            logs_without_personal_data.clear()
            raised = raised_by(handle, put(whole, at, value))
            assert len(raised + "".join(logs_without_personal_data)) < MOST_LOGGED, at


def raised_by(handle: Handle, envelope: Any) -> str:
    """Return what the function raises, which Lambda logs; nothing when it answers."""
    try:
        handle(envelope)
    except Exception as error:
        return str(error)
    return ""
