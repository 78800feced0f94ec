"""The replies are complete and sayable in every locale of the manifest."""

from __future__ import annotations

import doctest
import json
import string
import unicodedata
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yellowring.skill.speech
from yellowring.skill.speech import speech, spoken_events, ssml

PACKAGE = Path(__file__).resolve().parents[2] / "skill-package"
MANIFEST = json.loads((PACKAGE / "skill.json").read_text(encoding="utf-8"))["manifest"]
LOCALES = sorted(MANIFEST["publishingInformation"]["locales"])
PUBLISHED = [item["eventName"] for item in MANIFEST["events"]["publications"]]
FILES = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(Path(yellowring.skill.speech.__file__).parent.glob("*.json"))
}
ENGLISH = FILES["en"]

# Alexa ends a session over speech longer than this; counted in characters (Response reference).
LONGEST = 8000


def placeholders(reply: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(reply) if name is not None}


def samples(locale: str) -> dict[str, list[str]]:
    path = PACKAGE / "interactionModels" / "custom" / f"{locale}.json"
    model: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    intents = model["interactionModel"]["languageModel"]["intents"]
    return {intent["name"]: intent["samples"] for intent in intents if intent["samples"]}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_locale_of_the_manifest_speaks_its_own_language(locale: str) -> None:
    assert locale.partition("-")[0] in FILES
    assert set(speech(locale)) == set(ENGLISH)


@pytest.mark.parametrize("language", [name for name in FILES if "-" not in name])
def test_a_language_has_all_replies_in_the_same_order(language: str) -> None:
    assert list(FILES[language]) == list(ENGLISH)


@pytest.mark.parametrize("locale", [name for name in FILES if "-" in name])
def test_a_locale_holds_only_replies_that_differ_from_its_languages(locale: str) -> None:
    base = FILES[locale.partition("-")[0]]
    assert locale in LOCALES
    assert FILES[locale]
    for key, reply in FILES[locale].items():
        assert reply != base[key], key


@pytest.mark.parametrize("locale", LOCALES)
def test_placeholders_are_the_same_in_every_locale(locale: str) -> None:
    found = {key: placeholders(reply) for key, reply in speech(locale).items()}
    assert found == {key: placeholders(reply) for key, reply in ENGLISH.items()}
    assert {key: names for key, names in found.items() if names} == {
        "status_subscribed": {"events"}
    }


@pytest.mark.parametrize("name", FILES)
def test_replies_are_plain_text_that_breaks_no_ssml(name: str) -> None:
    for key, reply in FILES[name].items():
        assert not set("&<>\n\t") & set(reply), key
        assert unicodedata.is_normalized("NFC", reply), key
        assert 0 < len(reply) < LONGEST, key
        if not key.startswith("list_"):
            assert reply == " ".join(reply.split()), key


@pytest.mark.parametrize("locale", LOCALES)
def test_a_reply_that_keeps_the_session_open_asks_something(locale: str) -> None:
    """Certification wants a question whenever the microphone stays open."""
    replies = speech(locale)
    for key in replies:
        if key.endswith("_reprompt"):
            asked = unicodedata.normalize("NFKC", replies[key.removesuffix("_reprompt")])
            assert asked.endswith("?"), key


@pytest.mark.parametrize("locale", LOCALES)
def test_help_names_a_phrase_for_each_of_the_skills_own_intents(locale: str) -> None:
    said = speech(locale)["help"].casefold()
    for intent, phrases in samples(locale).items():
        assert any(phrase.casefold() in said for phrase in phrases), intent


@pytest.mark.parametrize("locale", LOCALES)
def test_help_says_how_to_open_the_skill_in_the_words_of_the_manifest(locale: str) -> None:
    opening = MANIFEST["publishingInformation"]["locales"][locale]["examplePhrases"][0]
    path = PACKAGE / "interactionModels" / "custom" / f"{locale}.json"
    model = json.loads(path.read_text(encoding="utf-8"))["interactionModel"]["languageModel"]
    assert model["invocationName"] in opening.casefold()
    assert opening.casefold() in speech(locale)["help"].casefold()


