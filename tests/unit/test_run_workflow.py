"""The workflow of a run: what real Step Functions needs of it, and an emulator forgives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]
from yellowring.sender.run.lifecycle import MOST_WORKERS
from yellowring.sender.run.slice import LONGEST_WAIT, SHORTEST_TURN

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).resolve().parents[2]
WORKFLOW: dict[str, Any] = json.loads(
    (PROJECT / "infrastructure" / "run.asl.json").read_text(encoding="utf-8")
)
RESOURCES: dict[str, Any] = yaml_parse((PROJECT / "template.yaml").read_text(encoding="utf-8"))[
    "Resources"
]
MAP: dict[str, Any] = WORKFLOW["States"]["Send to every segment"]
CHILD: dict[str, Any] = MAP["ItemProcessor"]
EVENTS_IN_A_HISTORY = 25_000
EVENTS_OF_A_TURN = 9
"""A task (5), a choice or a note, and a wait (2 each)."""


def machines() -> Iterator[dict[str, Any]]:
    yield WORKFLOW
    yield CHILD


def states() -> Iterator[tuple[str, dict[str, Any]]]:
    for machine in machines():
        yield from machine["States"].items()


TASKS = [name for name, state in states() if state["Type"] == "Task"]


def followers(state: dict[str, Any]) -> list[str]:
    choices = [*state.get("Choices", ()), *state.get("Catch", ())]
    direct = [state[key] for key in ("Next", "Default") if key in state]
    return direct + [choice["Next"] for choice in choices]


@pytest.mark.parametrize("machine", list(machines()), ids=["run", "segment"])
def test_every_state_is_reached_and_leads_to_one_that_exists(machine: dict[str, Any]) -> None:
    known = machine["States"]
    reached, ahead = set(), [machine["StartAt"]]
    while ahead:
        name = ahead.pop()
        assert name in known
        if name not in reached:
            reached.add(name)
            ahead += followers(known[name])
    assert reached == set(known)


@pytest.mark.parametrize(("name", "state"), list(states()), ids=lambda each: str(each)[:20])
def test_every_state_goes_on_or_ends(name: str, state: dict[str, Any]) -> None:
    assert state["Type"] in ("Pass", "Task", "Map", "Choice", "Wait")
    assert len(name) <= 80
    if state["Type"] == "Choice":
        assert "Default" in state
    else:
        assert ("Next" in state) != ("End" in state)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_given_a_minute_more_than_the_function_has(name: str) -> None:
    state = dict(states())[name]
    assert state["TimeoutSeconds"] == RESOURCES["SenderFunction"]["Properties"]["Timeout"] + 60


def test_whatever_fails_is_caught_or_tried_again() -> None:
    everything = ["States.ALL"]
    for name in ("Send a slice", "Send to every segment"):
        (catch,) = dict(states())[name]["Catch"]
        assert catch["ErrorEquals"] == everything
    (retry,) = WORKFLOW["States"]["Add up and end the run"]["Retry"]
    assert retry["ErrorEquals"] == everything


def test_a_run_is_added_up_for_as_long_as_it_takes() -> None:
    finish = "Add up and end the run"
    (caught,) = WORKFLOW["States"][finish]["Catch"]
    assert caught["ErrorEquals"] == ["States.ALL"]
    assert caught["ResultPath"] is None
    wait = WORKFLOW["States"][caught["Next"]]
    assert (wait["Type"], wait["Seconds"], wait["Next"]) == ("Wait", 60, finish)


def test_the_map_has_the_segments_of_its_input_with_nothing_between() -> None:
    first = WORKFLOW["States"][WORKFLOW["StartAt"]]
    assert (first["SecondsPath"], first["Next"]) == ("$.settleSeconds", "Send to every segment")
    assert MAP["ItemsPath"] == "$.segments"
    assert MAP["ItemSelector"]["segment.$"] == "$$.Map.Item.Value"


def test_no_child_fails_another_and_all_run_at_once() -> None:
    assert MAP["ToleratedFailurePercentage"] == 100
    assert MAP["MaxConcurrency"] == 0
    assert CHILD["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert MOST_WORKERS <= 1000, "what Step Functions runs at once by itself"


def test_a_child_returns_nothing_and_the_map_keeps_nothing_of_it() -> None:
    ends = [state for state in CHILD["States"].values() if state.get("End")]
    assert [state.get("Result") for state in ends] == [{}]
    assert MAP["ResultPath"] is None


def test_what_goes_round_is_small_and_names_nobody() -> None:
    task = {"task", "runId", "attempt", "segment"}
    assert {key.removesuffix(".$") for key in MAP["ItemSelector"]} == task
    noted = CHILD["States"]["Note the failure"]["Parameters"]
    assert {key.removesuffix(".$") for key in noted} == task | {"failure"}
    finished = WORKFLOW["States"]["Add up and end the run"]
    told = {key.removesuffix(".$") for key in finished["Parameters"]["Payload"]}
    assert told == {"task", "runId", "attempt", "executionArn"}
    assert finished["ResultPath"] is None
    assert CHILD["States"]["Send a slice"]["OutputPath"] == "$.Payload"


def test_a_days_turns_fit_into_a_childs_history() -> None:
    assert CHILD["States"]["Wait after a failure"]["Seconds"] == SHORTEST_TURN
    assert CHILD["States"]["Wait for the next slice"]["SecondsPath"] == "$.waitSeconds"
    assert 24 * 3600 / SHORTEST_TURN * EVENTS_OF_A_TURN < EVENTS_IN_A_HISTORY * 0.75
    assert SHORTEST_TURN <= LONGEST_WAIT == 60


def test_every_name_that_is_filled_in_is_given_and_used() -> None:
    text = json.dumps(WORKFLOW)
    given = RESOURCES["RunMachine"]["Properties"]["DefinitionSubstitutions"]
    assert all(f"${{{name}}}" in text for name in given)
    assert text.count("${") == sum(text.count(f"${{{name}}}") for name in given)
