"""Opening a notification: for whom it is at this moment, and what each of them is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import TYPE_CHECKING

from yellowring.observability import hash_user_id, logger
from yellowring.sender.campaign.event_source import InvalidContent, fill
from yellowring.sender.campaign.placeholders import attributes_named
from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.run.audience import LAG
from yellowring.subscribers import MOST_ACCOUNTS, Customer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from yellowring.sender.notification.notification import Notification
    from yellowring.subscribers import Audience

NOBODY = "nobody is linked to this customer id"
MOVED = "no longer linked to this customer id"
UNANSWERED = "tried, but Alexa gave no final answer before it expired"
REFUSED = "tried, but Alexa refused it until it expired"
TOO_MANY = f"more than {MOST_ACCOUNTS} accounts are linked to this customer id"


class NotLinkedYet(RuntimeError):
    """Nobody is found who is linked to the customer id; the index may only lag."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one account ended, and why.

    Attributes
    ----------
    account
        Its hash; or that of the customer id that no account was told for.
    outcome, reason
        How it ended, and why where there is something to say, which names nobody.
    user_id
        Whose record it is to be noted in; personal data.
    """

    account: str
    outcome: Outcome
    reason: str = ""
    user_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A notification's accounts that had no outcome: who is to be told what, and who has ended."""

    to_send: list[tuple[Customer, Notification]]
    ended: list[Ended]


class Opening:
    """Finds whom notifications are for.

    Parameters
    ----------
    audience
        Where customers are looked up.
    skill_id
        Names accounts by their hash.
    now
        The clock.
    """

    def __init__(self, audience: Audience, skill_id: str, now: Callable[[], datetime]) -> None:
        self._audience = audience
        self._skill_id = skill_id
        self._now = now

    async def open(
        self,
        notification: Notification,
        sent_at: datetime,
        settled: Collection[str],
        tried: Mapping[str, str],
    ) -> Opened:
        """Look up who is to be told.

        Parameters
        ----------
        notification
            What to tell.
        sent_at
            When it was put on the queue, aware.
        settled
            Hashes of accounts that have an outcome: they are left out.
        tried
            Why the others end as expired where they were tried, by their hash.

        Raises
        ------
        NotLinkedYet
            Nobody is linked to its customer id, and it was put on the queue just now.
        """
        user_ids = await self._user_ids(notification)
        if not user_ids and self._now() - sent_at < LAG:
            raise NotLinkedYet
        if not user_ids:
            # Whoever was linked before, and was told, is told of by their own outcome.
            return Opened([], [] if settled else [self._nobody(notification, skipped=True)])
        if len(user_ids) > MOST_ACCOUNTS:
            return Opened([], [self._nobody(notification, skipped=False)])
        user_ids = [each for each in user_ids if self.account(each) not in settled]
        if self._now() >= notification.last_send:
            reasons = (tried.get(self.account(each), "") for each in user_ids)
            ended = map(self.ended, user_ids, repeat(Outcome.EXPIRED), reasons)
            return Opened([], list(ended))
        return await self._opened(notification, user_ids)

    def account(self, user_id: str) -> str:
        """Return what a user or customer id is named by."""
        return hash_user_id(user_id, self._skill_id)

    def ended(self, user_id: str, outcome: Outcome, reason: str = "") -> Ended:
        """Return how an account ended."""
        return Ended(self.account(user_id), outcome, reason, user_id)

    def _nobody(self, notification: Notification, *, skipped: bool) -> Ended:
        account = self.account(notification.id)
        if skipped:
            return Ended(account, Outcome.SKIPPED, NOBODY)
        return Ended(account, Outcome.INVALID, TOO_MANY)

    async def _user_ids(self, notification: Notification) -> list[str]:
        if notification.user_id is not None:
            return [notification.user_id]
        return list(await asyncio.to_thread(self._audience.accounts, notification.id))

    async def _opened(self, notification: Notification, user_ids: list[str]) -> Opened:
        named = attributes_named(notification.payload, notification.localized_attributes)
        audience = self._audience.of(named, None)
        customers = await asyncio.to_thread(audience.named, user_ids, notification.event_name)
        opened = Opened([], [])
        for customer in customers:
            if notification.customer_id not in (None, customer.customer_id):  # since the look-up
                account = self.account(customer.user_id)
                opened.ended.append(Ended(account, Outcome.SKIPPED, MOVED))  # another's record
                continue
            if customer.deliverable is False:  # nothing is known of one without a record
                why = customer.deliverability or ""
                opened.ended.append(self.ended(customer.user_id, Outcome.SKIPPED, why))
                continue
            try:
                theirs = _filled(notification, customer) if named else notification
            except InvalidContent as error:
                logger.warning("content refused", extra={"problem": error.shape})
                opened.ended.append(self.ended(customer.user_id, Outcome.INVALID, error.shape))
            else:
                opened.to_send.append((customer, theirs))
        return opened


def _filled(notification: Notification, customer: Customer) -> Notification:
    payload, localized = fill(notification, customer.attributes)
    return replace(notification, payload=payload, localized_attributes=localized)
