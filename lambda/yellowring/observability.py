"""Logs and metrics, made once: JSON lines without personal data, and embedded metrics."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from contextvars import ContextVar
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE = "YellowRing"

SERVICE = "yellowring"
"""The logger's own name, so that no other logger of the process gets our guard, or we its."""

_CORRELATION_ID = re.compile(r"[\w~.=:-]{1,128}", re.ASCII)
_correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
_PERSONAL = re.compile(r"amzn1\.ask\.(?:account|person)\.[\w.-]+|At[czn][ar]?\|[\w|./+=-]+")


class _Redacting(LambdaPowertoolsFormatter):
    """The last guard: whatever slipped into a log line, user ids and tokens do not leave in it."""

    def serialize(self, log: Any) -> str:  # noqa: ANN401 - the base class' own type is looser still
        if (correlation_id := _correlation_id.get()) is not None:
            log["correlation_id"] = correlation_id
        return redact(super().serialize(log))


def redact(text: str) -> str:
    """Blank every Alexa user id and LWA token in a text."""
    return _PERSONAL.sub("<redacted>", text)


def hash_user_id(user_id: str, skill_id: str) -> str:
    """Name a customer in logs without naming them.

    Parameters
    ----------
    user_id
        Alexa's id of the customer.
    skill_id
        The key: the same customer has the same name in both functions' logs of one skill only.

    Returns
    -------
    str
        Twelve hexadecimal digits.
    """
    key = hashlib.sha256(skill_id.encode()).digest()
    encoded = user_id.encode(errors="surrogatepass")
    return hashlib.blake2s(encoded, key=key, digest_size=6).hexdigest()


def invoked(context: object, correlation_id: object = None) -> None:
    """Have every line of an invocation tell which one it is, and what it goes back to.

    Parameters
    ----------
    context
        Lambda's own; its request id becomes ``function_request_id``.
    correlation_id
        The same in every function that has to do with one request, message or run; what is no
        such id is left out.
    """
    logger.append_keys(
        function_request_id=getattr(context, "aws_request_id", None),
        correlation_id=_correlation(correlation_id),
    )


def correlate_else(value: str) -> None:
    """Have the lines of the invocation go back to a value, where they go back to nothing yet."""
    if correlation_id() is None:
        logger.append_keys(correlation_id=_correlation(value))


def correlate(*candidates: object) -> None:
    """Have the lines of the present task, and of the threads it calls, go back to something else.

    For what handles several messages at once, each in a task of its own. The first of the
    candidates counts that is an id.
    """
    ids = (_correlation(each) for each in candidates)
    _correlation_id.set(next((each for each in ids if each is not None), None))


def correlation_id() -> str | None:
    """Return what the present lines go back to, to be handed on."""
    told = logger.get_current_keys().get("correlation_id")
    return _correlation_id.get() or (told if isinstance(told, str) else None)


def _correlation(value: object) -> str | None:
    """Return an id that can be handed on and logged as it is; what is anything else is none."""
    is_id = isinstance(value, str) and _CORRELATION_ID.fullmatch(value) and redact(value) == value
    return str(value) if is_id else None


def count(metric: str, value: int = 1, **dimensions: str) -> None:
    """Add to a metric of the ``YellowRing`` namespace; as `measure` does, in the unit ``Count``."""
    measure(metric, value, "Count", **dimensions)


def measure(metric: str, value: float, unit: str, **dimensions: str) -> None:
    """Tell a metric's value, in the namespace ``YellowRing``: one embedded-metric line on stdout.

    CloudWatch adds nothing up over dimensions, so each metric is there three times: without any,
    with the stack's name, and with that and its own dimensions.

    Source: "Specification: Embedded metric format" (Amazon CloudWatch).
    """
    known = {"stack": os.environ.get("STACK_NAME", "")} if os.environ.get("STACK_NAME") else {}
    own = {name: redact(dimension) for name, dimension in dimensions.items()}
    sets: list[list[str]] = [[]]
    for names in ([*known], [*known, *own]):
        if names not in sets:
            sets.append(names)
    emit(
        {
            "_aws": {
                "Timestamp": int(time.time() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": NAMESPACE,
                        "Dimensions": sets,
                        "Metrics": [{"Name": metric, "Unit": unit}],
                    }
                ],
            },
            **known,
            **own,
            metric: value,
        }
    )


def log_failure(message: str, error: Exception) -> None:
    """Log that something failed: the error's type and where, never its text.

    What an error says may be anything, as a skill's own code raises them too.
    """
    frames = [
        f"{each.filename}:{each.lineno} {each.name}" for each in extract_tb(error.__traceback__)
    ]
    logger.error(message, extra={"error": type(error).__name__, "frames": frames})


def emit(document: Mapping[str, object]) -> None:
    """Write a line of JSON to stdout, where Lambda takes it into the log."""
    sys.stdout.write(json.dumps(document, separators=(",", ":")) + "\n")


logger = Logger(service=SERVICE, logger_formatter=_Redacting())
logger.append_keys(service=os.environ.get("POWERTOOLS_SERVICE_NAME") or SERVICE)