@pytest.mark.parametrize("locale", LOCALES)
def test_a_reply_is_ssml_that_says_it_with_the_brand_in_english(locale: str) -> None:
    english = locale.startswith("en-")
    for key, reply in speech(locale).items():
        written = ssml(reply, locale)
        assert len(written) < LONGEST, key
        root = ElementTree.fromstring(written)  # noqa: S314 - our own
        assert root.tag == "speak"
        assert "".join(root.itertext()) == reply
        tagged = [
            (each.text, each.attrib["{http://www.w3.org/XML/1998/namespace}lang"])
            for each in root.iter("lang")
        ]
        brands = 0 if english else reply.count("Yellow Ring")
        assert tagged == [("Yellow Ring", "en-US")] * brands, key


FORTY = {
    "en": "forty",
    "de": "vierzig",
    "fr": "quarantaine",
    "es": "cuarenta",
    "it": "quaranta",
    "pt": "quarenta",
    "ja": "四十",
    "hi": "चालीस",
}


@pytest.mark.parametrize("locale", LOCALES)
def test_who_is_forgotten_hears_what_stays_and_for_how_long(locale: str) -> None:
    texts = MANIFEST["publishingInformation"]["locales"][locale]
    for text in (speech(locale)["forget_done"], texts["description"]):
        assert FORTY[locale.partition("-")[0]] in text
    assert "forty days" in MANIFEST["publishingInformation"]["testingInstructions"]


GENDERED = {
    "fr": ("désolée", "désolé ", "prévenu ", "prévenue", "avisé ", "avisée"),
    "it": ("riuscita", "riuscito", "benvenuta", "avvisato", "iscritto"),
    "es": ("encantada", "encantado", "suscrito", "suscrita", "bienvenida.", "bienvenido"),
    "pt": ("obrigada", "bem-vinda", "bem-vindo", "inscrito", "inscrita", "avisado"),
    "hi": ("सकती हूँ", "सकता हूँ", "ऊँगी", "ऊँगा", "दूँगी", "दूँगा", "पाई ", "पाया "),
}


@pytest.mark.parametrize("locale", LOCALES)
def test_no_text_assumes_a_woman_or_a_man(locale: str) -> None:
    words = GENDERED.get(locale.partition("-")[0], ())
    texts = MANIFEST["publishingInformation"]["locales"][locale]
    spoken = " ".join([*speech(locale).values(), texts["summary"], texts["description"]])
    assert [word for word in words if word in spoken.casefold()] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_published_event_has_a_spoken_name(locale: str) -> None:
    replies = speech(locale)
    names = {spoken_events(replies, [event]) for event in PUBLISHED}
    assert names == {text for key, text in replies.items() if key.startswith("event_")}
    assert len(names) == len(PUBLISHED) == 8


def test_events_are_joined_as_a_person_would_say_them() -> None:
    two = ["AMAZON.MessageAlert.Activated", "AMAZON.WeatherAlert.Activated"]
    three = [*two, "AMAZON.OrderStatus.Updated"]
    assert spoken_events(speech("en-US"), two[:1]) == "new messages"
    assert spoken_events(speech("en-US"), two) == "severe weather and new messages"
    assert spoken_events(speech("en-US"), three) == "severe weather, new messages and your orders"
    assert spoken_events(speech("ja-JP"), three) == "気象警報、新しいメッセージとご注文の状況"


def test_events_without_a_spoken_name_are_left_out() -> None:
    odd = ["AMAZON.Unheard.Of", "", "a.b.c.d", "AMAZON.Occasion.Updated"]
    assert spoken_events(speech("en-US"), odd) == "your appointments"
    assert spoken_events(speech("en-US"), ["AMAZON.Unheard.Of"]) == ""


def test_a_locale_says_its_own_and_takes_the_rest_from_its_language() -> None:
    canadian, french = speech("fr-CA"), speech("fr-FR")
    assert canadian["event_trash_collection_alert"] != french["event_trash_collection_alert"]
    assert canadian["consent_denied"] == french["consent_denied"]
    assert not [reply for reply in canadian.values() if "préven" in reply or "signale" in reply]


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de-AT", "de"), ("pt-BR", "pt"), ("nl-NL", "en"), (None, "en"), ("", "en"), ("../en", "en")],
)
def test_an_unknown_locale_falls_back_to_its_language_then_english(
    locale: str | None, language: str
) -> None:
    assert speech(locale) == FILES[language]


def test_nobody_can_change_what_others_will_hear() -> None:
    replies: Any = speech("en-US")
    with pytest.raises(TypeError):
        replies["goodbye"] = "So long."


def test_the_examples_in_the_documentation_hold() -> None:
    assert doctest.testmod(yellowring.skill.speech).failed == 0
