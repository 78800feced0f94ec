"""``python -m tests.integration.fire.order ORDER``: invokes the sender once, with a JSON order.

Prints a line of JSON when it is ready, and another when it is done that says what that took:
``seconds``, ``cpuSeconds``, ``peakKib`` of memory, and the ``calls`` of AWS by operation, where
``#pace`` marks those of the shared pace.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import boto3
from yellowring.sender import app
from yellowring.sender.delivery.window import KEY

from tests.integration.fire.host import announce, prepare

if TYPE_CHECKING:
    from collections.abc import Mapping


def _count_calls() -> Counter[str]:
    calls: Counter[str] = Counter()

    def count(params: Mapping[str, Any], model: Any, **_: object) -> None:
        paced = params.get("Key", {}).get("runId") == KEY["runId"]
        calls[f"{model.name} #pace" if paced else model.name] += 1

    boto3.setup_default_session()
    assert boto3.DEFAULT_SESSION is not None
    boto3.DEFAULT_SESSION.events.register("provide-client-params", count)
    return calls


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Send the order."""
    calls = _count_calls()
    context = prepare()
    announce()
    calls.clear()
    began, cpu = time.perf_counter(), _cpu_seconds()
    app.lambda_handler(json.loads(sys.argv[1]), context)
    announce(
        seconds=time.perf_counter() - began,
        cpuSeconds=_cpu_seconds() - cpu,
        peakKib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        calls=calls,
    )


if __name__ == "__main__":
    main()
