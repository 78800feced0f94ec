"""Alexa, Login with Amazon and the customers' records, as a game needs them."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yellowring.alexa.endpoints import HOSTS
from yellowring.alexa.proactive_events import Answer
from yellowring.subscribers import MOST_ACCOUNTS, Customer, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from random import Random

    from yellowring.alexa import Region
    from yellowring.subscribers import AttributeValue

type Spans = Sequence[tuple[float, float]]
"""From when until when (seconds of the game) something is so."""

ACCEPTED, INVALID, FORBIDDEN, CONFLICT, LIMITED = 202, 400, 403, 409, 432


def within(spans: Spans, now: float) -> bool:
    """Check whether a moment lies in one of the spans."""
    return any(start <= now < end for start, end in spans)


@dataclass
class Person:
    """A customer: what their record says, and what Alexa knows.

    Attributes
    ----------
    subscribed_at, rejected_at
        Of their record, in milliseconds since the epoch.
    subscribed
        Whether their record says so.
    is_stale
        Whether Alexa refuses them although their record allows the event.
    is_bad
        Whether Alexa finds an event for them wrong, whatever it is.
    is_limited
        Whether they have had all the notifications that they may have.
    left
        Whether they left after an event had reached them.
    customer_id
        The business' id that they are linked to.
    """

    user_id: str
    region: Region
    subscribed_at: int
    rejected_at: int | None = None
    subscribed: bool = True
    is_stale: bool = False
    is_bad: bool = False
    is_limited: bool = False
    left: bool = False
    customer_id: str | None = None
    attributes: dict[str, AttributeValue] = field(default_factory=dict)
    place: tuple[int, str] = field(init=False)

    def __post_init__(self) -> None:
        self.place = place_of(self.user_id)

    @property
    def deliverable(self) -> bool:
        """What the record allows."""
        return self.subscribed and (
            self.rejected_at is None or self.rejected_at < self.subscribed_at
        )


def place_of(user_id: str) -> tuple[int, str]:
    """Return where somebody lies or lay in the table."""
    return zlib.crc32(user_id.encode()), user_id


@dataclass(frozen=True)
class People:
    """The subscribers table: as a slice visits it, and as it is changed under way.

    Attributes
    ----------
    table, page
        Who is there, and how many of them a page has.
    lagging
        Who is not in the index of customer ids yet.
    marks, notes
        What was written: whom Alexa refused, and what became of events, by user id.
    """

    table: dict[str, Person]
    page: int
    lagging: set[str] = field(default_factory=set)
    marks: list[tuple[str, int]] = field(default_factory=list)
    notes: dict[str, tuple[int, str]] = field(default_factory=dict)

    def of(self, attributes: Collection[str] | None, where: object) -> People:
        return self

    def scan(
        self, event_name: str, *, segment: int, total_segments: int, cursor: str | None, limit: int
    ) -> Page:
        page, after = self._visit(segment, total_segments, cursor, self.page)
        return Page(tuple(_customer(each) for each in page if each.deliverable), after)

    def count(
        self, event_name: str, *, segment: int, total_segments: int, cursor: str | None, limit: int
    ) -> tuple[int, str | None]:
        page, after = self._visit(segment, total_segments, cursor, 10 * self.page)
        return sum(each.deliverable for each in page), after

    def named(self, user_ids: Sequence[str], event_name: str) -> tuple[Customer, ...]:
        return tuple(
            _customer(self.table[each]) if each in self.table else Customer(each, None)
            for each in user_ids
        )

    def accounts(self, customer_id: str, *, behind: str = "") -> tuple[str, ...]:
        linked = (each for each in self.table.values() if each.customer_id == customer_id)
        ids = (each.user_id for each in linked if each.user_id not in self.lagging)
        found = sorted(each for each in ids if each > behind)
        return tuple(found[: MOST_ACCOUNTS + 1])

    def note_outcome(self, user_id: str, reference_id: str, outcome: str, at_ms: int) -> str:
        assert user_id != "*"
        if user_id not in self.table:
            return "unknown"
        self.notes[user_id] = max((at_ms, outcome), self.notes.get(user_id, (0, "")))
        return "applied"

    def mark_rejected(self, user_id: str, at: int) -> bool:
        self.marks.append((user_id, at))
        if user_id in self.table:
            person = self.table[user_id]
            person.rejected_at = max(person.rejected_at or 0, at)
        return user_id in self.table

    def _visit(
        self, segment: int, total: int, cursor: str | None, limit: int
    ) -> tuple[list[Person], str | None]:
        after = place_of(cursor) if cursor is not None else (-1, "")
        here = [
            person
            for person in self.table.values()
            if person.place[0] % total == segment and person.place > after
        ]
        here.sort(key=lambda person: person.place)
        return here[:limit], here[limit - 1].user_id if len(here) > limit else None


def _customer(person: Person) -> Customer:
    return Customer(
        person.user_id,
        HOSTS[person.region],
        None,
        dict(person.attributes),
        deliverable=person.deliverable,
        customer_id=person.customer_id,
    )


@dataclass(frozen=True)
class Weather:
    """What is wrong with Alexa and Login with Amazon, and when.

    Attributes
    ----------
    down, no_token, unauthorized, wrong_stage, wrong_event
        When Alexa is down, LWA is, every token is refused (401), nobody is known (403), and
        everybody's event is found wrong (400).
    busy, retry_after
        When everybody is answered 429, and with which ``Retry-After`` in seconds.
    noise
        The part of answers that are 429, 5xx or none.
    """

    down: Spans = ()
    no_token: Spans = ()
    unauthorized: Spans = ()
    wrong_stage: Spans = ()
    wrong_event: Spans = ()
    busy: Spans = ()
    retry_after: float | None = None
    noise: float = 0.0


@dataclass
class Alexa:
    """Alexa, with a book of who was told what.

    Attributes
    ----------
    book
        Who heard which event, by reference id.
    refused
        When somebody was refused for their own sake, by user id, in seconds of the game.
    denied
        Who was refused an event, for whatever reason, that they had heard before.
    asked, last_asked
        When each request came, and when the last of each customer, by user id.
    """

    people: People
    weather: Weather
    random: Random
    now: Callable[[], float]
    book: set[tuple[str, str]] = field(default_factory=set)
    refused: dict[str, list[float]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    asked: list[float] = field(default_factory=list)
    last_asked: dict[str, float] = field(default_factory=dict)
    answers: Counter[int | None] = field(default_factory=Counter)

    def take(self, body: bytes) -> Answer:
        """Take a request; the answer says what came of it, or nothing does."""
        document = json.loads(body)
        audience: Any = document["relevantAudience"]
        user_id = audience["payload"].get("user", "*")
        self.asked.append(self.now())
        self.last_asked[user_id] = self.now()
        answer = self._noise() or self._judge(document["referenceId"], user_id)
        if answer.status in (FORBIDDEN, INVALID) and self.has_told(user_id):
            self.denied.add(user_id)
        if answer.status is None and self.random.random() < 0.5:
            self._judge(document["referenceId"], user_id)  # it was taken all the same
        self.answers[answer.status] += 1
        return answer

    def _noise(self) -> Answer | None:
        if within(self.weather.unauthorized, self.now()):
            return Answer(401)
        if within(self.weather.busy, self.now()):
            return Answer(429, retry_after=self.weather.retry_after)
        draw = self.random.random
        if within(self.weather.down, self.now()):
            return Answer(503 if draw() < 0.7 else None)
        if draw() < self.weather.noise:
            status = self.random.choice((429, 429, 500, 503, None))
            hint = self.random.choice((None, None, 1.0, 30.0, 400.0, 1e9, float("inf")))
            return Answer(status, retry_after=hint if status == 429 else None)
        return None

    def _judge(self, reference_id: str, user_id: str) -> Answer:
        if within(self.weather.wrong_stage, self.now()):
            return Answer(FORBIDDEN, "no subscription")
        person = self.people.table.get(user_id)
        if user_id != "*" and (person is None or person.is_stale or not person.subscribed):
            self.refused.setdefault(user_id, []).append(self.now())
            return Answer(FORBIDDEN, "no subscription")
        if within(self.weather.wrong_event, self.now()) or (person and person.is_bad):
            return Answer(INVALID)
        if (reference_id, user_id) in self.book:
            return Answer(CONFLICT)
        if person and person.is_limited:
            return Answer(LIMITED)
        self.book.add((reference_id, user_id))
        return Answer(ACCEPTED)

    def has_told(self, user_id: str) -> bool:
        """Check whether somebody heard anything."""
        return any(who == user_id for _, who in self.book)
