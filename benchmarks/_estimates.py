"""What a run takes and costs: from what was measured, and limits, prices and assumptions."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from _slices import limited
from yellowring.sender.app import DRAIN
from yellowring.sender.delivery.concurrency import LEAST, MARGIN, MOST
from yellowring.sender.delivery.sending import READY
from yellowring.sender.delivery.window import INCREASE
from yellowring.sender.run.audience import PAGE
from yellowring.sender.run.ledger import LONGEST_BACK_OFF, MOST_OPEN
from yellowring.sender.run.lifecycle import MOST_WORKERS
from yellowring.sender.run.run import LAST_MINUTES
from yellowring.sender.run.slice import CHECKPOINT_SECONDS, STATUS_SECONDS

if TYPE_CHECKING:
    from _measured import Measured

# List prices in US dollars for us-east-1, without free tiers, as of November 2026; from the pricing
# pages of AWS Lambda (arm64), AWS Step Functions (standard workflows), Amazon DynamoDB (on demand),
# AWS Secrets Manager, Amazon SQS (standard queues) and Amazon EC2 (data out to the internet).
PER_GB_SECOND = 0.0000133334
PER_INVOCATION = 0.20e-6
PER_TRANSITION = 25e-6
PER_READ_UNIT = 0.125e-6
PER_WRITE_UNIT = 0.625e-6
PER_SECRET_READ = 5e-6
PER_QUEUE_REQUEST = 0.40e-6
PER_GB_OUT = 0.09

# The stack, as template.yaml and run.asl.json have it, and what AWS documents of its services.
MEMORY_GB = 0.5
VCPUS = 512 / 1769
"""A function of 1769 MB has one vCPU ("Configure Lambda function memory")."""
TIMEOUT = 300
TURN = TIMEOUT - DRAIN.total_seconds()
"""Seconds of a slice that is not done sooner."""
FEWEST_WORKERS = 2
PARTITION_WRITES = 1000
"""Units per second of one partition, and so of one item ("DynamoDB adaptive capacity")."""
TABLE_READS = 40_000
"""Units per second that an account's table may be read with by default ("DynamoDB quotas")."""
LARGEST_ITEM = 400 * 1024
HISTORY = 25_000
"""Events of one standard execution ("Step Functions service quotas")."""
TRANSITIONS = 3
"""States of a turn: the slice, the choice, the wait."""
EVENTS = 5 + 2 + 2
"""Events of a turn: a task is entered, scheduled, started, ended and left; the others two each."""
PARENT = 4
"""The parent's states, with its start: to cut, to map, to finish."""
RETRIES, RETRY_SECONDS = 1, 10 / 2
"""Of a slice that Lambda throttles; each is three events, and full jitter halves the wait."""
BETWEEN_FULL = CHECKPOINT_SECONDS + MOST_OPEN / 12
"""Seconds between checkpoints of a segment that has as many waiting as it may."""

# Assumed: only sending to Alexa, from Lambda, would tell.
LATENCY = 0.1
"""Seconds until Alexa answers."""
PAGE_LATENCY = 0.15
"""Seconds until DynamoDB has read a page of the customers' table."""
USABLE = 0.7
"""The part of its CPU that a worker should be planned with; a slower core takes the rest."""
REJECTED = 0.01
"""The part of the customers whom Alexa refuses, and who are marked."""

LIFE = 24 * 3600 - LAST_MINUTES.total_seconds()
"""Seconds for which a run of the longest expiry can send."""
BACK_OFF = 0.75 * LONGEST_BACK_OFF
"""Seconds between two tries of a customer in a long outage, on average."""


@dataclass(frozen=True)
class Estimate:
    """What one run comes to.

    ``units`` are the write units of one checkpoint, ``partition`` those of the run's own partition
    in a second.
    """

    customers: int
    rate: int
    workers: int
    seconds: float
    reached: float
    binding: str
    units: int
    partition: float
    transitions: float
    gb_seconds: float
    read_units: float
    write_units: float
    scan_units: float
    checkpoint_units: float
    dollars: dict[str, float]

    @property
    def checkpoints_of_scan(self) -> float:
        """What the checkpoints cost, as a multiple of what reading the audience costs."""
        return self.checkpoint_units * PER_WRITE_UNIT / (self.scan_units * PER_READ_UNIT)

    @property
    def one_a_page_of_scan(self) -> float:
        """What one checkpoint for each page would cost, as a multiple of the same."""
        units = self.customers / PAGE * self.units
        return units * PER_WRITE_UNIT / (self.scan_units * PER_READ_UNIT)


limiter = functools.lru_cache(limited)


def worker_rate(measured: Measured, matching: int = PAGE) -> float:
    """Return the events per second of one worker, where so many customers of a page match."""
    page_ms = measured.page_ms if matching == PAGE else measured.few_ms
    cpu = (measured.paced.event_ms + page_ms / matching) / 1000
    fastest = min(MOST / LATENCY, USABLE * VCPUS / cpu)
    stall = max(0.0, PAGE_LATENCY - min(matching, READY) / fastest)
    return matching / (matching / fastest + stall)


def open_customers(rate: float) -> float:
    """Return how many customers of a worker are under way or ready at a rate."""
    return READY + min(MOST, max(LEAST, MARGIN * rate * LATENCY))


