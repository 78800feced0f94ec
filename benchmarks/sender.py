"""What sending costs: one worker's events per second, CPU and memory, and its calls of AWS.

Run it with ``python benchmarks/sender.py``; ``--customers N`` (default 50 000) says how many are
sent to, ``--client`` measures the HTTP client alone, and ``--json`` prints JSON instead of tables.

First the HTTP client: CPU per event over TLS at 256 connections and at an even 200 per second,
beside what plain aiohttp takes in the same run (and libcurl's multi interface, after ``pip install
pycurl``). Then a whole worker. One worker, the sender function as it is
deployed, sends one segment to a local Alexa that accepts everything at once: what is measured is
the sender's own rendering, HTTP, pacing and checkpoints. There is no TLS and no latency, and the
servers share this machine's cores with the worker, so the events per second say what this machine
can do; the CPU per event, the memory and the calls are what carries over to Lambda. It sends twice,
in large pages and in small ones: the difference is the CPU that a page costs.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lambda"), str(ROOT / "benchmarks")]

import _cpu  # noqa: E402

from tests.integration.fire.ground import Ground, ground, order  # noqa: E402

PAGES = (1_000, 100)
"""Customers in a page: the most that the sender takes, and few."""


def measure(place: Ground, customers: int, page: int) -> dict[str, Any]:
    """Send to so many customers in such pages, and give what that cost."""
    place.clear()
    with place.fast_alexa(customers) as url:
        values = {"plan.CUSTOMERS_PER_SEGMENT": customers, "worker.LARGEST_PAGE": page}
        host = order(
            place,
            values=values,
            scan=url,
            milliseconds=3_600_000,
            seconds=600,
            ALEXA_BASE_URL=url,
            LWA_BASE_URL=url,
            MAX_EVENTS_PER_SECOND="1000000",
        )
    run = place.run()
    if run is None or run["counts"]["accepted"] != customers:
        raise SystemExit(f"not everybody was sent to: {run}")
    (cost,) = host.done()
    thousands = customers / 1_000
    return {
        "customers": customers,
        "page": page,
        "eventsPerSecond": round(customers / cost["seconds"]),
        "cpuMillisecondsPerEvent": round(cost["cpuSeconds"] / customers * 1_000, 4),
        "peakMemoryMiB": round(cost["peakKib"] / 1_024, 1),
        "callsPerThousandCustomers": {
            name: round(calls / thousands, 3) for name, calls in sorted(cost["calls"].items())
        },
        "callsOfPacePerSecond": round(
            sum(calls for name, calls in cost["calls"].items() if name.endswith("#pace"))
            / cost["seconds"],
            2,
        ),
    }


def report(customers: int) -> dict[str, Any]:
    """Measure both, and what a page costs."""
    with ground() as place:
        large, small = (measure(place, customers, page) for page in PAGES)
    more_pages = customers / PAGES[1] - customers / PAGES[0]
    more_cpu = (small["cpuMillisecondsPerEvent"] - large["cpuMillisecondsPerEvent"]) * customers
    return {"runs": [large, small], "cpuMillisecondsPerPage": round(more_cpu / more_pages, 2)}


def show(measured: dict[str, Any]) -> None:
    """Print a table."""
    large, small = measured["runs"]
    print(f"{'customers in a page':32} {large['page']:>10} {small['page']:>10}")
    for title, name in (
        ("customers", "customers"),
        ("events per second", "eventsPerSecond"),
        ("CPU, ms per event", "cpuMillisecondsPerEvent"),
        ("peak memory, MiB", "peakMemoryMiB"),
        ("calls of the pace per second", "callsOfPacePerSecond"),
    ):
        print(f"{title:32} {large[name]:>10} {small[name]:>10}")
    calls = [each["callsPerThousandCustomers"] for each in (large, small)]
    for name in sorted(calls[0] | calls[1]):
        values = " ".join(f"{each.get(name, 0):>10}" for each in calls)
        print(f"{name + ' per 1 000 customers':32} {values}")
    print(f"{'CPU, ms per page':32} {measured['cpuMillisecondsPerPage']:>10}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what sending costs.")
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--client", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    measured: dict[str, Any] = {"cpuMicrosecondsPerEvent": _cpu.measure()}
    if not options.client:
        measured |= report(options.customers)
    if options.json:
        print(json.dumps(measured, indent=2))
        return
    _cpu.show(measured["cpuMicrosecondsPerEvent"])
    if not options.client:
        show(measured)


if __name__ == "__main__":
    main()
