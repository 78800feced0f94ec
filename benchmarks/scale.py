"""What a run takes and costs, from ten thousand customers to a hundred million.

Run it with ``python benchmarks/scale.py``; it prints the tables of docs/scale.md. Sends nothing but
to servers of its own, needs no stack. CPU times and sizes are measured here and now; prices, limits
and what only the real Alexa could tell are the constants in ``_estimates.py``; everything else is
computed from these.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lambda"), str(ROOT / "benchmarks")]

import _estimates as of  # noqa: E402
from _estimates import Estimate, estimate  # noqa: E402
from _measured import BATCHES, WAITING, Measured, measure  # noqa: E402
from _slices import FEW  # noqa: E402
from yellowring.sender.run.run import LAST_MINUTES  # noqa: E402
from yellowring.sender.run.slice import SHORTEST_TURN  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable

CUSTOMERS = (10_000, 1_000_000, 100_000_000)
RATES = (25, 100, 1_000, 10_000)
FEW_OF = (1_000_000, 100_000_000)
FEW_RATES = (25, 100, 1_000)
OUTAGES = ((25, 4), (100, 4), (1_000, 4), (10_000, 19), (10_000, 200))
"""Events per second, and workers."""
SHARING = ((25, 4), (10_000, 200))
"""Events per second, and workers: as deployed by default, and as many as there can be."""
EXPIRIES = (1, 6, 24)
"""Hours."""


def table(heads: str, rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table, all but the first column to the right."""
    titles = heads.split(",")
    lines = [titles, ["---"] + ["---:"] * (len(titles) - 1), *map(list, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def quantity(number: float) -> str:
    """Return a number with three digits at most that count."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"


def duration(seconds: float) -> str:
    """Return a time in its largest unit."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def part(share: float) -> str:
    """Return a part in percent, or that it is the whole."""
    return "all" if share == 1 else f"{share:.0%}"


def measured_table(measured: Measured) -> str:
    """Return what was measured."""
    saturated, paced = measured.saturated, measured.paced
    rows = [
        ("CPU of one event, as fast as can be", f"{saturated.event_ms:.3f} ms"),
        ("CPU of one event at an even 200/s", f"{paced.event_ms:.3f} ms"),
        ("CPU of a page of 1 000 customers who all match", f"{measured.page_ms:.0f} ms"),
        ("CPU of a page of which one in a hundred matches", f"{measured.few_ms:.1f} ms"),
        *(
            (
                f"a checkpoint with {waiting} waiting: CPU, size of the item",
                f"{measured.checkpoint_ms[waiting]:.1f} ms, "
                f"{measured.segment_bytes[waiting] / 1024:.1f} KB",
            )
            for waiting in WAITING
        ),
        ("CPU of a mark (get and put)", f"{measured.mark_ms:.1f} ms"),
        ("CPU of a note (get and put)", f"{measured.note_ms:.1f} ms"),
        *(
            (
                f"CPU of a batch of {many} notification{'s' * (many > 1)}, connecting included",
                f"{measured.batch_ms[many]:.0f} ms",
            )
            for many in BATCHES
        ),
        ("bytes of one request, headers included", f"{measured.request_bytes}"),
        ("bytes of a customer's item", f"{measured.customer_bytes}"),
        ("bytes of the run's item", f"{measured.run_bytes}"),
        ("most memory of the process", f"{measured.rss_mb:.0f} MB"),
        ("so one worker sends at most", f"{of.worker_rate(measured):.0f} events/s"),
    ]
    return table("measured,value", rows)


def limiter_table(estimates: Iterable[Estimate]) -> str:
    """Return what the rate limiter does, played on a virtual clock."""
    pairs = sorted({*SHARING, *((e.rate, e.workers) for e in estimates)})
    rows = []
    for rate, workers in pairs:
        pace = of.limiter(workers, rate)
        rows.append(
            (
                f"{quantity(rate)}/s",
                str(workers),
                f"{pace.reached:.0%}",
                f"{pace.reads:.1f}",
                f"{pace.writes:.1f}",
                f"{workers * pace.writes:.0f}",
            )
        )
    heads = "limit,workers,of it sent,reads per worker and second,writes,item's WRU/s of 1 000"
    return table(heads, rows)


def time_table(estimates: Iterable[Estimate]) -> str:
    """Return how long runs take, and why."""
    rows = [
        (
            quantity(e.customers),
            quantity(e.rate),
            str(e.workers),
            duration(e.seconds),
            part(e.reached),
            e.binding,
            quantity(e.partition),
        )
        for e in estimates
    ]
    return table("customers,events/s,workers,time,reached,binds,run's WRU/s of 1 000", rows)


def reach_table() -> str:
    """Return how many customers a run reaches before its event expires."""
    last = LAST_MINUTES.total_seconds()
    rows = [
        (f"{quantity(rate)}/s", *(quantity(rate * (hours * 3600 - last)) for hours in EXPIRIES))
        for rate in RATES
    ]
    return table(",".join(["events/s", *(f"PT{hours}H" for hours in EXPIRIES)]), rows)


def cost_table(estimates: Iterable[Estimate]) -> str:
    """Return what runs cost."""
    rows = [
        (
            quantity(e.customers),
            quantity(e.rate),
            *map(quantity, (e.gb_seconds, e.transitions, e.read_units, e.write_units)),
            *(f"${dollars:.4f}" for dollars in e.dollars.values()),
            f"**${sum(e.dollars.values()):.2f}**",
        )
        for e in estimates
    ]
    heads = "customers,events/s,GB-s,transitions,RRU,WRU,Lambda,Step Functions,DynamoDB,secret"
    return table(heads + ",traffic,total", rows)


def few_table(measured: Measured) -> str:
    """Return what an audience of one in a hundred customers takes and costs."""
    rows = []
    for customers in FEW_OF:
        for rate in FEW_RATES:
            e = estimate(measured, customers, rate, FEW)
            rows.append(
                (
                    quantity(customers),
                    quantity(rate),
                    str(e.workers),
                    duration(e.seconds),
                    part(e.reached),
                    e.binding,
                    f"${e.scan_units * of.PER_READ_UNIT:.4f}",
                    f"${e.checkpoint_units * of.PER_WRITE_UNIT:.4f}",
                    f"{e.checkpoints_of_scan:.1%}",
                    f"{e.one_a_page_of_scan:.0%}",
                    f"**${sum(e.dollars.values()):.2f}**",
                )
            )
    heads = "customers in the table,events/s,workers,time,reached,binds,scan,checkpoints"
    return table(heads + ",of the scan,with one a page,total", rows)


def outage_table(measured: Measured) -> str:
    """Return what an hour without Alexa does."""
    rows = []
    for rate, workers in OUTAGES:
        out = of.outage(measured, rate, workers)
        over = " **(over)**" if out.partition > of.PARTITION_WRITES else ""
        rows.append(
            (
                quantity(rate),
                str(workers),
                quantity(out.waiting),
                f"{out.tries:.1f}",
                f"{out.item_bytes / 1024:.0f} KB ({out.item_bytes / of.LARGEST_ITEM:.0%})",
                f"{out.partition:.0f}{over}",
                f"${out.dollars:.2f}",
            )
        )
    heads = "events/s,workers,waiting at most,tries/s,segment's item (of 400 KB)"
    return table(heads + ",run's WRU/s of 1 000,an hour costs", rows)


def history_table() -> str:
    """Return what becomes of a child's history in a day."""
    throttled = SHORTEST_TURN + of.RETRY_SECONDS
    rows = [
        (title, f"{turn:.0f} s", quantity(of.history(turn, events)), f"{full:.0%}")
        for title, turn, events in (
            ("slices that use their time", of.TURN, of.EVENTS),
            ("slices that fail or wait at once", SHORTEST_TURN, of.EVENTS),
            ("each slice throttled by Lambda to the last", throttled, of.EVENTS + 3 * of.RETRIES),
        )
        for full in [of.history(turn, events) / of.HISTORY]
    ]
    return table("a day of,turn,events,of 25 000", rows)


def notification_table(measured: Measured) -> str:
    """Return what a million notifications cost."""
    rows = []
    for batch in BATCHES:
        dollars = of.notification_dollars(measured, batch)
        rows.append(
            (
                str(batch),
                *(f"${each:.2f}" for each in dollars.values()),
                f"**${sum(dollars.values()):.2f}**",
            )
        )
    return table("in a batch,Lambda,DynamoDB,SQS,secret,traffic,a million", rows)


def main() -> None:
    """Measure, compute, print."""
    measured = measure()
    estimates = [estimate(measured, many, rate) for many in CUSTOMERS for rate in RATES]
    for title, text in (
        ("Measured", measured_table(measured)),
        ("The rate limiter, on a virtual clock", limiter_table(estimates)),
        ("Time", time_table(estimates)),
        ("Reach", reach_table()),
        ("Cost of one run", cost_table(estimates)),
        ("An audience of one in a hundred", few_table(measured)),
        ("An outage", outage_table(measured)),
        ("A child's history", history_table()),
        ("A million notifications", notification_table(measured)),
    ):
        print(f"### {title}\n\n{text}\n")


if __name__ == "__main__":
    main()
