"""What a run takes and costs, from ten thousand customers to a hundred million.

Run it with ``python benchmarks/scale.py``; it prints the tables of docs/scale.md. Sends nothing,
needs no stack. CPU times and sizes are measured here and now; prices, limits and what only the real
Alexa could tell are the constants below; everything else is computed from these.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lambda"), str(ROOT / "benchmarks")]

from _measured import Measured, measure  # noqa: E402
from yellowring.sender.delivery.delivering import CONCURRENCY, LAST_MINUTES  # noqa: E402
from yellowring.sender.plan import CUSTOMERS_PER_SEGMENT, MOST_SEGMENTS  # noqa: E402
from yellowring.sender.worker import (  # noqa: E402
    LARGEST_PAGE,
    SECONDS_PER_PAGE,
    SLICE,
    SMALLEST_PAGE,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

# List prices in US dollars for us-east-1, without free tiers, as of November 2026; from the pricing
# pages of AWS Lambda (arm64), Amazon DynamoDB (on demand), Amazon SQS (standard queues), and Amazon
# EC2 (data transfer out to the internet).
PER_GB_SECOND = 0.0000133334
PER_INVOCATION = 0.20e-6
PER_READ_UNIT = 0.125e-6
PER_WRITE_UNIT = 0.625e-6
PER_QUEUE_REQUEST = 0.40e-6
PER_GB_OUT = 0.09

# The stack, as template.yaml has it, and what AWS documents of its services.
MEMORY_GB = 0.5
VCPUS = 512 / 1769
"""A function of 1769 MB has one vCPU ("Configure Lambda function memory")."""
TIMEOUT = 300
FEWEST_WORKERS = 2
PARTITION_WRITES = 1000
"""Write units per second that one item can take ("DynamoDB throughput quotas, partitions")."""
LARGEST_ITEM = 400 * 1024

# Assumed: only sending to Alexa would tell.
LATENCY = 0.1
"""Seconds until Alexa answers."""
USABLE = 0.7
"""The part of its CPU that a worker should be planned with; TLS and a slower core take the rest."""
LEFT = 0.001
"""The part of the customers whose outcome is still unknown after a worker's own tries."""
REJECTED = 0.01
"""The part of the customers whom Alexa refuses, and who are marked."""
RETRY_SECONDS = 5

