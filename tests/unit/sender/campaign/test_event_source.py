"""An event source is called in threads of its own, which nobody has to wait for."""

from __future__ import annotations

import asyncio
import gc
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.campaign import parse_campaign
from yellowring.sender.campaign.calls import PATIENCE, PLACES, EventSourceCalls
from yellowring.sender.campaign.event_source import ContentLate, InvalidContent
from yellowring.subscribers import Customer

from tests.unit.sender.kit import campaign
from tests.unit.sender.virtual import play

if TYPE_CHECKING:
    from collections.abc import Iterator

CAMPAIGN = parse_campaign(campaign())
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
PAYLOAD = {"weatherAlert": {"source": "the desk", "alertType": "TORNADO"}}
MADE: dict[str, Any] = {"payload": PAYLOAD}
PATIENTLY = 10.0
"""Real seconds after which a test has failed."""


def customer(name: str = "ANNA") -> Customer:
    return Customer(f"amzn1.ask.account.{name}", None)


class Gated:
    """A source whose calls come back only when they are let."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.threads: list[threading.Thread] = []

    def __call__(self, *_: object) -> dict[str, Any]:
        self.threads.append(threading.current_thread())
        assert self.gate.wait(PATIENTLY)
        return MADE

    def let(self) -> None:
        """Let all calls come back, and wait until they have."""
        self.gate.set()
        for thread in self.threads:
            thread.join(PATIENTLY)


@pytest.fixture
def gated() -> Iterator[Gated]:
    source = Gated()
    yield source
    source.let()


async def made(calls: EventSourceCalls, name: str = "ANNA") -> Any:
    return await calls.content(customer(name), CAMPAIGN, NOW)


# ---- what it gives ----


def test_the_source_is_given_the_customer_the_campaign_and_the_time() -> None:
    given: list[object] = []

    def source(*arguments: object) -> dict[str, Any]:
        given.extend(arguments)
        return MADE

    assert play(made(EventSourceCalls(source)), threads=True) == (PAYLOAD, [])
    assert given == [customer(), CAMPAIGN, NOW]


def test_nothing_is_nothing() -> None:
    assert play(made(EventSourceCalls(lambda *_: None)), threads=True) is None


def test_an_async_source_is_awaited() -> None:
    async def source(*_: object) -> dict[str, Any]:
        await asyncio.sleep(1)
        return MADE

    class Called:
        async def __call__(self, *_: object) -> dict[str, Any]:
            return MADE

    calls: Any = source
    assert play(made(EventSourceCalls(calls))) == (PAYLOAD, [])
    calls = Called()
    assert play(made(EventSourceCalls(calls))) == (PAYLOAD, [])


@pytest.mark.parametrize(
    "content", [7, {}, {"payload": {"weatherAlert": {}}}, {"payload": None}, [PAYLOAD]], ids=str
)
def test_what_is_no_event_is_that_customers_invalid(content: Any) -> None:
    with pytest.raises(InvalidContent):
        play(made(EventSourceCalls(lambda *_: content)), threads=True)


def test_what_is_no_event_is_told_by_its_paths_and_never_by_its_values() -> None:
    content = {"payload": {"weatherAlert": {"source": "Jane Doe", "alertType": "ONCOLOGY"}}}
    with pytest.raises(InvalidContent, match="alertType") as refused:
        play(made(EventSourceCalls(lambda *_: content)), threads=True)
    assert "ONCOLOGY" not in str(refused.value)


@pytest.mark.parametrize("error", [KeyError, StopIteration, TimeoutError, SystemExit])
def test_a_source_that_raises_is_that_customers_invalid(error: type[BaseException]) -> None:
    def source(given: Customer, *_: object) -> dict[str, Any]:
        raise error(given.user_id)

    with pytest.raises(InvalidContent, match="the event source raised") as refused:
        play(made(EventSourceCalls(source)), threads=True)
    assert "ANNA" not in str(refused.value)


def test_an_async_source_that_raises_is_that_customers_invalid() -> None:
    async def source(*_: object) -> dict[str, Any]:
        raise KeyError

    calls: Any = source
    with pytest.raises(InvalidContent, match="KeyError"):
        play(made(EventSourceCalls(calls)))


# ---- how long it takes ----


def test_a_source_that_does_not_answer_is_late(gated: Gated) -> None:
    async def scenario() -> float:
        with pytest.raises(ContentLate):
            await made(EventSourceCalls(gated))
        return asyncio.get_running_loop().time()

    assert play(scenario(), threads=True) == pytest.approx(PATIENCE, abs=0.1)


def test_an_async_source_that_does_not_answer_is_late() -> None:
    async def source(*_: object) -> dict[str, Any]:
        await asyncio.Event().wait()
        return MADE

    calls: Any = source
    with pytest.raises(ContentLate):
        play(made(EventSourceCalls(calls)))


def test_a_hung_source_holds_no_invocation_and_no_process(gated: Gated) -> None:
    async def scenario() -> None:
        with pytest.raises(ContentLate):
            await made(EventSourceCalls(gated))

    play(scenario(), threads=True)  # which comes back, though the call has not
    (thread,) = gated.threads
    assert thread.is_alive()
    assert thread.daemon


def test_no_more_calls_are_under_way_than_there_are_places(gated: Gated) -> None:
    async def scenario() -> None:
        calls = EventSourceCalls(gated, places=2, patience=1000)
        tasks = [asyncio.create_task(made(calls, str(number))) for number in range(5)]
        await asyncio.sleep(1)
        assert len(gated.threads) == 2
        gated.let()
        assert await asyncio.gather(*tasks) == [(PAYLOAD, [])] * 5

    play(scenario(), threads=True)
    assert PLACES == 32


def test_the_time_of_a_call_counts_from_its_own_start() -> None:
    """Three customers, one place, and each takes 0.6 of what one may take."""
    gate = threading.Semaphore(0)
    threads: list[threading.Thread] = []

    def source(*_: object) -> dict[str, Any]:
        threads.append(threading.current_thread())
        assert gate.acquire(timeout=PATIENTLY)
        return MADE

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        calls = EventSourceCalls(source, places=1, patience=1)
        tasks = [asyncio.create_task(made(calls, str(number))) for number in range(3)]
        for number in range(3):
            await asyncio.sleep(0.6)
            gate.release()
            threads[number].join(PATIENTLY)
        assert await asyncio.gather(*tasks) == [(PAYLOAD, [])] * 3
        assert loop.time() > 1.5

    play(scenario(), threads=True)


# ---- hung for good ----


def hang(calls: EventSourceCalls, times: int) -> None:
    async def scenario() -> None:
        for _ in range(times):
            with pytest.raises(ContentLate):
                await made(calls)

    play(scenario(), threads=True)


def test_a_source_is_exhausted_when_it_hangs_in_every_place(gated: Gated) -> None:
    calls = EventSourceCalls(gated, places=3)
    hang(calls, 2)
    assert not calls.exhausted
    hang(calls, 1)
    assert calls.exhausted


def test_a_call_that_hangs_when_its_slice_stops_takes_its_place_as_well(gated: Gated) -> None:
    calls = EventSourceCalls(gated, places=1)

    async def scenario() -> None:
        task = asyncio.create_task(made(calls))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    play(scenario(), threads=True)
    assert calls.exhausted


def test_an_exhausted_source_is_late_at_once(gated: Gated) -> None:
    calls = EventSourceCalls(gated, places=1)
    hang(calls, 2)
    assert len(gated.threads) == 1


def test_a_call_that_came_back_late_leaves_its_place_free_even_in_a_later_invocation(
    gated: Gated,
) -> None:
    calls = EventSourceCalls(gated, places=1)
    hang(calls, 1)
    gated.let()  # when the invocation has ended: nobody hears of it
    assert not calls.exhausted
    assert play(made(calls), threads=True) == (PAYLOAD, [])


def test_what_a_late_call_raises_is_not_logged_for_it_may_name_the_customer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = threading.Event()
    threads: list[threading.Thread] = []

    def source(given: Customer, *_: object) -> dict[str, Any]:
        threads.append(threading.current_thread())
        assert gate.wait(PATIENTLY)
        raise KeyError(given.user_id)

    async def scenario() -> None:
        with pytest.raises(ContentLate):
            await made(EventSourceCalls(source))
        gate.set()
        threads[0].join(PATIENTLY)
        await asyncio.sleep(1)

    play(scenario(), threads=True)
    gc.collect()
    assert "ANNA" not in caplog.text
