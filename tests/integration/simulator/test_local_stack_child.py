"""The simulator as the local stack starts it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from yellowring_tools.local_stack.alexa import Skill, start_simulator
from yellowring_tools.local_stack.environments import new_keys
from yellowring_tools.local_stack.web import call
from yellowring_tools.local_stack.workspace import workspace

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 60.0
NOWHERE = "http://127.0.0.1:1"
SKILL = Skill("amzn1.ask.skill.test", "client", "secret")


def opening(tmp_path: Path, skill_package: Path | None) -> str:
    """Start it, and give the first thing that it offers customers to say."""
    with (
        workspace("simulator", tmp_path / "local", tmp_path / "memory") as space,
        start_simulator(
            SKILL, "skill", NOWHERE, new_keys(), space, skill_package=skill_package
        ) as child,
    ):
        url = child.announcement(START_SECONDS)["url"]
        first: str = call("GET", f"{url}/_sim/phrases")["phrases"][0]["text"]
    return first


def test_customers_say_what_the_model_of_the_given_package_has(tmp_path: Path) -> None:
    models = tmp_path / "package" / "interactionModels" / "custom"
    models.mkdir(parents=True)
    model = {"invocationName": "green market", "intents": []}
    document = {"interactionModel": {"languageModel": model}}
    (models / "en-US.json").write_text(json.dumps(document))
    assert opening(tmp_path, tmp_path / "package") == "open green market"
    assert opening(tmp_path, None) == "(opens the skill)"
