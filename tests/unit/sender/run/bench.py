"""A slice on the bench: virtual time, an Alexa that answers by a rule, a table that remembers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from yellowring.alexa.proactive_events import Answer
from yellowring.sender.delivery.noting import Noting
from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.delivery.sending import Sending
from yellowring.sender.run.audience import Visits
from yellowring.sender.run.run import Segment
from yellowring.sender.run.slice import Slice, Tools, Turn
from yellowring.sender.run.store import VersionConflict
from yellowring.subscribers import Customer

from tests.envelopes import NA
from tests.unit.sender.run.kit import NOW, run
from tests.unit.sender.virtual import play

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from yellowring.sender.run.run import Ending, Run, Waiting

ACCEPTED = Answer(202)


@dataclass
class Bench:
    """What a slice works with, as a test sets it.

    Attributes
    ----------
    pages
        The audience's customers, page by page; a page takes ``page_seconds``.
    answers
        What Alexa says to a customer, after ``latency`` seconds.
    per_second
        The pace.
    together
        How many customers a page of content is for.
    gone
        Who is not deliverable any more when read again.
    moved
        Who is left out when read again.
    ruled_out
        Whose record alone says that they are not to be told.
    linked
        Customer ids.
    ends_at
        When the run is to end, in seconds of the slice.
    elapsed
        Seconds of the slices before this one, and of the waits between them.
    """

    pages: Sequence[Sequence[str]] = ()
    answers: Callable[[str], Answer] = lambda _: ACCEPTED
    latency: float = 0.1
    page_seconds: float = 0.01
    per_second: float = 1000
    places: int = 64
    together: int = 1
    host: str | None = NA
    until: float = 275
    gone: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    linked: Mapping[str, str] = field(default_factory=dict)
    counted: tuple[int, ...] = ()
    ends_at: float | None = None
    body: Callable[[str], bytes | None] = str.encode
    ready: Callable[[], None] = lambda: None
    refused: Exception | None = None
    run: Run = field(default_factory=lambda: run(segments=1))
    segment: Segment = field(default_factory=lambda: Segment(0))
    failure: str | None = None
    notes_accepted: bool = False

    checkpoints: list[tuple[float, Segment]] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    marks: list[tuple[str, int]] = field(default_factory=list)
    notes: list[tuple[str, str, int]] = field(default_factory=list)
    sent: list[tuple[float, str]] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    slowed: int = 0
    pages_read: int = 0
    overtaken_at: int | None = None
    next_turn: float = 0.0
    elapsed: float = 0.0

    def work(self) -> Turn:
        """Have the slice done, from the last checkpoint on."""
        return play(self._work())

    @property
    def last(self) -> Segment:
        """The last checkpoint."""
        return self.checkpoints[-1][1]

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the last checkpoint, without zeros."""
        return {name: many for name, many in self.last.counts.document().items() if many}

    def slice(self) -> Slice:
        """Return the slice, not yet begun."""
        loop = asyncio.get_running_loop()
        fake = cast("Any", self)
        tools = Tools(
            runs=fake,
            subscribers=fake,
            visiting=fake,
            noting=Noting(fake, accepted=self.notes_accepted, call=inline),
            content=cast("Any", Body(self)),
            sending=Sending(
                cast("Any", Client(self)), fake, cast("Any", Places(self)), "na", self.refused
            ),
            until=self.until,
            now=self.now,
            clock=loop.time,
            sleep=asyncio.sleep,
            call=inline,
        )
        return Slice(self.run, self.segment, tools, self.failure)

    async def _work(self) -> Turn:
        self.next_turn = 0.0
        turn = await self.slice().work()
        self.elapsed += asyncio.get_running_loop().time() + turn.wait_seconds
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return turn

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.elapsed + asyncio.get_running_loop().time())

    # ---- the runs table and the subscribers ----

    def checkpoint(self, run: Run, known: Segment, new: Segment) -> Segment:
        assert run is self.run
        if self.overtaken_at is not None and len(self.checkpoints) >= self.overtaken_at:
            raise VersionConflict
        stored = replace(new, version=known.version + 1)
        self.checkpoints.append((asyncio.get_running_loop().time(), stored))
        self.segment = stored
        return stored

    def ending(self, run_id: str, attempt: int) -> bool:
        assert (run_id, attempt) == (self.run.run_id, self.run.attempt)
        at = asyncio.get_running_loop().time()
        return bool(self.endings) or (self.ends_at is not None and at >= self.ends_at)

    def end(self, run: Run, ending: Ending) -> bool:
        self.endings.append(ending)
        return len(self.endings) == 1

    def mark_rejected(self, user_id: str, at: int) -> None:
        self.marks.append((user_id, at))

    def note_outcome(self, user_id: str, reference_id: str, outcome: str, at_ms: int) -> None:
        assert reference_id == self.run.run_id
        self.notes.append((user_id, outcome, at_ms))

    # ---- the audience ----

    async def page(self, cursor: str | None) -> Visits:
        await asyncio.sleep(self.page_seconds)
        self.pages_read += 1
        everybody = [each for page in self.pages for each in page]
        if cursor is None or cursor.startswith("page"):
            number, seen = int((cursor or "page0")[4:]), 0
        else:  # within a page
            ahead = everybody.index(cursor) + 1
            number = 0
            while ahead >= len(self.pages[number]) and number + 1 < len(self.pages):
                ahead -= len(self.pages[number])
                number += 1
            seen = ahead
        customers = self.pages[number][seen:] if self.pages else ()
        after = f"page{number + 1}" if number + 1 < len(self.pages) else None
        return Visits(
            [
                (Outcome(each) if each in set(Outcome) else self._customer(each), each)
                for each in customers
            ],
            after,
        )

    async def again(self, waiting: Sequence[Waiting]) -> Mapping[str, Customer]:
        ids = [each.user_id for each in waiting if each.user_id not in self.moved]
        return {each: self._customer(each) for each in ids}

    def rules_out(self, customer: Customer) -> bool:
        return customer.user_id in self.ruled_out

    async def rest(self, cursor: str | None) -> tuple[int, str | None]:
        number = int(cursor) if cursor and cursor.isdigit() else 0
        await asyncio.sleep(self.page_seconds)
        if not self.counted:
            return 0, None
        following = str(number + 1) if number + 1 < len(self.counted) else None
        return self.counted[number], following

    def _customer(self, user_id: str) -> Customer:
        return Customer(
            user_id,
            self.host,
            deliverable=user_id not in self.gone,
            customer_id=self.linked.get(user_id),
        )

    # ---- Alexa and the pace ----

    async def acquire(self) -> None:
        now = asyncio.get_running_loop().time()
        self.next_turn = max(self.next_turn, now) + 1 / self.per_second
        await asyncio.sleep(self.next_turn - now)

    def slow_down(self) -> None:
        self.slowed += 1


class Places:
    """As many requests under way as the bench has places."""

    def __init__(self, bench: Bench) -> None:
        self.limit = bench.places
        self._free = asyncio.Semaphore(bench.places)

    async def acquire(self) -> None:
        await self._free.acquire()

    def release(self) -> None:
        self._free.release()


class Client:
    """The client of Alexa's API."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def ready(self) -> None:
        self._bench.ready()

    async def send(self, region: str, body: bytes) -> Answer:
        loop = asyncio.get_running_loop()
        self._bench.sent.append((loop.time(), body.decode()))
        await asyncio.sleep(self._bench.latency)
        return self._bench.answers(body.decode())


class Body:
    """Makes a customer's request: their id."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @property
    def page(self) -> int:
        return self._bench.together

    async def body(self, customer: Customer, now: datetime) -> bytes | None:
        self._bench.asked.append(asyncio.get_running_loop().time())
        return self._bench.body(customer.user_id)


async def inline(call: Callable[..., Any], *arguments: object) -> Any:
    """Call a store as over a fast network."""
    await asyncio.sleep(0.005)
    return call(*arguments)
