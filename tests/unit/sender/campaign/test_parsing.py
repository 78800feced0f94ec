from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yellowring.sender.campaign import MOST_NAMED, InvalidCampaign, Listed, parse_campaign
from yellowring.sender.campaign.parsing import LARGEST_DOCUMENT, MOST_LISTED

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


def test_a_campaign_with_a_payload_has_no_content_unless_it_says_so() -> None:
    parsed = parse_campaign(campaign())
    assert parsed.content is None
    assert "content" not in parsed.document()


def test_with_content_the_payload_may_be_there_and_is_kept() -> None:
    parsed = parse_campaign(campaign(content="digest"))
    assert parsed.content == "digest"
    assert parsed.document()["content"] == "digest"
    assert parsed.payload == campaign()["event"]["payload"]
    assert parse_campaign(parsed.stored()) == parsed


NAMED = {"name": "AMAZON.WeatherAlert.Activated"}


@pytest.mark.parametrize("texts", [{}, {"localizedAttributes": []}])
def test_with_content_the_payload_may_be_left_out(texts: dict[str, object]) -> None:
    parsed = parse_campaign(campaign(event=NAMED, content="digest", **texts))
    assert (parsed.event_name, parsed.payload) == (NAMED["name"], {})
    assert parsed.document()["event"] == NAMED
    assert parsed.warnings == ()
    assert parse_campaign(parsed.document()) == parsed


def test_without_content_a_payload_is_missing() -> None:
    assert problems(campaign(event=NAMED)) == {"$.event.payload": "is missing"}


@pytest.mark.parametrize("content", ["", "my digest", "d" * 41, 7, ["digest"], {"name": "digest"}])
def test_content_is_the_name_of_an_event_source(content: object) -> None:
    found = problems(campaign(content=content))
    assert list(found) == ["$.content"]
    assert "event source" in found["$.content"]


def test_a_payload_is_checked_though_an_event_source_makes_others() -> None:
    event = NAMED | {"payload": {"weatherAlert": {"alertType": "SNOW"}}}
    assert "$.event.payload.weatherAlert.alertType" in problems(
        campaign(event=event, content="digest")
    )


def test_an_event_that_is_none_is_told_though_its_payload_is_left_out() -> None:
    found = problems(campaign(event={"name": "AMAZON.Digest.Sent"}, content="digest"))
    assert list(found) == ["$.event.name"]


def test_texts_without_the_payload_that_they_are_for_are_told() -> None:
    texts = [{"locale": "en-US", "source": "x"}]
    found = problems(campaign(event=NAMED, content="digest", localizedAttributes=texts))
    assert list(found) == ["$.localizedAttributes"]


def test_a_multicast_has_no_content_of_each_customers_own() -> None:
    found = problems(campaign(content="digest", audience={"type": "multicast"}))
    assert list(found) == ["$.content"]


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
        ({"type": "users", "userIds": [f"{USER}{n}" for n in range(1001)]}, "$.audience.userIds"),
        ({"type": "multicast", "userIds": [USER]}, "$.audience.userIds"),
        ({"type": "subscribers", "userIds": [USER]}, "$.audience.userIds"),
        ({"type": "subscribers", "list": {"digest": "0" * 32, "count": 1}}, "$.audience.list"),
        ({"type": "users", "list": {"digest": "0" * 32}}, "$.audience.list.count"),
        ({"type": "users", "list": {"digest": "0" * 31, "count": 1}}, "$.audience.list.digest"),
        ({"type": "users", "list": {"digest": "G" * 32, "count": 1}}, "$.audience.list.digest"),
        ({"type": "users", "list": {"digest": 7, "count": 1}}, "$.audience.list.digest"),
        ({"type": "users", "list": {"digest": "0" * 32, "count": 0}}, "$.audience.list.count"),
        ({"type": "users", "list": {"digest": "0" * 32, "count": True}}, "$.audience.list.count"),
        (
            {"type": "users", "list": {"digest": "0" * 32, "count": MOST_LISTED + 1}},
            "$.audience.list.count",
        ),
        (
            {"type": "users", "list": {"digest": "0" * 32, "count": 1}, "userIds": [USER]},
            "$.audience.list",
        ),
    ],
)
def test_a_wrong_audience_is_refused_where_it_is_wrong(audience: object, path: str) -> None:
    assert list(problems(campaign(audience=audience))) == [path]


