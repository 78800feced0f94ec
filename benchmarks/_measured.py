"""What one event, one checkpoint and one page cost the sender, measured on this machine.

The other side of every connection is a server in a process of its own, on loopback, that answers
at once with what it is told to: what is measured is our CPU and nothing else. There is no TLS.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import boto3
from yellowring.alexa.connections import Connections
from yellowring.alexa.lwa import PROACTIVE_EVENTS, AccessTokens, Credentials, Token
from yellowring.alexa.proactive_events import CreateProactiveEventRequest, ProactiveEvents
from yellowring.sender.content import SameForAll
from yellowring.sender.delivery.delivering import Delivery
from yellowring.sender.delivery.rate_limiter import RateLimiter
from yellowring.sender.outcomes import Counts, Outcome
from yellowring.sender.runs import Run, Runs, Segment, Step, _item
from yellowring.subscribers import Audience, Customer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yellowring.sender.delivery.window import Window

USER_ID_LENGTH = 220
"""Characters of a user id; those that Alexa gives out have about so many, and never over 255."""
EVENT = "AMAZON.WeatherAlert.Activated"
PAGE = 1000
SATURATED, PACED = 8000, 600
PER_SECOND = 200
ROUNDS, REPEATS = 3, 30
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Measured:
    """What things cost.

    Attributes
    ----------
    event_ms, paced_event_ms
        CPU time of one event, when sent as fast as can be, and at 200 a second.
    page_ms
        CPU time of reading a page of 1000 customers.
    request_bytes
        A request as it goes out, headers included, TLS not.
    customer_bytes
        A customer's item.
    checkpoint_ms, run_bytes
        CPU time of a checkpoint and size of the run's item, by the number of segments.
    rss_mb
        The most memory that the process held.
    """

    event_ms: float
    paced_event_ms: float
    page_ms: float
    request_bytes: int
    customer_bytes: int
    checkpoint_ms: dict[int, float]
    run_bytes: dict[int, int]
    rss_mb: float


def measure(segments: tuple[int, ...]) -> Measured:
    """Measure everything; takes about 30 s."""
    customer = _customer(0)
    runs = {number: _run(number) for number in segments}
    answers = {
        "DynamoDB_20120810.Scan": {
            "Items": [_customer(i) for i in range(PAGE)],
            "Count": PAGE,
            "ScannedCount": PAGE,
            "LastEvaluatedKey": {"userId": customer["userId"]},
        }
    }
    answers |= {f"runs-{number}": {"Attributes": _item(run)} for number, run in runs.items()}
    with _server(answers) as url:
        os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
        dynamodb = boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1")
        fast = [asyncio.run(_sending(url, SATURATED, 1_000_000)) for _ in range(ROUNDS)]
        paced = [asyncio.run(_sending(url, PACED, PER_SECOND)) for _ in range(ROUNDS)]
        audience = Audience(dynamodb, "subscribers")
        page_ms = _cpu_ms(lambda: audience.scan(EVENT))
        checkpoint_ms = {
            number: _cpu_ms(lambda run=run: _checkpoint(dynamodb, run))  # type: ignore[misc]
            for number, run in runs.items()
        }
    return Measured(
        statistics.median(event_ms for event_ms, _ in fast),
        statistics.median(event_ms for event_ms, _ in paced),
        page_ms,
        fast[0][1],
        size_of(customer),
        checkpoint_ms,
        {number: size_of(_item(run)) for number, run in runs.items()},
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def size_of(item: dict[str, Any]) -> int:
    """Give an item's size in bytes, by the rules of "DynamoDB item sizes and formats"."""
    return sum(len(name) + _size_of_value(value) for name, value in item.items())


def _size_of_value(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content.strip("-.0")) // 2 + 1 + 1
        case "SS":
            return sum(len(each.encode()) for each in content)
        case "M":
            return 3 + sum(len(k) + 1 + _size_of_value(v) for k, v in content.items())
        case _:
            return 1


def _user_id(number: int) -> str:
    return f"amzn1.ask.account.{number:0{USER_ID_LENGTH - 18}}"


def _customer(number: int) -> dict[str, Any]:
    """Make the item of a customer as three skill events leave it."""
    request_id = {"S": "amzn1.echo-api.request.01234567-89ab-cdef-0123-456789abcdef"}

    def register(value: dict[str, Any]) -> dict[str, Any]:
        return {"M": {"at": {"N": "1795165200250"}, "by": request_id, "value": value}}

    return {
        "userId": {"S": _user_id(number)},
        "version": {"N": "3"},
        "subscriptions": register({"SS": [EVENT]}),
        "host": register({"S": "https://api.eu.amazonalexa.com"}),
        "permissions": register({"SS": ["alexa::devices:all:notifications:write"]}),
    }


