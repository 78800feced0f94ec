"""How the business' own id of a customer comes into their record, and goes again."""

from __future__ import annotations

import itertools
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.settings import InvalidSettings, SkillSettings
from yellowring.skill.account_linking import LinkingUnavailable
from yellowring.skill.commands import InvalidMessage, SetCustomer, parse_command
from yellowring.skill.envelope import milliseconds

from tests.conftest import SKILL_ID
from tests.envelopes import EU, NA, USER, account, command, disabled, message, time
from tests.unit.skill.conftest import NOW
from tests.unit.skill.provider import Provider, provider
from tests.unit.skill.test_ordering import after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.skill.kit import Envelope, Handle, Record

ACKNOWLEDGED = {"version": "1.0", "response": {}}


@pytest.fixture
def userinfo(environment: pytest.MonkeyPatch) -> Iterator[Provider]:
    """The provider that the function asks, where everybody is customer 4711."""
    with provider() as made:
        environment.setenv("USERINFO_URL", made.url)
        made.knows(sub="4711", customer="0815")
        yield made


def told(record: Record) -> Any:
    """Read what the item says of the account and the customer."""
    item = record(USER) or {}
    return {name: item.get(name) for name in ("account", "customer", "customerId")}


def test_a_linked_account_is_stored_with_the_customers_id_of_the_events_time(
    handle: Handle, record: Record, userinfo: Provider
) -> None:
    event = account(linked=True, at=5)
    stamp = {"at": milliseconds(time(5)), "by": event["request"]["requestId"]}
    assert handle(event) == ACKNOWLEDGED
    assert told(record) == {
        "account": stamp | {"value": True},
        "customer": stamp | {"value": "4711"},
        "customerId": "4711",
    }
    assert b"Authorization: Bearer Atza|linked\r\n" in userinfo.requests[0]
    assert "Atza" not in json.dumps(record(USER))


