"""Skill messages: what the business has its skill do for one customer.

Source: "Skill Messaging API Reference" (Alexa Skills Kit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring.observability import count, hash_user_id, logger
from yellowring.skill.commands import (
    Forget,
    InvalidMessage,
    Notify,
    Refresh,
    SetAttributes,
    SetCustomer,
    parse_command,
)
from yellowring.skill.envelope import SkillEvent, locale_of, now_ms
from yellowring.skill.notifications import notification_of, reference_id_of
from yellowring.skill.skill_events import count_unusable_time, host_of
from yellowring.subscribers import AttributesChange, Erased, RegisterChange, is_user_id

if TYPE_CHECKING:
    from yellowring.settings import SkillSettings
    from yellowring.skill.commands import Command
    from yellowring.skill.notifications import Notifications
    from yellowring.subscribers import Subscribers
    from yellowring.subscribers.changes import Change

MESSAGE = "Messaging.MessageReceived"


class MessageHandler:
    """Does what a skill message commands."""

    def __init__(
        self, settings: SkillSettings, subscribers: Subscribers, notifications: Notifications
    ) -> None:
        self._skill_id = settings.skill_id
        self._subscribers = subscribers
        self._notifications = notifications

    def handle(self, event: SkillEvent) -> None:
        """Do it.

        Raises
        ------
        InvalidMessage
            The message is no command that can ever be done.
        InvalidSettings, ConcurrentChange
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            It could not be done now: the invocation has to fail, so that Alexa delivers again.
        """
        command = parse_command(event.fields.get("message"))
        outcome = self._do(command, event)
        name = type(command).__name__
        count("SkillMessages", command=name, outcome=outcome)
        count_unusable_time(event)
        logger.info(
            "skill message",
            extra={
                "command": name,
                "outcome": outcome,
                "customer": hash_user_id(event.user_id, self._skill_id),
                "at": event.happened_at,
                "request_id": event.request_id,
            },
        )

    def _do(self, command: Command, event: SkillEvent) -> str:
        if isinstance(command, Notify):
            if not command.reference_id and not event.request_id:
                raise InvalidMessage("request.requestId must be there, or $.referenceId")
            return self._notify(command, event)
        return self._subscribers.apply(event.user_id, *changes_of(command, event))

    def _notify(self, command: Notify, event: SkillEvent) -> str:
        if not is_user_id(event.user_id):
            raise InvalidMessage("context.System.user.userId must be amzn1.ask.account. and more")
        reference_id = command.reference_id or reference_id_of(event.request_id, self._skill_id)
        asked_at = now_ms() if event.happened_at is None else event.happened_at
        self._notifications.put(notification_of(command, event.user_id, asked_at, reference_id))
        return "queued"


def changes_of(
    command: SetAttributes | SetCustomer | Refresh | Forget, event: SkillEvent
) -> tuple[Change, ...]:
    """Return what a command changes in the customer's record.

    Raises
    ------
    InvalidMessage
        The request does not tell what the command is to store.
    """
    match command:
        case SetAttributes(values):
            changed = AttributesChange(event.at(), event.request_id, values)
            return (changed, *host_of(event))
        case SetCustomer(customer_id):
            at = event.at(opt_out=customer_id is None)
            told = RegisterChange("customer", at, event.request_id, customer_id)
            return (told, *host_of(event))
        case Refresh():
            return _refreshed(event)
        case Forget():
            return (Erased(event.at(opt_out=True)),)


def _refreshed(event: SkillEvent) -> tuple[Change, ...]:
    told = event.fields.get("locale")
    locale = locale_of(told)
    if told is not None and locale is None:
        raise InvalidMessage("request.locale must be a locale such as en-US")
    changes = host_of(event)
    if locale is not None:
        changes += (RegisterChange("locale", event.at(), event.request_id, locale),)
    if not changes:
        raise InvalidMessage(
            "neither a context.System.apiEndpoint of Alexa's nor request.locale is there: "
            "nothing to refresh"
        )
    return changes
