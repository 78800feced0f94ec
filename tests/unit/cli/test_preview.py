from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.catalog import Localized
from yellowring_tools.cli.files.examples import example_campaign

from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from pathlib import Path

USER = "amzn1.ask.account.SOMEBODY"
CAMPAIGN: dict[str, Any] = {
    "name": "snow-warning",
    "event": {
        "name": "AMAZON.WeatherAlert.Activated",
        "payload": {"weatherAlert": {"source": str(Localized("desk")), "alertType": "SNOW_STORM"}},
    },
    "localizedAttributes": [
        {"locale": "en-GB", "desk": "Weather Desk"},
        {"locale": "de-DE", "desk": "Wetteramt"},
    ],
    "expiresIn": "PT2H",
}


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "campaign.json"
    path.write_text(json.dumps(CAMPAIGN))
    return str(path)


def rewrite(file: str, **changes: object) -> str:
    with open(file, "w") as opened:  # noqa: PTH123
        json.dump(CAMPAIGN | changes, opened)
    return file


def test_the_sentence_is_in_the_campaigns_first_locale(file: str) -> None:
    run = yellowring("preview", file)
    assert run.status == 0
    sentence = "There is a snow storm alert for your area. Provided by Weather Desk."
    assert run.out.startswith(f"Alexa says (en-GB): {sentence}\n\n{{")
    assert "Note" not in run.out


def test_another_languages_sentence_says_that_its_wording_is_english(file: str) -> None:
    run = yellowring("preview", file, "--locale", "de-DE")
    assert "Provided by Wetteramt." in run.out
    assert "Note: the wording is English: Alexa's own for de-DE is not published.\n" in run.out


def test_a_locale_without_texts_gets_no_notification(file: str) -> None:
    run = yellowring("preview", file, "--locale", "fr-FR")
    assert run.status == 0
    assert run.out.startswith("Alexa says (fr-FR): nothing, no notification\nNote: ")
    assert "texts for en-GB, de-DE, none for fr-FR" in run.out
    previewed = yellowring("preview", file, "--locale", "fr-FR", "--json").document
    assert previewed["utterance"] is None
    assert previewed["request"]["localizedAttributes"] == CAMPAIGN["localizedAttributes"]


def test_the_request_is_the_one_that_would_be_sent(file: str) -> None:
    request = yellowring("preview", file, "--json", "--user", USER).document["request"]
    sent_at, expires_at = (
        datetime.fromisoformat(request[key]) for key in ("timestamp", "expiryTime")
    )
    assert expires_at - sent_at == timedelta(hours=2)
    assert request["referenceId"] == f"snow~warning~{sent_at:%Y%m%dT%H%M}00Z"
    assert request["event"] == CAMPAIGN["event"]
    assert request["localizedAttributes"] == CAMPAIGN["localizedAttributes"]
    assert request["relevantAudience"] == {"type": "Unicast", "payload": {"user": USER}}


def test_the_first_user_of_an_audience_stands_for_all(file: str) -> None:
    rewrite(file, audience={"type": "users", "userIds": [USER, USER + "2"]})
    request = yellowring("preview", file, "--json").document["request"]
    assert request["relevantAudience"]["payload"] == {"user": USER}


def test_a_multicast_has_no_user(file: str) -> None:
    rewrite(file, audience={"type": "multicast"})
    request = yellowring("preview", file, "--json").document["request"]
    assert request["relevantAudience"] == {"type": "Multicast", "payload": {}}
    assert yellowring("preview", file, "--user", USER).status == 1


def test_a_payload_that_an_event_source_replaces_is_previewed_with_a_note(file: str) -> None:
    run = yellowring("preview", rewrite(file, content="digest"))
    assert run.status == 0
    assert "Provided by Weather Desk" in run.out
    assert 'Note: customers hear what the event source "digest" makes instead.' in run.out


def test_what_only_an_event_source_can_make_is_not_previewed(file: str) -> None:
    event = {"name": CAMPAIGN["event"]["name"]}
    run = yellowring(
        "preview", rewrite(file, content="digest", event=event, localizedAttributes=[])
    )
    assert run.status == 1
    assert 'the event source "digest" makes what each customer hears' in run.err


def test_times_are_told_in_the_zone_given(file: str) -> None:
    payload = {
        "availability": {"startTime": "2026-12-24T20:15:00Z", "method": "AIR"},
        "content": {"name": "The Long Night", "contentType": "EPISODE"},
    }
    event = {"name": "AMAZON.MediaContent.Available", "payload": payload}
    document = CAMPAIGN | {"event": event}
    del document["localizedAttributes"]
    with open(file, "w") as opened:  # noqa: PTH123
        json.dump(document, opened)
    run = yellowring("preview", file, "--timezone", "America/New_York")
    assert "on December 24, 2026 at 3:15 PM." in run.out


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--locale", "de-AT", "did you mean de-DE?"),
        ("--timezone", "Berlin", "such as Europe/Berlin"),
        ("--timezone", "../etc/passwd", "such as Europe/Berlin"),
        ("--timezone", "", "such as Europe/Berlin"),
    ],
)
def test_a_wrong_option_is_told_with_a_right_one(
    file: str, option: str, value: str, told: str
) -> None:
    run = yellowring("preview", file, option, value)
    assert (run.status, run.out) == (1, "")
    assert told in run.err


def test_a_warning_is_told_as_one_and_previewed_all_the_same(file: str) -> None:
    attributes = [{"locale": "en-GB", "desk": " "}]
    run = yellowring("preview", rewrite(file, localizedAttributes=attributes))
    assert run.status == 0
    assert run.err.endswith(" [warning]\n")


def test_a_wrong_campaign_is_told_and_not_previewed(file: str) -> None:
    run = yellowring("preview", rewrite(file, localizedAttributes=[]))
    assert (run.status, run.out) == (1, "")
    assert ":1: $.localizedAttributes: is empty, but the payload refers to" in run.err


@pytest.fixture
def personal(tmp_path: Path) -> str:
    file = tmp_path / "personal.json"
    campaign = example_campaign("AMAZON.WeatherAlert.Activated")
    campaign["localizedAttributes"][0]["source"] = "{town} weather, {part|all of it}"
    file.write_text(json.dumps(campaign))
    return str(file)


def test_a_customers_own_attributes_are_put_in_their_places(personal: str) -> None:
    heard = yellowring("preview", personal, "--attribute", "town=Ulm", "--json").document
    assert "Ulm weather, all of it" in heard["utterance"]
    assert heard["request"]["localizedAttributes"][0]["source"] == "Ulm weather, all of it"


def test_an_attribute_that_is_needed_and_not_given_is_asked_for(personal: str) -> None:
    said = yellowring("preview", personal)
    assert said.status == 1
    assert "no attribute town" in said.err
    assert "--attribute KEY=VALUE" in said.err


def test_an_attribute_without_a_value_is_refused(personal: str) -> None:
    said = yellowring("preview", personal, "--attribute", "town")
    assert said.status == 1
    assert "town=Ulm" in said.err
