"""What SMAPI does not do, in the bodies that ``ask-smapi-model`` has for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a manifest, a model or a package (``StandardizedError``)."""

    code: str
    message: str

    def document(self) -> dict[str, str]:
        """The problem as SMAPI tells it."""
        return {"code": self.code, "message": self.message}


class SmapiRefused(Exception):
    """An operation that is not done: the status and the JSON body of the answer."""

    def __init__(self, status: int, document: dict[str, object]) -> None:
        super().__init__(document["message"])
        self.status = status
        self.document = document


def bad_request(problems: Iterable[Problem]) -> SmapiRefused:
    """Return the answer to a request whose body or query is wrong (``BadRequestError``)."""
    violations = [problem.document() for problem in problems]
    return SmapiRefused(400, {"message": "The request is not valid.", "violations": violations})


def refused(status: int, code: str, message: str) -> SmapiRefused:
    """Return the answer to any other request that is not done (``StandardizedError``)."""
    return SmapiRefused(status, {"code": code, "message": message})


def no_access(what: str) -> SmapiRefused:
    """Return the answer to who asks for what is not theirs."""
    return refused(401, "UNAUTHORIZED", f"The auth token doesn't have access to {what}")


def not_found(what: str) -> SmapiRefused:
    """Return the answer to who asks for what is not there."""
    return refused(404, "RESOURCE_NOT_FOUND", f"{what} is not found")
