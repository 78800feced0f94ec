"""What the parts of a run cost, measured on this machine: its slices, and what they do at times."""

from __future__ import annotations

import asyncio
import json
import resource
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import _world
from _slices import Sent, bench, slices
from yellowring.alexa.connections import Connections
from yellowring.alexa.lwa import PROACTIVE_EVENTS, AccessTokens, Credentials, Token
from yellowring.alexa.proactive_events import ProactiveEvents
from yellowring.sender.delivery.noting import Noting
from yellowring.sender.notification.batch import Batch
from yellowring.sender.notification.bookkeeping import Bookkeeping
from yellowring.sender.notification.evidence import Evidence
from yellowring.sender.notification.opening import Opening
from yellowring.sender.notification.queue import Queue
from yellowring.sender.notification.status import Statuses
from yellowring.sender.run.event_request import request_of
from yellowring.sender.run.items import run_item, segment_item
from yellowring.sender.run.lifecycle import now_utc
from yellowring.sender.run.store import Runs
from yellowring.subscribers import Audience, Subscribers

if TYPE_CHECKING:
    from collections.abc import Callable

    from _slices import Bench

WAITING = (0, 60, 500)
"""Customers without an outcome in a segment: none, about as many as are under way, and the most."""
BATCHES = (1, 10)
REPEATS = 40
SKILL_ID = "amzn1.ask.skill.1"


@dataclass(frozen=True)
class Measured:
    """What things cost; times are CPU in ms.

    Attributes
    ----------
    saturated, paced
        A slice that sends as fast as can be, and at an even 200 a second.
    page_ms, few_ms
        Reading a page of 1 000 customers who all match, or of whom one in a hundred does.
    checkpoint_ms, segment_bytes
        A checkpoint and its item, by how many customers wait.
    mark_ms, note_ms, batch_ms
        A mark; a note; a batch of notifications, by how many it holds.
    request_bytes, customer_bytes, run_bytes
        A request as it goes out, headers included and TLS not; two items.
    rss_mb
        The most memory that the process held.
    """

    saturated: Sent
    paced: Sent
    page_ms: float
    few_ms: float
    checkpoint_ms: dict[int, float]
    segment_bytes: dict[int, int]
    mark_ms: float
    note_ms: float
    batch_ms: dict[int, float]
    request_bytes: int
    customer_bytes: int
    run_bytes: int
    rss_mb: float

    def checkpoint_bytes(self, waiting: float) -> float:
        """Return the size of a segment's item with so many customers waiting."""
        sizes = self.segment_bytes
        return sizes[0] + (sizes[500] - sizes[0]) / 500 * waiting


def measure() -> Measured:
    """Measure everything; takes about a minute."""
    run = _world.run()
    with bench() as of:
        saturated, paced = slices(of)
        return Measured(
            saturated,
            paced,
            _cpu_ms(lambda: Audience(of.client, "everybody").scan(_world.EVENT)),
            _cpu_ms(lambda: Audience(of.client, "a-few").scan(_world.EVENT)),
            {waiting: _checkpoint_ms(of, waiting) for waiting in WAITING},
            {
                waiting: _world.size_of(segment_item(run, _world.segment(waiting), 40, "0" * 12))
                for waiting in WAITING
            },
            _mark_ms(of),
            _note_ms(of),
            {many: _batch_ms(of, many) for many in BATCHES},
            asyncio.run(_request_bytes(of)),
            _world.size_of(_world.customer(0)),
            _world.size_of(run_item(run)),
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )


def _checkpoint_ms(of: Bench, waiting: int) -> float:
    runs, run, known = Runs(of.client, "runs"), _world.run(), _world.segment(waiting)
    new = replace(known, cursor=_world.user_id(1))
    return _cpu_ms(lambda: runs.checkpoint(run, known, new))


def _mark_ms(of: Bench) -> float:
    subscribers = Subscribers(of.client, "subscribers")
    return _cpu_ms(lambda: subscribers.mark_rejected(_world.user_id(0), _world.AT + 1))


def _note_ms(of: Bench) -> float:
    subscribers = Subscribers(of.client, "subscribers")
    return _cpu_ms(
        lambda: subscribers.note_outcome(_world.user_id(0), "storm~1", "limited", _world.AT + 1)
    )


def _batch_ms(of: Bench, many: int) -> float:
    """Return the CPU of a batch, over connections of its own as in each invocation."""
    body = {
        "event": {"name": _world.EVENT, "payload": _world.PAYLOAD},
        "localizedAttributes": _world.TEXTS,
        "to": {"userId": _world.user_id(0)},
    }
    evidence = Evidence(of.client, "runs", SKILL_ID)

    def record(number: int) -> dict[str, Any]:
        return {
            "messageId": str(number),
            "receiptHandle": "receipt",
            "body": json.dumps(body | {"referenceId": f"order~{number}"}),
            "attributes": {
                "SentTimestamp": str(int(time.time() * 1000)),
                "ApproximateReceiveCount": "1",
            },
        }

    async def work() -> None:
        async with of.sending(1_000_000) as sending:
            noting = Noting(Subscribers(of.client, "subscribers"))
            batch = Batch(
                # The queue is asked for nothing where all is well.
                Queue(cast("Any", None), "queue", "dead-letters"),
                opening=Opening(Audience(of.client, "subscribers"), SKILL_ID, now_utc),
                sending=sending,
                evidence=evidence,
                bookkeeping=Bookkeeping(Statuses(of.client, "runs"), noting, SKILL_ID, now_utc),
                now=now_utc,
                until=time.monotonic() + 60,
            )
            answer = await batch.work([record(number) for number in range(many)])
            assert answer == {"batchItemFailures": []}, answer  # noqa: S101

    return _cpu_ms(lambda: asyncio.run(work()))


async def _request_bytes(of: Bench) -> int:
    """Return the bytes of one request, as a server without TLS counts them."""
    token = {PROACTIVE_EVENTS: Token("Atc|" + "x" * 350, time.monotonic() + 3600)}
    async with Connections() as connections:
        tokens = AccessTokens(
            cast("Any", None), Credentials("id", "secret"), PROACTIVE_EVENTS, known=token
        )
        url = of.client.meta.endpoint_url
        events = ProactiveEvents(connections, tokens, stage="live", base_url=url)
        body = request_of(_world.run()).unicast().body(_world.user_id(0))
        answer = await events.send("na", body)
    return int(answer.request_id or 0)


def _cpu_ms(work: Callable[[], object]) -> float:
    """Return the CPU of one, in ms: the median of a few times many."""
    work()
    taken = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(REPEATS // 5):
            work()
        taken.append((time.process_time() - began) / (REPEATS // 5) * 1000)
    return sorted(taken)[2]
