"""Answers: how long they ask to wait, and what they say about the token."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yellowring.alexa import TokenUnavailable
from yellowring.alexa.calls import LONGEST_WAIT, Answer, AuthorizedCalls, parse_retry_after
from yellowring.alexa.http_answer import HttpAnswer
from yellowring.alexa.lwa import PROACTIVE_EVENTS, AccessTokens, Credentials, _token

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
EXPIRED = b'{"message": "token expired"}'


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("86401", LONGEST_WAIT),
        ("1e300", LONGEST_WAIT),
        ("1e400", None),
        ("inf", None),
        ("nan", None),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("9" * 5000, None),
        ("Fri, 20 Nov 2026 09:01:00 GMT", 60.0),
        ("Fri, 20 Nov 2026 09:01:00 -0000", 60.0),
        ("Fri, 20 Nov 2026 08:59:00 GMT", 0.0),
        ("Sat, 20 Nov 2027 09:00:00 GMT", LONGEST_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 -2359", LONGEST_WAIT),
        ("Fri, 20 Nov 12026 09:00:00 GMT", None),
        ("Fri, 40 Nov 2026 09:00:00 GMT", None),
    ],
)
def test_a_retry_after_is_so_many_seconds(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


@given(st.text())
def test_whatever_a_retry_after_says_it_is_bounded(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("answer", "doubts"),
    [
        (Answer(401), True),
        (Answer(403, "token expired"), True),
        (Answer(403, "No Enablement for the user"), False),
        (Answer(403, "no subscription for the topic"), False),
        (Answer(202), False),
        (Answer(None), False),
    ],
)
def test_what_may_be_about_the_token(answer: Answer, doubts: bool) -> None:
    assert answer.doubts_token is doubts


class Tokens:
    """Gives out numbered tokens; a refused one is renewed."""

    def __init__(self) -> None:
        self.number = 1

    async def get(self) -> str:
        return f"Atc|{self.number}"

    async def renew(self, refused: str) -> str:
        assert refused == await self.get()
        self.number += 1
        return await self.get()


class Alexa:
    """Answers by the token."""

    def __init__(self, **answers: HttpAnswer) -> None:
        self._answers = answers
        self.used: list[str] = []

    async def post(self, _: str, headers: bytes, __: bytes) -> HttpAnswer:
        token = headers.partition(b"Atc|")[2].partition(b"\r\n")[0].decode()
        self.used.append(token)
        return self._answers.get(f"token_{token}", HttpAnswer(401, {}, EXPIRED))


def answers(alexa: Alexa, times: int) -> list[Answer]:
    calls = AuthorizedCalls(cast("Any", alexa), cast("Any", Tokens()))

    async def run() -> list[Answer]:
        return [await calls.post("http://localhost/", b"{}") for _ in range(times)]

    return asyncio.run(run())


def test_a_token_that_is_refused_after_its_renewal_is_told_and_not_renewed_for_ever() -> None:
    alexa = Alexa()
    told = answers(alexa, 3)
    assert [(each.status, each.doubts_token) for each in told] == [(401, True)] * 3
    assert alexa.used == ["1", "2", "2", "2"]


def test_a_refusal_of_the_customer_renews_nothing() -> None:
    refused = HttpAnswer(
        403, {b"x-amzn-requestid": b"id", b"retry-after": b"7"}, b"no subscription"
    )
    alexa = Alexa(token_1=refused)
    assert answers(alexa, 2) == [Answer(403, "no subscription", "id", 7.0)] * 2
    assert alexa.used == ["1", "1"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"access_token": "Atc|x"},
        {"access_token": "", "expires_in": 3600},
        {"access_token": "Atc|x\r\nHost: elsewhere", "expires_in": 3600},
        {"access_token": "Atc|\u2028", "expires_in": 3600},
        {"access_token": "Atc|x", "expires_in": float("nan")},
        {"access_token": "Atc|x", "expires_in": float("inf")},
        {"access_token": "Atc|x", "expires_in": 0},
        {"access_token": "Atc|x", "expires_in": -1},
        {"access_token": "Atc|x", "expires_in": "3600"},
    ],
)
def test_a_token_that_cannot_be_used_is_none(body: dict[str, object]) -> None:
    with pytest.raises(TokenUnavailable):
        _token(body, 0)


def test_a_token_is_used_until_shortly_before_its_end() -> None:
    known = {PROACTIVE_EVENTS: _token({"access_token": "Atc|x", "expires_in": 3600}, 100.0)}
    now = 100.0 + 3600 - 60

    def usable(at: float) -> str | None:
        credentials = Credentials("id", "secret")
        return AccessTokens(
            cast("Any", None), credentials, PROACTIVE_EVENTS, known=known, clock=lambda: at
        )._usable()

    assert usable(now - 1) == "Atc|x"
    assert usable(now + 1) is None
