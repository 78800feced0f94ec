"""Personal content: an event that says to each customer what is theirs.

Either a campaign's texts have placeholders, ``{city}`` or ``{city|your town}``, that are filled
from the customer's own attributes, or an *event source* makes the content: a callable, named by
``EVENT_SOURCE``, that is given the customer, the campaign and the time.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from yellowring.catalog import check_event
from yellowring.sender.campaign.placeholders import CannotFill, filled

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from datetime import datetime

    from yellowring.sender.campaign.parsing import Campaign
    from yellowring.subscribers import Customer

PATIENCE = 5.0
"""Seconds that an event source may take for one customer."""
PLACES = 32
"""Calls of an event source under way at once in one worker."""
WAIT_FOR_PLACE = 0.01
"""Seconds between two looks for a free place."""

type Content = tuple[dict[str, Any], list[dict[str, str]]]
"""An event's payload and its localized attributes, in their wire shapes."""


class Fillable(Protocol):
    """A campaign or a notification: an event whose texts may hold placeholders."""

    @property
    def event_name(self) -> str:
        """Return the event's name."""

    @property
    def payload(self) -> dict[str, Any]:
        """Return the event's payload."""

    @property
    def localized_attributes(self) -> list[dict[str, str]]:
        """Return the texts of each locale."""


class EventSource(Protocol):
    """Makes the content of one customer's event.

    Returns
    -------
    Mapping or None
        ``{"payload": {…}, "localizedAttributes": […]}``, the second where the first refers to it;
        or nothing: then this customer is skipped.
    """

    def __call__(
        self, customer: Customer, campaign: Campaign, now: datetime, /
    ) -> Mapping[str, Any] | Awaitable[Mapping[str, Any] | None] | None:
        """Make it, or return what makes it when it is awaited."""


class InvalidContent(ValueError):
    """The content for one customer is not one that Alexa takes.

    Attributes
    ----------
    shape
        What is wrong with it, for logs: it names nothing of the customer's, nor of their texts.
    """

    def __init__(self, message: str, shape: str = "") -> None:
        super().__init__(message)
        self.shape = shape or message


class ContentLate(RuntimeError):
    """An event source did not answer in time: what it would have said is not known."""


class EventSourceFailed(RuntimeError):
    """The event source cannot be loaded; nothing can be sent before it is deployed."""


def load_event_source(name: str) -> EventSource | None:
    """Import an event source.

    Parameters
    ----------
    name
        ``package.module:callable``; empty for none.

    Raises
    ------
    EventSourceFailed
        Says what cannot be found.
    """
    if not name:
        return None
    module, _, attribute = name.partition(":")
    try:
        source: EventSource = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise EventSourceFailed(
            f"EVENT_SOURCE is {name!r}, which cannot be imported ({error}): it must be "
            "package.module:callable, and the module must be deployed with the functions"
        ) from None
    if not callable(source):
        raise EventSourceFailed(f"EVENT_SOURCE {name!r} is not callable")
    return source


def fill(campaign: Fillable, attributes: Mapping[str, object]) -> Content:
    """Put a customer's attributes in the places of a campaign's placeholders.

    Raises
    ------
    InvalidContent
        Something cannot be filled in, or what comes of it is no valid event.
    """
    try:
        payload = filled(campaign.payload, attributes)
        localized_attributes = filled(campaign.localized_attributes, attributes)
    except CannotFill as error:
        shape = "a placeholder's attribute is missing, or cannot be said"
        raise InvalidContent(str(error), shape) from None
    return _checked(campaign, payload, localized_attributes)


class EventSourceCalls:
    """Calls an event source, in threads of its own that no invocation waits for.

    A thread that hangs is left behind and its place with it; when every place is taken so, the
    process is of no use any more (`exhausted`).

    Parameters
    ----------
    source
        What to call; a coroutine function is awaited instead.
    places
        Calls under way at once.
    patience
        Seconds that one call may take, from when it begins.
    """

    def __init__(
        self, source: EventSource, places: int = PLACES, patience: float = PATIENCE
    ) -> None:
        self._source = source
        self._places = places
        self._patience = patience
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
        """
        try:
            if self._is_async:
                async with asyncio.timeout(self._patience):
                    found: object = await self._source(customer, campaign, now)  # type: ignore[misc]
            else:
                found = await self._in_thread(customer, campaign, now)
        except TimeoutError:
            raise ContentLate("the event source does not answer") from None
        except ContentLate:
            raise
        except Exception as error:
            raise InvalidContent(f"the event source raised {type(error).__name__}") from error
        return _made(campaign, found)

    async def _in_thread(self, customer: Customer, campaign: Campaign, now: datetime) -> object:
        while not self._free.acquire(blocking=False):
            if self.exhausted:
                raise ContentLate("the event source hangs in every thread it has")
            await asyncio.sleep(WAIT_FOR_PLACE)
        loop = asyncio.get_running_loop()
        made: asyncio.Future[object] = loop.create_future()

        def call() -> None:
            try:
                result, error = self._source(customer, campaign, now), None
            except BaseException as raised:  # told to whoever waits
                result, error = None, raised
            self._free.release()
            with suppress(RuntimeError):  # the loop has gone: nobody waits any more
                loop.call_soon_threadsafe(_tell, made, result, error)

        thread = threading.Thread(target=call, name="event source", daemon=True)
        thread.start()
        try:
            async with asyncio.timeout(self._patience):
                return await made
        except (TimeoutError, asyncio.CancelledError):
            self._late.append(thread)
            raise


def _tell(made: asyncio.Future[object], result: object, error: BaseException | None) -> None:
    if made.done():
        return
    if error is None:
        made.set_result(result)
    elif isinstance(error, Exception) and not isinstance(error, TimeoutError | StopIteration):
        made.set_exception(error)
    else:  # none of these passes through a future as itself
        made.set_exception(RuntimeError(type(error).__name__))


def _made(campaign: Campaign, content: object) -> Content | None:
    if content is None:
        return None
    if not isinstance(content, Mapping) or "payload" not in content:
        raise InvalidContent(
            'the event source must give {"payload": {…}} or None, '
            f"but gave a {type(content).__name__}"
        )
    return _checked(campaign, content["payload"], content.get("localizedAttributes", []))


def _checked(campaign: Fillable, payload: object, localized_attributes: object) -> Content:
    checked = check_event(campaign.event_name, payload, localized_attributes)
    if checked.problems:
        paths = ", ".join(problem.path for problem in checked.problems)
        shape = "; ".join(checked.shapes())
        raise InvalidContent(f"the content for one customer is not valid at {paths}", shape)
    return checked.payload, checked.localized_attributes
