"""A developer's login: read from the environment, renewed in time, and never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yellowring_tools.smapi import SmapiError, SmapiLogin, SmapiUnknown, connect
from yellowring_tools.smapi.login import AccessToken

from tests.unit.smapi.kit import LOGIN, json_reply, served

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "/auth/o2/token"
WHOLE = {"SMAPI_CLIENT_ID": "a", "SMAPI_CLIENT_SECRET": " b ", "SMAPI_REFRESH_TOKEN": "c"}


def test_a_login_is_read_whole_or_not_at_all() -> None:
    assert SmapiLogin.from_environ(WHOLE) == SmapiLogin("a", "b", "c")
    assert SmapiLogin.from_environ({"SMAPI_CLIENT_ID": " "}) is None


@pytest.mark.parametrize("missing", WHOLE)
def test_half_a_login_names_what_is_missing(missing: str) -> None:
    environ = {name: value for name, value in WHOLE.items() if name != missing}
    with pytest.raises(SmapiError, match=f"{missing} not set") as refused:
        SmapiLogin.from_environ(environ)
    assert refused.value.code == "NO_LOGIN"


def test_neither_secret_nor_token_is_shown() -> None:
    shown = repr(LOGIN)
    assert LOGIN.client_id in shown
    assert LOGIN.client_secret not in shown
    assert LOGIN.refresh_token not in shown


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, "invalid_client", "SMAPI_CLIENT_ID and SMAPI_CLIENT_SECRET are no"),
        (400, "invalid_grant", "SMAPI_REFRESH_TOKEN has ended"),
        (400, "unsupported_grant_type", "status 400"),
    ],
)
def test_a_refused_login_says_which_part_and_holds_none(status: int, code: str, said: str) -> None:
    with served() as server:
        echoed = {"error": code, "error_description": LOGIN.refresh_token}
        server.answers[TOKEN] = [json_reply(echoed, status)]
        with pytest.raises(SmapiError) as refused:
            server.token.get()
    assert (refused.value.status, refused.value.code) == (status, code)
    assert said in str(refused.value)
    assert LOGIN.refresh_token not in str(refused.value)


def test_a_login_that_gets_no_answer_is_unknown_after_four_tries() -> None:
    with served() as server:
        server.answers[TOKEN] = [(503, {}, b"")]
        with pytest.raises(SmapiUnknown):
            server.token.get()
        assert len(server.told(TOKEN)) == 4


@pytest.mark.parametrize("value", [None, "", "two\r\nlines", 3])
def test_what_cannot_stand_in_a_header_is_no_token(value: object) -> None:
    with served() as server:
        server.answers[TOKEN] = [json_reply({"access_token": value, "expires_in": 3600})]
        with pytest.raises(SmapiError, match="no access token"):
            server.token.get()


def test_a_token_is_renewed_a_minute_before_its_end() -> None:
    now = [0.0]
    with served() as server:
        token = AccessToken(LOGIN, server.wire.url, clock=lambda: now[0])
        first = token.get()
        now[0] = 3539
        assert token.get() == first
        now[0] = 3540
        assert token.get() != first


def test_a_token_that_another_call_renewed_is_not_renewed_again() -> None:
    with served() as server:
        first = server.token.get()
        second = server.token.renew(first)
        assert second != first
        assert server.token.renew(first) == second


def test_a_developers_token_goes_nowhere_unprotected() -> None:
    for wrong in ({"base_url": "http://smapi.example"}, {"lwa_url": "http://lwa.example"}):
        with pytest.raises(SmapiError, match="https"):
            connect(ask_profile=None, login=LOGIN, **wrong)


def test_without_any_way_both_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SmapiError, match=r"ask configure.*SMAPI_REFRESH_TOKEN") as refused:
        connect(ask_profile=None, login=None)
    assert refused.value.code == "NO_LOGIN"


def test_a_server_that_is_not_there_is_unreachable_and_not_unknown() -> None:
    with served() as server:
        server.token.get()
    with pytest.raises(SmapiError, match="cannot be reached") as refused:
        server.smapi.create_skill("V", "L")
    assert (refused.value.code, isinstance(refused.value, SmapiUnknown)) == ("UNREACHABLE", False)