def test_a_stored_list_is_named_by_an_object() -> None:
    refused = problems(campaign(audience={"type": "users", "list": ["0" * 32]}))
    assert "must be an object" in refused["$.audience.list"]


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


def test_a_list_of_users_may_be_as_long_as_a_campaign_holds_or_be_stored_before() -> None:
    users = [f"{USER}{number}" for number in range(MOST_NAMED)]
    parsed = parse_campaign(campaign(audience={"type": "users", "userIds": users}))
    assert parsed.audience.user_ids == tuple(users)
    stored = {"type": "users", "list": {"digest": "0123456789abcdef" * 2, "count": MOST_LISTED}}
    listed = parse_campaign(campaign(audience=stored)).audience.listed
    assert listed == Listed("0123456789abcdef" * 2, MOST_LISTED)


def test_a_list_is_named_by_its_ids_in_their_order() -> None:
    one = Listed.of(["a", "b"])
    assert one == Listed.of(("a", "b"))
    assert one.count == 2
    others = [Listed.of(["b", "a"]), Listed.of(["ab"]), Listed.of(["a", "b", "c"])]
    assert one.digest not in {each.digest for each in others}


def test_what_is_stored_names_nobody_and_parses_to_the_same_audience() -> None:
    parsed = parse_campaign(campaign(audience={"type": "users", "userIds": [USER, USER + "2"]}))
    assert "SECRETCUSTOMER" not in json.dumps(parsed.stored())
    again = parse_campaign(parsed.stored())
    assert (again.audience.listed, again.audience.user_ids) == (parsed.audience.listed, ())
    assert again.stored() == parsed.stored()
    assert again.document() == again.stored()


def test_the_document_names_the_users_where_the_campaign_does() -> None:
    audience = {"type": "users", "userIds": [USER]}
    assert parse_campaign(campaign(audience=audience)).document()["audience"] == audience


@given(
    seconds=st.integers(300, 86_400),
    audience=st.sampled_from(
        [
            {"type": "subscribers"},
            {"type": "multicast"},
            {"type": "users", "userIds": [USER]},
            {"type": "users", "list": {"digest": "a" * 32, "count": 3}},
            {"type": "customers", "customerIds": ["4711", "jane@example.com"]},
            {"type": "customers", "list": {"digest": "a" * 32, "count": 3}},
        ]
    ),
    where=st.sampled_from([None, {"locale": ["de-DE", "de-AT"]}]),
)
def test_every_campaign_survives_being_written_as_json(
    seconds: int, audience: dict[str, Any], where: object
) -> None:
    where = where if audience["type"] == "subscribers" else None
    parsed = parse_campaign(campaign(expiresIn=f"PT{seconds}S", audience=audience, where=where))
    assert parse_campaign(json.loads(json.dumps(parsed.document()))) == parsed
    assert parsed.expires_in == timedelta(seconds=seconds)


def test_a_campaign_is_refused_that_would_not_fit_into_a_runs_item() -> None:
    def texts(size: int) -> dict[str, Any]:
        entries = [{"locale": "en-US", "source": "s"}, {"locale": "de-DE", "source": "s" * size}]
        payload = {
            "weatherAlert": {"source": "localizedattribute:source", "alertType": "SNOW_STORM"}
        }
        event = {"name": "AMAZON.WeatherAlert.Activated", "payload": payload}
        return campaign(event=event, localizedAttributes=entries)

    smallest = len(json.dumps(parse_campaign(texts(1)).stored()))
    fits = LARGEST_DOCUMENT - smallest + 1
    assert len(json.dumps(parse_campaign(texts(fits)).stored())) == LARGEST_DOCUMENT
    assert str(LARGEST_DOCUMENT) in problems(texts(fits + 1))["$"]
    assert LARGEST_DOCUMENT == 32_000


