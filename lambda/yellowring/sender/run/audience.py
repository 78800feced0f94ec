"""Whom a segment visits: a part of the subscribers table, some chunks of a list, or everybody."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.run.run import link_of
from yellowring.sender.run.store import chunks_of
from yellowring.subscribers import MOST_ACCOUNTS, Customer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from yellowring.sender.run.run import Run, Waiting
    from yellowring.sender.run.store import Runs
    from yellowring.subscribers import Audience

PAGE = 1000
"""Items of the subscribers table in one page, deliverable or not."""
EVERYBODY = "*"
"""Stands for the user id in a multicast, which has none."""
LOOKED_UP = 50
"""Customer ids whose accounts are looked up for one page."""
LOOKING = 8
"""Customer ids that are looked up at once."""
LAG = timedelta(seconds=10)
"""For how long a link that was stored just now may not be found: the index follows the table."""
LOOK_AGAIN = 1.0
"""Seconds between two looks for whoever is not found yet."""

type _Found = tuple[str, tuple[str, ...] | Outcome]


@dataclass(frozen=True, slots=True)
class Visits:
    """Some customers, where to go on after each, and where after all of them (``None``: end).

    An outcome stands for somebody whom nobody can be told for, and who is counted so.
    """

    customers: Sequence[tuple[Customer | Outcome, str]]
    cursor: str | None


class Visiting(Protocol):
    """One segment's part of the audience."""

    async def page(self, cursor: str | None) -> Visits:
        """Read the customers that come after a cursor."""

    async def again(self, waiting: Sequence[Waiting]) -> Mapping[str, Customer]:
        """Read some of them once more; who is not there any more is not to be told."""

    def rules_out(self, customer: Customer) -> bool:
        """Check whether their record alone says that they are not to be told."""

    async def rest(self, cursor: str | None) -> tuple[int, str | None]:
        """Count some that come after a cursor, and return where to go on counting."""


@dataclass(frozen=True, slots=True)
class VisitingSubscribers:
    """A part of all who are deliverable for the campaign's event."""

    audience: Audience
    event_name: str
    segment: int
    segments: int

    async def page(self, cursor: str | None) -> Visits:
        """Read one page of the table; it may hold nobody."""
        page = await asyncio.to_thread(
            self.audience.scan,
            self.event_name,
            segment=self.segment,
            total_segments=self.segments,
            cursor=cursor,
            limit=PAGE,
        )
        return Visits([(each, each.user_id) for each in page.customers], page.cursor)

    async def again(self, waiting: Sequence[Waiting]) -> Mapping[str, Customer]:
        """Read records by id."""
        return await _named(self.audience, _ids(waiting), self.event_name)

    def rules_out(self, customer: Customer) -> bool:
        """Check for who is known not to be deliverable: the scan finds nobody who is not."""
        return customer.deliverable is False

    async def rest(self, cursor: str | None) -> tuple[int, str | None]:
        """Count within one page of the table."""
        return await asyncio.to_thread(
            self.audience.count,
            self.event_name,
            segment=self.segment,
            total_segments=self.segments,
            cursor=cursor,
            limit=10 * PAGE,
        )


@dataclass(frozen=True, slots=True)
class Chunks:
    """Every so many-th chunk of a run's stored list: one segment's part of it."""

    runs: Runs
    run_id: str
    digest: str
    many: int
    segment: int
    segments: int

    async def ids(self, number: int) -> list[str]:
        """Read one chunk."""
        return await asyncio.to_thread(self.runs.chunk, self.run_id, self.digest, number)

    def after(self, number: int) -> str | None:
        """Return the cursor of the chunk that follows, if one does."""
        following = number + self.segments
        return f"{following}:0" if following < self.many else None


