"""What our clients put on the wire is what the ASK SDK's clients put there.

The SDK's own client insists on https, so it is given the same requests to make over loopback; it
sends no percent-encoding, so the form is compared decoded and the credentials are plain letters.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
import requests
from ask_sdk_core.api_client import DefaultApiClient
from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_model.services import ApiConfiguration, AuthenticationConfiguration
from ask_sdk_model.services.api_client_response import ApiClientResponse
from ask_sdk_model.services.lwa import LwaClient
from ask_sdk_model.services.proactive_events import (
    CreateProactiveEventRequest as SdkRequest,
)
from ask_sdk_model.services.proactive_events import (
    Event,
    ProactiveEventsServiceClient,
    RelevantAudience,
    RelevantAudienceType,
    SkillStage,
)
from ask_sdk_model.services.skill_messaging import (
    SendSkillMessagingRequest,
    SkillMessagingServiceClient,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from yellowring.alexa.connections import Connections
from yellowring.alexa.lwa import PROACTIVE_EVENTS, SKILL_MESSAGING, AccessTokens, Credentials
from yellowring.alexa.proactive_events import CreateProactiveEventRequest, ProactiveEvents
from yellowring.alexa.skill_messaging import SkillMessages

from tests.unit.alexa.wire import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yellowring.settings import Stage

    from tests.unit.alexa.wire import Reply, Request, Wire

USER = "amzn1.ask.account.TESTCUSTOMER"
TOKEN = b'{"access_token": "Atc|test", "expires_in": 3600, "token_type": "bearer"}'
COMPARED = ("content-type", "authorization")


def reply(request: Request) -> Reply:
    if request.path.lower() == "/auth/o2/token":
        return 200, {"content-type": "application/json"}, TOKEN
    return 202, {}, b""


@pytest.fixture(scope="module")
def listening() -> Iterator[Wire]:
    with wire() as listening:
        listening.reply = reply
        yield listening


class Loopback(DefaultApiClient):  # type: ignore[misc]
    """The SDK's HTTP client, kept from leaving this machine."""

    def __init__(self, url: str) -> None:
        self._url = url

    def invoke(self, request: Any) -> Any:
        path = "/" + request.url.split("/", 3)[3]
        headers = self._convert_list_tuples_to_dict(request.headers)
        is_json = "json" in headers.get("Content-type", "")
        body = json.dumps(request.body) if is_json else request.body
        answer = requests.request(
            request.method, self._url + path, headers=headers, data=body, timeout=10
        )
        return ApiClientResponse(
            headers=self._convert_dict_to_list_tuples(answer.headers),
            status_code=answer.status_code,
            body=answer.text,
        )


def sdk_configuration(url: str) -> tuple[Any, Any]:
    return (
        ApiConfiguration(
            serializer=DefaultSerializer(),
            api_client=Loopback(url),
            api_endpoint="https://api.amazonalexa.com",
        ),
        AuthenticationConfiguration(client_id="clientId", client_secret="clientSecret"),
    )


def ours(url: str, body: bytes, stage: Stage) -> None:
    async def send() -> None:
        async with Connections() as connections:
            credentials = Credentials("clientId", "clientSecret")
            tokens = AccessTokens(connections, credentials, PROACTIVE_EVENTS, base_url=url)
            await ProactiveEvents(connections, tokens, stage=stage, base_url=url).send("na", body)

    asyncio.run(send())


def essence(request: Request) -> dict[str, Any]:
    """Give what two requests must have in common."""
    headers = {name: request.headers.get(name) for name in COMPARED}
    content_type = headers["content-type"] or ""
    if content_type.startswith("application/x-www-form-urlencoded"):
        headers["content-type"] = content_type.partition(";")[0]
        body: Any = sorted(parse_qsl(request.body.decode()))
    else:
        body = json.loads(request.body)
    return {
        "method": request.method,
        "path": request.path,
        "headers": headers,
        "body": body,
    }


