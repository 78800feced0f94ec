"""Where a skill's manifest has Alexa call: by region, and by what is said."""

from __future__ import annotations

import json

import pytest
from yellowring_tools.simulator.skill.lambda_invoker import NotAcknowledged
from yellowring_tools.simulator.skill.manifest_invoker import ManifestInvoker
from yellowring_tools.simulator.smapi.manifest_rules import endpoint_of

from tests.skill_packages import FUNCTION_ARN, listening, manifest

EUROPE = "arn:aws:lambda:eu-west-1:000000000000:function:ring-eu"


@pytest.mark.parametrize("area", ["events", "custom"])
@pytest.mark.parametrize(
    ("region", "expected"), [("NA", FUNCTION_ARN), ("EU", EUROPE), ("FE", FUNCTION_ARN)]
)
def test_a_region_has_its_own_endpoint_or_the_default(
    area: str, region: str, expected: str
) -> None:
    document = manifest(**listening(EU=EUROPE))["manifest"]
    assert endpoint_of(document, area, region) == expected


def test_events_and_voice_have_endpoints_of_their_own() -> None:
    document = manifest(apis=listening(EUROPE)["apis"])["manifest"]
    assert endpoint_of(document, "custom", "NA") == EUROPE
    assert endpoint_of(document, "events", "NA") is None


@pytest.mark.parametrize(
    ("kind", "area"),
    [
        ("AlexaSkillEvent.SkillEnabled", "events"),
        ("Messaging.MessageReceived", "custom"),
        ("LaunchRequest", "custom"),
    ],
)
@pytest.mark.parametrize("uri", [None, "https://skill.example/alexa"])
def test_what_is_said_chooses_the_endpoint_and_only_functions_are_called(
    kind: str, area: str, uri: str | None
) -> None:
    asked: list[tuple[str, str]] = []

    def endpoint(area: str, region: str) -> str | None:
        asked.append((area, region))
        return uri

    system = {"apiEndpoint": "https://api.fe.amazonalexa.com"}
    envelope = {"request": {"type": kind}, "context": {"System": system}}
    with pytest.raises(NotAcknowledged, match=f"no Lambda function for {area} in FE"):
        ManifestInvoker(endpoint, None, 1)(json.dumps(envelope).encode())
    assert asked == [(area, "FE")]
