"""What a deployment says when SAM has ended, however it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yellowring_tools.setup import deployment
from yellowring_tools.setup.cloud import Found
from yellowring_tools.setup.deployment import Target, deploy
from yellowring_tools.setup.problems import SetupStopped

from tests.unit.setup.kit import Cloudless

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROLLED_BACK = Found("UPDATE_ROLLBACK_COMPLETE", {"SkillFunctionArn": "a"}, {})
WHOLE = Found("UPDATE_COMPLETE", {}, {})


class Account(Cloudless):
    """An account whose stack is one thing before a deployment and another after it."""

    def __init__(self, *found: Found) -> None:
        super().__init__()
        self._found = iter(found)

    def stack(self, name: str, region: str) -> Found | None:
        return next(self._found)

    def newest_event(self, name: str, region: str) -> str:
        return "newest"

    def reasons(self, name: str, region: str, since: str = "") -> list[str]:
        return [] if since == "newest" else ["of long ago"]


type Deploy = Callable[..., Found]


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Deploy with a SAM that says a line and ends with a status."""

    def run(status: int, *found: Found) -> Found:
        sam = tmp_path / "sam"
        sam.write_text(f"#!/bin/sh\necho ExpiredToken\nexit {status}\n")
        sam.chmod(0o755)
        monkeypatch.setattr(deployment, "sam", lambda: sam)
        target = Target(tmp_path, "ring", "us-east-1", "none", tmp_path / "none")
        return deploy(target, {}, Account(*found), logs=tmp_path)  # type: ignore[arg-type]

    return run


def test_a_stack_that_was_rolled_back_to_what_is_wanted_is_whole(deployed: Deploy) -> None:
    assert deployed(0, ROLLED_BACK, ROLLED_BACK) == ROLLED_BACK


def test_a_stack_that_is_rolled_back_by_now_is_not(deployed: Deploy) -> None:
    with pytest.raises(SetupStopped, match="is UPDATE_ROLLBACK_COMPLETE after its deployment"):
        deployed(0, WHOLE, ROLLED_BACK)


def test_without_a_reason_of_this_deployment_sams_own_words_are_told(deployed: Deploy) -> None:
    with pytest.raises(SetupStopped, match="ExpiredToken") as stopped:
        deployed(1, WHOLE)
    assert "long ago" not in str(stopped.value)
