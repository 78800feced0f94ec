"""The commands that talk to Alexa with the skill's credentials: token and message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.subscribers import RegisterChange
from yellowring_tools.cli.aws import access, stacks
from yellowring_tools.cli.aws.access import CLIENT_ID, CLIENT_SECRET

from tests.envelopes import EU, USER, command
from tests.unit.alexa.wire import wire
from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yellowring.subscribers import Subscribers
    from yellowring_tools.cli.aws.stacks import Stack

    from tests.unit.alexa.wire import Reply, Request, Wire

SCOPE = "alexa:skill_messaging"
REFRESH = json.dumps(command("refresh"))


@pytest.fixture
def alexa() -> Iterator[Wire]:
    """Gives a token and accepts every message."""

    def reply(request: Request) -> Reply:
        if request.path.endswith("/token"):
            return 200, {}, b'{"access_token": "a-token", "expires_in": 3600}'
        return 202, {}, b""

    with wire() as listening:
        listening.reply = reply
        yield listening


@pytest.fixture
def credentials(environment: pytest.MonkeyPatch, alexa: Wire) -> pytest.MonkeyPatch:
    """Credentials in the environment, and no AWS."""
    environment.setenv(CLIENT_ID, "id")
    environment.setenv(CLIENT_SECRET, "secret")
    environment.setenv("ALEXA_BASE_URL", alexa.url + "/{region}")
    environment.setenv("LWA_BASE_URL", alexa.url)

    def fail(_: object) -> None:
        raise AssertionError("looked for a stack")

    environment.setattr(stacks.Choice, "stack", fail)
    return environment


@pytest.fixture
def secret(stack: Stack, alexa: Wire, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Credentials in a stack's secret."""
    for name in (CLIENT_ID, CLIENT_SECRET):
        monkeypatch.delenv(name, raising=False)
    variables = {
        "CREDENTIALS_SECRET_ID": "credentials",
        "ALEXA_BASE_URL": alexa.url + "/{region}",
        "LWA_BASE_URL": alexa.url,
    }
    monkeypatch.setattr(access, "function_variables", lambda _: variables)
    return stack


def test_token_prints_nothing_but_the_token(credentials: object, alexa: Wire) -> None:
    run = yellowring("token", "--scope", SCOPE)
    assert (run.status, run.out, run.err) == (0, "a-token\n", "")
    assert b"alexa%3Askill_messaging" in alexa.requests[0].body


def test_token_can_be_told_as_json(credentials: object) -> None:
    assert yellowring("token", "--scope", SCOPE, "--json").document == {
        "scope": SCOPE,
        "token": "a-token",
    }


def test_token_warns_of_a_scope_with_the_wrong_number_of_colons(credentials: object) -> None:
    run = yellowring("token", "--scope", "alexa:proactive_events")
    assert "alexa::proactive_events" in run.err


def test_refused_credentials_are_one_line(credentials: object, alexa: Wire) -> None:
    alexa.reply = lambda _: (401, {}, b'{"error": "invalid_client"}')
    run = yellowring("token", "--scope", SCOPE)
    assert run.status == 1
    assert run.err.count("\n") == 1
    assert "invalid_client" in run.err


def test_a_scope_that_there_is_not_is_told_with_those_there_are(
    credentials: object, alexa: Wire
) -> None:
    alexa.reply = lambda _: (400, {}, b'{"error": "invalid_scope"}')
    run = yellowring("token", "--scope", "nope")
    assert run.status == 1
    assert (
        "no token for nope: there are alexa::proactive_events and alexa:skill_messaging" in run.err
    )


@pytest.mark.parametrize("missing", [CLIENT_ID, CLIENT_SECRET])
def test_half_of_the_credentials_is_told_by_what_is_missing(
    credentials: pytest.MonkeyPatch, missing: str
) -> None:
    credentials.delenv(missing)
    run = yellowring("token", "--scope", SCOPE)
    assert run.status == 1
    assert missing in run.err


def test_without_credentials_in_the_environment_a_stacks_secret_has_them(
    secret: Stack, alexa: Wire
) -> None:
    assert yellowring("token", "--scope", SCOPE).out == "a-token\n"
    assert b"client_id=amzn1.application-oa2-client.test" in alexa.requests[0].body


