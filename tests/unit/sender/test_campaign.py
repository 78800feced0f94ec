from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from yellowring.sender.campaign import InvalidCampaign, parse_campaign

USER = "amzn1.ask.account.SECRETCUSTOMER"


def campaign(**changes: object) -> dict[str, Any]:
    """Give a valid campaign, with changes; a change to None takes the key out."""
    document: dict[str, Any] = {
        "name": "snow-warning",
        "event": {
            "name": "AMAZON.WeatherAlert.Activated",
            "payload": {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}},
        },
    } | changes
    return {key: value for key, value in document.items() if value is not None}


def problems(document: object) -> dict[str, str]:
    with pytest.raises(InvalidCampaign) as refused:
        parse_campaign(document)
    return {problem.path: problem.message for problem in refused.value.problems}


def test_the_defaults_are_an_hour_and_every_subscriber() -> None:
    parsed = parse_campaign(campaign())
    assert parsed.expires_in == timedelta(hours=1)
    assert (parsed.audience.type, parsed.audience.user_ids) == ("subscribers", ())
    assert parsed.localized_attributes == []


def test_the_document_of_a_campaign_parses_to_the_same_campaign() -> None:
    parsed = parse_campaign(
        campaign(expiresIn="PT90M", audience={"type": "users", "userIds": [USER, USER + "2"]})
    )
    assert parse_campaign(parsed.document()) == parsed
    assert parse_campaign(json.loads(json.dumps(parsed.document()))) == parsed


def test_campaigns_that_mean_the_same_have_the_same_document() -> None:
    spelled_out = campaign(
        expiresIn="PT3600S",
        audience={"type": "subscribers"},
        **{"$schema": "../campaign.schema.json"},
    )
    assert parse_campaign(spelled_out).document() == parse_campaign(campaign()).document()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT5M", timedelta(minutes=5)),
        ("PT300S", timedelta(minutes=5)),
        ("PT1H30M", timedelta(minutes=90)),
        ("PT24H", timedelta(hours=24)),
        ("P1D", timedelta(hours=24)),
    ],
)
def test_expires_in_is_an_iso_duration_from_five_minutes_to_a_day(
    text: str, length: timedelta
) -> None:
    assert parse_campaign(campaign(expiresIn=text)).expires_in == length


@pytest.mark.parametrize(
    "wrong",
    ["PT4M", "PT299S", "PT25H", "P2D", "P1DT1S", "1h", "PT", "P", "P1DT", "PT-5M", "", 3600, True],
)
def test_other_expiries_are_refused_with_the_limits(wrong: object) -> None:
    assert "PT" in problems(campaign(expiresIn=wrong))["$.expiresIn"]


@pytest.mark.parametrize("name", ["", "n" * 41, "snow warning", "snow~warning", "schnee-für", 7])
def test_a_name_is_1_to_40_letters_digits_and_hyphens(name: object) -> None:
    assert "1 to 40 of A-Z, a-z, 0-9 and -" in problems(campaign(name=name))["$.name"]


def test_an_unknown_event_is_refused_with_the_one_that_was_meant() -> None:
    event = {"name": "AMAZON.WeatherAlerts.Activated", "payload": {}}
    with pytest.raises(InvalidCampaign, match=r"did you mean AMAZON\.WeatherAlert\.Activated"):
        parse_campaign(campaign(event=event))


@pytest.mark.parametrize(
    ("audience", "path"),
    [
        ([], "$.audience"),
        ({}, "$.audience.type"),
        ({"type": "everyone"}, "$.audience.type"),
        ({"type": "users"}, "$.audience.userIds"),
        ({"type": "users", "userIds": []}, "$.audience.userIds"),
        ({"type": "users", "userIds": USER}, "$.audience.userIds"),
        ({"type": "users", "userIds": [USER, ""]}, "$.audience.userIds[1]"),
        ({"type": "users", "userIds": ["customer"]}, "$.audience.userIds[0]"),
        ({"type": "users", "userIds": [USER, USER]}, "$.audience.userIds[1]"),
        ({"type": "users", "userIds": [USER + "x" * 255]}, "$.audience.userIds[0]"),
        ({"type": "multicast", "userIds": [USER]}, "$.audience.userIds"),
    ],
)
def test_a_wrong_audience_is_refused_where_it_is_wrong(audience: object, path: str) -> None:
    assert list(problems(campaign(audience=audience))) == [path]


@pytest.mark.parametrize("document", [[], "campaign", None, 3])
def test_what_is_not_an_object_is_refused(document: object) -> None:
    assert list(problems(document)) == ["$"]


def test_unknown_keys_are_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(InvalidCampaign, match="did you mean expiresIn"):
        parse_campaign(campaign(expires_in="PT1H"))


def test_every_problem_is_told_at_once() -> None:
    document = campaign(name="", expiresIn="soon", audience={"type": "all"}, extra=1)
    assert set(problems(document)) == {"$.name", "$.expiresIn", "$.audience.type", "$.extra"}


def test_no_problem_names_a_user() -> None:
    document = campaign(
        name=USER,
        expiresIn=USER,
        audience={"type": "users", "userIds": [USER, USER, {"id": USER}], USER: USER},
        **{USER: USER},
    )
    with pytest.raises(InvalidCampaign) as refused:
        parse_campaign(document)
    assert "SECRETCUSTOMER" not in str(refused.value) + repr(refused.value)
    assert len(refused.value.problems) == 6


def test_a_campaign_shows_no_user_in_its_repr() -> None:
    parsed = parse_campaign(campaign(audience={"type": "users", "userIds": [USER]}))
    assert USER not in repr(parsed)
