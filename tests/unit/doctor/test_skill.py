from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.alexa.lwa import Credentials
from yellowring.sender.campaign import parse_campaign
from yellowring_tools.doctor.skill.endpoints import (
    Endpoint,
    endpoints_of,
    of_address,
    of_endpoints,
    of_existence,
    of_policy,
)
from yellowring_tools.doctor.skill.known import Known, Unreadable, of_package, of_skill
from yellowring_tools.doctor.skill.manifest import check_manifest, check_models, of_model, of_texts
from yellowring_tools.doctor.skill.standing import (
    of_build,
    of_credentials,
    of_enablement,
    of_stage,
)
from yellowring_tools.doctor.stack.schedules import Plan
from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.smapi import SmapiError
from yellowring_tools.smapi.resources import ResourceStatus

from tests.envelopes import WEATHER
from tests.unit.cli.kit import campaign
from tests.unit.doctor.smapi import smapi
from tests.unit.doctor.test_stack import states

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = PROJECT / "skill-package"
OURS = "arn:aws:lambda:us-east-1:123456789012:function:yellow-ring-skill"
OTHER = "arn:aws:lambda:us-east-1:123456789012:function:other"
ABROAD = "arn:aws:lambda:eu-west-1:123456789012:function:yellow-ring-skill"
SKILL = "amzn1.ask.skill.theirs"


def plan(**parts: Any) -> Plan:
    return Plan("daily", enabled=True, campaign=parse_campaign(campaign(**parts)))


# ---- manifest, texts, models ----


def test_our_own_package_has_nothing() -> None:
    known = of_package(PACKAGE)
    assert states(check_manifest(known, [plan()])) == []
    assert states(check_models(known)) == []


def test_an_event_of_a_schedule_that_the_manifest_does_not_publish_is_found() -> None:
    document = json.loads((PACKAGE / "skill.json").read_text(encoding="utf-8"))
    published = document["manifest"]["events"]["publications"]
    document["manifest"]["events"]["publications"] = [
        each for each in published if each["eventName"] != WEATHER
    ]
    known = Known("the skill", document, {})
    [fault] = check_manifest(known, [plan()])
    assert (fault.state, WEATHER in fault.what) == ("fault", True)
    assert fault.where == "the skill, $.manifest.events.publications"
    assert states(check_manifest(known, [])) == []  # nobody sends it


def test_a_schedule_without_the_texts_of_a_locale_is_found() -> None:
    payload = {"weatherAlert": {"source": "localizedattribute:source", "alertType": "SNOW_STORM"}}
    texts = [{"locale": "en-US", "source": "Weather Desk"}]
    event = {"name": WEATHER, "payload": payload}
    said = plan(event=event, localizedAttributes=texts)
    assert states(of_texts(said, ["en-US"])) == []
    [silent] = of_texts(said, ["en-US", "de-DE", "fr-FR"])
    assert "no texts for de-DE, fr-FR:" in silent.what
    assert states(of_texts(plan(), ["de-DE"])) == []  # it refers to no texts


def model(**changed: Any) -> dict[str, Any]:
    intents = [{"name": f"AMAZON.{each}Intent"} for each in ("Help", "Stop", "Cancel")]
    language = {"invocationName": "yellow ring", "intents": intents, **changed}
    return {"interactionModel": {"languageModel": language}}


@pytest.mark.parametrize(
    ("known", "says"),
    [
        (model(), None),
        (None, "is not there"),
        (model(invocationName=""), "no invocationName"),
        (model(intents=[{"name": "AMAZON.HelpIntent"}]), "AMAZON.StopIntent, AMAZON.CancelIntent"),
    ],
)
def test_a_model_that_cannot_be_used_is_found(known: Any, says: str | None) -> None:
    found = list(of_model(known, "en-US", "the skill"))
    assert [says in each.what for each in found if says] == ([True] if says else [])


def of_locales(*locales: str, **models: Any) -> Known:
    published: dict[str, Any] = {locale: {} for locale in locales}
    manifest = {"publishingInformation": {"locales": published}}
    named = {locale.replace("_", "-"): each for locale, each in models.items()}
    return Known("the skill", {"manifest": manifest}, named)


