"""Every example goes out and arrives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from yellowring.catalog import EVENT_NAMES, utterance
from yellowring_tools.local_stack.workspace import PROJECT

from tests.e2e.support import counts, crowd, ended, start

if TYPE_CHECKING:
    from pathlib import Path

    from yellowring_tools.local_stack.stack import LocalStack

EXAMPLES = sorted((PROJECT / "examples" / "campaigns").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_arrives_with_the_sentence_that_its_preview_shows(
    stack: LocalStack, path: Path
) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    event, localized = document["event"], document.get("localizedAttributes", [])
    users = crowd(stack, path.stem, 1, event=event["name"])
    run_id = f"{path.stem.replace('-', '~')}~1"
    start(stack, run_id, {**document, "audience": {"type": "users", "userIds": users}})
    run = ended(stack, run_id)
    assert (run.status, counts(run)) == ("completed", {"accepted": 1})
    (arrived,) = (each for each in stack.alexa.notifications() if each["referenceId"] == run_id)
    assert (arrived["eventName"], arrived["payload"]) == (event["name"], event["payload"])
    assert arrived["sentence"] == utterance(event["name"], event["payload"], localized)


def test_there_is_an_example_for_every_event() -> None:
    names = {json.loads(path.read_text(encoding="utf-8"))["event"]["name"] for path in EXAMPLES}
    assert names == set(EVENT_NAMES)
