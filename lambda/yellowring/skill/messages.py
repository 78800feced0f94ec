"""Skill messages: what the business has its skill do for one customer.

Source: "Skill Messaging API Reference" (Alexa Skills Kit).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yellowring.alexa import region_of
from yellowring.observability import count, hash_user_id, logger
from yellowring.skill.commands import (
    Forget,
    InvalidMessage,
    Notify,
    Refresh,
    SetAttributes,
    parse_command,
)
from yellowring.skill.envelope import LOCALE, text
from yellowring.skill.orders import run_id
from yellowring.subscribers import AttributesChange, Erased, Refreshed

if TYPE_CHECKING:
    from yellowring.settings import SkillSettings
    from yellowring.skill.commands import Command
    from yellowring.skill.envelope import SkillEvent
    from yellowring.skill.orders import Orders
    from yellowring.subscribers import Change, Subscribers

MESSAGE = "Messaging.MessageReceived"

_USER_ID = re.compile(r"amzn1\.ask\.account\.[!-~]+")


class MessageHandler:
    """Does what a skill message commands."""

    def __init__(self, settings: SkillSettings, subscribers: Subscribers, orders: Orders) -> None:
        self._skill_id = settings.skill_id
        self._subscribers = subscribers
        self._orders = orders

    def handle(self, event: SkillEvent) -> None:
        """Do it.

        Raises
        ------
        InvalidMessage, UnknownEndpoint
            The message is no command that can ever be done.
        InvalidSettings, ConcurrentChange
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            It could not be done now: the invocation has to fail, so that Alexa delivers again.
        """
        command = parse_command(event.fields.get("message"))
        outcome = self._do(command, event)
        name = type(command).__name__
        count("SkillMessages", command=name, outcome=outcome)
        logger.info(
            "skill message",
            extra={
                "command": name,
                "outcome": outcome,
                "customer": hash_user_id(event.user_id, self._skill_id),
                "at": event.at,
                "request_id": event.request_id,
            },
        )

    def _do(self, command: Command, event: SkillEvent) -> str:
        if isinstance(command, Notify):
            return self._notify(command, event)
        return self._subscribers.apply(event.user_id, change_of(command, event))

    def _notify(self, command: Notify, event: SkillEvent) -> str:
        if not _USER_ID.fullmatch(event.user_id):
            raise InvalidMessage("context.System.user.userId must be amzn1.ask.account. and more")
        run = run_id(event.user_id, event.request_id, command.reference_id, self._skill_id)
        self._orders.put(command.campaign, event.user_id, run)
        return "ordered"


def change_of(command: SetAttributes | Refresh | Forget, event: SkillEvent) -> Change:
    """Tell what a command changes in the customer's record."""
    match command:
        case SetAttributes(values):
            return AttributesChange(event.at, event.request_id, values)
        case Refresh():
            return _refreshed(event)
        case Forget():
            return Erased(event.at)


def _refreshed(event: SkillEvent) -> Refreshed:
    endpoint = _told(event.api_endpoint, "context.System.apiEndpoint")
    locale = _told(event.fields.get("locale"), "request.locale")
    if endpoint is not None:
        region_of(endpoint)
    if locale is not None and not LOCALE.fullmatch(locale):
        raise InvalidMessage("request.locale must be a locale such as en-US")
    if endpoint is None and locale is None:
        raise InvalidMessage(
            "neither context.System.apiEndpoint nor request.locale is there: nothing to refresh"
        )
    return Refreshed(event.at, event.request_id, locale, endpoint)


def _told(value: object, path: str) -> str | None:
    return None if value is None else text(value, path)
