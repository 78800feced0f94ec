"""A batch of notifications from the queue: each is sent, or goes back to be tried later.

The queue holds what is not known: a message that is not deleted comes again after its visibility
timeout, which is set to the back-off. Nothing is sent twice, for Alexa takes a reference id once
for each customer; of a household, no account is tried again that has an outcome.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yellowring.alexa.proactive_events import CreateProactiveEventRequest
from yellowring.observability import correlate, logger
from yellowring.sender.delivery.outcomes import REFUSALS, Outcome, outcome_of, overloads
from yellowring.sender.notification.notification import (
    LONGEST_LIFE,
    InvalidNotification,
    ids_of,
    parse_notification,
)
from yellowring.sender.notification.opening import REFUSED, UNANSWERED, NotLinkedYet
from yellowring.sender.notification.queue import Received, note_failure
from yellowring.sender.run.audience import LAG

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from datetime import datetime

    from yellowring.alexa import Region
    from yellowring.alexa.proactive_events import Answer
    from yellowring.sender.delivery.sending import Sending
    from yellowring.sender.notification.bookkeeping import Bookkeeping, Known
    from yellowring.sender.notification.evidence import Evidence
    from yellowring.sender.notification.notification import Notification
    from yellowring.sender.notification.opening import Ended, Opening
    from yellowring.sender.notification.queue import Queue
    from yellowring.subscribers import Customer

FIRST_BACK_OFF, LONGEST_BACK_OFF = 30, 900
"""Seconds that a notification is invisible after a try, doubling."""
LONGEST_RETRY_AFTER = 11 * 3600
"""Seconds; SQS hides a message for 12 hours at most, counted from its receipt."""
LOOK_AGAIN = 3
"""Seconds until whoever is not linked yet is looked for again."""
UNTIL_GIVEN_UP = LONGEST_LIFE
"""Age of a message whose handling raises from which it is kept as evidence instead: by then it has
expired, whatever it says. How often it was received tells no failures, for back-offs count too."""


@dataclass(slots=True)
class _Open:
    """A notification some of whose accounts have no outcome, as this receive goes.

    Attributes
    ----------
    left
        Accounts whose request was not begun, or has not ended.
    ended
        How the others ended.
    tried
        What is to be said of those whose outcome is not known, by their hash.
    retry_after, failure, at_once
        When Alexa wants to be asked again (s), what raised, and whether only the time did not
        suffice.
    """

    message: Received
    notification: Notification
    known: Known
    left: int
    ended: list[Ended]
    tried: dict[str, str] = field(default_factory=dict)
    retry_after: float = 0.0
    failure: Exception | None = None
    at_once: bool = False

    def correlate(self) -> None:
        """Have the present task's log lines go back to what this one does."""
        correlate(self.message.correlation_id, self.notification.reference_id)


@dataclass(frozen=True, slots=True)
class _Ready:
    """One account that is to be told."""

    of: _Open
    customer: Customer
    notification: Notification = field(repr=False)


