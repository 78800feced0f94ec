"""Whom a segment visits: a part of the subscribers table, some chunks of a list, or everybody."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from yellowring.sender.run.store import chunks_of
from yellowring.subscribers import Customer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from yellowring.sender.run.run import Run
    from yellowring.sender.run.store import Runs
    from yellowring.subscribers import Audience

PAGE = 1000
"""Items of the subscribers table in one page, deliverable or not."""
EVERYBODY = "*"
"""Stands for the user id in a multicast, which has none."""


@dataclass(frozen=True, slots=True)
class Visits:
    """Some customers, where to go on after each, and where after all of them (``None``: end)."""

    customers: Sequence[tuple[Customer, str]]
    cursor: str | None


class Visiting(Protocol):
    """One segment's part of the audience."""

    async def page(self, cursor: str | None) -> Visits:
        """Read the customers that come after a cursor."""

    async def again(self, user_ids: Sequence[str]) -> Mapping[str, Customer]:
        """Read some of them once more."""

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

    async def again(self, user_ids: Sequence[str]) -> Mapping[str, Customer]:
        """Read records by id."""
        return await _named(self.audience, user_ids, self.event_name)

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
class VisitingList:
    """Every so many-th chunk of a stored list; a cursor is ``chunk:ids seen of it``."""

    runs: Runs
    audience: Audience
    event_name: str
    run_id: str
    digest: str
    chunks: int
    segment: int
    segments: int

    async def page(self, cursor: str | None) -> Visits:
        """Look the customers of one chunk up; one without a record has no endpoint."""
        chunk, seen = self._at(cursor)
        user_ids = (await self._chunk(chunk))[seen:]
        found = await self.again(user_ids)
        customers = [
            (found[user_id], f"{chunk}:{seen + number}")
            for number, user_id in enumerate(user_ids, 1)
        ]
        return Visits(customers, self._after(chunk))

    async def again(self, user_ids: Sequence[str]) -> Mapping[str, Customer]:
        """Read records by id."""
        return await _named(self.audience, user_ids, self.event_name)

    async def rest(self, cursor: str | None) -> tuple[int, str | None]:
        """Count within one chunk."""
        chunk, seen = self._at(cursor)
        return len(await self._chunk(chunk)) - seen, self._after(chunk)

    def _at(self, cursor: str | None) -> tuple[int, int]:
        chunk, _, seen = (cursor or f"{self.segment}:0").partition(":")
        return int(chunk), int(seen)

    def _after(self, chunk: int) -> str | None:
        following = chunk + self.segments
        return f"{following}:0" if following < self.chunks else None

    async def _chunk(self, number: int) -> list[str]:
        return await asyncio.to_thread(self.runs.chunk, self.run_id, self.digest, number)


class VisitingEverybody:
    """All who are subscribed, in one multicast: one visit."""

    async def page(self, cursor: str | None) -> Visits:  # noqa: ARG002
        """Return the one that stands for all."""
        return Visits([(Customer(EVERYBODY, None), EVERYBODY)], None)

    async def again(self, user_ids: Sequence[str]) -> Mapping[str, Customer]:
        """Return the same."""
        return {each: Customer(each, None, deliverable=True) for each in user_ids}

    async def rest(self, cursor: str | None) -> tuple[int, str | None]:
        """Count the one where it was not visited."""
        return int(cursor is None), None


def visiting(run: Run, segment: int, runs: Runs, audience: Audience) -> Visiting:
    """Return what one segment of a run visits."""
    document: Any = run.campaign
    event_name: str = document["event"]["name"]
    if run.listed:
        chunks = chunks_of(run.listed.count)
        digest = run.listed.digest
        return VisitingList(
            runs, audience, event_name, run.run_id, digest, chunks, segment, run.segments
        )
    if document["audience"]["type"] == "multicast":
        return VisitingEverybody()
    return VisitingSubscribers(audience, event_name, segment, run.segments)


async def _named(
    audience: Audience, user_ids: Sequence[str], event_name: str
) -> Mapping[str, Customer]:
    if not user_ids:
        return {}
    customers = await asyncio.to_thread(audience.named, user_ids, event_name)
    return {each.user_id: each for each in customers}