@dataclass(frozen=True, slots=True)
class VisitingUsers:
    """A stored list of users; a cursor is ``chunk:ids seen of it``."""

    chunks: Chunks
    audience: Audience
    event_name: str

    async def page(self, cursor: str | None) -> Visits:
        """Look the customers of one chunk up; one without a record has no endpoint."""
        chunk, seen = self._at(cursor)
        user_ids = (await self.chunks.ids(chunk))[seen:]
        found = await _named(self.audience, user_ids, self.event_name)
        customers = [
            (found[user_id], f"{chunk}:{seen + number}")
            for number, user_id in enumerate(user_ids, 1)
        ]
        return Visits(customers, self.chunks.after(chunk))

    async def again(self, waiting: Sequence[Waiting]) -> Mapping[str, Customer]:
        """Read records by id."""
        return await _named(self.audience, _ids(waiting), self.event_name)

    def rules_out(self, customer: Customer) -> bool:
        """Check for who was erased; of others Alexa may know what we do not."""
        return customer.erased

    async def rest(self, cursor: str | None) -> tuple[int, str | None]:
        """Count within one chunk."""
        chunk, seen = self._at(cursor)
        return len(await self.chunks.ids(chunk)) - seen, self.chunks.after(chunk)

    def _at(self, cursor: str | None) -> tuple[int, int]:
        chunk, _, seen = (cursor or f"{self.chunks.segment}:0").partition(":")
        return int(chunk), int(seen)


@dataclass(frozen=True, slots=True)
class VisitingCustomers:
    """A stored list of customer ids, each visited as all the accounts that are linked to it.

    A cursor is ``chunk:ids seen of it``, and ``:user id`` where it stands behind one of the
    accounts of the id that comes next.

    Parameters
    ----------
    chunks, audience, event_name
        The list, where accounts are looked up, and the event that they are to be told of.
    started_at
        When the run was started: in its first seconds, `LAG`, whoever is not found is waited for.
    now, sleep
        The clock, and how to wait.
    """

    chunks: Chunks
    audience: Audience
    event_name: str
    started_at: datetime
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def page(self, cursor: str | None) -> Visits:
        """Look the accounts of some customers up.

        Where nobody is linked to an id, or too many accounts are, that is one visit, of which only
        the outcome is told; so is an account whose link moved since it was looked up.
        """
        chunk, seen, found, after = await self._look_up(cursor)
        user_ids = [each for _, told in found if not isinstance(told, Outcome) for each in told]
        customers = await _named(self.audience, user_ids, self.event_name)
        visits: list[tuple[Customer | Outcome, str]] = []
        for number, (customer_id, told) in enumerate(found, seen):
            behind_all = f"{chunk}:{number + 1}"
            if isinstance(told, Outcome):
                visits.append((told, behind_all))
                continue
            theirs = [
                each if each.customer_id == customer_id else Outcome.SKIPPED
                for each in (customers[user_id] for user_id in told)
            ]
            behind = [*(f"{chunk}:{number}:{user_id}" for user_id in told[:-1]), behind_all]
            visits += zip(theirs, behind, strict=False)  # of whom all were visited there is nobody
        return Visits(visits, after)

    async def again(self, waiting: Sequence[Waiting]) -> Mapping[str, Customer]:
        """Read records by id; who is linked to another customer id now is left out."""
        found = await _named(self.audience, _ids(waiting), self.event_name)
        return {
            each.user_id: found[each.user_id]
            for each in waiting
            if link_of(found[each.user_id].customer_id) == each.link
        }

    def rules_out(self, customer: Customer) -> bool:
        """Check for who is not deliverable: whoever is linked has a record."""
        return not customer.deliverable

    async def rest(self, cursor: str | None) -> tuple[int, str | None]:
        """Count whom a page would visit."""
        _, _, found, after = await self._look_up(cursor)
        return sum(1 if isinstance(told, Outcome) else len(told) for _, told in found), after

    async def _look_up(self, cursor: str | None) -> tuple[int, int, list[_Found], str | None]:
        """Return the chunk, how much of it was seen, what follows, and the cursor behind that.

        What follows are some ids, each with its accounts, or how it ends as nobody is told. It
        ends before whoever is not linked yet; where that is the first, nothing follows for now.
        """
        chunk, seen, behind = self._at(cursor)
        ids = await self.chunks.ids(chunk)
        found = await self._accounts(ids[seen : seen + LOOKED_UP], behind)
        told = [each for _, each in found]
        if Outcome.SKIPPED in told and self.now() - self.started_at < LAG:
            found = found[: told.index(Outcome.SKIPPED)]
            if not found:
                await self.sleep(LOOK_AGAIN)
        behind_all = seen + len(found)
        after = f"{chunk}:{behind_all}" if behind_all < len(ids) else self.chunks.after(chunk)
        return chunk, seen, found, after

    async def _accounts(self, customer_ids: Sequence[str], behind: str) -> list[_Found]:
        """Look ids up, as far as that succeeds.

        Of the first, only the accounts ``behind`` a user id count, where there is one: the others
        were visited, and with them it was decided that they are not too many.
        """
        places = asyncio.Semaphore(LOOKING)

        async def accounts(customer_id: str) -> tuple[str, ...]:
            async with places:
                return await asyncio.to_thread(self.audience.accounts, customer_id)

        found: list[_Found] = []
        looked_up = await asyncio.gather(*map(accounts, customer_ids), return_exceptions=True)
        for customer_id, each in zip(customer_ids, looked_up, strict=True):
            if not isinstance(each, BaseException):
                found.append((customer_id, _told(each, behind if not found else "")))
            elif found:
                break
            else:
                raise each
        return found

    def _at(self, cursor: str | None) -> tuple[int, int, str]:
        chunk, seen, *behind = (cursor or f"{self.chunks.segment}:0").split(":", 2)
        return int(chunk), int(seen), behind[0] if behind else ""


