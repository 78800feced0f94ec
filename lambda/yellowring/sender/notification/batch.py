"""A batch of notifications from the queue: each is sent, or goes back to be tried later.

The queue holds what is not known: a message that is not deleted comes again after its visibility
timeout, which is set to the back-off. Nothing else is kept, and nothing is sent twice, for Alexa
takes a reference id once for each customer.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from yellowring.alexa.proactive_events import CreateProactiveEventRequest
from yellowring.observability import count, hash_user_id, logger, redact
from yellowring.sender.campaign.event_source import InvalidContent, fill
from yellowring.sender.campaign.placeholders import attributes_named
from yellowring.sender.delivery.outcomes import REFUSALS, Outcome, outcome_of, overloads
from yellowring.sender.notification.notification import (
    InvalidNotification,
    parse_notification,
    with_expiry,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from mypy_boto3_sqs.client import SQSClient

    from yellowring.sender.delivery.sending import Sending
    from yellowring.sender.notification.evidence import Evidence
    from yellowring.sender.notification.notification import Notification
    from yellowring.subscribers import Audience, Customer

FIRST_BACK_OFF, LONGEST_BACK_OFF = 30, 900
"""Seconds that a notification is invisible after a try, doubling."""
LONGEST_RETRY_AFTER = 11 * 3600
"""Seconds; SQS hides a message for 12 hours at most, counted from its receipt."""
MOST_FAILURES = 20
"""Receives after which a message whose handling raises is kept as evidence instead."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message as the queue gave it out."""

    message_id: str
    receipt: str
    body: str
    sent_at: datetime
    receives: int

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Received:
        """Read a record of Lambda's event."""
        attributes = record["attributes"]
        return cls(
            record["messageId"],
            record["receiptHandle"],
            record["body"],
            datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
            int(attributes["ApproximateReceiveCount"]),
        )


