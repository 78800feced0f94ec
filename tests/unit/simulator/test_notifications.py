"""Who receives an event, and what Alexa answers about who does not."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.running import yellowring
from tests.unit.simulator.support import (
    CLIENT_ID,
    GAME,
    NOON,
    SKILL_ID,
    WEATHER,
    Client,
    Clock,
    request_body,
    simulated,
    weather_event,
)

if TYPE_CHECKING:
    from pathlib import Path


def manifest(folder: Path, content: str) -> None:
    (folder / "skill.json").write_text(content, encoding="utf-8")


def publishing(*events: str) -> str:
    entries = [{"eventName": each} for each in events]
    return json.dumps({"manifest": {"events": {"publications": entries}}})


def test_a_subscribed_customer_receives_the_event_and_its_sentence() -> None:
    client = Client(simulated())
    user_id = client.customer(locale="de-DE", region="eu")
    answer = client.event(request_body(user_id=user_id), "/eu")
    assert (answer.status, answer.body) == (202, b"")
    assert answer.headers["x-amzn-requestid"]
    assert client.sim("GET", f"/notifications?userId={user_id}") == [
        {
            "userId": user_id,
            "locale": "de-DE",
            "referenceId": "storm~1",
            "eventName": WEATHER,
            "payload": weather_event()["payload"],
            "sentence": "There is a tornado alert for your area. Provided by der Wetterdienst.",
            "noRing": None,
            "region": "eu",
            "stage": "development",
            "acceptedAt": "2026-11-20T12:00:00.000Z",
            "expiryTime": "2026-11-20T13:00:00.000Z",
            "heardAt": None,
        }
    ]


def test_an_event_that_the_manifest_does_not_publish_is_refused_until_it_does(
    tmp_path: Path,
) -> None:
    manifest(tmp_path, publishing(GAME))
    client = Client(simulated(skill_package=tmp_path))
    body = request_body(user_id=client.customer())
    refused = client.event(body)
    assert refused.status == 403
    assert refused.document["message"] == (
        f"{WEATHER} is not in manifest.events.publications of the skill's skill.json, "
        f"which has {GAME}"
    )
    assert client.sim("GET", "/notifications") == []
    manifest(tmp_path, publishing(GAME, WEATHER))
    assert client.event(body).status == 202


@pytest.mark.parametrize("content", ["{", "[]", '{"manifest": {}}', publishing()])
def test_a_manifest_that_publishes_nothing_has_every_event_refused(
    tmp_path: Path, content: str
) -> None:
    manifest(tmp_path, content)
    client = Client(simulated(skill_package=tmp_path))
    refused = client.event(request_body(user_id=client.customer()))
    assert refused.status == 403
    assert refused.document["message"].endswith("skill.json, which has none")


def test_a_package_without_a_manifest_may_send_every_event(tmp_path: Path) -> None:
    client = Client(simulated(skill_package=tmp_path))
    assert client.event(request_body(user_id=client.customer())).status == 202


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
def test_an_event_without_texts_for_the_locale_is_accepted_and_rings_nobody(locale: str) -> None:
    client = Client(simulated())
    user_id = client.customer(locale=locale)
    body = request_body(user_id=user_id)
    assert (client.event(body).status, client.event(body).status) == (202, 409)
    (notification,) = client.sim("GET", "/notifications")
    assert notification["sentence"] is None
    assert f"none for {locale}" in notification["noRing"]
    customer = client.sim("GET", f"/customers/{user_id}")
    assert (customer["notifications"], customer["waiting"]) == (1, 0)
    assert client.sim("POST", f"/customers/{user_id}/listen")["sentences"] == []


@pytest.mark.parametrize("locale", ["de-DE", "fr-FR"])
def test_the_simulator_and_the_preview_agree_on_who_hears_what(locale: str, tmp_path: Path) -> None:
    client = Client(simulated())
    client.event(request_body(user_id=client.customer(locale=locale)))
    (notification,) = client.sim("GET", "/notifications")
    request = json.loads(request_body())
    file = tmp_path / "campaign.json"
    campaign = {key: request[key] for key in ("event", "localizedAttributes")} | {"name": "storm"}
    file.write_text(json.dumps(campaign))
    previewed = yellowring("preview", str(file), "--locale", locale, "--json").document
    assert previewed["utterance"] == notification["sentence"]
    assert notification["noRing"] in (None, previewed["note"])


@pytest.mark.parametrize("action", ["enable", "grant", "subscribe"])
def test_only_a_subscription_opens_the_way(action: str) -> None:
    client = Client(simulated())
    answer = client.event(request_body(user_id=client.customer(action)))
    assert answer.status == (202 if action == "subscribe" else 403)


def test_an_unknown_user_has_no_enablement() -> None:
    answer = Client(simulated()).event(request_body(user_id="amzn1.ask.account.NOBODY"))
    assert (answer.status, answer.document) == (
        403,
        {
            "type": "Forbidden",
            "message": f"No enablement for clientId: {CLIENT_ID}, userId: amzn1.ask.account.NOBODY",
        },
    )


@pytest.mark.parametrize("action", ["disable", "enable again"])
def test_a_user_id_that_has_ended_has_no_enablement(action: str) -> None:
    client = Client(simulated())
    user_id = client.customer()
    client.sim("POST", f"/customers/{user_id}/disable")
    if action == "enable again":
        client.sim("POST", f"/customers/{user_id}/enable")
    answer = client.event(request_body(user_id=user_id))
    assert answer.status == 403
    assert answer.document["message"].startswith("No enablement for clientId:")


@pytest.mark.parametrize("path", ["", "/na", "/eu", "/fe"])
def test_each_region_knows_its_own_customers_alone(path: str) -> None:
    client = Client(simulated())
    user_id = client.customer(region="na")
    expected = 202 if path in ("", "/na") else 403
    assert client.event(request_body(user_id=user_id), path).status == expected


@pytest.mark.parametrize("stage", ["development", "live"])
def test_the_other_stage_finds_no_subscription(stage: str) -> None:
    client = Client(simulated(stage=stage))
    user_id = client.customer()
    live = client.event(request_body(user_id=user_id), "/v1/proactiveEvents")
    development = client.event(request_body(user_id=user_id))
    right, wrong = (live, development) if stage == "live" else (development, live)
    other = "development" if stage == "live" else "live"
    assert right.status == 202
    assert (wrong.status, wrong.document["message"]) == (
        403,
        f"Can't find any subscription for stage={other}, skillId={SKILL_ID}, topicId={WEATHER}",
    )


def test_another_event_than_subscribed_finds_no_subscription() -> None:
    client = Client(simulated())
    user_id = client.customer("enable")
    client.sim("POST", f"/customers/{user_id}/subscribe", {"events": [GAME]})
    answer = client.event(request_body(user_id=user_id))
    assert (answer.status, f"topicId={WEATHER}" in answer.document["message"]) == (403, True)


def test_a_reference_id_rings_one_customer_once() -> None:
    client = Client(simulated())
    first, second = client.customer(), client.customer()
    assert client.event(request_body(user_id=first)).status == 202
    assert client.event(request_body(user_id=first)).status == 409
    assert client.event(request_body(user_id=second)).status == 202
    assert client.event(request_body(user_id=first, referenceId="storm~2")).status == 202
    assert len(client.sim("GET", "/notifications")) == 3


def test_a_live_skill_has_a_daily_limit_for_each_customer() -> None:
    clock = Clock()
    client = Client(simulated(clock, stage="live"))
    client.sim("PUT", "/faults", {"dailyLimit": 2})
    user_id = client.customer()

    def send(reference_id: str) -> int:
        body = request_body(clock.now, user_id, referenceId=reference_id)
        return client.event(body, "/v1/proactiveEvents").status

    assert [send(reference_id) for reference_id in ("a", "b", "c", "a")] == [202, 202, 432, 409]
    clock.advance(days=1)
    assert send("c") == 202


def test_a_skill_in_development_has_no_daily_limit() -> None:
    client = Client(simulated())
    client.sim("PUT", "/faults", {"dailyLimit": 0})
    assert client.event(request_body(user_id=client.customer())).status == 202


def test_a_multicast_reaches_every_subscribed_customer_of_the_region_once() -> None:
    client = Client(simulated())
    early, late = client.customer(), client.customer("grant")
    client.customer(region="eu")
    client.event(request_body(user_id=early))
    assert client.event(request_body()).status == 202
    assert len(client.sim("GET", "/notifications")) == 1
    client.sim("POST", f"/customers/{late}/subscribe")
    assert client.event(request_body()).status == 202
    assert [each["userId"] for each in client.sim("GET", "/notifications")] == [early, late]


@pytest.mark.parametrize("path", ["", "/v1/proactiveEvents"])
def test_a_multicast_is_accepted_when_nobody_is_there(path: str) -> None:
    client = Client(simulated())
    assert client.event(request_body(), path).status == 202
    assert client.sim("GET", "/notifications") == []


def test_a_notification_waits_until_it_expires() -> None:
    clock = Clock()
    client = Client(simulated(clock))
    user_id = client.customer()
    client.event(request_body(user_id=user_id))
    assert client.sim("GET", f"/customers/{user_id}")["waiting"] == 1
    clock.advance(hours=1)
    assert client.sim("GET", f"/customers/{user_id}")["waiting"] == 0


def test_the_body_is_looked_at_before_the_audience() -> None:
    body = request_body(
        user_id="amzn1.ask.account.NOBODY", expiryTime=(NOON + timedelta(days=2)).isoformat()
    )
    assert Client(simulated()).event(body).status == 400


def test_what_came_in_is_counted() -> None:
    clock = Clock()
    client = Client(simulated(clock))
    user_id, token = client.customer(), client.token()
    for _ in range(3):
        client.event(request_body(user_id=user_id), token=token)
    clock.advance(seconds=2)
    client.event(b"{}", token=token)
    counts = client.sim("GET", "/requests")
    assert counts.pop("messages")["total"] == counts.pop("userinfo")["total"] == 0
    assert counts == {
        "total": 4,
        "byStatus": {"202": 1, "400": 1, "409": 2},
        "perSecondMaximum": 3,
        "acceptedPerSecondMaximum": 1,
        "tokensIssued": 1,
    }


def test_another_method_or_address_is_answered_in_json() -> None:
    client = Client(simulated())
    for method, path, status in (
        ("GET", "/v1/proactiveEvents", 405),
        ("POST", "/v1/proactiveEvents/stages/live", 404),
        ("POST", "/jp/v1/proactiveEvents", 404),
    ):
        answer = client.call(method, path)
        assert (answer.status, path in answer.document["error"]) == (status, True)
        assert answer.headers["x-amzn-requestid"]