def test_a_campaigns_texts_name_at_most_a_hundred_attributes() -> None:
    def naming(many: int) -> dict[str, Any]:
        source = "".join(f"{{a{number}}}" for number in range(many))
        payload = {"weatherAlert": {"source": source, "alertType": "TORNADO"}}
        return campaign(event={"name": "AMAZON.WeatherAlert.Activated", "payload": payload})

    assert parse_campaign(naming(100))
    assert "names 101 attributes" in problems(naming(101))["$"]


def test_user_ids_do_not_count_in_the_size_for_they_are_stored_apart() -> None:
    users = [f"{USER}{number:04}".ljust(255, "x") for number in range(MOST_NAMED)]
    assert parse_campaign(campaign(audience={"type": "users", "userIds": users}))


@pytest.mark.parametrize(
    ("ids", "path"),
    [
        ([], "$.audience.customerIds"),
        ("4711", "$.audience.customerIds"),
        (["4711", "4712", "4711"], "$.audience.customerIds[2]"),
        (["4711", 4712], "$.audience.customerIds[1]"),
        (["a" * 256], "$.audience.customerIds[0]"),
        (["Atza|secret"], "$.audience.customerIds[0]"),
        (["4711"] + [f"c{n}" for n in range(MOST_NAMED)], "$.audience.customerIds"),
    ],
)
def test_customer_ids_are_checked_each(ids: object, path: str) -> None:
    assert list(problems(campaign(audience={"type": "customers", "customerIds": ids}))) == [path]


def test_a_list_of_customers_is_kept_by_its_digest() -> None:
    ids = [f"c{n}" for n in range(MOST_NAMED)]
    parsed = parse_campaign(campaign(audience={"type": "customers", "customerIds": ids}))
    assert parsed.audience.customer_ids == parsed.audience.ids == tuple(ids)
    listed = {"digest": Listed.of(ids).digest, "count": MOST_NAMED}
    assert parsed.stored()["audience"] == {"type": "customers", "list": listed}
    assert parsed.document()["audience"]["customerIds"] == ids


@pytest.mark.parametrize(
    ("audience", "path"),
    [
        ({"type": "users", "userIds": [USER], "customerIds": ["4711"]}, "customerIds"),
        ({"type": "customers", "customerIds": ["4711"], "userIds": [USER]}, "userIds"),
        ({"type": "subscribers", "customerIds": ["4711"]}, "customerIds"),
        ({"type": "multicast", "list": {"digest": "a" * 32, "count": 3}}, "list"),
        (
            {
                "type": "customers",
                "customerIds": ["4711"],
                "list": {"digest": "a" * 32, "count": 3},
            },
            "list",
        ),
    ],
)
def test_ids_go_with_their_kind_of_audience_only(audience: dict[str, Any], path: str) -> None:
    assert list(problems(campaign(audience=audience))) == [f"$.audience.{path}"]


@pytest.mark.parametrize("kind", ["users", "customers", "multicast"])
def test_a_filter_goes_with_subscribers_only(kind: str) -> None:
    audience = {"type": kind} | ({"userIds": [USER]} if kind == "users" else {})
    audience |= {"customerIds": ["4711"]} if kind == "customers" else {}
    document = campaign(audience=audience, where={"locale": "de-DE"})
    assert list(problems(document)) == ["$.where"]


def test_a_multicast_with_placeholders_is_refused_with_the_name_of_each() -> None:
    payload = {"weatherAlert": {"source": "{desk} and {town|a town}", "alertType": "TORNADO"}}
    event = {"name": "AMAZON.WeatherAlert.Activated", "payload": payload}
    with pytest.raises(InvalidCampaign) as refused:
        parse_campaign(campaign(event=event, audience={"type": "multicast"}))
    assert [("{desk}" in str(p), "{town}" in str(p)) for p in refused.value.problems] == [
        (True, False),
        (False, True),
    ]
    assert parse_campaign(campaign(event=event))
