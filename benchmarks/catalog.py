"""What the catalog costs: one event checked and serialised, and `yellowring validate` as a whole.

Run it with ``python benchmarks/catalog.py``; medians of CPU time are printed, and ``--json`` prints
them as JSON. Sends nothing, needs no stack.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lambda")]

from yellowring.catalog import check_event  # noqa: E402
from yellowring.sender.campaign import parse_campaign  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = sorted((ROOT / "examples/campaigns").glob("*.json"))
ROUNDS, REPEATS, STARTS = 30, 500, 15
MOST_MICROSECONDS, MOST_SECONDS = 50.0, 0.5


def microseconds(work: Callable[[], object]) -> float:
    """Return the CPU of one call, the median over rounds of many calls, after a warm-up."""
    for _ in range(REPEATS):
        work()
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        for _ in range(REPEATS):
            work()
        rounds.append((time.process_time_ns() - started) / REPEATS / 1000)
    return statistics.median(rounds)


def seconds(command: list[str]) -> float:
    """Return the median CPU of a command, its modules compiled before, interpreter included."""
    with tempfile.TemporaryDirectory() as compiled:
        environment = {
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": compiled,
        }
        taken = []
        for _ in range(1 + STARTS):
            before = _of_children()
            subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment)
            taken.append(_of_children() - before)
    return statistics.median(taken[1:])


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure() -> dict[str, dict[str, float]]:
    """Measure every example campaign, and the command on one of them."""
    events: dict[str, float] = {}
    campaigns: dict[str, float] = {}
    for path in EXAMPLES:
        document = json.loads(path.read_text())
        event, attributes = document["event"], document.get("localizedAttributes", [])

        def checked_and_serialised(
            name: str = event["name"],
            payload: object = event["payload"],
            attributes: object = attributes,
        ) -> str:
            checked = check_event(name, payload, attributes)
            return json.dumps([checked.payload, checked.localized_attributes])

        events[path.stem] = microseconds(checked_and_serialised)
        campaigns[path.stem] = microseconds(lambda document=document: parse_campaign(document))  # type: ignore[misc]
    command = [str(Path(sys.executable).with_name("yellowring")), "validate", str(EXAMPLES[0])]
    return {"event_us": events, "campaign_us": campaigns, "validate_s": {"cpu": seconds(command)}}


def main() -> None:
    """Print the medians; fail when one is over its limit."""
    measured = measure()
    if "--json" in sys.argv:
        print(json.dumps(measured, indent=2))
    else:
        print(f"{'campaign':26}{'check + serialise':>20}{'parse campaign':>18}")
        for name, event in measured["event_us"].items():
            print(f"{name:26}{event:17.1f} µs{measured['campaign_us'][name]:15.1f} µs")
        print(f"yellowring validate: {measured['validate_s']['cpu']:.2f} s")
    slowest = max(measured["event_us"].values())
    if slowest > MOST_MICROSECONDS or measured["validate_s"]["cpu"] > MOST_SECONDS:
        sys.exit(f"over the limit of {MOST_MICROSECONDS} µs or {MOST_SECONDS} s")


if __name__ == "__main__":
    main()