zones = st.one_of(
    st.just(UTC), st.integers(-720, 840).map(lambda m: timezone(timedelta(minutes=m)))
)
moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2040, 1, 1)).flatmap(  # noqa: DTZ001
    lambda naive: zones.map(lambda zone: naive.replace(tzinfo=zone))
)
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@settings(max_examples=30, deadline=None)
@given(
    timestamp=moments,
    minutes=st.integers(5, 1440),
    reference_id=st.from_regex(r"[A-Za-z0-9~]{1,100}", fullmatch=True),
    source=words,
    locales=st.lists(st.sampled_from(["en-US", "de-DE", "ja-JP"]), unique=True),
    user=st.one_of(st.none(), st.just(USER)),
    stage=st.sampled_from(["development", "live"]),
)
def test_a_proactive_event_is_the_sdks_to_the_last_header(
    listening: Wire,
    timestamp: datetime,
    minutes: int,
    reference_id: str,
    source: str,
    locales: list[str],
    user: str | None,
    stage: Stage,
) -> None:
    expiry = timestamp + timedelta(minutes=minutes)
    payload = {"weatherAlert": {"alertType": "SNOW_STORM", "source": "localizedattribute:source"}}
    localized = [{"locale": locale, "source": source} for locale in locales]
    name = "AMAZON.WeatherAlert.Activated"

    request = CreateProactiveEventRequest(timestamp, reference_id, expiry, name, payload, localized)
    listening.requests.clear()
    ours(listening.url, request.unicast().body(user) if user else request.multicast(), stage)
    our_requests = [essence(each) for each in listening.requests]

    listening.requests.clear()
    audience = RelevantAudience(
        object_type=RelevantAudienceType.Unicast if user else RelevantAudienceType.Multicast,
        payload={"user": user} if user else {},
    )
    ProactiveEventsServiceClient(*sdk_configuration(listening.url)).create_proactive_event(
        create_proactive_event_request=SdkRequest(
            timestamp=timestamp,
            reference_id=reference_id,
            expiry_time=expiry,
            event=Event(name=name, payload=payload),
            localized_attributes=localized,
            relevant_audience=audience,
        ),
        stage=SkillStage[stage.upper()],
    )
    assert our_requests == [essence(each) for each in listening.requests]
    assert len(our_requests) == 2


@pytest.mark.parametrize("scope", [PROACTIVE_EVENTS, SKILL_MESSAGING, "alexa:abc"])
def test_a_token_is_asked_for_as_the_sdk_asks(listening: Wire, scope: str) -> None:
    async def get() -> str:
        async with Connections() as connections:
            credentials = Credentials("clientId", "clientSecret")
            return await AccessTokens(connections, credentials, scope, base_url=listening.url).get()

    listening.requests.clear()
    our_token = asyncio.run(get())
    sdk_token = LwaClient(*sdk_configuration(listening.url)).get_access_token_for_scope(scope)
    assert our_token == sdk_token == "Atc|test"
    by_us, by_sdk = (essence(each) for each in listening.requests)
    assert by_us == by_sdk
    assert dict(by_us["body"])["scope"] == scope


values = st.recursive(
    st.one_of(words, st.booleans(), st.integers(-(2**53), 2**53)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=6,
)
user_ids = st.one_of(
    st.just(USER), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
)


@settings(max_examples=40, deadline=None)
@given(
    user_id=user_ids,
    data=st.dictionaries(words, values, max_size=4),
    expires_after=st.one_of(st.none(), st.integers(60, 86_400)),
)
def test_a_skill_message_is_the_sdks_to_the_last_header(
    listening: Wire, user_id: str, data: dict[str, Any], expires_after: int | None
) -> None:
    async def send() -> None:
        async with Connections() as connections:
            credentials = Credentials("clientId", "clientSecret")
            tokens = AccessTokens(connections, credentials, SKILL_MESSAGING, base_url=listening.url)
            messages = SkillMessages(connections, tokens, base_url=listening.url)
            await messages.send("na", user_id, data, expires_after)

    listening.requests.clear()
    asyncio.run(send())
    our_requests = [essence(each) for each in listening.requests]
    listening.requests.clear()
    SkillMessagingServiceClient(*sdk_configuration(listening.url)).send_skill_message(
        user_id, SendSkillMessagingRequest(data=data, expires_after_seconds=expires_after)
    )
    assert our_requests == [essence(each) for each in listening.requests]
    assert len(our_requests) == 2