def checkpoint_units(measured: Measured, waiting: float) -> int:
    """Return the write units of a checkpoint with so many customers waiting."""
    return math.ceil(measured.checkpoint_bytes(waiting) / 1024)


def turns(seconds: float) -> int:
    """Return how many slices a worker has in so much time."""
    return max(1, math.ceil(seconds / TURN))


def estimate(measured: Measured, customers: int, rate: int, matching: int = PAGE) -> Estimate:
    """Compute a run over so many customers whose stack has as many workers as its rate needs.

    Of each 1 000 customers in the table so many match.
    """
    each = worker_rate(measured, matching)
    wanted = max(FEWEST_WORKERS, math.ceil(rate / each))
    workers = min(MOST_WORKERS, wanted)
    pace = limiter(workers, rate)
    limits = {
        "Alexa's pace": rate * pace.reached,
        "MaxWorkers" if matching == PAGE else "reading pages": workers * each
        if wanted > workers
        else math.inf,
        "the table's reads": TABLE_READS * 8192 / measured.customer_bytes * matching / PAGE,
    }
    binding = min(limits, key=lambda name: limits[name])
    audience = customers * matching / PAGE
    seconds = audience / limits[binding]
    reached = min(1.0, LIFE / seconds)
    if reached < 1:
        binding, seconds = "expiry", LIFE
    sent = audience * reached
    # Whom the event's expiry overtakes is counted, a megabyte of items at a time.
    counting = customers * (1 - reached) * measured.customer_bytes / 2**20 * PAGE_LATENCY
    slices = workers * turns(seconds + counting / workers)
    units = checkpoint_units(measured, open_customers(sent / seconds / workers))
    checkpoints = workers * max(1.0, seconds / CHECKPOINT_SECONDS) * units
    scan = customers * measured.customer_bytes / 8192
    run_units = math.ceil(measured.run_bytes / 4096)
    reads = (
        scan
        + workers * seconds * (pace.reads + run_units / STATUS_SECONDS)
        + slices * (run_units + math.ceil(units / 4))
        + sent * REJECTED
    )
    writes = checkpoints + workers * seconds * pace.writes + sent * REJECTED
    gb_seconds = MEMORY_GB * (workers * seconds + counting)
    transitions = PARENT + workers + slices * TRANSITIONS
    return Estimate(
        customers,
        rate,
        workers,
        seconds,
        reached,
        binding,
        units,
        workers * units / CHECKPOINT_SECONDS,
        transitions,
        gb_seconds,
        reads,
        writes,
        scan,
        checkpoints,
        {
            "Lambda": gb_seconds * PER_GB_SECOND + (slices + 2) * PER_INVOCATION,
            "Step Functions": transitions * PER_TRANSITION,
            "DynamoDB": reads * PER_READ_UNIT + writes * PER_WRITE_UNIT,
            "secret": slices * PER_SECRET_READ,
            "traffic": sent * measured.request_bytes / 1e9 * PER_GB_OUT,
        },
    )


@dataclass(frozen=True)
class Outage:
    """An hour in which Alexa does not answer: how many wait, what is tried, what it costs."""

    rate: int
    workers: int
    waiting: int
    tries: float
    item_bytes: float
    partition: float
    dollars: float


def outage(measured: Measured, rate: int, workers: int) -> Outage:
    """Compute an hour's outage of a run that has more customers than may wait."""
    waiting = workers * MOST_OPEN
    tries = min(waiting / BACK_OFF, max(1, math.floor(rate * INCREASE)))
    units = checkpoint_units(measured, MOST_OPEN)
    pace = limiter(workers, rate)
    seconds = workers * 3600
    dollars = (
        (seconds / BETWEEN_FULL * units + seconds * pace.writes) * PER_WRITE_UNIT
        + seconds * (pace.reads + 1 / STATUS_SECONDS) * PER_READ_UNIT
        + seconds * MEMORY_GB * PER_GB_SECOND
        + workers * turns(3600) * (TRANSITIONS * PER_TRANSITION + PER_SECRET_READ)
    )
    size = measured.checkpoint_bytes(MOST_OPEN)
    return Outage(rate, workers, waiting, tries, size, workers * units / BETWEEN_FULL, dollars)


def history(turn: float, events: int = EVENTS) -> float:
    """Return the events of a child whose turns take so long, when its run lives for a day."""
    return LIFE / turn * events


def notification_dollars(measured: Measured, batch: int) -> dict[str, float]:
    """Return what a million notifications cost, so many to a batch."""
    batches = 1e6 / batch
    seconds = measured.batch_ms[batch] / 1000 / VCPUS + LATENCY
    return {
        "Lambda": batches * (seconds * MEMORY_GB * PER_GB_SECOND + PER_INVOCATION),
        # Each reads its customer and whether it has a status.
        "DynamoDB": 2e6 * PER_READ_UNIT + batches * (PER_READ_UNIT + PER_WRITE_UNIT),
        "SQS": (1e6 + 2 * batches) * PER_QUEUE_REQUEST,
        "secret": batches * PER_SECRET_READ,
        "traffic": 1e6 * measured.request_bytes / 1e9 * PER_GB_OUT,
    }
