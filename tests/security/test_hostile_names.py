"""Texts of customers and businesses where they could become more than text."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.observability import logger
from yellowring.skill.envelope import InvalidSkillEvent, SkillEvent
from yellowring.subscribers import AttributesChange, Subscribers

from tests.envelopes import USER, WEATHER, command, message, spoken, subscribed
from tests.security.hostile import TEXTS, places, put
from tests.unit.api.kit import EVENT, USER_ID

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

    from tests.unit.api.kit import Api
    from tests.unit.skill.kit import Handle

STARTS = {
    "skill event": subscribed(WEATHER),
    "message": message(command("set", set={"town": "Ulm"})),
    "voice": spoken("IntentRequest", "TurnOnNotificationsIntent"),
}


@pytest.mark.grafts
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("name", STARTS)
def test_in_every_field_of_alexas_requests_they_forge_no_line_of_the_log(
    handle: Handle,
    aws: DynamoDBClient,
    logs_without_personal_data: list[str],
    name: str,
    text: str,
) -> None:
    for at in places(STARTS[name]):
        if not at or at[-1] == "applicationId":
            continue
        try:
            handle(put(STARTS[name], at, text))
        except Exception as error:
            _is_ours(error)
    for line in "".join(logs_without_personal_data).splitlines():
        assert isinstance(json.loads(line), dict)
        assert line.isprintable()


def _is_ours(error: Exception) -> None:
    """Check that an error is one that the function is documented to raise."""
    assert type(error).__module__.startswith("yellowring."), repr(error)


@pytest.mark.parametrize(
    "text",
    [text for name, text in TEXTS.items() if not text.isascii() or not text.isprintable()],
)
def test_no_id_of_a_customer_holds_what_a_terminal_obeys(text: str) -> None:
    with pytest.raises(InvalidSkillEvent):
        SkillEvent(subscribed(WEATHER, user=f"{USER}{text}"))


@pytest.mark.parametrize(
    "at", [at for at in places({"to": {"userId": USER_ID}, "event": EVENT}) if at], ids=str
)
def test_in_every_field_of_the_api_they_are_taken_or_refused_and_not_repeated(
    api: Api, at: tuple[Any, ...], logs_without_personal_data: list[str]
) -> None:
    for name, text in TEXTS.items():
        body = put({"to": {"userId": USER_ID}, "event": EVENT}, at, text)
        answer = api.call("POST", "/v1/notifications", body)
        assert answer.status in (202, 400, 422), name
        if answer.status != 202:
            assert json.dumps(text)[1:-1] not in answer.text, name
    for line in "".join(logs_without_personal_data).splitlines():
        assert isinstance(json.loads(line), dict)


def test_a_stored_text_comes_back_as_it_went_in_whatever_it_looks_like(
    aws: DynamoDBClient,
) -> None:
    subscribers = Subscribers(aws, "subscribers")
    sayable = {
        name.replace(" ", "_").replace("-", "_"): text
        for name, text in TEXTS.items()
        if len(text) < 600 and name != "half a character"
    }
    subscribers.apply(USER, AttributesChange(1, "id", sayable))
    found = subscribers.get(USER)
    assert found is not None
    assert {key: entry.value for key, entry in found.attributes.items()} == sayable


def test_the_log_is_a_line_of_json_for_each_entry(logs_without_personal_data: list[str]) -> None:
    for text in TEXTS.values():
        logger.error("failed", extra={"text": text, text: "name"})
    lines = "".join(logs_without_personal_data).splitlines()
    assert len(lines) == len(TEXTS)
    for line in lines:
        assert json.loads(line)["message"] == "failed"


def test_the_console_sets_texts_only_as_text() -> None:
    console = resources.files("yellowring_tools.simulator.console")
    sinks = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|srcdoc"
        r"|javascript:|setTimeout\(\s*[\"'`]"
    )
    scripts = [each for each in console.iterdir() if each.name.endswith(".mjs")]
    assert len(scripts) >= 6
    for script in scripts:
        assert sinks.search(script.read_text(encoding="utf-8")) is None, script.name


def test_the_console_loads_and_runs_nothing_but_its_own_files() -> None:
    from yellowring_tools.simulator.console import _HEADERS

    policy = _HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