class Batch:
    """Sends the notifications of one invocation.

    Parameters
    ----------
    queue
        Where they come from.
    opening
        Finds whom they are for.
    sending
        Sends, at the pace of the stack.
    evidence
        When a refusal is believed.
    bookkeeping
        Keeps what became of them.
    until
        When to begin nothing more, in seconds of the monotonic clock.
    now
        The clock.
    """

    def __init__(
        self,
        queue: Queue,
        *,
        opening: Opening,
        sending: Sending,
        evidence: Evidence,
        bookkeeping: Bookkeeping,
        until: float,
        now: Callable[[], datetime],
    ) -> None:
        self._queue = queue
        self._opening = opening
        self._sending = sending
        self._evidence = evidence
        self._bookkeeping = bookkeeping
        self._until = until
        self._now = now

    async def work(self, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Send what can be sent; return ``batchItemFailures``, whatever happens."""
        received = [Received.of(record) for record in records]
        prepared = await asyncio.gather(
            *(self._guarded(message, self._prepare(message)) for message in received)
        )
        await self._send_all([each for ready in prepared for each in ready])
        await self._bookkeeping.close()
        self._sending.tell_pace()
        self._queue.tell_age(self._now())
        return {"batchItemFailures": [{"itemIdentifier": each} for each in self._queue.kept]}

    async def _send_all(self, ready: Sequence[_Ready]) -> None:
        """Send as the pace allows and the time suffices; the rest is given out again at once."""
        sends: list[asyncio.Task[None]] = []
        left = list(ready)
        try:
            if left:
                await self._sending.ready()
            while left:
                async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                    many = await self._sending.acquire_urgent(len(left))
                now, left = left[:many], left[many:]
                sends += [asyncio.create_task(self._try(each)) for each in now]
        except TimeoutError:
            for each in left:
                each.of.at_once = True
        except Exception as error:
            note_failure(error)
        await asyncio.gather(*sends)
        open_ones = {each.of.message.message_id: each.of for each in left}
        await asyncio.gather(*(self._conclude(each) for each in open_ones.values()))

    async def _guarded(
        self, message: Received, preparing: Coroutine[Any, Any, list[_Ready]]
    ) -> list[_Ready]:
        """Have a message wait that cannot be prepared; what is none is kept as evidence."""
        correlate(message.correlation_id)
        try:
            return await preparing
        except InvalidNotification as error:
            logger.error("notification refused", extra={"problem": str(error)})
            if await self._queue.give_up(message, "Unreadable", self._back_off(message)):
                await self._bookkeeping.refused(*ids_of(message.body), str(error))
        except NotLinkedYet:
            left = LAG.total_seconds() - (self._now() - message.sent_at).total_seconds()
            await self._queue.keep(message, max(1, min(LOOK_AGAIN, math.ceil(left))))
        except Exception as error:
            await self._failed(message, error)
        return []

    async def _prepare(self, message: Received) -> list[_Ready]:
        """Read a message and its customers' records; return who is to be told."""
        notification = parse_notification(message.body, message.sent_at)
        correlate(message.correlation_id, notification.reference_id)
        known = await self._bookkeeping.known(notification, message.receives)
        if known.done:  # it was put on the queue more than once
            return []
        opened = await self._opening.open(notification, message.sent_at, known.settled, known.tried)
        here = _Open(message, notification, known, len(opened.to_send), opened.ended)
        if not opened.to_send:
            await self._conclude(here)
        return [_Ready(here, customer, theirs) for customer, theirs in opened.to_send]

    async def _try(self, ready: _Ready) -> None:
        """Send to one account; the last of a notification's concludes it."""
        here = ready.of
        here.correlate()
        try:
            outcome = await self._send(ready)
        except Exception as error:
            here.failure = error
        else:
            if outcome is not None:
                here.ended.append(self._opening.ended(ready.customer.user_id, outcome))
        here.left -= 1
        if not here.left:
            await self._conclude(here)

    async def _send(self, ready: _Ready) -> Outcome | None:
        notification, user_id = ready.notification, ready.customer.user_id
        region = self._sending.region(ready.customer)
        request = CreateProactiveEventRequest(
            timestamp=notification.created_at,
            reference_id=notification.reference_id,
            expiry_time=notification.expiry_time,
            event_name=notification.event_name,
            payload=notification.payload,
            localized_attributes=notification.localized_attributes,
        )
        begun_at, account = self._now(), self._opening.account(user_id)
        ready.of.tried[account] = UNANSWERED  # until it is known better
        answer = await self._sending.send(region, request.unicast().body(user_id))
        logger.info("Alexa answered", extra=_answered(answer, region, account))
        outcome = outcome_of(answer)
        if outcome is None:
            ready.of.retry_after = max(ready.of.retry_after, answer.retry_after or 0.0)
            if overloads(answer):
                self._sending.slow_down(answer)
            return None
        if outcome in REFUSALS:
            believed = await asyncio.to_thread(
                self._evidence.believes,
                region,
                notification.reference_id,
                user_id,
                self._now(),
                notification.expiry_time,
            )
            if not believed:
                ready.of.tried[account] = REFUSED
                return None
        else:
            try:
                await asyncio.to_thread(self._evidence.accepted, region, begun_at)
            except Exception as error:  # the customer has heard, whatever cannot be written
                note_failure(error)
        del ready.of.tried[account]
        return outcome

    async def _conclude(self, here: _Open) -> None:
        """Leave a notification on the queue that has an account without an outcome."""
        here.correlate()
        done = not (here.left or here.tried or here.failure)
        if here.failure:
            await self._failed(here.message, here.failure)
        elif not done:
            # It is looked at once more when it has expired, to be counted.
            left = math.ceil((here.notification.expiry_time - self._now()).total_seconds())
            wait = max(self._back_off(here.message), math.ceil(min(here.retry_after, 86_400)))
            wait = 1 if here.at_once else min(wait, LONGEST_RETRY_AFTER)
            await self._queue.keep(here.message, max(1, min(wait, left)))
        is_kept = await self._bookkeeping.settle(
            here.notification, here.known, here.ended, here.tried, done=done
        )
        if done and not is_kept and self._now() < here.notification.last_send:
            await self._queue.keep(here.message, self._back_off(here.message))  # and is told 409

    async def _failed(self, message: Received, error: Exception) -> None:
        """Have a message wait whose handling raised; where it has expired, it is evidence."""
        note_failure(error)
        wait, name = self._back_off(message), type(error).__name__
        if self._now() - message.sent_at < UNTIL_GIVEN_UP:
            await self._queue.keep(message, wait)
        elif await self._queue.give_up(message, name, wait):
            await self._bookkeeping.given_up(*ids_of(message.body), name)

    def _back_off(self, message: Received) -> int:
        """Return the seconds until a message's next try.

        Each back-off is as long as all before it and one more, so that the age tells how many
        receives were tries; others are of customers that were not found yet.
        """
        age = (self._now() - message.sent_at).total_seconds()
        doubled = FIRST_BACK_OFF << min(message.receives - 1, 10)
        return min(LONGEST_BACK_OFF, doubled, FIRST_BACK_OFF + max(0, math.floor(age)))


def _answered(answer: Answer, region: Region, account: str) -> dict[str, object]:
    """Return what the log is told of an answer: never its text, which may name a user id."""
    return {
        "status": answer.status,
        "alexa_request_id": answer.request_id,
        "region": region,
        "customer": account,
    }
