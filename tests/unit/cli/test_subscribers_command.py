from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from yellowring.subscribers import (
    AttributesChange,
    Disabled,
    Erased,
    Record,
    RegisterChange,
    Subscribers,
)
from yellowring.subscribers.record import Entry

from tests.envelopes import WEATHER
from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from pathlib import Path

ADA = "amzn1.ask.account.AAAAAAAAAAAAAAAAAAAAAAAAADA"
BEN = "amzn1.ask.account.BBBBBBBBBBBBBBBBBBBBBBBBBEN"
DOV = "amzn1.ask.account.DDDDDDDDDDDDDDDDDDDDDDDDDOV"
ENDPOINT = "https://api.eu.amazonalexa.com"


@pytest.fixture
def people(subscribers: Subscribers) -> Subscribers:
    """Ada is deliverable, Ben paused the skill since, Dov has gone."""
    for user_id in (ADA, BEN, DOV):
        subscribers.apply(
            user_id,
            RegisterChange("subscriptions", 1_000, "id", {WEATHER}),
            RegisterChange("host", 1_000, "id", ENDPOINT),
        )
    subscribers.apply(ADA, AttributesChange(1_000, "id", {"town": "Köln", "floor": 3}))
    subscribers.apply(BEN, Disabled(2_000))
    subscribers.apply(DOV, Erased(2_000))
    return subscribers


def test_count_parts_the_customers_of_each_event_by_how_they_stand(people: Subscribers) -> None:
    counted = yellowring("subscribers", "count", "--json").document
    assert (counted["customers"], counted["tombstones"]) == (2, 1)
    assert counted["events"][WEATHER] == {
        "deliverable": 1,
        "not subscribed": 0,
        "disabled": 1,
        "no permission": 0,
        "rejected": 0,
    }
    assert len(counted["events"]) == 8


def test_count_of_one_event_is_a_table_of_one_line(people: Subscribers) -> None:
    said = yellowring("subscribers", "count", "--event", "WeatherAlert")
    total, _, line = said.out.splitlines()
    assert total.startswith("2 customers, and 1 tombstones")
    assert line.split() == [WEATHER, "1", "0", "1", "0", "0"]


def test_count_of_an_unknown_event_names_those_there_are(people: Subscribers) -> None:
    said = yellowring("subscribers", "count", "--event", "Wether")
    assert said.status == 1
    assert "WeatherAlert" in said.err


def test_show_says_why_a_customer_is_or_is_not_notified(people: Subscribers) -> None:
    ada, ben = yellowring("subscribers", "show", ADA), yellowring("subscribers", "show", BEN)
    assert f"{WEATHER}" in ada.out
    assert "is notified" in ada.out
    assert "Köln" in ada.out
    assert "1970-01-01T00:00:01.000+00:00" in ada.out
    assert "disabled the skill after subscribing" in ben.out
    shown = yellowring("subscribers", "show", BEN, "--json").document
    assert shown["standing"][WEATHER] == "disabled"
    assert shown["record"]["subscriptions"] == [WEATHER]


def test_show_never_repeats_the_user_id(people: Subscribers) -> None:
    said = yellowring("subscribers", "show", ADA)
    unknown = yellowring("subscribers", "show", "amzn1.ask.account.UNKNOWNUNKNOWN")
    assert ADA not in said.out + said.err
    assert unknown.status == 1
    assert "UNKNOWN" not in unknown.err


@pytest.mark.parametrize("group", ["subscribers", "customer"])
def test_no_name_in_a_record_begins_a_line_of_its_own(subscribers: Subscribers, group: str) -> None:
    name = "town\nforged: line\u200f"
    told = Record({name: Entry(1, "id", "x")}, {name: Entry(1, "id", "x")})
    subscribers.merge(ADA, told)
    said = yellowring(group, "show", ADA).out
    assert "town\\nforged" in said
    assert "\u200f" not in said
    assert not any(line.startswith("forged") for line in said.splitlines())


def test_export_is_every_record_as_a_line_of_json(people: Subscribers) -> None:
    said = yellowring("subscribers", "export")
    lines = {each["userId"]: each for each in map(json.loads, said.out.splitlines())}
    assert set(lines) == {ADA, BEN, DOV}
    assert lines[ADA]["attributes"] == {"town": "Köln", "floor": 3}
    assert lines[BEN]["disabledAt"] == 2_999
    assert "expiresAt" in lines[DOV]


def test_export_of_an_event_is_only_who_is_deliverable_for_it(people: Subscribers) -> None:
    [line] = yellowring("subscribers", "export", "--event", WEATHER).out.splitlines()
    assert json.loads(line)["userId"] == ADA


def test_export_to_a_file_is_whole_private_and_replaces_only_when_told(
    people: Subscribers, tmp_path: Path
) -> None:
    file = tmp_path / "customers.jsonl"
    said = yellowring("subscribers", "export", "--output", str(file), "--json")
    assert said.document == {"file": str(file), "records": 3}
    assert len(file.read_text().splitlines()) == 3
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    again = yellowring("subscribers", "export", "-o", str(file))
    assert again.status == 1
    assert "--force" in again.err
    assert yellowring("subscribers", "export", "-o", str(file), "--force").status == 0


def test_export_to_where_nothing_can_be_written_says_so(
    people: Subscribers, tmp_path: Path
) -> None:
    said = yellowring("subscribers", "export", "-o", str(tmp_path / "none" / "file"))
    assert said.status == 1
    assert "cannot be written" in said.err
