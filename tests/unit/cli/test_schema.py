from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from yellowring.catalog import EVENT_NAMES, check_event
from yellowring.sender.campaign import InvalidCampaign, parse_campaign
from yellowring_tools.cli.files.examples import example_campaign
from yellowring_tools.cli.files.schema import campaign_schema

from tests.unit.catalog.strategies import KEYS, mutations, payloads

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

VALIDATOR = Draft7Validator(campaign_schema())
ATTRIBUTES = [{"locale": "en-US"} | dict.fromkeys(KEYS, "text")]
EXAMPLE = example_campaign("AMAZON.Occasion.Updated")


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(campaign_schema())


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_the_examples_satisfy_it(name: str) -> None:
    assert VALIDATOR.is_valid(example_campaign(name))
    assert Draft7Validator(campaign_schema([name])).is_valid(example_campaign(name))


def test_no_texts_by_locale_are_written_as_none_or_as_an_empty_list() -> None:
    campaign = example_campaign("AMAZON.MessageAlert.Activated")
    assert VALIDATOR.is_valid(campaign)
    assert VALIDATOR.is_valid(campaign | {"localizedAttributes": []})


def test_the_schema_of_one_event_takes_no_other() -> None:
    only_weather = Draft7Validator(campaign_schema(["AMAZON.WeatherAlert.Activated"]))
    assert not only_weather.is_valid(EXAMPLE)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "n" * 41},
        {"name": "check up"},
        {"event": {"name": "AMAZON.Occasion.Updated"}},
        {"event": {"name": "AMAZON.Unknown.Updated", "payload": {}}},
        {"localizedAttributes": [{"locale": "en-UK"}]},
        {"expiresIn": "1h"},
        {"expiresIn": "PT"},
        {"audience": {"type": "everyone"}},
        {"audience": {"type": "users"}},
        {"audience": {"type": "users", "userIds": []}},
        {"audience": {"type": "users", "customerIds": ["4711"]}},
        {"audience": {"type": "customers"}},
        {"audience": {"type": "customers", "customerIds": []}},
        {"audience": {"type": "customers", "customerIds": ["Jane Doe"]}},
        {"audience": {"type": "customers", "userIds": ["amzn1.ask.account.A"]}},
        {"audience": {"type": "multicast", "userIds": ["amzn1.ask.account.A"]}},
        {"unknown": 1},
    ],
)
def test_it_refuses_what_the_sender_refuses(change: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(EXAMPLE | change)


WHERES: list[Any] = [
    {"locale": "de-DE"},
    {"locale": ["de-DE", "de-AT"], "attributes.points": {"atLeast": 3, "below": 9.5}},
    {"attributes.town": {"exists": False}},
    {"apiEndpoint": {"beginsWith": "https://api.eu"}, "attributes.vip": True},
    {},
    [],
    {"town": "Ulm"},
    {"attributes.9": "Ulm"},
    {"attributes.town": []},
    {"attributes.town": {}},
    {"attributes.town": {"like": "Ulm"}},
    {"attributes.town": {"exists": "yes"}},
    {"attributes.town": {"beginsWith": 1}},
    {"attributes.town": [["Ulm"]]},
    {"attributes.town": None},
    {f"attributes.a{number}": 1 for number in range(21)},
]


@pytest.mark.parametrize("where", WHERES)
def test_it_takes_the_filters_that_the_sender_takes_and_no_others(where: Any) -> None:
    campaign = EXAMPLE | {"where": where}
    try:
        parse_campaign(campaign)
        taken = True
    except InvalidCampaign:
        taken = False
    assert VALIDATOR.is_valid(campaign) is taken


def test_a_filter_goes_with_subscribers_only() -> None:
    where = {"where": {"locale": "de-DE"}}
    assert VALIDATOR.is_valid(EXAMPLE | where)
    assert VALIDATOR.is_valid(EXAMPLE | where | {"audience": {"type": "subscribers"}})
    assert not VALIDATOR.is_valid(EXAMPLE | where | {"audience": {"type": "multicast"}})


@pytest.mark.parametrize("payload", [{}, {"payload": {}}, EXAMPLE["event"]], ids=len)
@pytest.mark.parametrize("content", [{}, {"content": "digest"}, {"content": ""}], ids=str)
@pytest.mark.parametrize("kind", ["subscribers", "multicast"])
def test_it_takes_the_contents_that_the_sender_takes_and_no_others(
    payload: dict[str, Any], content: dict[str, Any], kind: str
) -> None:
    event = {"name": EXAMPLE["event"]["name"], **payload}
    texts: dict[str, Any] = {} if payload else {"localizedAttributes": []}
    campaign = EXAMPLE | {"event": event, "audience": {"type": kind}} | texts | content
    try:
        parse_campaign(campaign)
        taken = True
    except InvalidCampaign:
        taken = False
    assert VALIDATOR.is_valid(campaign) is taken


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_it_takes_the_payloads_that_the_models_take(data: DataObject) -> None:
    name = data.draw(st.sampled_from(EVENT_NAMES))
    payload = data.draw(payloads(name) | mutations(name))
    campaign = {"name": "x", "event": {"name": name, "payload": payload}}
    refused = bool(check_event(name, payload, ATTRIBUTES).problems)
    if not refused:
        assert VALIDATOR.is_valid(campaign)
