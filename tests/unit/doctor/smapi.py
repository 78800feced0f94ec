"""SMAPI as one skill has it, behind the real client."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yellowring_tools.smapi import Smapi, SmapiError
from yellowring_tools.smapi.call import Answer

if TYPE_CHECKING:
    from yellowring_tools.smapi.call import Call


@dataclass
class OneSkill:
    """Answers by the operation's name; a status alone is a refusal with it.

    Attributes
    ----------
    answers
        By ``operation``, or ``operation stage``, which comes first: JSON, or a status.
    """

    answers: dict[str, Any] = field(default_factory=dict)

    def send(self, call: Call) -> Answer:
        stage = call.options.get("stage", "")
        answer = self.answers.get(f"{call.command} {stage}", self.answers.get(call.command, 404))
        if isinstance(answer, int):
            raise SmapiError(answer, "REFUSED", f"SMAPI answered {call.command} with {answer}")
        return Answer(200, {}, answer)

    def put(self, url: str, content: bytes) -> None:
        raise AssertionError("the doctor uploads nothing")


def smapi(**answers: Any) -> Smapi:
    """Return a client of a skill that answers so; ``_`` in names stands for ``-``."""
    return Smapi(OneSkill({name.replace("_", "-"): each for name, each in answers.items()}))


def built(state: str, **models: str) -> dict[str, Any]:
    """Return the status of a skill's manifest and of its models."""

    def latest(status: str) -> dict[str, Any]:
        errors = [{"message": "slot is unknown"}] if status == "FAILED" else []
        return {"lastUpdateRequest": {"status": status, "errors": errors}}

    parts = {locale.replace("_", "-"): latest(each) for locale, each in models.items()}
    return {"manifest": latest(state), "interactionModel": parts}
