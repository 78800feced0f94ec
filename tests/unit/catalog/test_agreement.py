"""The sender's models and the simulator's schemas were written apart and must mean the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yellowring.catalog import EVENT_NAMES, LOCALES, check_event, utterance
from yellowring_tools.simulator.schemas import content_problems

from tests.unit.catalog.strategies import KEYS, mutations, payloads

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

CASES = 5000
"""Mutations in all, shared by the eight events."""

ATTRIBUTES = [{"locale": "en-US"} | dict.fromkeys(KEYS, "text")]

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def refused_by_simulator(name: str, payload: object, attributes: object) -> bool:
    return bool(content_problems({"name": name, "payload": payload}, attributes))


@pytest.mark.parametrize("name", EVENT_NAMES)
@settings(unhurried, max_examples=40)
@given(data=st.data())
def test_what_the_models_make_is_right_for_both_and_can_be_said(
    name: str, data: DataObject
) -> None:
    payload = data.draw(payloads(name))
    checked = check_event(name, payload, ATTRIBUTES)
    assert checked.problems == ()
    assert json.loads(json.dumps(checked.payload)) == payload
    assert not refused_by_simulator(name, payload, ATTRIBUTES)
    assert str(utterance(name, payload, ATTRIBUTES)).endswith((".", "!"))


def agree(name: str, payload: object) -> None:
    ours = check_event(name, payload, ATTRIBUTES).problems
    assert bool(ours) == refused_by_simulator(name, payload, ATTRIBUTES), ours


@pytest.mark.parametrize("name", EVENT_NAMES)
@settings(unhurried, max_examples=40)
@given(data=st.data())
def test_what_one_refuses_the_other_refuses(name: str, data: DataObject) -> None:
    agree(name, data.draw(mutations(name)))


@pytest.mark.slow
@pytest.mark.parametrize("name", EVENT_NAMES)
@settings(unhurried, max_examples=CASES // len(EVENT_NAMES))
@given(data=st.data())
def test_what_one_refuses_the_other_refuses_in_5000_cases(name: str, data: DataObject) -> None:
    agree(name, data.draw(mutations(name)))


entries: Any = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "locale": st.sampled_from([*LOCALES[:3], "en-UK", "", None]),
            "name": st.sampled_from(["text", "", 3]),
            "source": st.sampled_from(["text", None]),
        },
    )
    | st.sampled_from([None, "en-US", []]),
    max_size=3,
)


@settings(unhurried, max_examples=150)
@given(
    attributes=entries | st.sampled_from([None, {}, "en-US"]),
    source=st.sampled_from(["text", *(f"localizedattribute:{key}" for key in (*KEYS, "locale"))]),
)
def test_both_judge_the_texts_of_the_locales_alike(attributes: object, source: str) -> None:
    name = "AMAZON.WeatherAlert.Activated"
    payload = {"weatherAlert": {"source": source, "alertType": "TORNADO"}}
    ours = check_event(name, payload, attributes).problems
    assert bool(ours) == refused_by_simulator(name, payload, attributes), ours
