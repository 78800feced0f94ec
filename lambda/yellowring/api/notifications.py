"""Notifications: put once for each key, queued until they have an outcome, and asked for.

Key, body hash and expiry are put first and the message after them; a repeat queues again until an
outcome is recorded, so that a crash in between loses nothing. Alexa's 409 guards the rest: the id
is the event's reference id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from yellowring.api.answers import (
    AcceptedNotification,
    AccountOutcome,
    BatchAnswer,
    BatchOutcome,
    NotificationAnswer,
    ProblemDetails,
)
from yellowring.api.bodies import BatchEntry, NotificationBody, ToCustomer
from yellowring.api.idempotency import body_hash, notification_id_of
from yellowring.api.problems import (
    Error,
    Refusal,
    errors_of,
    errors_of_problems,
    failed_call,
    invalid,
)
from yellowring.api.reasons import why
from yellowring.catalog import check_event
from yellowring.queue_message import expiry_of, queue_message
from yellowring.sender.campaign.parsing import (
    LARGEST_DOCUMENT,
    LONGEST_EXPIRY,
    MOST_PLACEHOLDERS,
    SHORTEST_EXPIRY,
    parse_duration,
)
from yellowring.sender.campaign.placeholders import attributes_named
from yellowring.subscribers import MOST_ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from yellowring.api.queue import Queue
    from yellowring.sender.notification.status import Statuses
    from yellowring.subscribers import Audience


@dataclass(frozen=True, slots=True)
class _Asked:
    """A notification that somebody asked for, checked."""

    notification_id: str
    body_hash: str
    event: dict[str, Any]
    texts: list[dict[str, str]]
    to: dict[str, str]
    life: timedelta

    def message(self, expiry_time: datetime) -> dict[str, object]:
        """Return what goes on the queue."""
        return queue_message(
            self.event,
            self.texts,
            to=self.to,
            reference_id=self.notification_id,
            expiry_time=expiry_time,
        )


@dataclass(frozen=True, slots=True)
class Notifications:
    """Takes notifications, and tells what became of them."""

    statuses: Statuses
    queue: Queue
    audience: Audience
    skill_id: str
    now: Callable[[], datetime]

    def notify(self, body: NotificationBody, key: str | None) -> AcceptedNotification:
        """Put a notification on its queue.

        Raises
        ------
        Refusal
            The event is not valid, the key stands for another body, or too many are linked.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            It is not certain to be on the queue: the same request again makes it so.
        """
        return self._queue(self._asked(body, key))

    def notify_all(self, entries: Sequence[object], key: str | None) -> BatchAnswer:
        """Put notifications on their queue, each by itself; an entry that fails fails no other.

        Parameters
        ----------
        entries
            Decoded JSON; what is no notification gets a problem.
        key
            The request's: stands for entry 0 as ``key/0``, and so on, where they have none.
        """
        outcomes: list[BatchOutcome] = []
        failure: Refusal | None = None
        for index, entry in enumerate(entries):
            own = f"{key}/{index}" if key else None
            try:
                if failure:  # or a hundred time-outs would be waited for
                    raise failure
                accepted = self._queue(self._entry(entry, own, f"$.notifications[{index}]"))
            except Refusal as refusal:
                outcomes.append(_refused(refusal))
            except (ClientError, BotoCoreError) as error:
                failure = failed_call(error)
                outcomes.append(_refused(failure))
            else:
                outcomes.append(BatchOutcome(status=202, notification=accepted))
        return BatchAnswer(outcomes=outcomes)

    def find(self, notification_id: str) -> NotificationAnswer:
        """Tell what became of a notification.

        Raises
        ------
        Refusal
            There is none of that id.
        """
        found = self.statuses.get(notification_id)
        if found is None:
            raise Refusal(
                "unknown-notification",
                "It was never taken here, or it expired more than a day ago.",
            )
        status = found.as_of(self.now())
        told = [
            AccountOutcome(
                account=account,
                outcome=outcome,
                reason=status.reasons.get(account) or why(outcome),
            )
            for account, outcome in sorted(status.outcomes.items())
        ]
        reasons = "; ".join(sorted({each.reason for each in told if each.reason}))
        return NotificationAnswer(
            id=status.notification_id,
            status="done" if status.done else "queued",
            created_at=status.created_at,
            expiry_time=status.expires_at,
            outcomes=told,
            reason=status.reason or reasons,
        )

    def _entry(self, entry: object, key: str | None, root: str) -> _Asked:
        try:
            body = BatchEntry.model_validate(entry)
        except ValidationError as error:
            raise invalid(errors_of(error.errors(include_url=False), root)) from None
        return self._asked(body, body.idempotency_key or key, root)

    def _asked(self, body: NotificationBody, key: str | None, root: str = "$") -> _Asked:
        errors: list[Error] = []
        if body.event.keys() != {"name", "payload"}:
            right = "must have a name and a payload, and nothing else"
            raise invalid([Error(f"{root}.event", right)])
        checked = check_event(
            body.event["name"], body.event["payload"], body.localized_attributes, root=root
        )
        errors += errors_of_problems(checked.problems)
        if len(attributes_named(checked.payload, checked.localized_attributes)) > MOST_PLACEHOLDERS:
            errors.append(Error(root, f"names more than {MOST_PLACEHOLDERS} placeholders"))
        duration = parse_duration(body.expires_in)
        if duration is None or not SHORTEST_EXPIRY <= duration <= LONGEST_EXPIRY:
            errors.append(Error(f"{root}.expiresIn", "must be a duration from PT5M to PT24H"))
        document = body.model_dump(by_alias=True, exclude={"idempotency_key"})
        size = len(str(document["event"])) + len(str(document["localizedAttributes"]))
        if size > LARGEST_DOCUMENT:
            errors.append(Error(root, f"must be at most {LARGEST_DOCUMENT} bytes: shorten texts"))
        if errors or duration is None:
            raise invalid(errors)
        self._check_accounts(body)
        return _Asked(
            notification_id_of(key, self.skill_id),
            body_hash(document, self.skill_id),
            {"name": checked.name, "payload": checked.payload},
            checked.localized_attributes,
            document["to"],
            duration,
        )

    def _check_accounts(self, body: NotificationBody) -> None:
        if isinstance(body.to, ToCustomer):
            accounts = self.audience.accounts(body.to.customer_id)
            if len(accounts) > MOST_ACCOUNTS:
                raise too_many_accounts()

    def _queue(self, asked: _Asked) -> AcceptedNotification:
        """Put a notification's status, then its message while it is not done; return the answer."""
        now = self.now().replace(microsecond=0)
        expiry_time = expiry_of(now, asked.life)
        known = self.statuses.put(asked.notification_id, asked.body_hash, now, expiry_time)
        if known is not None:
            if known.body_hash != asked.body_hash:
                raise Refusal(
                    "key-conflict",
                    "This idempotency key was used with another body: repeat that body to repeat "
                    "that request, or give this one a key of its own.",
                )
            now, expiry_time = known.created_at, known.expires_at
        if known is None or not known.done:
            self.queue.put(asked.message(expiry_time))
        return AcceptedNotification(
            id=asked.notification_id, created_at=now, expiry_time=expiry_time
        )


def too_many_accounts() -> Refusal:
    """Return the refusal of a customer id that stands for more than a household."""
    return Refusal(
        "too-many-accounts",
        f"More than {MOST_ACCOUNTS} accounts are linked to this customer id: that is no household "
        "but a mistake in what sets the id.",
    )


def _refused(refusal: Refusal) -> BatchOutcome:
    problem = ProblemDetails.model_validate(refusal.document())
    return BatchOutcome(status=refusal.status, problem=problem)
