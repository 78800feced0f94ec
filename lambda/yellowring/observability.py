"""Logs and metrics, made once: JSON lines without personal data, and embedded metrics."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMESPACE = "YellowRing"

_PERSONAL = re.compile(r"amzn1\.ask\.(?:account|person)\.[\w.-]+|At[czn][ar]?\|[\w|./+=-]+")


class _Redacting(LambdaPowertoolsFormatter):
    """The last guard: whatever slipped into a log line, user ids and tokens do not leave in it."""

    def serialize(self, log: Any) -> str:  # noqa: ANN401 - the base class' own type is looser still
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


def count(metric: str, value: int = 1, **dimensions: str) -> None:
    """Add to a metric of the ``YellowRing`` namespace (one embedded-metric line on stdout).

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
                        "Metrics": [{"Name": metric, "Unit": "Count"}],
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


logger = Logger(service="yellowring", logger_formatter=_Redacting())
