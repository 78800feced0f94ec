"""What content of each customer's own costs: one customer at a time beside a page of them.

Run it with ``python benchmarks/content.py``; ``--json`` prints JSON. A callable is called in
threads as the sender does it; a function is invoked through boto3 at a server on loopback that
answers at once. CPU is that of this process alone, in one run, medians of rounds. The check of each
content and the rendering of its request are in every figure, and alone in the first. Sends nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lambda"), str(ROOT / "benchmarks")]
os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}

import boto3  # noqa: E402
from _loopback import dynamodb as answering  # noqa: E402
from yellowring.alexa.proactive_events import CreateProactiveEventRequest  # noqa: E402
from yellowring.sender.campaign import by_page, parse_campaign  # noqa: E402
from yellowring.sender.campaign.calls import EventSourceCalls  # noqa: E402
from yellowring.sender.campaign.content import content_of  # noqa: E402
from yellowring.sender.campaign.function import FunctionSource  # noqa: E402
from yellowring.subscribers import Customer  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGE, ROUNDS = 100, 5
NOW = datetime.now(UTC)
EVENT = "AMAZON.MessageAlert.Activated"
PAYLOAD = {
    "state": {"status": "UNREAD", "freshness": "NEW"},
    "messageGroup": {"creator": {"name": "the board"}, "count": 3},
}
CAMPAIGN = parse_campaign({"name": "digest", "event": {"name": EVENT}, "content": "digest"})
REQUEST = CreateProactiveEventRequest(NOW, "digest~1", NOW + timedelta(hours=1), EVENT, {})
MADE = {"payload": PAYLOAD}
CUSTOMERS = [
    Customer(f"amzn1.ask.account.{number:0202}", None, "en-US", {"town": "Ulm", "points": number})
    for number in range(2000)
]


async def _alone(*_: object) -> dict[str, Any]:
    return MADE


def _one(*_: object) -> dict[str, Any]:
    return MADE


@by_page(PAGE)
def _page(customers: Sequence[Customer], *_: object) -> list[dict[str, Any]]:
    return [MADE] * len(customers)


def microseconds(source: Callable[..., Any]) -> float:
    """Return the CPU of one customer's request, as many asked for at once as make a page."""
    content = content_of(CAMPAIGN, REQUEST, EventSourceCalls(source))

    async def make() -> None:
        for start in range(0, len(CUSTOMERS), PAGE):
            page = CUSTOMERS[start : start + PAGE]
            bodies = await asyncio.gather(*(content.body(each, NOW) for each in page))
            assert all(bodies)  # noqa: S101

    async def measured() -> float:
        await make()
        rounds = []
        for _ in range(ROUNDS):
            started = time.process_time_ns()
            await make()
            rounds.append((time.process_time_ns() - started) / len(CUSTOMERS) / 1000)
        return statistics.median(rounds)

    return asyncio.run(measured())


def function(page: int) -> float:
    """Return the same for a function that is invoked for so many customers at once."""
    with answering({"customers": {"contents": [MADE] * page}}) as url:
        client = boto3.client("lambda", region_name="us-east-1", endpoint_url=url)
        source = FunctionSource(client, "digest")
        source.page = page
        return microseconds(source)


def main() -> None:
    """Measure, and print."""
    found = {
        "content alone": microseconds(_alone),
        "a callable, one customer at a time": microseconds(_one),
        f"a callable, {PAGE} at a time": microseconds(_page),
        "a function, one customer at a time": function(1),
        f"a function, {PAGE} at a time": function(PAGE),
    }
    if "--json" in sys.argv:
        print(json.dumps(found, indent=2))
        return
    for name, each in found.items():
        print(f"{name:40}{each:8.0f} us of CPU for each customer")
    one, page = (found[f"a function, {many} at a time"] for many in ("one customer", PAGE))
    print(f"a function by page takes {page / one:.0%} of the CPU of one customer at a time")


if __name__ == "__main__":
    main()