def _told(accounts: tuple[str, ...], behind: str) -> tuple[str, ...] | Outcome:
    """Return which of the accounts of a customer are told, or how it ends that none is."""
    if behind:
        return tuple(each for each in accounts if each > behind)
    if not accounts:
        return Outcome.SKIPPED
    return accounts if len(accounts) <= MOST_ACCOUNTS else Outcome.INVALID


class VisitingEverybody:
    """All who are subscribed, in one multicast: one visit."""

    async def page(self, cursor: str | None) -> Visits:  # noqa: ARG002
        """Return the one that stands for all."""
        return Visits([(Customer(EVERYBODY, None), EVERYBODY)], None)

    async def again(self, waiting: Sequence[Waiting]) -> Mapping[str, Customer]:
        """Return the same."""
        return {each: Customer(each, None, deliverable=True) for each in _ids(waiting)}

    def rules_out(self, customer: Customer) -> bool:  # noqa: ARG002
        """Check nothing: Alexa knows who is subscribed."""
        return False

    async def rest(self, cursor: str | None) -> tuple[int, str | None]:
        """Count the one where it was not visited."""
        return int(cursor is None), None


def visiting(
    run: Run,
    segment: int,
    runs: Runs,
    audience: Audience,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Visiting:
    """Return what one segment of a run visits."""
    document: Any = run.campaign
    event_name: str = document["event"]["name"]
    kind = document["audience"]["type"]
    if listed := run.listed:
        many = chunks_of(listed.count)
        chunks = Chunks(runs, run.run_id, listed.digest, many, segment, run.segments)
        if kind == "customers":
            return VisitingCustomers(chunks, audience, event_name, run.started_at, now, sleep)
        return VisitingUsers(chunks, audience, event_name)
    if kind == "multicast":
        return VisitingEverybody()
    return VisitingSubscribers(audience, event_name, segment, run.segments)


def _ids(waiting: Sequence[Waiting]) -> list[str]:
    return [each.user_id for each in waiting]


async def _named(
    audience: Audience, user_ids: Sequence[str], event_name: str
) -> Mapping[str, Customer]:
    if not user_ids:
        return {}
    customers = await asyncio.to_thread(audience.named, user_ids, event_name)
    return {each.user_id: each for each in customers}
