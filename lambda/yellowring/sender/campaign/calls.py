"""How an event source is called: never so that an invocation has to wait for it."""

from __future__ import annotations

import asyncio
import inspect
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from yellowring.sender.campaign.event_source import (
    ContentLate,
    EventSourceFailed,
    InvalidContent,
    made,
    page_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from yellowring.sender.campaign.event_source import Content
    from yellowring.sender.campaign.parsing import Campaign
    from yellowring.subscribers import Customer

PATIENCE = 5.0
"""Seconds that an event source may take for one customer."""
PAGE_PATIENCE = 20.0
"""Seconds that an event source may take for a page of customers."""
PLACES = 32
"""Calls of an event source under way at once in one worker."""
WAIT_FOR_PLACE = 0.01
"""Seconds between two looks for a free place."""
GATHERING = 0.05
"""Seconds that a page which is not full waits for more customers: longer than a checkpoint takes,
which may come between those who begin together."""


class EventSourceCalls:
    """Calls an event source, in threads of its own that no invocation waits for.

    A thread that hangs is left behind and its place with it; when every place is taken so, the
    process is of no use any more (`exhausted`).

    Parameters
    ----------
    source
        What to call, an `EventSource` or a `PageSource`; a coroutine function is awaited instead.
    places
        Calls under way at once.
    patience
        Seconds that one call may take, from when it begins.

    Attributes
    ----------
    page
        The most customers that one call is for; ``None``: one by one.

    Raises
    ------
    ValueError
        The source's page is none.
    """

    def __init__(
        self, source: Callable[..., Any], places: int = PLACES, patience: float | None = None
    ) -> None:
        self.page = page_of(source)
        self._source = source
        self._places = places
        self._patience = patience or (PAGE_PATIENCE if self.page else PATIENCE)
        self._is_async = inspect.iscoroutinefunction(source) or inspect.iscoroutinefunction(
            getattr(source, "__call__", None)  # noqa: B004 - an object may be called asynchronously
        )
        self._free = threading.Semaphore(places)
        self._late: list[threading.Thread] = []

    @property
    def exhausted(self) -> bool:
        """Whether every place is taken by a call that came to no end in time."""
        self._late = [thread for thread in self._late if thread.is_alive()]
        return len(self._late) >= self._places

    async def content(
        self, customer: Customer, campaign: Campaign, now: datetime
    ) -> Content | None:
        """Have a customer's content made; ``None`` when there is nothing for them.

        Raises
        ------
        InvalidContent
            The source raised, or what it gave is no valid event.
        ContentLate
            It gave nothing in time.
        EventSourceFailed
            It cannot be called at all.
        """
        return made(campaign, await self._call(customer, campaign, now))

    async def contents(
        self, customers: Sequence[Customer], campaign: Campaign, now: datetime
    ) -> Sequence[object]:
        """Have the contents of a page of customers made, which are still to be checked.

        Raises
        ------
        InvalidContent, ContentLate, EventSourceFailed
            As for one customer; none of the page has a content.
        """
        found = await self._call(customers, campaign, now)
        if not isinstance(found, list | tuple) or len(found) != len(customers):
            many = f"{len(found)} of them" if isinstance(found, list | tuple) else "something else"
            raise InvalidContent(
                f"the event source must give a list of contents, one for each of {len(customers)} "
                f"customers in their order, but gave {many}"
            )
        return found

    async def _call(self, *arguments: object) -> object:
        try:
            if self._is_async:
                async with asyncio.timeout(self._patience):
                    return await self._source(*arguments)
            return await self._in_thread(*arguments)
        except TimeoutError:
            raise ContentLate("the event source does not answer") from None
        except (ContentLate, InvalidContent, EventSourceFailed):
            raise
        except Exception as error:
            raise InvalidContent(f"the event source raised {type(error).__name__}") from error

    async def _in_thread(self, *arguments: object) -> object:
        while not self._free.acquire(blocking=False):
            if self.exhausted:
                raise ContentLate("the event source hangs in every thread it has")
            await asyncio.sleep(WAIT_FOR_PLACE)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[object] = loop.create_future()

        def call() -> None:
            try:
                result, error = self._source(*arguments), None
            except BaseException as raised:  # told to whoever waits
                result, error = None, raised
            self._free.release()
            with suppress(RuntimeError):  # the loop has gone: nobody waits any more
                loop.call_soon_threadsafe(_tell, answer, result, error)

        thread = threading.Thread(target=call, name="event source", daemon=True)
        thread.start()
        try:
            async with asyncio.timeout(self._patience):
                return await answer
        except (TimeoutError, asyncio.CancelledError):
            self._late.append(thread)
            raise


class Pages:
    """Gathers the customers that are asked for at once, and has a page of them made by one call.

    A page is called for when it is full, or a moment after its first customer. It lives within one
    event loop, in which its calls end at the latest.

    Parameters
    ----------
    calls
        Calls an event source that takes pages.
    campaign
        What is being sent.
    """

    def __init__(self, calls: EventSourceCalls, campaign: Campaign) -> None:
        self._calls = calls
        self._campaign = campaign
        self._gathered: list[tuple[Customer, asyncio.Future[object]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._making: set[asyncio.Task[None]] = set()

    async def content(
        self, customer: Customer, campaign: Campaign, now: datetime
    ) -> Content | None:
        """Have a customer's content made, with others' (see `EventSourceCalls.content`)."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[object] = loop.create_future()
        self._gathered.append((customer, answer))
        if len(self._gathered) == self._calls.page:
            self._turn(now)
        elif self._timer is None:
            self._timer = loop.call_later(GATHERING, self._turn, now)
        return made(campaign, await answer)

    def _turn(self, now: datetime) -> None:
        """Begin the call for a page, and a new page."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        page = [each for each in self._gathered if not each[1].done()]  # who has not given up
        self._gathered = []
        if page:
            making = asyncio.create_task(self._make(page, now))
            self._making.add(making)
            making.add_done_callback(self._making.discard)

    async def _make(
        self, page: Sequence[tuple[Customer, asyncio.Future[object]]], now: datetime
    ) -> None:
        customers = [customer for customer, _ in page]
        try:
            contents = await self._calls.contents(customers, self._campaign, now)
        except (ContentLate, InvalidContent, EventSourceFailed) as error:
            for _, answer in page:
                _tell(answer, None, error)
        else:
            for (_, answer), content in zip(page, contents, strict=True):
                _tell(answer, content, None)


def _tell(answer: asyncio.Future[object], result: object, error: BaseException | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(result)
    elif isinstance(error, Exception) and not isinstance(error, TimeoutError | StopIteration):
        answer.set_exception(error)
    else:  # none of these passes through a future as itself
        answer.set_exception(RuntimeError(type(error).__name__))
