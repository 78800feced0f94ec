"""Customers by the business' own ids: whether they are reached, their attributes, and erasure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from yellowring.api.answers import Account, CustomerAnswer, CustomerOutcome, Reachability
from yellowring.api.notifications import too_many_accounts
from yellowring.api.problems import Error, Refusal, invalid
from yellowring.api.reasons import NOT_LINKED, detail_of, why
from yellowring.catalog import EVENT_NAMES
from yellowring.observability import hash_user_id
from yellowring.subscribers import (
    AttributesChange,
    InvalidAttributes,
    check_attributes,
    deliverability,
    erase_customer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from yellowring.api.bodies import CustomerChange
    from yellowring.subscribers import Audience, Record, Subscribers

MOST_OUTCOMES = 20
_WORST_FIRST = ("not subscribed", "disabled", "no permission", "rejected")


@dataclass(frozen=True, slots=True)
class Customers:
    """What a business asks of its customers' records.

    Parameters
    ----------
    subscribers, audience
        The records, and who is linked.
    skill_id, stack, region
        Whose customers these are.
    now, sleep
        The clock, and how to wait (seconds).
    """

    subscribers: Subscribers
    audience: Audience
    skill_id: str
    stack: str
    region: str
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    def find(self, customer_id: str) -> CustomerAnswer:
        """Tell whether and why not a customer is reached; nobody linked is an answer too.

        Raises
        ------
        Refusal
            Too many accounts are linked.
        """
        records = self._records(customer_id)
        accounts = [self._account(user_id, record) for user_id, record in records.items()]
        events = {name: _best([each.events[name] for each in accounts]) for name in EVENT_NAMES}
        whole = _best(list(events.values())) if accounts else _unreachable(NOT_LINKED)
        return CustomerAnswer(
            customer_id=customer_id,
            reachable=whole.reachable,
            reason=whole.reason,
            detail=detail_of(whole.reason, self.stack, self.region),
            events=events,
            accounts=accounts,
            attributes=_attributes(records.values()),
            outcomes=self._outcomes(records),
            stack=self.stack,
            region=self.region,
        )

    def change(self, customer_id: str, change: CustomerChange, request_id: str) -> CustomerAnswer:
        """Set and remove attributes of all of a customer's accounts.

        Raises
        ------
        Refusal
            The attributes are not valid, nobody is linked, or too many accounts are.
        ConcurrentChange
            Others kept changing a record: send it again.
        """
        try:
            values = check_attributes(change.set, change.remove)
        except InvalidAttributes as error:
            raise invalid([Error(error.path, str(error))]) from None
        at = int(self.now().timestamp() * 1000)
        records = self._records(customer_id)
        if not records:
            raise Refusal("not-linked", detail_of(NOT_LINKED, self.stack, self.region) + ".")
        for user_id in records:
            self.subscribers.apply_as_newest(user_id, AttributesChange(at, request_id, values))
        return self.find(customer_id)

    def erase(self, customer_id: str) -> int:
        """Erase the records of all of a customer's accounts; return how many there were."""
        return erase_customer(
            self.subscribers, self.audience, customer_id, now=self.now, sleep=self.sleep
        )

    def _records(self, customer_id: str) -> dict[str, Record]:
        user_ids = self.audience.household(customer_id)
        if user_ids is None:
            raise too_many_accounts()
        found = {user_id: self.subscribers.get(user_id) for user_id in user_ids}
        return {user_id: record for user_id, record in found.items() if record is not None}

    def _account(self, user_id: str, record: Record) -> Account:
        events = {name: _reachability(record, name) for name in EVENT_NAMES}
        locale = record.registers.get("locale")
        return Account(
            account=hash_user_id(user_id, self.skill_id),
            locale=str(locale.value) if locale and locale.value else None,
            reachable=any(each.reachable for each in events.values()),
            events=events,
        )

    def _outcomes(self, records: Mapping[str, Record]) -> list[CustomerOutcome]:
        """Return the newest problems and skips of all accounts, the newest first."""
        entries = [
            (entry.at, reference_id, user_id, str(entry.value))
            for user_id, record in records.items()
            for reference_id, entry in record.outcomes.items()
        ]
        newest = sorted(entries, reverse=True)[:MOST_OUTCOMES]
        return [
            CustomerOutcome(
                account=hash_user_id(user_id, self.skill_id),
                reference_id=reference_id,
                outcome=outcome,
                reason=why(outcome),
                at=datetime.fromtimestamp(at / 1000, UTC),
            )
            for at, reference_id, user_id, outcome in newest
        ]


def _reachability(record: Record, event_name: str) -> Reachability:
    reason = deliverability(record, event_name)
    reachable = reason == "deliverable"
    return Reachability(reachable=reachable, reason="" if reachable else reason)


def _unreachable(reason: str) -> Reachability:
    return Reachability(reachable=False, reason=reason)


def _best(each: Sequence[Reachability]) -> Reachability:
    """Return the best of several, and of those that are not reachable the one nearest to it."""
    if not each:
        return _unreachable(NOT_LINKED)
    return max(each, key=lambda one: (one.reachable, _rank(one.reason)))


def _rank(reason: str) -> int:
    return _WORST_FIRST.index(reason) if reason in _WORST_FIRST else -1


def _attributes(records: Iterable[Record]) -> dict[str, Any]:
    """Return the attributes of all accounts, of each name the newest value."""
    newest: dict[str, tuple[int, str, object]] = {}
    for record in records:
        for name, entry in record.attributes.items():
            told = (entry.at, entry.by)
            if name not in newest or told > newest[name][:2]:
                newest[name] = (*told, entry.value)
    return {name: held[2] for name, held in sorted(newest.items()) if held[2] is not None}
