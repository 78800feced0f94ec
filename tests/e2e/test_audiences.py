"""Who hears what: filters, placeholders, event sources and lists, on the deployed stack."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.local_stack.workspace import PROJECT

from tests.e2e.support import (
    HOSTS,
    Customer,
    campaign_for,
    campaign_to,
    configured,
    counts,
    crowd,
    ended,
    eventually,
    heard,
    start,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yellowring_tools.local_stack.stack import LocalStack

TRASH = "AMAZON.TrashCollectionAlert.Activated"
SOURCES = PROJECT / "examples" / "event_sources"


def test_placeholders_are_filled_from_each_customers_own_attributes(stack: LocalStack) -> None:
    customers = [Customer(stack, "na", "en-US") for _ in range(3)]
    told = ({"at": "Springfield", "desk": "ice"}, {"at": "Shelbyville"}, {"desk": "snow"})
    for customer, attributes in zip(customers, told, strict=True):
        customer.subscribes()
        customer.send("attributes", set={"group": "placeholders", **attributes})
    for customer in customers:
        eventually(lambda of=customer: of.record().get("attributes"), "the attributes were lost")  # type: ignore[misc]
    texts = [{"locale": "en-US", "source": "the {at} {desk|weather} desk"}]
    start(stack, "placeholders~1", campaign_for("placeholders", localizedAttributes=texts))
    run = ended(stack, "placeholders~1")
    assert (run.status, counts(run)) == ("completed", {"accepted": 2, "invalid": 1})
    sentences = [[each["sentence"] for each in customer.heard()] for customer in customers]
    assert sentences == [
        ["There is a thunder storm alert for your area. Provided by the Springfield ice desk."],
        ["There is a thunder storm alert for your area. Provided by the Shelbyville weather desk."],
        [],
    ]


@pytest.mark.parametrize(
    ("field", "condition", "found"),
    [
        ("attributes.plan", "gold", {"gold"}),
        ("attributes.at", ["Ulm", "Oslo"], {"gold", "tin"}),
        ("locale", "de-DE", {"tin"}),
        ("apiEndpoint", HOSTS["eu"] + ":443/", {"tin"}),
    ],
)
def test_a_filter_finds_whom_it_names_and_nobody_else(
    stack: LocalStack, field: str, condition: object, found: set[str]
) -> None:
    group = f"filter-{field.partition('.')[2] or field}"
    users = {
        "gold": crowd(stack, group, 2, plan="gold", at="Ulm"),
        "tin": crowd(stack, group, 2, "eu", locale="de-DE", plan="tin", at="Oslo"),
        "none": crowd(stack, group, 2, "fe", locale="en-AU"),
    }
    where = {"attributes.group": group, field: condition}
    run_id = f"{group.replace('-', '~')}~1"
    start(stack, run_id, campaign_for(group, where=where))
    run = ended(stack, run_id)
    expected = [user_id for each in found for user_id in users[each]]
    assert (run.status, counts(run)) == ("completed", {"accepted": len(expected)})
    assert heard(stack, run_id) == dict.fromkeys(expected, 1)


@pytest.fixture
def collection_calendar(stack: LocalStack) -> Iterator[None]:
    """Deploy the example of an event source as a layer, with a calendar for these days."""
    days = [(datetime.now(UTC) + timedelta(days=ahead)).date().isoformat() for ahead in range(4)]
    calendar = {
        "north": {day: ["GLASS"] for day in days},
        "south": {day: ["LANDFILL", "WASTE_PAPER"] for day in days},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as layer:
        source = (SOURCES / "collection_calendar.py").read_text()
        layer.writestr("python/collection_calendar.py", source)
        layer.writestr("python/collection_calendar.json", json.dumps(calendar))
    made = stack.aws.functions.publish_layer_version(
        LayerName="collection-calendar", Content={"ZipFile": packed.getvalue()}
    )
    source = "calendar=collection_calendar:tomorrow"
    with configured(stack, layers=[made["LayerVersionArn"]], EVENT_SOURCES=source):
        yield


def test_an_event_source_says_to_each_customer_what_is_theirs(
    stack: LocalStack, collection_calendar: None
) -> None:
    users = {
        district: crowd(stack, "calendar", 1, event=TRASH, district=district)[0]
        for district in ("north", "south", "nowhere")
    }
    path = PROJECT / "examples" / "campaigns" / "trash-collection-alert.json"
    where = {"attributes.group": "calendar"}
    start(
        stack, "calendar~1", json.loads(path.read_text()) | {"where": where, "content": "calendar"}
    )
    run = ended(stack, "calendar~1")
    assert (run.status, counts(run)) == ("completed", {"accepted": 2, "skipped": 1})
    types: dict[str, Any] = {
        each["userId"]: each["payload"]["alert"]["garbageTypes"]
        for each in stack.alexa.notifications()
        if each["referenceId"] == "calendar~1"
    }
    assert types == {users["north"]: ["GLASS"], users["south"]: ["LANDFILL", "WASTE_PAPER"]}


def test_the_users_of_a_list_are_told_in_their_own_regions(stack: LocalStack) -> None:
    listed = crowd(stack, "listed", 2) + crowd(stack, "listed", 2, "eu", locale="de-DE")
    crowd(stack, "listed", 2)  # not on the list
    start(stack, "listed~1", campaign_to(listed))
    run = ended(stack, "listed~1")
    assert (run.status, counts(run)) == ("completed", {"accepted": len(listed)})
    assert heard(stack, "listed~1") == dict.fromkeys(listed, 1)
    regions = {
        each["userId"]: each["region"]
        for each in stack.alexa.notifications()
        if each["referenceId"] == "listed~1"
    }
    assert [regions[user_id] for user_id in listed] == ["na", "na", "eu", "eu"]
