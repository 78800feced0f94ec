"""The manifest and what it names, checked against Amazon's own model of a skill package."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from yellowring.catalog import EVENT_NAMES
from yellowring.catalog import LOCALES as ALEXAS_LOCALES

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "skill-package"
MODELS = PACKAGE / "interactionModels" / "custom"
DOCUMENT: dict[str, Any] = json.loads((PACKAGE / "skill.json").read_text(encoding="utf-8"))
MANIFEST = DOCUMENT["manifest"]
LOCALES = sorted(MANIFEST["publishingInformation"]["locales"])


def through_the_model(document: object, module: str, name: str) -> object:
    """Read a document as Amazon's class and write it again: what the class lacks is lost."""
    # The generated classes hold invalid escapes, of which Python warns when it compiles them.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        from ask_sdk_core.serialize import DefaultSerializer

        serializer = DefaultSerializer()
        kind = f"ask_smapi_model.v1.skill.{module}.{name}"
        return serializer.serialize(serializer.deserialize(json.dumps(document), kind))


def test_amazons_model_knows_every_field_and_every_name_of_the_manifest() -> None:
    read = through_the_model(DOCUMENT, "manifest.skill_manifest_envelope", "SkillManifestEnvelope")
    assert read == DOCUMENT


def test_amazons_model_refuses_a_permission_that_does_not_exist() -> None:
    wrong = {"manifest": {"permissions": [{"name": "alexa::devices:all:notifications:shout"}]}}
    with pytest.raises(Exception, match="notifications:shout"):
        through_the_model(wrong, "manifest.skill_manifest_envelope", "SkillManifestEnvelope")


@pytest.mark.parametrize("locale", LOCALES)
def test_amazons_model_knows_every_field_of_the_interaction_model(locale: str) -> None:
    document = json.loads((MODELS / f"{locale}.json").read_text(encoding="utf-8"))
    read = through_the_model(
        document, "interaction_model.interaction_model_data", "InteractionModelData"
    )
    assert read == document


def test_notifications_are_the_only_permission_asked_for() -> None:
    assert MANIFEST["permissions"] == [{"name": "alexa::devices:all:notifications:write"}]


def test_the_events_of_the_catalog_are_published_once_each() -> None:
    names = [item["eventName"] for item in MANIFEST["events"]["publications"]]
    assert sorted(names) == sorted(EVENT_NAMES)


def test_all_seven_skill_events_are_subscribed_to() -> None:
    names = {item["eventName"] for item in MANIFEST["events"]["subscriptions"]}
    account = {"SKILL_ACCOUNT_LINKED", "SKILL_ACCOUNT_UNLINKED"}
    permission = {"SKILL_PERMISSION_ACCEPTED", "SKILL_PERMISSION_CHANGED"}
    enablement = {"SKILL_ENABLED", "SKILL_DISABLED"}
    assert names == account | permission | enablement | {"SKILL_PROACTIVE_SUBSCRIPTION_CHANGED"}


@pytest.mark.parametrize("api", [MANIFEST["apis"]["custom"], MANIFEST["events"]])
def test_every_endpoint_is_a_placeholder_to_be_filled(api: dict[str, Any]) -> None:
    assert api["endpoint"] == {"uri": "${SKILL_FUNCTION_ARN_DEFAULT}"}
    assert api["regions"] == {
        region: {"endpoint": {"uri": f"${{SKILL_FUNCTION_ARN_{region}}}"}}
        for region in ("NA", "EU", "FE")
    }


def test_every_locale_has_a_page_a_privacy_entry_and_an_interaction_model() -> None:
    assert sorted(MANIFEST["privacyAndCompliance"]["locales"]) == LOCALES
    assert sorted(path.stem for path in MODELS.glob("*.json")) == LOCALES
    assert len(LOCALES) == 15
    assert set(LOCALES) <= set(ALEXAS_LOCALES)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_skills_page_keeps_the_stores_limits(locale: str) -> None:
    """The limits are those of "Skill Manifest Schemas" in the ASK documentation."""
    page = MANIFEST["publishingInformation"]["locales"][locale]
    assert page["name"] == "Yellow Ring"
    assert 0 < len(page["summary"]) <= 160
    assert 0 < len(page["description"]) <= 4000
    assert 0 < len(page["examplePhrases"]) <= 3
    assert 0 < len(page["keywords"]) <= 30


@pytest.mark.parametrize("locale", LOCALES)
def test_the_skills_icons_are_in_the_package(locale: str) -> None:
    page = MANIFEST["publishingInformation"]["locales"][locale]
    for uri in (page["smallIconUri"], page["largeIconUri"]):
        assert (PACKAGE / uri.removeprefix("file://")).is_file()


@pytest.mark.parametrize("locale", LOCALES)
def test_example_phrases_are_what_a_customer_can_really_say(locale: str) -> None:
    text = (MODELS / f"{locale}.json").read_text(encoding="utf-8")
    model = json.loads(text)["interactionModel"]["languageModel"]
    samples = [sample for intent in model["intents"] for sample in intent["samples"]]
    opening, *others = MANIFEST["publishingInformation"]["locales"][locale]["examplePhrases"]
    assert opening.startswith(("Alexa, ", "アレクサ、"))
    assert model["invocationName"] in opening
    for phrase in others:
        assert any(phrase.endswith(sample) for sample in samples), phrase


def test_the_descriptions_quote_phrases_of_the_interaction_model() -> None:
    """Each description quotes four sentences; all but the one to Alexa herself are samples."""
    for locale, page in MANIFEST["publishingInformation"]["locales"].items():
        text = (MODELS / f"{locale}.json").read_text(encoding="utf-8")
        quoted = re.findall(r"[\"„«「]\s?([^\"“»」„«「]+?)\s?[\"“»」]", page["description"])
        own = [phrase for phrase in quoted if not phrase.startswith(("Alexa", "アレクサ"))]
        assert len(own) == 4, (locale, quoted)
        for phrase in own:
            assert f'"{phrase}"' in text, (locale, phrase)


def test_the_ask_cli_deploys_the_package_that_was_filled_in() -> None:
    resources = json.loads((PROJECT / "ask-resources.json").read_text(encoding="utf-8"))
    assert resources["profiles"]["default"]["skillMetadata"] == {"src": "./build/skill-package"}
