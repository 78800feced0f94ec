"""What an event source can make of a run: contents that are refused, one customer's at a time."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.campaign import parse_campaign
from yellowring.sender.campaign.calls import EventSourceCalls
from yellowring.sender.campaign.content import content_of
from yellowring.sender.campaign.event_source import LARGEST_CONTENT, InvalidContent, made
from yellowring.sender.run.event_request import request_of
from yellowring.sender.run.lifecycle import new_run
from yellowring.sender.run.request import RunRequest
from yellowring.subscribers import Customer

from tests.security.hostile import NUMBERS, TEXTS, listed, nested, places, put
from tests.unit.sender.kit import campaign

if TYPE_CHECKING:
    from yellowring.sender.campaign import Campaign

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
USER_ID = "amzn1.ask.account.AAAA"
RIGHT: dict[str, Any] = {
    "payload": {"weatherAlert": {"source": "localizedattribute:source", "alertType": "SNOW_STORM"}},
    "localizedAttributes": [{"locale": "en-US", "source": "Weather Desk"}],
}


def sourced() -> Campaign:
    return parse_campaign(campaign(content="letters"))


def body_with(content: object) -> Any:
    """Have a request's body made with what a source gives; ``None``: there is nothing to send."""
    run = new_run(RunRequest(sourced(), "run"), 1, NOW)
    source = EventSourceCalls(lambda *_: content)
    made_by_source = content_of(sourced(), request_of(run), source)
    customer = Customer(USER_ID, None, "en-US", {})
    body = asyncio.run(made_by_source.body(customer, NOW))
    return None if body is None else json.loads(body)


def test_the_content_that_the_others_are_made_of_is_taken() -> None:
    assert body_with(RIGHT)["relevantAudience"]["payload"] == {"user": USER_ID}


def refusal_of(content: object) -> InvalidContent:
    """Return how a content is refused; fail at once where its nesting is followed to its end.

    The traceback of that would have thousands of frames, which take minutes to print.
    """
    try:
        made(sourced(), content)
    except InvalidContent as refused:
        return refused
    except RecursionError:
        pass
    pytest.fail("the content was not refused, or visited as deep as it is", pytrace=False)


NO_CONTENT: dict[str, object] = {
    "nested": nested(),
    "listed": listed(),
    **NUMBERS,
    "bytes": b"x",
    "object": object(),
    "odd keys": {1: 2},
}


@pytest.mark.parametrize("value", NO_CONTENT.values(), ids=NO_CONTENT.keys())
@pytest.mark.parametrize("place", list(places(RIGHT)), ids=str)
def test_what_is_no_content_ends_one_customer_and_not_the_run(
    place: tuple[Any, ...], value: object
) -> None:
    refused = refusal_of(put(RIGHT, place, value))
    assert len(str(refused)) < 2_000
    assert len(refused.shape) < 20_000


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("place", list(places(RIGHT)), ids=str)
def test_a_hostile_text_is_said_or_refused_and_never_repeated(
    place: tuple[Any, ...], text: str
) -> None:
    body, refused = said_or_refused(put(RIGHT, place, text))
    assert text not in refused
    if not refused:
        assert body["relevantAudience"] == {"type": "Unicast", "payload": {"user": USER_ID}}
        assert body["event"]["name"] == "AMAZON.WeatherAlert.Activated"


def said_or_refused(content: object) -> tuple[Any, str]:
    """Return the body that is made with a content, or what is told and logged of it."""
    try:
        return body_with(content), ""
    except InvalidContent as refused:
        return None, f"{refused} {refused.shape}"


def test_megabytes_are_not_sent() -> None:
    large = put(RIGHT, ("localizedAttributes", 0, "source"), "x" * LARGEST_CONTENT)
    with pytest.raises(InvalidContent, match="over 32000 bytes"):
        body_with(large)
    assert body_with(put(RIGHT, ("localizedAttributes", 0, "source"), "x" * 30_000))


@pytest.mark.parametrize("member", ["relevantAudience", "userId", "referenceId", "expiryTime"])
def test_a_source_cannot_choose_who_hears_it_nor_when(member: str) -> None:
    assert body_with(RIGHT | {member: "amzn1.ask.account.BBBB"}).get(member) != (
        "amzn1.ask.account.BBBB"
    )


def test_placeholders_in_what_a_source_makes_are_said_as_they_stand() -> None:
    body = body_with(put(RIGHT, ("localizedAttributes", 0, "source"), "{email|{phone}}"))
    assert body["localizedAttributes"] == [{"locale": "en-US", "source": "{email|{phone}}"}]


@pytest.mark.parametrize("raised", [RecursionError, MemoryError, SystemExit, KeyboardInterrupt])
def test_whatever_a_source_raises_is_one_customers_refusal(raised: type[BaseException]) -> None:
    def fails(*_: object) -> object:
        raise raised

    with pytest.raises(InvalidContent):
        asyncio.run(
            EventSourceCalls(fails).content(Customer(USER_ID, None, None, {}), sourced(), NOW)
        )