def test_a_secret_that_nobody_has_filled_is_told(secret: Stack) -> None:
    secret.secrets.put_secret_value(SecretId="credentials", SecretString="REPLACE_ME")
    run = yellowring("token", "--scope", SCOPE)
    assert run.status == 1
    assert "credentials secret" in run.err


def sent(alexa: Wire) -> tuple[str, dict[str, Any]]:
    request = alexa.requests[-1]
    return request.path, json.loads(request.body)


def test_message_sends_a_command_with_texts_for_values(credentials: object, alexa: Wire) -> None:
    data = json.dumps(command("attributes", set={"plan": "gold"}))
    run = yellowring("message", USER, data, "--expires-after", "60")
    assert run.status == 0
    path, body = sent(alexa)
    assert path == f"/na/v1/skillmessages/users/{USER}"
    assert body["expiresAfterSeconds"] == 60
    assert body["data"] == {"version": "1", "command": "attributes", "set": '{"plan":"gold"}'}


def test_message_is_told_as_json(credentials: object) -> None:
    run = yellowring("message", USER, REFRESH, "--alexa-region", "fe", "--json")
    assert run.document == {
        "accepted": True,
        "region": "fe",
        "data": {"version": "1", "command": "refresh"},
    }


@pytest.mark.parametrize("source", ["@", "-"])
def test_message_reads_a_file_or_the_input(
    credentials: object, alexa: Wire, tmp_path: Path, source: str
) -> None:
    path = tmp_path / "message.json"
    path.write_text(REFRESH)
    given = f"@{path}" if source == "@" else "-"
    run = yellowring("message", USER, given, stdin=REFRESH.encode())
    assert run.status == 0
    assert sent(alexa)[1]["data"]["command"] == "refresh"


def test_message_goes_to_the_region_of_the_customers_record(
    secret: Stack, subscribers: Subscribers, alexa: Wire
) -> None:
    subscribers.apply(USER, RegisterChange("host", 1, "id", EU))
    assert yellowring("message", USER, REFRESH).status == 0
    assert sent(alexa)[0].startswith("/eu/")


WRONG = {
    "no JSON": ["{"],
    "a list": ["[]"],
    "an unknown command": [json.dumps(command("teleport"))],
    "another version": ['{"version": 2, "command": "forget"}'],
    "half a character": ['{"version": 1, "command": "attributes", "set": {"a": "\\ud800"}}'],
    "a key twice": ['{"version": 1, "version": 1, "command": "refresh"}'],
    "a file that is not there": ["@/no/such/file"],
    "no such region": [REFRESH, "--alexa-region", "mars"],
    "too large": [json.dumps({"a": "x" * 7000}), "--unchecked"],
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_sent_is_one_line_and_nothing_is_sent(
    credentials: object, alexa: Wire, case: str
) -> None:
    run = yellowring("message", USER, *WRONG[case])
    assert run.status == 1
    assert run.err.startswith("error: ")
    assert run.err.count("\n") == 1
    assert not [request for request in alexa.requests if "skillmessages" in request.path]


def test_a_command_that_this_skill_has_not_can_be_sent_on_request(
    credentials: object, alexa: Wire
) -> None:
    assert yellowring("message", USER, '{"hello": "you"}', "--unchecked").status == 0
    assert sent(alexa)[1] == {"data": {"hello": "you"}}


def test_a_user_id_that_is_none_is_refused_without_showing_it(credentials: object) -> None:
    run = yellowring("message", "somebody", REFRESH)
    assert run.status == 1
    assert "somebody" not in run.err


def test_what_alexa_refuses_is_one_line_with_the_request_id(
    credentials: object, alexa: Wire
) -> None:
    accept = alexa.reply

    def reply(request: Request) -> Reply:
        if request.path.endswith("/token"):
            return accept(request)
        body = json.dumps({"code": "INVALID_USER", "message": f"no {USER}"})
        return 404, {"x-amzn-requestid": "amzn-7"}, body.encode()

    alexa.reply = reply
    run = yellowring("message", USER, REFRESH)
    assert run.status == 1
    assert run.err.count("\n") == 1
    assert "404" in run.err
    assert "amzn-7" in run.err
    assert USER not in run.err