def test_the_claim_is_the_one_that_was_chosen(
    handle: Handle, record: Record, userinfo: Provider, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("USERINFO_CLAIM", "customer")
    handle(account(linked=True))
    assert told(record)["customerId"] == "0815"


def test_without_an_endpoint_only_the_link_is_stored(handle: Handle, record: Record) -> None:
    handle(account(linked=True))
    assert told(record)["account"]["value"] is True
    assert told(record)["customer"] is None


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_that_the_provider_refuses_is_acknowledged_and_the_link_is_stored(
    handle: Handle, record: Record, userinfo: Provider, status: int
) -> None:
    userinfo.answers(status)
    assert handle(account(linked=True)) == ACKNOWLEDGED
    assert told(record)["account"]["value"] is True
    assert told(record)["customerId"] is None


def test_a_provider_that_fails_has_alexa_deliver_again_and_the_link_is_stored_first(
    handle: Handle, record: Record, userinfo: Provider
) -> None:
    event = account(linked=True)
    userinfo.answers(503)
    with pytest.raises(LinkingUnavailable):
        handle(event)
    assert told(record)["account"]["value"] is True
    assert told(record)["customerId"] is None
    userinfo.knows(sub="4711")
    assert handle(event) == ACKNOWLEDGED
    assert told(record)["customerId"] == "4711"


UNTELLING = {
    "refused": (401, b""),
    "down": (503, b""),
    "unreadable": (200, b"<html>"),
    "without the claim": (200, b"{}"),
}


@pytest.mark.parametrize("how", UNTELLING)
def test_a_newer_link_that_tells_nobody_ends_the_id_of_the_older_one(
    handle: Handle, record: Record, userinfo: Provider, how: str
) -> None:
    handle(account(linked=True, at=1))
    userinfo.answers(*UNTELLING[how])
    with suppress(LinkingUnavailable):
        handle(account(linked=True, at=2))
    assert told(record)["account"]["at"] == told(record)["customer"]["at"]
    assert told(record)["customerId"] is None


def test_a_link_without_a_token_ends_the_id_of_the_older_one(
    handle: Handle, record: Record, userinfo: Provider
) -> None:
    handle(account(linked=True, at=1))
    untold = account(linked=True, at=2)
    del untold["request"]["body"]
    handle(untold)
    assert told(record)["customerId"] is None


def test_a_late_or_repeated_link_leaves_a_newer_id(
    handle: Handle, record: Record, userinfo: Provider
) -> None:
    first, second = account(linked=True, at=1), account(linked=True, at=2)
    del second["request"]["requestId"]
    handle(second)
    userinfo.answers(401)
    for late in (first, second):
        handle(late)
        assert told(record)["customerId"] == "4711"


def test_without_an_endpoint_a_link_leaves_the_id_of_a_message(
    handle: Handle, record: Record
) -> None:
    handle(message(command("customer", id="4711"), at=1))
    handle(account(linked=True, at=2))
    assert told(record)["customerId"] == "4711"


@pytest.mark.parametrize("body", [None, {}, {"accessToken": None}, {"accessToken": 7}, ["x"]])
def test_a_link_without_a_token_is_stored_and_nobody_is_asked(
    handle: Handle, record: Record, userinfo: Provider, body: Any
) -> None:
    event = account(linked=True)
    event["request"]["body"] = body
    assert handle(event) == ACKNOWLEDGED
    assert told(record)["account"]["value"] is True
    assert userinfo.requests == []


def test_unlinking_empties_the_account_and_the_id(
    handle: Handle, record: Record, userinfo: Provider
) -> None:
    handle(account(linked=True, at=1))
    handle(account(linked=False, at=2))
    assert "value" not in told(record)["account"]
    assert "value" not in told(record)["customer"]
    assert told(record)["customerId"] is None


def test_an_id_that_was_set_later_stands_after_an_unlink(handle: Handle, record: Record) -> None:
    history = [message(command("customer", id="4711"), at=3), account(linked=False, at=2)]
    for order in itertools.permutations(history):
        after(handle, record, order)
        assert told(record)["customerId"] == "4711"


def test_links_and_unlinks_in_every_order_and_twice_end_in_the_newest(
    handle: Handle, record: Record, userinfo: Provider
) -> None:
    first, gone, again = (account(linked=each, at=n) for n, each in enumerate((True, False, True)))
    again["context"]["System"]["apiEndpoint"] = EU
    items = [after(handle, record, order * 2) for order in itertools.permutations([first, gone])]
    assert items[0] == items[1]
    assert items[0]
    assert "customerId" not in items[0]
    orders = itertools.permutations([first, gone, again])
    items = [after(handle, record, (*order, *order[:1])) for order in orders]
    assert all(item == items[0] for item in items)
    assert items[0]
    assert (items[0]["customerId"], items[0]["host"]["value"]) == ("4711", EU)


def test_by_its_id_a_disabled_customer_is_found_and_an_erased_one_is_not(
    handle: Handle, record: Record, userinfo: Provider
) -> None:
    handle(account(linked=True, at=1))
    handle(disabled("PERSISTED", at=2))
    assert told(record)["customer"]["value"] == "4711"
    assert told(record)["customerId"] == "4711"
    handle(disabled(at=3))
    assert told(record) == {"account": None, "customer": None, "customerId": None}


UNTOLD = [
    account(linked=False, at="yesterday"),
    message(command("customer", id=None), at="yesterday"),
]


@pytest.mark.parametrize("event", UNTOLD, ids=["unlinked", "removed"])
def test_taking_an_id_back_without_a_usable_time_happened_now(
    handle: Handle, record: Record, userinfo: Provider, event: Envelope
) -> None:
    handle(account(linked=True, at=1))
    handle(event)
    assert told(record)["customer"]["at"] == int(NOW.timestamp() * 1000)
    assert told(record)["customerId"] is None


def test_setting_an_id_without_a_usable_time_happened_before_everything(
    handle: Handle, record: Record
) -> None:
    handle(message(command("customer", id="4711"), at="yesterday"))
    assert told(record)["customer"]["at"] == 0


def test_a_message_sets_the_id_and_where_the_customer_is(handle: Handle, record: Record) -> None:
    handle(message(command("customer", id="4711"), at=1, endpoint=EU))
    assert told(record)["customerId"] == "4711"
    item = record(USER)
    assert item
    assert item["host"]["value"] == EU
    handle(message(command("customer", id="0815"), at=2, endpoint=NA))
    assert told(record)["customerId"] == "0815"
    handle(message(command("customer", id=None), at=3))
    assert told(record)["customerId"] is None


@pytest.mark.parametrize(
    ("told_id", "customer_id"),
    [("4711", "4711"), (4711, "4711"), ("auth0|ada", "auth0|ada"), (None, None), ("null", None)],
)
def test_an_id_is_a_text_or_a_whole_number_and_null_is_none_however_it_is_spelled(
    told_id: object, customer_id: str | None
) -> None:
    assert parse_command(command("customer", id=told_id)) == SetCustomer(customer_id)


ODD_IDS = ["", " ", "47 11", "x" * 256, "é", "Atza|x", True, 4.5, ["4711"], {"id": "4711"}]


@pytest.mark.parametrize("odd", [{}, *({"id": each} for each in ODD_IDS)], ids=str)
def test_what_is_no_id_is_refused_with_where_and_what_would_be_right(odd: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessage, match=r"^\$\.id must be your own id .* null, to remove"):
        parse_command(command("customer", **odd))


def test_another_member_is_refused() -> None:
    with pytest.raises(InvalidMessage, match="customer takes id"):
        parse_command(command("customer", id="4711", remove=True))


SETTINGS = {"SKILL_ID": SKILL_ID, "SUBSCRIBERS_TABLE": "subscribers"}


def test_the_settings_tell_the_endpoint_as_it_is_and_the_claim() -> None:
    chosen = {"USERINFO_URL": " https://id.example/userinfo/ ", "USERINFO_CLAIM": "customer/"}
    made = SkillSettings.from_environ(SETTINGS | chosen)
    assert (made.userinfo_url, made.userinfo_claim) == ("https://id.example/userinfo/", "customer/")
    bare = SkillSettings.from_environ(SETTINGS)
    assert (bare.userinfo_url, bare.userinfo_claim) == ("", "sub")


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://id.example/userinfo", True),
        ("https://id.example:8443/userinfo?x=1", True),
        ("http://127.0.0.1:4000/oidc/userinfo", True),
        ("http://[::1]:4000/oidc/userinfo", True),
        ("http://localhost:4000/", True),
        ("http://id.example/userinfo", False),
        ("http://127.0.0.1.example/userinfo", False),
        ("https://ada@id.example/userinfo", False),
        ("https://id.example:x/", False),
        ("https://id.example/user info", False),
        ("https://idé.example/", False),
        ("https://", False),
        ("https://[", False),
        ("ftp://id.example/", False),
        ("id.example/userinfo", False),
    ],
)
def test_a_token_goes_only_over_https_or_to_this_machine(url: str, right: bool) -> None:
    if right:
        assert SkillSettings.from_environ(SETTINGS | {"USERINFO_URL": url}).userinfo_url == url
    else:
        with pytest.raises(InvalidSettings, match="USERINFO_URL must be an https:// URL"):
            SkillSettings.from_environ(SETTINGS | {"USERINFO_URL": url})
