"""The interaction models keep the ASK documentation's rules, in every locale.

Rules from "Choose the Invocation Name for a Custom Skill", "Create Intents, Utterances, and
Slots" and "Standard Built-in Intents", which limits none of the intents used here to some
locales.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

MODELS = Path(__file__).resolve().parents[2] / "skill-package" / "interactionModels" / "custom"
LANGUAGE_MODELS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))["interactionModel"]["languageModel"]
    for path in sorted(MODELS.glob("*.json"))
}
LOCALES = list(LANGUAGE_MODELS)

STANDARD = {
    "AMAZON.HelpIntent",
    "AMAZON.StopIntent",
    "AMAZON.CancelIntent",
    "AMAZON.FallbackIntent",
    "AMAZON.NavigateHomeIntent",
    "AMAZON.YesIntent",
    "AMAZON.NoIntent",
}
OWN = {
    "TurnOnNotificationsIntent",
    "SubscriptionStatusIntent",
    "StopNotificationsIntent",
    "ForgetMeIntent",
}

# What no invocation name may hold: the wake words and the words "skill" and "app", anywhere.
WAKE_WORDS = {
    *("alexa", "amazon", "echo", "computer", "ziggy"),
    *("アレクサ", "アマゾン", "エコー", "コンピューター"),
    *("अलेक्सा", "अमेज़न", "एको", "कंप्यूटर"),
}
RESERVED = {*WAKE_WORDS, "skill", "app", "スキル", "アプリ", "स्किल", "ऐप"}

# What no invocation name may hold as a word: launch phrases, connecting words, articles and
# prepositions of its language.
FORBIDDEN = {
    "en": "run start play resume use launch ask open tell load begin enable to from in using with "
    "about for that by if and whether the a an of up at off on",
    "de": "öffne starte frag frage sag sage spiel spiele lade beginne nutze verwende aktiviere mit "
    "von nach über um zu zum zur dass ob wenn und in im für auf der die das ein eine einen",
    "fr": "ouvre lance demande démarre commence dis utilise joue active de du des à au avec pour "
    "dans que si et sur par depuis le la les un une",
    "es": "abre inicia lanza pide pregunta di dile usa juega empieza activa con de del a al para "
    "que si y en por desde sobre el la los las un una",
    "it": "apri avvia lancia chiedi domanda di dì usa inizia gioca attiva con a per che se e in su "
    "da il lo la i gli le un uno una",
    "pt": "abra abre inicie inicia peça pergunte diga use jogue comece com de do da a para que se "
    "e em por sobre o os as um uma",
    "hi": "खोलो शुरू पूछो कहो बोलो चलाओ से को का की के में पर और कि अगर",
    "ja": "開いて 起動して 始めて 使って 聞いて を で から に",
}


def own_samples(locale: str) -> dict[str, list[str]]:
    intents = LANGUAGE_MODELS[locale]["intents"]
    return {intent["name"]: intent["samples"] for intent in intents if intent["name"] in OWN}


def same_to_the_ear(sample: str) -> str:
    return " ".join(unicodedata.normalize("NFC", sample).casefold().replace("-", " ").split())


def letters_and(allowed: str, text: str) -> bool:
    """Whether a text is made of letters, combining marks and the characters allowed."""
    return all(char in allowed or unicodedata.category(char)[0] in "LM" for char in text)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_standard_intents_and_the_skills_own_are_there(locale: str) -> None:
    names = [intent["name"] for intent in LANGUAGE_MODELS[locale]["intents"]]
    assert set(names) == STANDARD | OWN
    assert len(names) == len(set(names))


@pytest.mark.parametrize("locale", LOCALES)
def test_each_own_intent_has_at_least_fifteen_sample_utterances(locale: str) -> None:
    for name, samples in own_samples(locale).items():
        assert len(samples) >= 15, name


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sample_utterance_is_there_twice(locale: str) -> None:
    heard = Counter(
        same_to_the_ear(sample) for samples in own_samples(locale).values() for sample in samples
    )
    assert [sample for sample, times in heard.items() if times > 1] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_sample_utterances_hold_only_letters_spaces_apostrophes_and_hyphens(locale: str) -> None:
    for samples in own_samples(locale).values():
        for sample in samples:
            assert letters_and(" '-", sample), sample
            assert sample == " ".join(sample.split()), sample
            assert unicodedata.is_normalized("NFC", sample), sample
            assert len(sample) <= 200, sample


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sample_utterance_says_a_wake_word(locale: str) -> None:
    for samples in own_samples(locale).values():
        for sample in samples:
            assert not WAKE_WORDS & set(sample.casefold().split()), sample


@pytest.mark.parametrize("locale", LOCALES)
def test_the_invocation_name_is_lower_case_letters_and_spaces(locale: str) -> None:
    name = LANGUAGE_MODELS[locale]["invocationName"]
    assert name == name.lower() == " ".join(name.split())
    assert letters_and(" ", name)
    assert 2 <= len(name) <= 50


@pytest.mark.parametrize("locale", LOCALES)
def test_the_invocation_name_has_two_words(locale: str) -> None:
    name = LANGUAGE_MODELS[locale]["invocationName"]
    if locale == "ja-JP":  # written without spaces: an adjective and a noun in another script
        assert re.fullmatch(r"[\u4e00-\u9fff\u3040-\u309f]+[\u30a0-\u30ff]+", name)
    else:
        assert len(name.split()) >= 2


@pytest.mark.parametrize("locale", LOCALES)
def test_the_invocation_name_has_no_reserved_launch_or_connecting_word(locale: str) -> None:
    name = LANGUAGE_MODELS[locale]["invocationName"]
    forbidden = FORBIDDEN[locale.partition("-")[0]].split()
    words = {part for part in forbidden if part in name} if locale == "ja-JP" else set(name.split())
    assert not any(word in name for word in RESERVED)
    assert not words & set(forbidden)


def test_locales_of_one_language_share_the_invocation_name() -> None:
    names: dict[str, set[str]] = {}
    for locale, model in LANGUAGE_MODELS.items():
        names.setdefault(locale.partition("-")[0], set()).add(model["invocationName"])
    assert all(len(found) == 1 for found in names.values()), names


def test_each_hindi_word_is_written_in_one_script() -> None:
    """English words in Latin, Hindi ones in Devanagari letters, as the documentation asks."""
    for samples in own_samples("hi-IN").values():
        for word in " ".join(samples).split():
            assert re.fullmatch(r"[a-z]+|[\u0900-\u097f]+", word), word


@pytest.mark.parametrize("locale", LOCALES)
def test_no_slots_or_types_are_declared_that_nothing_uses(locale: str) -> None:
    model = LANGUAGE_MODELS[locale]
    assert model["types"] == []
    assert all(not intent.get("slots") for intent in model["intents"])