def test_models_locales_and_words_have_to_go_together() -> None:
    assert states(check_models(of_locales("en-US", en_US=model()))) == []
    assert states(check_models(of_locales("en-US", en_US=None))) == ["fault"]
    [unpublished] = check_models(of_locales("en-US", en_US=model(), de_DE=model()))
    assert (unpublished.state, "de-DE" in unpublished.what) == ("warning", True)
    [wordless] = check_models(of_locales("nl-NL", nl_NL=model()))
    assert (wordless.state, "speaks English" in wordless.what) == ("warning", True)


# ---- where it was read ----


def test_a_skill_is_read_from_smapi_with_every_model_it_should_have() -> None:
    published: dict[str, Any] = {"en-US": {}}
    manifest = {"manifest": {"publishingInformation": {"locales": published}}}
    answers: dict[str, Any] = {"get_skill_manifest": manifest}
    known = of_skill(smapi(**answers, get_interaction_model=model()), SKILL, "development")
    assert known.models == {"en-US": model()}
    assert of_skill(smapi(**answers), SKILL, "development").models == {"en-US": None}
    with pytest.raises(SmapiError, match="with 403"):
        of_skill(smapi(**answers, get_interaction_model=403), SKILL, "development")


def test_a_package_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    for text, says in ((None, "No such file"), ("{", "line 1"), ("[]", "no JSON object")):
        if text is not None:
            (tmp_path / "skill.json").write_text(text, encoding="utf-8")
        with pytest.raises(Unreadable, match=rf"skill\.json .*{says}"):
            of_package(tmp_path)


# ---- endpoints ----


def manifest_of(events: str, custom: str, **abroad: str) -> dict[str, Any]:
    regions = {region: {"endpoint": {"uri": uri}} for region, uri in abroad.items()}
    return {
        "events": {"endpoint": {"uri": events}, "regions": regions},
        "apis": {"custom": {"endpoint": {"uri": custom}, "regions": regions}},
    }


def test_every_endpoint_is_found_with_its_path() -> None:
    assert endpoints_of(manifest_of(OURS, OTHER, EU=ABROAD)) == (
        Endpoint("$.manifest.apis.custom.endpoint.uri", OTHER),
        Endpoint("$.manifest.apis.custom.regions.EU.endpoint.uri", ABROAD),
        Endpoint("$.manifest.events.endpoint.uri", OURS),
        Endpoint("$.manifest.events.regions.EU.endpoint.uri", ABROAD),
    )


@pytest.mark.parametrize(
    ("manifest", "own", "found"),
    [
        (manifest_of(OURS, OURS), OURS, []),
        (manifest_of(OURS, OURS, EU=ABROAD), OURS, []),
        (manifest_of(OURS, OTHER), OURS, ["fault"]),
        (manifest_of(OTHER, OURS), OURS, ["fault"]),
        (manifest_of(OURS, OURS), f"{OURS}:live", ["warning", "warning"]),
        (manifest_of(f"{OURS}:live", f"{OURS}:live"), f"{OURS}:live", []),
        (manifest_of(ABROAD, ABROAD), OURS, ["fault", "fault"]),  # nothing comes to us
        (manifest_of(OTHER, OTHER), None, []),  # the skill has a function of its own
    ],
)
def test_an_endpoint_that_is_not_the_stacks_function_is_found(
    manifest: dict[str, Any], own: str | None, found: list[str]
) -> None:
    assert states(of_endpoints(endpoints_of(manifest), own, "the skill")) == found


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        (OURS, []),
        (f"{OURS}:live", []),
        ("https://skill.example/alexa", []),
        ("arn:aws", ["fault"]),
        ("arn:aws:lambda", ["fault"]),
        ("arn:aws:sqs:us-east-1:123456789012:function:x", ["fault"]),
        ("http://skill.example/alexa", ["fault"]),
        ("", ["fault"]),
    ],
)
def test_an_endpoint_that_is_no_address_is_named(uri: str, found: list[str]) -> None:
    endpoint = Endpoint("$.manifest.events.endpoint.uri", uri)
    findings = list(of_address(endpoint, "the skill"))
    assert states(findings) == found
    assert all(repr(uri) in each.what and endpoint.path in each.where for each in findings)