def _run(segments: int) -> Run:
    """Make a run in its middle: every segment has a cursor."""
    cursors = {n: Segment(17, _user_id(n), "0123abcd") for n in range(segments)}
    payload = {"weatherAlert": {"source": "localizedattribute:source", "alertType": "TORNADO"}}
    campaign = {
        "name": "storm",
        "event": {"name": EVENT, "payload": payload},
        "localizedAttributes": [{"locale": "en-US", "source": "Weather Desk"}],
        "expiresIn": "PT24H",
        "audience": {"type": "subscribers"},
    }
    counts = Counts({Outcome.ACCEPTED: 1_234_567})
    life = timedelta(hours=24)
    return Run(
        "storm~20261120T090000Z",
        campaign,
        "running",
        NOW,
        NOW + life,
        segments,
        cursors,
        counts=counts,
    )


def _checkpoint(dynamodb: Any, run: Run) -> None:  # noqa: ANN401 - a client, or like one
    at = run.segments[0]
    to = replace(at, page=at.page + 1)
    step = Step(Counts({Outcome.ACCEPTED: PAGE}), retries={"r1-0123456789abcdef": 3})
    Runs(dynamodb, f"runs-{len(run.segments)}").advance(run.run_id, 0, at, to, step)


def _cpu_ms(work: Callable[[], object]) -> float:
    work()
    began = time.process_time()
    for _ in range(REPEATS):
        work()
    return (time.process_time() - began) / REPEATS * 1000


class _Windows:
    """The shared window, with nobody to share it with."""

    window: Window | None = None

    async def read(self) -> Window | None:
        return self.window

    async def begin(self, _: Window | None, new: Window) -> bool:
        self.window = new
        return True

    async def take(self, known: Window, share: int, workers: int, slowed: int) -> Window | None:
        self.window = replace(
            known,
            taken=known.taken + share,
            workers=known.workers + workers,
            slowed=known.slowed + slowed,
        )
        return self.window

    async def take_urgent(self, known: Window, requests: int, slowed: int) -> Window | None:
        self.window = replace(known, urgent=known.urgent + requests, slowed=known.slowed + slowed)
        return self.window


async def _sending(url: str, many: int, per_second: int) -> tuple[float, int]:
    """Send to many customers; give the CPU time for each in ms, and the bytes of one request."""
    now = datetime.now(UTC)
    request = CreateProactiveEventRequest(
        timestamp=now,
        reference_id="storm~20261120T090000Z",
        expiry_time=now + timedelta(hours=24),
        event_name=EVENT,
        payload={
            "weatherAlert": {"source": "localizedattribute:source", "alertType": "THUNDER_STORM"}
        },
        localized_attributes=[
            {"locale": locale, "source": "Weather Desk"} for locale in ("en-US", "de-DE", "fr-FR")
        ],
    )
    token = {PROACTIVE_EVENTS: Token("Atc|" + "x" * 350, time.monotonic() + 3600)}
    async with aiohttp.ClientSession() as http, Connections() as connections:
        tokens = AccessTokens(http, Credentials("id", "secret"), PROACTIVE_EVENTS, known=token)
        events = ProactiveEvents(connections, tokens, stage="live", base_url=url)
        delivery = Delivery(
            events,
            request,
            SameForAll(request.unicast()),
            RateLimiter(_Windows(), per_second),
            home="na",
            before=Counts({Outcome.ACCEPTED: 100}),
        )
        first = await events.send("na", request.unicast().body(_user_id(0)))
        customers = [Customer(_user_id(n), None) for n in range(many)]
        await delivery.deliver(customers[:500], now + timedelta(hours=1))
        began = time.process_time()
        delivered = await delivery.deliver(customers, now + timedelta(hours=1))
        spent = time.process_time() - began
    assert delivered.counts[Outcome.ACCEPTED] == many, delivered.counts  # noqa: S101
    return spent / many * 1000, int(first.request_id or 0)


@contextmanager
def _server(answers: dict[str, Any]) -> Iterator[str]:
    """Serve what DynamoDB would answer, by operation or table, and 202 to all else."""
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin  # noqa: S101
        assert process.stdout  # noqa: S101
        process.stdin.write(json.dumps(answers).encode() + b"\n")
        process.stdin.flush()
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


class _Answering(asyncio.Protocol):
    """Answers each request at once; tells in ``x-amzn-requestid`` how many bytes it had."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if not found or len(body) < length:
            return
        size, self._received = len(self._received), b""
        told = next((a for name, a in self._answers.items() if name.encode() in head + body), b"")
        status = b"200 OK" if told else b"202 Accepted"
        self._transport.write(
            b"HTTP/1.1 %s\r\nx-amzn-requestid: %d\r\ncontent-length: %d\r\n\r\n%s"
            % (status, size, len(told), told)
        )


async def _serve() -> None:
    answers = {name: json.dumps(a).encode() for name, a in json.loads(sys.stdin.readline()).items()}
    by_length = dict(sorted(answers.items(), key=lambda each: -len(each[0])))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Answering(by_length), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
