"""Logs and metrics, made once: JSON lines without personal data, and embedded metrics."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import MetricUnit, single_metric

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
    """Add to a metric of the ``YellowRing`` namespace (one embedded-metric line on stdout)."""
    with single_metric(
        name=metric, unit=MetricUnit.Count, value=value, namespace=NAMESPACE
    ) as single:
        for name, dimension in dimensions.items():
            single.add_dimension(name=name, value=redact(dimension))


logger = Logger(service="yellowring", logger_formatter=_Redacting())
