"""What sending costs: CPU per event, and what a worker asks of AWS.

Run it with ``python benchmarks/sender.py``; ``--client`` measures the HTTP client alone, and
``--json`` prints JSON instead of tables.

First the HTTP client: CPU per event over TLS at 256 connections and at an even 200 per second,
beside what plain aiohttp takes in the same run, sent as the sender before this client did (and
libcurl's multi interface, after ``pip install pycurl``). Then a whole slice, the worker as it is
deployed with its rate limiter, concurrency, checkpoints and looks at the run's status, as fast as
can be and at the same even pace. All servers are on loopback and share this machine's cores, so
times say little, and ratios within one run carry over.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lambda"), str(ROOT / "benchmarks")]

import _cpu  # noqa: E402
from _slices import PER_SECOND, bench, slices  # noqa: E402

if TYPE_CHECKING:
    from _slices import Sent


def measure_slices() -> dict[str, Sent]:
    """Return what a slice costs: as fast as can be, and at an even pace."""
    with bench() as of:
        saturated, paced = slices(of)
    return {"as fast as can be": saturated, f"at {PER_SECOND} per second": paced}


def show(slices: dict[str, Sent]) -> None:
    """Print a table."""
    print(f"\n{'a slice':40}" + "".join(f"{title:>24}" for title in slices))
    print(
        f"{'CPU per event, µs':40}" + "".join(f"{s.event_ms * 1000:24.0f}" for s in slices.values())
    )
    print(f"{'events per second':40}" + "".join(f"{s.per_second:24.0f}" for s in slices.values()))
    for name in sorted({name for each in slices.values() for name in each.calls}):
        values = "".join(f"{each.calls.get(name, 0):24.1f}" for each in slices.values())
        print(f"{name + ' per 1 000 events':40}{values}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what sending costs.")
    parser.add_argument("--client", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    clients = _cpu.measure()
    slices = {} if options.client else measure_slices()
    if options.json:
        measured: dict[str, Any] = {"cpuMicrosecondsPerEvent": clients}
        measured |= {title: asdict(each) for title, each in slices.items()}
        print(json.dumps(measured, indent=2))
        return
    _cpu.show(clients)
    if slices:
        show(slices)


if __name__ == "__main__":
    main()
