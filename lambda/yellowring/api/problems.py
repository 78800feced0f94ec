"""What is wrong, as the API says it: problem details with a JSON path for each error.

Source: RFC 9457, "Problem Details for HTTP APIs". Nothing that the caller sent is repeated but the
names of members, and nothing of a customer's is told.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response
from botocore.exceptions import ClientError

from yellowring.catalog.problems import at
from yellowring.observability import logger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic_core import ErrorDetails

    from yellowring.catalog import Problem

CONTENT_TYPE = "application/problem+json"
MOST_ERRORS = 20
"""Errors of one request, or of one entry of a batch, that an answer tells."""
RETRY_AFTER = 2
"""Seconds after which a caller is to try again."""

_TITLES = {
    "not-json": (400, "The body is not JSON"),
    "not-authorized": (403, "Nobody has checked who asks"),
    "not-found": (404, "There is no such address"),
    "unknown-notification": (404, "There is no such notification"),
    "unknown-run": (404, "There is no such run"),
    "not-linked": (404, "Nobody is linked to this customer id"),
    "method-not-allowed": (405, "The address does not take this method"),
    "key-conflict": (409, "The idempotency key stands for another body"),
    "run-conflict": (409, "The run exists with another campaign"),
    "run-ended": (409, "The run has ended"),
    "not-resumable": (409, "The run cannot be resumed"),
    "too-many-accounts": (409, "Too many accounts are linked to this customer id"),
    "too-large": (413, "The body is too large"),
    "not-a-json-type": (415, "The body is not sent as JSON"),
    "invalid": (422, "The request is not valid"),
    "busy": (429, "Too much at once"),
    "internal": (500, "Something is wrong in the API itself"),
    "unavailable": (503, "A service behind the API does not answer"),
    "no-credentials": (503, "The stack has no credentials of the skill"),
    "no-event-source": (503, "The stack cannot load the campaign's event source"),
    "sender-refused": (503, "The sender could not start the run"),
}
TYPES = tuple(_TITLES)
_PASSING = frozenset({"busy", "unavailable", "sender-refused"})
"""Where the same request again may do, with nothing mended before."""
_THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
    }
)


@dataclass(frozen=True, slots=True)
class Error:
    """One thing that is wrong: where, as a JSON path of the body or a part's name, and what."""

    path: str
    message: str


class Refusal(Exception):
    """A request that is answered with a problem.

    Parameters
    ----------
    kind
        One of `TYPES`.
    detail
        What is wrong with this request and what would be right, in a sentence.
    errors
        Each thing that is wrong, where there are several or it has a place.
    """

    def __init__(self, kind: str, detail: str, errors: Iterable[Error] = ()) -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail
        self.errors = tuple(errors)

    @property
    def status(self) -> int:
        """The HTTP status that goes with it."""
        return _TITLES[self.kind][0]

    def document(self) -> dict[str, Any]:
        """Return the problem details."""
        status, title = _TITLES[self.kind]
        return {
            "type": f"urn:yellowring:problem:{self.kind}",
            "title": title,
            "status": status,
            "detail": self.detail,
            "errors": [{"path": each.path, "message": each.message} for each in self.errors],
        }

    def response(self, headers: Mapping[str, str] | None = None) -> Response[str]:
        """Return the answer."""
        told = {"Retry-After": str(RETRY_AFTER)} if self.kind in _PASSING else {}
        return Response(
            status_code=self.status,
            content_type=CONTENT_TYPE,
            body=json.dumps(self.document()),
            headers={**told, **(headers or {})},
        )


def invalid(errors: Iterable[Error]) -> Refusal:
    """Return the refusal of a request that is wrong in these places."""
    found = tuple(errors)
    places = "one place" if len(found) == 1 else f"{len(found)} places"
    shown = "see errors" if len(found) <= MOST_ERRORS else f"errors has the first {MOST_ERRORS}"
    return Refusal("invalid", f"The request is wrong in {places}: {shown}.", found[:MOST_ERRORS])


def failed_call(error: Exception) -> Refusal:
    """Log that a call of AWS failed; return the refusal: the same request again may do."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    logger.error("AWS failed", extra={"error": type(error).__name__, "code": code})
    if code in _THROTTLES:
        return Refusal("busy", "The tables or queues take no more just now: send it again.")
    return Refusal("unavailable", "Nothing is lost: send the same request again, with its key.")


def errors_of(details: Iterable[ErrorDetails | Mapping[str, Any]], root: str = "$") -> list[Error]:
    """Say pydantic's errors with JSON paths; ``root`` is the path of what was checked."""
    found = [Error(_path(each["loc"], root), _message(each)) for each in details]
    return list(dict.fromkeys(found))


def errors_of_problems(problems: Iterable[Problem], root: str = "$") -> list[Error]:
    """Say the catalog's problems without what they quote; ``root`` stands for their ``$``."""
    return [Error(root + each.path.removeprefix("$"), _said(each)) for each in problems]


def _said(problem: Problem) -> str:
    own = problem.rule if problem.rule != "is not right" else problem.message
    shown = f"; use one of {', '.join(problem.allowed)}" if problem.allowed else ""
    return own if shown and problem.allowed[0] in own else own + shown


_UNIONS = frozenset({"ToUser", "ToCustomer"})
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_type": "must be a text",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}


def _path(loc: Sequence[str | int], root: str) -> str:
    """Return where an error is: ``$.to.userId`` of a body, ``header.Idempotency-Key``."""
    place, *steps = loc if loc and loc[0] in ("body", "path", "header", "query") else ("body", *loc)
    if place != "body":
        name = ".".join(map(str, steps))
        return f"{place}.{name.title() if place == 'header' else name}"
    path = root
    for step in steps:
        if step not in _UNIONS:
            path = at(path, step)
    return path


def _message(error: ErrorDetails | Mapping[str, Any]) -> str:
    """Say one of pydantic's errors, which never repeat a value of these models."""
    if error["type"] in _WORDS:
        return _WORDS[error["type"]]
    if error["type"] == "value_error":
        return str(error["ctx"]["error"]) if "ctx" in error else "is not right"
    told = str(error["msg"])
    for long in ("Input should be ", "String should have ", "List should have ", "Value should "):
        if told.startswith(long):
            return f"must {'be' if long.startswith('Input') else 'have'} {told.removeprefix(long)}"
    return told.replace("String should match pattern", "must match")
