"""What the skill answers, and what it keeps."""

from __future__ import annotations

import pytest
from conftest import Conversation


def test_what_is_put_in_is_in_the_box_and_in_the_next_session_too(rosa: Conversation) -> None:
    assert "added 2 kilos of carrots" in rosa.says(
        "AddVegetableIntent", kilos="2", vegetable="carrots"
    )
    rosa.says("AddVegetableIntent", vegetable="leeks")
    later = Conversation("en-US").says("MyBoxIntent")
    assert "2 kilos of carrots and a kilo of leeks. It comes on Friday" in later


def test_what_is_taken_out_is_not_in_the_box(rosa: Conversation) -> None:
    rosa.says("AddVegetableIntent", kilos="2", vegetable="carrots")
    assert "no more carrots" in rosa.says("RemoveVegetableIntent", vegetable="carrots")
    assert "still empty" in rosa.says("MyBoxIntent")


def test_what_is_not_grown_is_not_put_in(rosa: Conversation) -> None:
    answer = rosa.says("AddVegetableIntent", vegetable="bananas")
    assert "We have carrots, potatoes, leeks and pumpkins" in answer
    assert rosa.attributes["box"]["content"] == {}


def test_a_synonym_counts_as_what_it_resolves_to(rosa: Conversation) -> None:
    value = {"value": {"name": "carrots", "id": "carrots"}}
    matched = {
        "authority": "amzn1.er-authority.echo-sdk.VEGETABLE",
        "status": {"code": "ER_SUCCESS_MATCH"},
        "values": [value],
    }
    slot = {
        "name": "vegetable",
        "value": "orange roots",
        "resolutions": {"resolutionsPerAuthority": [matched]},
    }
    intent = {"name": "AddVegetableIntent", "slots": {"vegetable": slot}}
    rosa.sends({"type": "IntentRequest", "intent": intent})
    assert rosa.attributes["box"]["content"] == {"carrots": 1}


def test_the_box_comes_on_the_chosen_day(rosa: Conversation) -> None:
    assert "comes on Tuesday" in rosa.says("ChangeDayIntent", day="tuesday")
    assert "Which day" in rosa.says("ChangeDayIntent", day="sunday")
    assert rosa.attributes["box"]["day"] == "tuesday"


def test_a_box_is_ordered_after_a_yes(rosa: Conversation) -> None:
    rosa.says("AddVegetableIntent", kilos="3", vegetable="potatoes")
    assert "Shall I order it?" in rosa.says("OrderBoxIntent")
    assert "number 1, and comes on Friday" in rosa.says("AMAZON.YesIntent")
    assert "number 1 is being packed" in Conversation("en-US").says("OrderStatusIntent")


def test_a_box_is_not_ordered_after_a_no_nor_by_a_stray_yes(rosa: Conversation) -> None:
    assert "not sure" in rosa.says("AMAZON.YesIntent")
    rosa.says("AddVegetableIntent", vegetable="leeks")
    rosa.says("OrderBoxIntent")
    assert "nothing is ordered" in rosa.says("AMAZON.NoIntent")
    assert "no box on order" in Conversation("en-US").says("OrderStatusIntent")


def test_an_empty_box_is_not_ordered(rosa: Conversation) -> None:
    assert "still empty" in rosa.says("OrderBoxIntent")
    assert "not sure" in rosa.says("AMAZON.YesIntent")


def test_what_was_said_is_said_again(rosa: Conversation) -> None:
    said = rosa.says("AddVegetableIntent", vegetable="pumpkins")
    assert rosa.says("AMAZON.RepeatIntent") == said


def test_each_customer_has_a_box_of_their_own(rosa: Conversation) -> None:
    rosa.says("AddVegetableIntent", vegetable="leeks")
    assert "still empty" in Conversation("en-US", "amzn1.ask.account.EMIL").says("MyBoxIntent")


def test_germans_are_answered_in_german() -> None:
    emil = Conversation("de-DE")
    assert "habe ein Kilo Möhren dazugelegt" in emil.says("AddVegetableIntent", vegetable="Möhren")
    assert "Soll ich sie bestellen?" in emil.says("OrderBoxIntent")
    assert "Nummer 1" in emil.says("AMAZON.YesIntent")


@pytest.mark.parametrize("name", ["Help", "Stop", "Cancel", "NavigateHome", "Fallback"])
def test_what_every_skill_has_is_answered(rosa: Conversation, name: str) -> None:
    assert rosa.says(f"AMAZON.{name}Intent").startswith("<speak>")


def test_the_end_of_a_session_is_taken_in_silence(rosa: Conversation) -> None:
    ended = rosa.sends({"type": "SessionEndedRequest", "reason": "USER_INITIATED"})
    assert "outputSpeech" not in ended


def test_whatever_goes_wrong_is_an_apology(rosa: Conversation) -> None:
    assert "went wrong" in rosa.says("AnIntentThatNobodyHandles")
