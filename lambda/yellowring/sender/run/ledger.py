"""A segment's ledger: who ended how, who is under way, who waits, who is held.

It decides nothing about time or the network; a slice tells it what happens, and writes what it says
into the segment's item.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from yellowring.sender.delivery.outcomes import HEARD, REFUSALS, Outcome
from yellowring.sender.run.refusals import Held, Refusals
from yellowring.sender.run.run import Segment, Waiting

if TYPE_CHECKING:
    from yellowring.alexa import Region

MOST_OPEN = 500
"""Customers without a final outcome that a segment may have; more stop new visits."""
LONGEST_BACK_OFF = 120
"""Seconds between tries that Alexa names no time for."""
LONGEST_DELAY = 86_400
"""Seconds between tries whatever Alexa names, which may be infinity: no event lives longer."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A customer whose outcome is to be noted; ``at`` is in milliseconds since the epoch."""

    user_id: str
    outcome: Outcome
    at: int


class Ledger:
    """What is known of a segment's customers, in memory, from one checkpoint to the next.

    Parameters
    ----------
    stored
        The segment as its item has it; one of an earlier attempt is reopened.
    attempt
        The run's attempt.
    notes_heard
        Whether those who have heard are to be noted as well.

    Attributes
    ----------
    cursor, visited
        Where the visits are.
    rest, rest_cursor
        How many of the unvisited were counted, and where to go on counting.
    waiting, under_way
        Customers without an outcome by user id; nobody is in both.
    refusals
        The held, and what the regions have answered.
    believed
        Customers that Alexa refused for their own sake since the last checkpoint, to be marked.
    ended
        Customers whose outcome since the last checkpoint is to be noted in their records.
    """

    def __init__(self, stored: Segment, attempt: int, *, notes_heard: bool = False) -> None:
        segment = stored.reopened(attempt) if stored.attempt < attempt else stored
        self._number = segment.number
        self._attempt = attempt
        self.counts = segment.counts.copy()
        self.cursor, self.visited = segment.cursor, segment.visited
        self.rest, self.rest_cursor = segment.rest, segment.rest_cursor
        self.waiting = {each.user_id: each for each in segment.waiting}
        self.under_way: dict[str, tuple[Waiting, Region]] = {}
        self.refusals = Refusals(
            {region: replace(each) for region, each in segment.evidence.items()},
            list(segment.held),
            segment.unauthorized,
        )
        self.believed: list[Held] = []
        self.ended: list[Ended] = []
        self._notes_heard = notes_heard
        self._in_region: dict[Region, int] = {}
        self._begun = 0

    @property
    def is_done(self) -> bool:
        """Whether everybody was visited and nobody is without an outcome."""
        return self.visited and not self.waiting and not self.under_way

    def is_open(self, user_id: str) -> bool:
        """Check whether a customer was visited and has no final outcome yet."""
        return (
            user_id in self.under_way
            or user_id in self.waiting
            or any(each.user_id == user_id for each in self.refusals.held)
        )

    def relink(self, user_id: str, link: str) -> None:
        """Note which customer id led to a customer last, who has no final outcome yet."""
        if user_id in self.waiting:
            self.waiting[user_id] = replace(self.waiting[user_id], link=link)
        if user_id in self.under_way:
            entry, region = self.under_way[user_id]
            self.under_way[user_id] = replace(entry, link=link), region
        self.refusals.held = [
            replace(each, link=link) if each.user_id == user_id else each
            for each in self.refusals.held
        ]

    def has_room(self) -> bool:
        """Check whether one more customer may be visited."""
        return len(self.waiting) + len(self.under_way) + len(self.refusals.held) < MOST_OPEN

    def has_room_in(self, region: Region) -> bool:
        """Check whether one more request may be under way to a region."""
        return self.refusals.room(region, self._in_region.get(region, 0))

    def due(self, now: float, most: int) -> list[Waiting]:
        """Return some who are to be tried again now, in seconds since the epoch."""
        now_ms = now * 1000
        return [each for each in self.waiting.values() if each.due <= now_ms][:most]

    def next_due(self) -> float | None:
        """Return when the next customer is due, in seconds since the epoch."""
        return min((each.due for each in self.waiting.values()), default=0) / 1000 or None

    def go_on(self) -> None:
        """Visit from the cursor on, whoever was counted as the rest: by a clock that is ahead."""
        self.rest, self.rest_cursor = 0, None

    def go_behind(self, after: str | None) -> None:
        """Move to where a page ends; ``None``: everybody was visited."""
        self.visited = after is None
        self.cursor = after

    def begin(self, entry: Waiting, region: Region) -> None:
        """Put a customer under way."""
        self.waiting.pop(entry.user_id, None)
        self.under_way[entry.user_id] = entry, region
        self._in_region[region] = self._in_region.get(region, 0) + 1

    def sent(self, user_id: str) -> int:
        """Note that a customer's request is begun now; return its number in this slice."""
        entry, region = self.under_way[user_id]
        self.under_way[user_id] = replace(entry, tries=entry.tries + 1), region
        self._begun += 1
        return self._begun

    def was_sent(self, user_id: str) -> bool:
        """Check whether a customer under way was sent a request before, of unknown outcome."""
        return self.under_way[user_id][0].tries > 0

    def put_back(self, user_id: str) -> None:
        """Have a customer who is still under way wait, as they are; others are left alone."""
        if user_id in self.under_way:
            entry, _ = self._arrived(user_id)
            self.waiting[user_id] = entry

    def settle(self, user_id: str, outcome: Outcome, now: float, *, is_noted: bool = True) -> None:
        """Count a customer whom no answer of Alexa's was needed for; ``now`` as of `due`."""
        self.waiting.pop(user_id, None)
        if user_id in self.under_way:
            self._arrived(user_id)
        self.counts.add(outcome)
        if is_noted:
            self.ended.append(Ended(user_id, outcome, int(now * 1000)))

    def delay(self, user_id: str, now: float, retry_after: float | None) -> None:
        """Leave a customer whose outcome is not known for a later try."""
        entry, _ = self._arrived(user_id)
        tried = replace(entry, tries=max(1, entry.tries))
        wait = min(max(retry_after or 0.0, back_off(tried.tries)), LONGEST_DELAY)
        self.waiting[user_id] = replace(tried, due=int((now + wait) * 1000))

    def answered(
        self, user_id: str, outcome: Outcome, begun: int, sent_at: float, *, host_known: bool = True
    ) -> None:
        """Take an answer: hold whom Alexa refused, count the rest and whom that proves refused.

        Parameters
        ----------
        user_id, outcome
            Who ended how.
        begun
            What `sent` returned.
        sent_at
            When the request was begun, in seconds since the epoch.
        host_known
            Whether it went to the customer's own host.
        """
        entry, region = self._arrived(user_id)
        at = int(sent_at * 1000)
        if outcome in REFUSALS:
            held = Held(
                user_id, region, outcome, at, host_known, self._begun, entry.link, entry.deliverable
            )
            self.refusals.refused(held)
            return
        self.counts.add(outcome)
        # Of an attempt before this one it may have been noted that they had not heard.
        mended = self._attempt > 1 and entry.tries > 1
        if outcome not in HEARD or self._notes_heard or mended:
            self.ended.append(Ended(user_id, outcome, at))
        for held in self.refusals.accepted(region, begun):
            self.counts.add(held.outcome)
            self.ended.append(Ended(held.user_id, held.outcome, held.sent_at))
            if held.is_markable:
                self.believed.append(held)

    def left(self, now: float) -> list[Ended]:
        """Return who was tried and has no final outcome, as the run's end counts them."""
        tried = [each for each in self.waiting.values() if each.tries]
        return [
            *(Ended(each.user_id, Outcome.FAILED, int(now * 1000)) for each in tried),
            *(Ended(each.user_id, each.outcome, each.sent_at) for each in self.refusals.held),
        ]

    def snapshot(self, version: int, *, done: bool = False, problem: str | None = None) -> Segment:
        """Return the segment as it is; whatever is under way is not known."""
        return Segment(
            self._number,
            version=version,
            attempt=self._attempt,
            cursor=self.cursor,
            visited=self.visited,
            counts=self.counts.copy(),
            waiting=(*self.waiting.values(), *(entry for entry, _ in self.under_way.values())),
            held=tuple(self.refusals.held),
            evidence={region: replace(e) for region, e in self.refusals.evidence.items()},
            unauthorized=self.refusals.unauthorized,
            rest=self.rest,
            rest_cursor=self.rest_cursor,
            done=done,
            problem=problem,
        )

    def _arrived(self, user_id: str) -> tuple[Waiting, Region]:
        entry, region = self.under_way.pop(user_id)
        self._in_region[region] -= 1
        return entry, region


def back_off(tries: int) -> float:
    """Return the seconds to wait before another try: equal jitter over a doubling bound.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
    """
    longest = min(LONGEST_BACK_OFF, 2 ** min(tries - 1, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311
