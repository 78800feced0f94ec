"""An event source that takes pages: who is asked for at once is in one call."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.sender.campaign import by_page, parse_campaign
from yellowring.sender.campaign.calls import GATHERING, PAGE_PATIENCE, EventSourceCalls, Pages
from yellowring.sender.campaign.event_source import (
    ContentLate,
    EventSourceFailed,
    InvalidContent,
)
from yellowring.subscribers import Customer

from tests.unit.sender.kit import campaign
from tests.unit.sender.virtual import play

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CAMPAIGN = parse_campaign(campaign(content="mine"))
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
PATIENTLY = 10.0


def customers(many: int) -> list[Customer]:
    return [Customer(f"amzn1.ask.account.{number}", None) for number in range(many)]


def content(customer: Customer) -> dict[str, Any]:
    """Return a content by which its customer can be told."""
    source = customer.user_id.rpartition(".")[2]
    return {"payload": {"weatherAlert": {"source": source, "alertType": "TORNADO"}}}


class Noted:
    """A source of pages that notes how many were asked for at once."""

    def __init__(self, page: int = 3, answer: Callable[..., Any] | None = None) -> None:
        self.page = page
        self.asked: list[int] = []
        self._answer = answer or (lambda customers: [content(each) for each in customers])

    async def __call__(self, customers: Sequence[Customer], *_: object) -> Any:
        self.asked.append(len(customers))
        return self._answer(customers)


def said(source: Any, many: int, later: float | None = None) -> list[Any]:
    """Return what comes of asking for many at once, and perhaps for one more after some seconds."""

    async def scenario() -> list[Any]:
        pages = Pages(EventSourceCalls(source), CAMPAIGN)
        everybody = customers(many + (later is not None))
        tasks = [
            asyncio.ensure_future(pages.content(each, CAMPAIGN, NOW)) for each in everybody[:many]
        ]
        if later is not None:
            await asyncio.sleep(later)
            tasks.append(asyncio.ensure_future(pages.content(everybody[-1], CAMPAIGN, NOW)))
        return await asyncio.gather(*tasks, return_exceptions=True)

    return play(scenario(), threads=True)


def sources_said(found: Sequence[Any]) -> list[Any]:
    return [each and each[0]["weatherAlert"]["source"] for each in found]


def test_a_full_page_is_one_call_and_what_is_left_another() -> None:
    source = Noted(page=3)
    assert sources_said(said(source, 7)) == [str(number) for number in range(7)]
    assert source.asked == [3, 3, 1]


@pytest.mark.parametrize(("later", "asked"), [(GATHERING / 2, [3]), (GATHERING * 2, [2, 1])])
def test_a_page_that_is_not_full_waits_a_moment_and_no_longer(
    later: float, asked: list[int]
) -> None:
    source = Noted(page=10)
    assert sources_said(said(source, 2, later)) == ["0", "1", "2"]
    assert source.asked == asked


def test_a_source_of_pages_runs_in_a_thread_unless_it_is_async() -> None:
    threads: list[threading.Thread] = []

    @by_page(5)
    def source(customers: Sequence[Customer], *_: object) -> list[Any]:
        threads.append(threading.current_thread())
        return [content(each) for each in customers]

    assert sources_said(said(source, 2)) == ["0", "1"]
    assert [thread.daemon for thread in threads] == [True]


def test_the_source_is_given_the_customers_the_campaign_and_the_time() -> None:
    given: list[Any] = []

    @by_page(2)
    def source(*arguments: Any) -> list[Any]:
        given.extend(arguments)
        return [None, None]

    assert said(source, 2) == [None, None]
    assert given == [customers(2), CAMPAIGN, NOW]


def test_nothing_and_what_is_no_event_concern_their_own_customers_only() -> None:
    source = Noted(answer=lambda page: [None, {"payload": {}}, content(page[2])])
    nothing, invalid, good = said(source, 3)
    assert nothing is None
    assert isinstance(invalid, InvalidContent)
    assert sources_said([good]) == ["2"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda page: [content(page[0])], "but gave 1 of them"),
        (lambda _: None, "something else"),
        (lambda _: {"contents": []}, "something else"),
        (lambda page: [*map(content, page), None], "but gave 4 of them"),
    ],
)
def test_another_number_of_contents_is_invalid_for_all_of_the_page(
    answer: Callable[..., Any], told: str
) -> None:
    found = said(Noted(answer=answer), 3)
    assert [type(each) for each in found] == [InvalidContent] * 3
    assert all(told in each.shape and "3 customers" in each.shape for each in found)


def test_a_source_that_raises_is_invalid_for_all_of_its_page_and_no_other() -> None:
    def answer(page: Sequence[Customer]) -> Any:
        if page[0].user_id.endswith(".0"):
            raise KeyError(page[0].user_id)
        return [content(each) for each in page]

    found = said(Noted(page=2, answer=answer), 4)
    assert [type(each) for each in found[:2]] == [InvalidContent] * 2
    assert {str(each) for each in found[:2]} == {"the event source raised KeyError"}
    assert sources_said(found[2:]) == ["2", "3"]


@pytest.mark.parametrize("error", [ContentLate("later"), EventSourceFailed("gone")])
def test_what_is_not_the_contents_fault_stays_what_it_is(error: Exception) -> None:
    def answer(_: object) -> Any:
        raise error

    assert said(Noted(answer=answer), 2) == [error, error]


def test_a_page_has_longer_than_one_customer_and_is_late_then() -> None:
    gate = threading.Event()

    @by_page(2)
    def source(*_: object) -> list[Any]:
        assert gate.wait(PATIENTLY)
        return []

    async def scenario() -> float:
        pages = Pages(EventSourceCalls(source), CAMPAIGN)
        with pytest.raises(ContentLate):
            await pages.content(customers(1)[0], CAMPAIGN, NOW)
        return asyncio.get_running_loop().time()

    try:
        assert play(scenario(), threads=True) == pytest.approx(PAGE_PATIENCE, abs=0.2)
    finally:
        gate.set()


def test_who_has_given_up_is_not_asked_for() -> None:
    source = Noted(page=10)

    async def scenario() -> Any:
        pages = Pages(EventSourceCalls(source), CAMPAIGN)
        first, second = (
            asyncio.ensure_future(pages.content(each, CAMPAIGN, NOW)) for each in customers(2)
        )
        await asyncio.sleep(GATHERING / 2)
        first.cancel()
        return await second

    assert sources_said([play(scenario())]) == ["1"]
    assert source.asked == [1]


def test_a_page_that_hangs_when_its_slice_ends_takes_its_thread_with_it() -> None:
    gate = threading.Event()

    @by_page(2)
    def source(*_: object) -> list[Any]:
        assert gate.wait(PATIENTLY)
        return []

    calls = EventSourceCalls(source, places=1)

    async def scenario() -> None:
        pages = Pages(calls, CAMPAIGN)
        asking = asyncio.ensure_future(pages.content(customers(1)[0], CAMPAIGN, NOW))
        await asyncio.sleep(1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    try:
        play(scenario(), threads=True)
        assert calls.exhausted
    finally:
        gate.set()