@pytest.mark.parametrize(("exists", "found"), [(True, []), (None, []), (False, ["fault"])])
def test_an_endpoint_that_is_not_there_is_found(*, exists: bool | None, found: list[str]) -> None:
    endpoint = Endpoint("$.manifest.events.endpoint.uri", OURS)
    assert states(of_existence(endpoint, exists, "the skill")) == found


def statement(token: str | None, principal: Any = None) -> dict[str, Any]:
    condition = {"StringEquals": {"lambda:EventSourceToken": token}} if token else {}
    alexa = {"Service": "alexa-appkit.amazon.com"}
    return {"Effect": "Allow", "Principal": principal or alexa, "Condition": condition}


@pytest.mark.parametrize(
    ("statements", "found", "says"),
    [
        ([statement(SKILL)], [], ""),
        ([statement("another"), statement(SKILL)], [], ""),
        ([], ["fault"], "does not let Alexa in"),
        ([statement(SKILL, {"Service": "apigateway.amazonaws.com"})], ["fault"], "Alexa in"),
        ([{**statement(SKILL), "Effect": "Deny"}], ["fault"], "does not let Alexa in"),
        ([statement("another")], ["fault"], "another skill"),
        ([statement(None)], ["warning"], "every skill there is"),
    ],
)
def test_who_may_invoke_the_skill_function_is_checked(
    statements: list[dict[str, Any]], found: list[str], says: str
) -> None:
    findings = list(of_policy(statements, SKILL, "yellow-ring-skill"))
    assert states(findings) == found
    assert all(says in each.what for each in findings)


# ---- how it stands with Alexa ----


@pytest.mark.parametrize(
    ("stage", "there", "found"),
    [
        ("development", ["development"], []),
        ("live", ["development", "live"], []),
        ("development", ["development", "live"], []),  # the public's stack is another one
        ("live", ["development"], ["warning"]),
        ("development", ["live"], ["fault"]),
        ("development", [], ["fault"]),
        ("", ["development"], ["unknown"]),
        ("", [], ["fault"]),
    ],
)
def test_a_stage_that_the_skill_is_not_at_is_found(
    stage: str, there: list[str], found: list[str]
) -> None:
    assert states(of_stage(stage, there, SKILL)) == found


def test_a_live_stack_waits_for_certification_and_keeps_its_stage() -> None:
    [waiting] = of_stage("live", ["development"], SKILL)
    assert "not live yet" in waiting.what
    assert "submit" in waiting.remedy
    assert "SkillStage" not in waiting.remedy
    [unread] = of_stage("", ["development"], SKILL)
    assert "SkillStage" not in unread.remedy


@pytest.mark.parametrize(
    ("state", "found"), [("SUCCEEDED", []), ("IN_PROGRESS", ["warning"]), ("FAILED", ["fault"])]
)
def test_what_alexa_did_not_take_is_found(state: str, found: list[str]) -> None:
    parts = {"interaction model en-US": ResourceStatus(state, ("slot is unknown",))}
    findings = list(of_build(parts))
    assert states(findings) == found
    assert all("slot is unknown" in each.what for each in findings if each.state == "fault")


def test_credentials_of_another_skill_are_found_and_never_shown() -> None:
    held = Credentials("client-1", "secret-1")
    assert states(of_credentials(held, Credentials("client-1", "secret-1"), "secret s")) == []
    for theirs in (Credentials("client-2", "secret-1"), Credentials("client-1", "secret-2")):
        [fault] = of_credentials(held, theirs, "secret s")
        assert fault.state == "fault"
        assert "secret-" not in str(fault)
        assert "client-" not in str(fault)


def test_a_skill_that_the_developer_has_not_enabled_is_found() -> None:
    assert states(of_enablement(enabled=True, skill_id=SKILL)) == []
    assert states(of_enablement(enabled=False, skill_id=SKILL)) == ["warning"]