LIFE = 24 * 3600 - LAST_MINUTES.total_seconds()
"""Seconds for which a run of the longest expiry can send."""
CUSTOMERS = (10_000, 1_000_000, 100_000_000)
DEFAULT_RATE = 25
"""Events per second of a stack whose MaxEventsPerSecond was never set."""
RATES = (100, 1_000, 10_000)
EXPIRIES = (1, 6, 24)
"""Hours."""
SEGMENTS = (1, 2, 10, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Estimate:
    """What one run comes to."""

    customers: int
    rate: int
    workers: int
    segments: int
    page: int
    seconds: float
    reached: float
    item_writes: float
    binding: str
    gb_seconds: float
    read_units: float
    write_units: float
    queue_requests: float
    dollars: dict[str, float]


def worker_rate(measured: Measured) -> float:
    """Give the events per second that one worker can send."""
    cpu = (measured.paced_event_ms + measured.page_ms / 1000) / 1000
    return min(CONCURRENCY / LATENCY, USABLE * VCPUS / cpu)


def run_bytes(measured: Measured, segments: int) -> float:
    """Give the size of the run's item: what one segment takes, and the rest."""
    sizes = measured.run_bytes
    each = (sizes[1000] - sizes[1]) / 999
    return sizes[1] + each * (segments - 1)


def estimate(measured: Measured, customers: int, rate: int) -> Estimate:
    """Compute a run whose stack was given as many workers as its rate needs."""
    segments = max(1, min(MOST_SEGMENTS, math.ceil(customers / CUSTOMERS_PER_SEGMENT)))
    wanted = max(FEWEST_WORKERS, math.ceil(rate / worker_rate(measured)))
    workers = min(segments, wanted)
    page = int(min(LARGEST_PAGE, max(SMALLEST_PAGE, rate / workers * SECONDS_PER_PAGE)))
    item = run_bytes(measured, segments)
    checkpoint = math.ceil(item / 1024)
    limits = {
        "Alexa's pace": float(rate),
        "segments": workers * worker_rate(measured) if workers < wanted else math.inf,
        "run's item": PARTITION_WRITES / checkpoint * page,
    }
    binding = min(limits, key=lambda name: limits[name])
    actual = limits[binding]
    seconds = customers / actual
    reached = min(1.0, LIFE / seconds)
    if reached < 1:
        binding, seconds = "expiry", LIFE
    sent = customers * reached
    pages = customers / page  # those too who can only be counted as expired
    retries = sent / page * (1 - (1 - LEFT) ** page)
    counting = (customers - sent) * measured.page_ms / LARGEST_PAGE / 1000 / VCPUS
    slices = workers * max(1.0, seconds / (TIMEOUT * SLICE)) if segments > 1 else 1
    loads = (slices + retries) * math.ceil(item / 4096)
    reads = customers * measured.customer_bytes / 4096 / 2 + loads + seconds * workers
    writes = (pages + retries) * checkpoint + seconds * (workers + 1) + sent * REJECTED
    invocations = slices + retries
    gb_seconds = MEMORY_GB * (workers * seconds + counting + retries * RETRY_SECONDS)
    requests = 3 * (segments + slices + retries)
    return Estimate(
        customers,
        rate,
        workers,
        segments,
        page,
        seconds,
        reached,
        min(actual, rate) / page * checkpoint,
        binding,
        gb_seconds,
        reads,
        writes,
        requests,
        {
            "Lambda": gb_seconds * PER_GB_SECOND + invocations * PER_INVOCATION,
            "DynamoDB": reads * PER_READ_UNIT + writes * PER_WRITE_UNIT,
            "SQS": requests * PER_QUEUE_REQUEST,
            "traffic": sent * measured.request_bytes / 1e9 * PER_GB_OUT,
        },
    )


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a Markdown table, all but the first column to the right."""
    heads = list(heads)
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *map(list, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def quantity(number: float) -> str:
    """Write a number with three digits at most that count."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"


def duration(seconds: float) -> str:
    """Write a time in its largest unit."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def measured_table(measured: Measured) -> str:
    """Write down what was measured."""
    rows = [
        ("CPU of one event, as fast as can be", f"{measured.event_ms:.3f} ms"),
        ("CPU of one event at 200/s", f"{measured.paced_event_ms:.3f} ms"),
        ("CPU of a page of 1000 customers", f"{measured.page_ms:.0f} ms"),
        ("bytes of one request, headers included", f"{measured.request_bytes}"),
        ("bytes of a customer's item", f"{measured.customer_bytes}"),
        ("most memory of the process", f"{measured.rss_mb:.0f} MB"),
        ("so one worker sends at most", f"{worker_rate(measured):.0f} events/s"),
    ]
    return table(("measured", "value"), rows)


def time_table(estimates: list[Estimate]) -> str:
    """Write how long runs take, and why."""
    heads = "customers,events/s,segments,workers,page,time,reached,run's item WCU/s,binds"
    rows = [
        (
            quantity(e.customers),
            quantity(e.rate),
            str(e.segments),
            str(e.workers),
            str(e.page),
            duration(e.seconds),
            "all" if e.reached == 1 else f"{e.reached:.0%}",
            f"{e.item_writes:.0f}",
            e.binding,
        )
        for e in estimates
    ]
    return table(heads.split(","), rows)


def cost_table(estimates: list[Estimate]) -> str:
    """Write what runs cost."""
    heads = "customers,events/s,GB-s,RRU,WRU,SQS requests,Lambda,DynamoDB,SQS,traffic,total"
    rows = [
        (
            quantity(e.customers),
            quantity(e.rate),
            *map(quantity, (e.gb_seconds, e.read_units, e.write_units, e.queue_requests)),
            *(f"${dollars:.4f}" for dollars in e.dollars.values()),
            f"**${sum(e.dollars.values()):.2f}**",
        )
        for e in estimates
    ]
    return table(heads.split(","), rows)


def reach_table() -> str:
    """Write how many customers a run reaches before its event expires."""
    rows = [
        (
            f"{quantity(rate)}/s",
            *(quantity(rate * (hours * 3600 - LAST_MINUTES.total_seconds())) for hours in EXPIRIES),
        )
        for rate in (DEFAULT_RATE, *RATES)
    ]
    return table(("events/s", *(f"PT{hours}H" for hours in EXPIRIES)), rows)


def segments_table(measured: Measured) -> str:
    """Write what the number of segments does to the one item that all workers write."""
    rows = []
    for segments in SEGMENTS:
        size = measured.run_bytes.get(segments) or run_bytes(measured, segments)
        units = math.ceil(size / 1024)
        workers = PARTITION_WRITES * SECONDS_PER_PAGE / units
        cpu = measured.checkpoint_ms.get(segments)
        rows.append(
            (
                str(segments),
                f"{size / 1024:.1f} KB",
                f"{size / LARGEST_ITEM:.0%}",
                str(units),
                f"{cpu:.1f} ms" if cpu else "",
                f"{workers:.0f}" + (" **(fewer than segments)**" if workers < segments else ""),
                quantity(PARTITION_WRITES / units * LARGEST_PAGE),
            )
        )
    heads = (
        "segments,item,of 400 KB,WCU per checkpoint,CPU of one,"
        "workers at a page per 10 s,events/s at pages of 1000"
    )
    return table(heads.split(","), rows)


def main() -> None:
    """Measure, compute, print."""
    measured = measure((1, 10, 100, 1000))
    estimates = [estimate(measured, many, rate) for many in CUSTOMERS for rate in RATES]
    for title, text in (
        ("Measured", measured_table(measured)),
        ("Time", time_table(estimates)),
        ("Reach", reach_table()),
        ("Cost of one run", cost_table(estimates)),
        ("The run's item", segments_table(measured)),
    ):
        print(f"### {title}\n\n{text}\n")


if __name__ == "__main__":
    main()
