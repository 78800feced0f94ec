"""What customers can say by the skill's own interaction model, and how it reaches the skill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.simulator.facts import LOCALES

from tests.unit.simulator.support import SKILL_ID, Client, simulated

if TYPE_CHECKING:
    from tests.unit.simulator.support import Json

OURS = Path(__file__).parents[3] / "skill-package"
PRICE = {
    "name": "PriceIntent",
    "slots": [{"name": "fruit", "type": "FRUIT"}, {"name": "day", "type": "AMAZON.DATE"}],
    "samples": [
        "how much is {fruit}",
        "what does {fruit} cost",
        "how much is {fruit} on {day}",
        "price of {fruit}",
        "what do you have",
        "tell me the price of {fruit}",
    ],
}
FRUIT = {
    "name": "FRUIT",
    "values": [
        {"id": "APPLE", "name": {"value": "apples", "synonyms": ["apple", "Pink Lady"]}},
        {"name": {"value": "pears"}},
    ],
}


def package(folder: Path, locale: str = "en-US", **changes: Json) -> Path:
    """Write a skill package with one model, parts of it changed."""
    model = {
        "invocationName": "green market",
        "intents": [
            {"name": "AMAZON.HelpIntent", "samples": []},
            {"name": "AMAZON.StartOverIntent"},
            {"name": "AMAZON.RepeatIntent", "samples": ["say that again"]},
            PRICE,
            {"name": "OpeningHoursIntent", "samples": []},
        ],
        "types": [FRUIT],
        **changes,
    }
    file = folder / "interactionModels" / "custom" / f"{locale}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"interactionModel": {"languageModel": model}}))
    return folder


def offered(path: Path | None, locale: str = "en-US") -> Json:
    return Client(simulated(skill_package=path)).sim("GET", f"/phrases?locale={locale}")


def texts(path: Path | None, locale: str = "en-US") -> list[str]:
    return [phrase["text"] for phrase in offered(path, locale)["phrases"]]


def test_the_skills_own_intents_come_after_opening_it_and_before_those_of_every_skill(
    tmp_path: Path,
) -> None:
    assert texts(package(tmp_path)) == [
        "open green market",
        "how much is {fruit}",
        "how much is {fruit} on {day}",
        "what do you have",
        "(opening hours)",
        "help",
        "(start over)",
        "say that again",
        "(walks away)",
    ]


def test_few_samples_of_the_same_slots_are_offered(tmp_path: Path) -> None:
    only = PRICE | {"samples": [f"{word} {{fruit}}" for word in "abcdef"]}
    path = package(tmp_path, intents=[only])
    assert texts(path)[1:-1] == ["a {fruit}", "b {fruit}", "c {fruit}"]


def test_a_phrase_names_its_slots_with_values_to_choose_from(tmp_path: Path) -> None:
    (phrase,) = [
        each for each in offered(package(tmp_path))["phrases"] if each["text"].endswith("{day}")
    ]
    assert phrase == {
        "intent": "PriceIntent",
        "text": "how much is {fruit} on {day}",
        "slots": [
            {"name": "fruit", "values": ["apples", "pears"]},
            {"name": "day", "values": ["2026-11-20"]},
        ],
    }


@pytest.mark.parametrize(
    ("slot_type", "values"),
    [("AMAZON.NUMBER", ["3", "10"]), ("AMAZON.Movie", ["it"]), ("NOBODY", ["it"])],
)
def test_a_type_that_the_model_does_not_define_has_a_value_too(
    slot_type: str, values: list[str], tmp_path: Path
) -> None:
    intent = {
        "name": "AnyIntent",
        "slots": [{"name": "it", "type": slot_type}],
        "samples": ["it is {it}"],
    }
    phrase = offered(package(tmp_path, intents=[intent]))["phrases"][1]
    assert phrase["slots"] == [{"name": "it", "values": values}]


def test_without_a_model_every_skills_phrases_are_offered(tmp_path: Path) -> None:
    for path in (None, tmp_path):
        found = offered(path, "de-DE")
        assert found["problem"] is None
        intents = [phrase["intent"] for phrase in found["phrases"]]
        assert intents == [
            "LaunchRequest",
            "AMAZON.YesIntent",
            "AMAZON.NoIntent",
            "AMAZON.HelpIntent",
            "AMAZON.StopIntent",
            "AMAZON.CancelIntent",
            "AMAZON.FallbackIntent",
            "SessionEndedRequest",
        ]
        assert "ja" in texts(path, "de-DE")


def test_a_locale_without_a_model_has_that_of_its_language(tmp_path: Path) -> None:
    path = package(tmp_path, "en-GB", invocationName="grocer")
    assert texts(path, "en-US")[0] == "open grocer"
    package(tmp_path, "en-US")
    assert texts(path, "en-US")[0] == "open green market"
    assert texts(path, "fr-FR")[0] == "(opens the skill)"


def test_an_edit_of_a_model_is_seen_without_a_restart(tmp_path: Path) -> None:
    client = Client(simulated(skill_package=package(tmp_path)))
    package(tmp_path, invocationName="red market")
    assert client.sim("GET", "/phrases")["phrases"][0]["text"] == "open red market"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "the file: Invalid JSON"),
        ("[]", "the file: Input should be an object"),
        ("{}", "interactionModel: Field required"),
        (
            '{"interactionModel": {"languageModel": {"invocationName": "x", "intents": [{}]}}}',
            "interactionModel.languageModel.intents.0.name: Field required",
        ),
    ],
)
def test_a_model_that_is_none_is_told_where_and_speech_goes_on(
    content: str, expected: str, tmp_path: Path
) -> None:
    path = package(tmp_path)
    (path / "interactionModels/custom/en-US.json").write_text(content)
    found = offered(path)
    assert expected in found["problem"]
    assert "en-US.json" in found["problem"]
    assert found["phrases"][0]["text"] == "(opens the skill)"
    assert said(path, "PriceIntent", {"fruit": "apple"})["fruit"]["value"] == "apple"


def test_every_locale_of_our_own_package_has_its_phrases() -> None:
    ours = {file.stem for file in (OURS / "interactionModels/custom").glob("*.json")}
    assert ours <= LOCALES
    for locale in ours:
        found = offered(OURS, locale)
        assert found["problem"] is None
        intents = {phrase["intent"] for phrase in found["phrases"]}
        assert {"TurnOnNotificationsIntent", "ForgetMeIntent", "AMAZON.HelpIntent"} <= intents


def test_a_locale_that_no_skill_can_have_is_refused() -> None:
    answer = Client(simulated()).call("GET", "/_sim/phrases?locale=en")
    assert (answer.status, "en-US" in answer.document["error"]) == (400, True)


def said(path: Path | None, intent: str, slots: dict[str, str]) -> dict[str, Any]:
    """Say something, and give the slots that the skill was sent."""
    asked = []

    def skill(envelope: bytes) -> bytes:
        asked.append(json.loads(envelope))
        return b'{"response": {}}'

    client = Client(simulated(invoke=skill, skill_package=path))
    user_id = client.sim("POST", "/customers", {})["userId"]
    client.sim("POST", f"/customers/{user_id}/say", {"intent": intent, "slots": slots})
    (request,) = [each["request"] for each in asked if "session" in each]
    sent: dict[str, Any] = request["intent"]["slots"]
    return sent


@pytest.mark.parametrize("spoken", ["apples", "APPLE", "pink lady"])
def test_a_value_of_the_models_own_is_resolved_by_its_name_and_synonyms(
    spoken: str, tmp_path: Path
) -> None:
    slots = said(package(tmp_path), "PriceIntent", {"fruit": spoken})
    resolutions = {
        "resolutionsPerAuthority": [
            {
                "authority": f"amzn1.er-authority.echo-sdk.{SKILL_ID}.FRUIT",
                "status": {"code": "ER_SUCCESS_MATCH"},
                "values": [{"value": {"name": "apples", "id": "APPLE"}}],
            }
        ]
    }
    assert slots["fruit"] == {
        "name": "fruit",
        "value": spoken,
        "confirmationStatus": "NONE",
        "source": "USER",
        "slotValue": {"type": "Simple", "value": spoken, "resolutions": resolutions},
        "resolutions": resolutions,
    }


def test_a_value_that_the_model_does_not_know_matches_nothing(tmp_path: Path) -> None:
    slots = said(package(tmp_path), "PriceIntent", {"fruit": "stones"})
    (authority,) = slots["fruit"]["resolutions"]["resolutionsPerAuthority"]
    assert authority["status"] == {"code": "ER_SUCCESS_NO_MATCH"}
    assert "values" not in authority


def test_a_slot_that_was_not_filled_comes_without_a_value(tmp_path: Path) -> None:
    slots = said(package(tmp_path), "PriceIntent", {"fruit": "apples"})
    assert slots["day"] == {"name": "day", "confirmationStatus": "NONE"}


def test_slots_that_no_model_knows_come_as_they_were_said(tmp_path: Path) -> None:
    plain = {
        "name": "x",
        "value": "1",
        "confirmationStatus": "NONE",
        "source": "USER",
        "slotValue": {"type": "Simple", "value": "1"},
    }
    for path in (None, package(tmp_path)):
        assert said(path, "AnyIntent", {"x": "1"}) == {"x": plain}


def test_a_skill_package_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be a directory"):
        simulated(skill_package=tmp_path / "nowhere")
