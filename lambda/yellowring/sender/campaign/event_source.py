"""Personal content: an event that says to each customer what is theirs.

Either a campaign's texts have placeholders, ``{city}`` or ``{city|your town}``, that are filled
from the customer's own attributes, or an *event source* makes the content: a callable or a Lambda
function of the business that is registered with the stack under the name that a campaign gives as
its ``content``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from yellowring.catalog import check_event
from yellowring.sender.campaign.placeholders import CannotFill, filled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from yellowring.sender.campaign.parsing import Campaign
    from yellowring.subscribers import Customer

LARGEST_PAGE = 250
"""Customers that an event source may want at once."""
LARGEST_CONTENT = 32_000
"""Bytes of a request with what an event source makes: as many as a campaign may have."""

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


type Contents = Sequence[Mapping[str, Any] | None]
"""What an event source gives for a page of customers: one for each, in their order."""


class PageSource(Protocol):
    """Makes the contents of a page of customers at once. Mark it with `by_page`."""

    def __call__(
        self, customers: Sequence[Customer], campaign: Campaign, now: datetime, /
    ) -> Contents | Awaitable[Contents]:
        """Make them, or return what makes them when it is awaited."""


def by_page[Source: Callable[..., Any]](most: int) -> Callable[[Source], Source]:
    """Mark an event source that is given a page of customers instead of one.

    Parameters
    ----------
    most
        Customers in one page, 1 to 250; there may be fewer.

    Raises
    ------
    ValueError
        It is no such number.

    Examples
    --------
    >>> @by_page(100)
    ... def digests(customers, campaign, now):
    ...     return [None for customer in customers]
    >>> page_of(digests)
    100
    """

    def mark(source: Source) -> Source:
        source.page = most  # type: ignore[attr-defined]
        page_of(source)
        return source

    return mark


def page_of(source: object) -> int | None:
    """Return how many customers an event source wants at once; ``None``: it takes one by one.

    Raises
    ------
    ValueError
        It says something else than a number of customers.
    """
    most = getattr(source, "page", None)
    if most is not None and (type(most) is not int or not 1 <= most <= LARGEST_PAGE):
        raise ValueError(
            f"the page of an event source must be 1 to {LARGEST_PAGE} customers, found {most!r}"
        )
    return most


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
    """The event source cannot be loaded or called; nothing can be sent before it is deployed."""


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


def made(campaign: Fillable, content: object) -> Content | None:
    """Check what an event source made for a customer; ``None`` when it has nothing for them.

    Raises
    ------
    InvalidContent
        It is no valid event.
    """
    if content is None:
        return None
    if not isinstance(content, Mapping) or "payload" not in content:
        raise InvalidContent(
            'the event source must give {"payload": {…}} or nothing, '
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