class Batch:
    """Sends the notifications of one invocation.

    Parameters
    ----------
    queue, url, dead_letter_url
        Where they come from, and where evidence is kept.
    audience
        Where customers are looked up.
    sending
        Sends, at the pace of the stack.
    evidence
        When a refusal is believed.
    skill_id
        Names customers in logs.
    until
        When to begin nothing more, in seconds of the monotonic clock.
    now
        The clock.
    """

    def __init__(
        self,
        queue: SQSClient,
        url: str,
        dead_letter_url: str,
        *,
        audience: Audience,
        sending: Sending,
        evidence: Evidence,
        skill_id: str,
        until: float,
        now: Callable[[], datetime],
    ) -> None:
        self._queue = queue
        self._url = url
        self._dead_letter_url = dead_letter_url
        self._audience = audience
        self._sending = sending
        self._evidence = evidence
        self._skill_id = skill_id
        self._until = until
        self._now = now
        self._kept: set[str] = set()

    async def work(self, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Send what can be sent; return ``batchItemFailures``, whatever happens."""
        received = [Received.of(record) for record in records]
        prepared = await asyncio.gather(
            *(self._guarded(message, self._prepare(message)) for message in received)
        )
        ready = [each for each in prepared if each is not None]
        await self._send_all(ready)
        return {"batchItemFailures": [{"itemIdentifier": each} for each in sorted(self._kept)]}

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
                sends += [
                    asyncio.create_task(self._guarded(each.message, self._send(each)))
                    for each in now
                ]
        except TimeoutError:
            for each in left:
                await self._keep(each.message, each.notification.expiry_time, at_once=True)
        except Exception as error:
            self._note_failure(error)
            for each in left:
                await self._keep(each.message, each.notification.expiry_time)
        await asyncio.gather(*sends)

    async def _guarded[T](self, message: Received, step: Coroutine[Any, Any, T | None]) -> T | None:
        """Have a message wait whose step fails; what fails again and again is kept as evidence."""
        try:
            return await step
        except InvalidNotification as error:
            logger.error("notification refused", extra={"problem": str(error)})
            await self._give_up(message, "Unreadable")
        except Exception as error:
            self._note_failure(error)
            if message.receives >= MOST_FAILURES:
                await self._give_up(message, type(error).__name__)
            else:
                await self._keep(message)
        return None

    async def _prepare(self, message: Received) -> _Ready | None:
        """Read a message and its customer's record; ``None`` where nothing is to be sent."""
        notification = parse_notification(message.body, message.sent_at)
        if self._now() >= notification.last_send:
            self._settled(notification, Outcome.EXPIRED)
            return None
        named = attributes_named(notification.payload, notification.localized_attributes)
        audience = self._audience.of(named, None)
        (customer,) = await asyncio.to_thread(
            audience.named, [notification.user_id], notification.event_name
        )
        if customer.deliverable is False:  # nothing is known of a customer without a record
            self._settled(notification, Outcome.SKIPPED)
            return None
        if named:
            try:
                payload, localized = fill(notification, customer.attributes)
            except InvalidContent as error:
                logger.warning("content refused", extra={"problem": error.shape})
                self._settled(notification, Outcome.INVALID)
                return None
            notification = replace(notification, payload=payload, localized_attributes=localized)
        return _Ready(message, notification, customer)

    async def _send(self, ready: _Ready) -> None:
        notification = ready.notification
        region = self._sending.region(ready.customer)
        request = CreateProactiveEventRequest(
            timestamp=notification.created_at,
            reference_id=notification.reference_id,
            expiry_time=notification.expiry_time,
            event_name=notification.event_name,
            payload=notification.payload,
            localized_attributes=notification.localized_attributes,
        )
        begun_at = self._now()
        answer = await self._sending.send(region, request.unicast().body(notification.user_id))
        outcome = outcome_of(answer)
        if outcome is None and overloads(answer):
            self._sending.slow_down(answer)
        if outcome in REFUSALS:
            believed = await asyncio.to_thread(
                self._evidence.believes,
                region,
                notification.reference_id,
                notification.user_id,
                self._now(),
                notification.expiry_time,
            )
            outcome = outcome if believed else None
        elif outcome is not None:
            await asyncio.to_thread(self._evidence.accepted, region, begun_at)
        if outcome is None:
            await self._keep(ready.message, notification.expiry_time, answer.retry_after)
        else:
            self._settled(notification, outcome)

    async def _keep(
        self,
        message: Received,
        until: datetime | None = None,
        retry_after: float | None = None,
        *,
        at_once: bool = False,
    ) -> None:
        """Leave a message on the queue, to be given out again after the back-off."""
        self._kept.add(message.message_id)
        back_off = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** min(message.receives - 1, 10))
        wait = min(LONGEST_RETRY_AFTER, max(back_off, math.ceil(retry_after or 0)))
        if until is not None:  # it is looked at once more when it has expired, to be counted
            left = (until - self._now()).total_seconds()
            wait = max(1, min(wait, math.ceil(left)))
        if at_once:
            wait = 1
        try:
            await asyncio.to_thread(
                self._queue.change_message_visibility,
                QueueUrl=self._url,
                ReceiptHandle=message.receipt,
                VisibilityTimeout=wait,
            )
        except Exception as error:  # then the queue's own time-out it is
            self._note_failure(error)

    async def _give_up(self, message: Received, why: str) -> None:
        """Put a message that can never be handled on the dead-letter queue."""
        try:
            await asyncio.to_thread(
                self._queue.send_message,
                QueueUrl=self._dead_letter_url,
                MessageBody=with_expiry(message.body, message.sent_at),
                MessageAttributes={"problem": {"DataType": "String", "StringValue": why}},
            )
        except Exception as error:  # it stays where it is
            self._note_failure(error)
            await self._keep(message)
        else:
            count("NotificationsGivenUp")

    def _settled(self, notification: Notification, outcome: Outcome) -> None:
        count("Notifications", outcome=outcome.value)
        logger.info(
            "notification",
            extra={
                "outcome": outcome.value,
                "reference": notification.reference_id,
                "customer": hash_user_id(notification.user_id, self._skill_id),
            },
        )

    @staticmethod
    def _note_failure(error: Exception) -> None:
        name = type(error).__name__
        count("NotificationFailures", error=name)
        logger.error("a notification waits", extra={"error": name, "problem": redact(str(error))})


@dataclass(frozen=True, slots=True)
class _Ready:
    """A message that is to be sent."""

    message: Received
    notification: Notification
    customer: Customer
