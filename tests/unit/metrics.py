"""Which metrics there are: those that the package's code emits, and those of AWS' own."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = Path(__file__).resolve().parents[2] / "lambda" / "yellowring"
OURS = "YellowRing"
OF_AWS: Mapping[str, Mapping[str, str]] = {
    "AWS/Lambda": dict.fromkeys(
        ("Invocations", "Errors", "Throttles", "Duration", "RecursiveInvocationsDropped"),
        "FunctionName",
    ),
    "AWS/SQS": dict.fromkeys(
        (
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesVisible",
            "NumberOfMessagesSent",
            "NumberOfEmptyReceives",
        ),
        "QueueName",
    ),
    "AWS/DynamoDB": dict.fromkeys(
        ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"), "TableName"
    ),
    "AWS/States": {"ExecutionsStarted": "StateMachineArn"},
    "AWS/Logs": {"IncomingBytes": "LogGroupName"},
}
"""Metrics of AWS' own, and the dimension that names what each is of.

Source: each service's page "CloudWatch metrics" in its developer guide.
"""


@cache
def emitted() -> Mapping[str, frozenset[frozenset[str]]]:
    """Return the sets of dimensions that each metric of ours has, beside none and the stack's."""
    found: dict[str, set[frozenset[str]]] = {}
    for path in PACKAGE.rglob("*.py"):
        for name, dimensions in _told(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(name, set()).add(dimensions)
    return {name: frozenset(each) for name, each in found.items()}


def _told(tree: ast.AST) -> Iterator[tuple[str, frozenset[str]]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id="count" | "measure"), args=[ast.Constant(value=str(name)), *_]
            ):
                yield name, frozenset(each.arg for each in node.keywords if each.arg)


def is_told(namespace: str, metric: str, dimensions: frozenset[str]) -> bool:
    """Check whether CloudWatch has a metric with exactly these dimensions."""
    if namespace != OURS:
        if namespace == "AWS/Lambda":  # of an alias, too
            dimensions = dimensions - {"Resource"}
        return OF_AWS.get(namespace, {}).get(metric) in dimensions and len(dimensions) == 1
    own = emitted().get(metric, frozenset())
    known = {frozenset({"stack"}), *(each | {"stack"} for each in own)}
    return bool(own) and dimensions in known
