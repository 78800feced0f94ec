"""The seven skill events, and what each changes in the customer's record.

Source: "Skill Event Reference" and "Proactive Events API" (Alexa Skills Kit).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from yellowring.observability import count, hash_user_id, logger
from yellowring.subscribers import (
    NOTIFICATIONS_SCOPE,
    Disabled,
    Enabled,
    Erased,
    RegisterChange,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from yellowring.settings import SkillSettings
    from yellowring.skill.account_linking import AccountLinking
    from yellowring.skill.envelope import SkillEvent
    from yellowring.subscribers import Subscribers
    from yellowring.subscribers.changes import Change

    type Changes = tuple[Change, ...]

LINKED = "AlexaSkillEvent.SkillAccountLinked"
NOBODY, SOMEBODY = "", "~"
"""In place of a request's id, so that of equal time the id that is set counts before none."""


def _subscription_changed(event: SkillEvent) -> Changes:
    events = event.listed("subscriptions", "eventName")
    at = event.at(opt_out=not events)
    return (RegisterChange("subscriptions", at, event.request_id, events),)


def _permissions_changed(event: SkillEvent) -> Changes:
    scopes = event.listed("acceptedPermissions", "scope")
    at = event.at(opt_out=NOTIFICATIONS_SCOPE not in scopes)
    return (RegisterChange("permissions", at, event.request_id, scopes),)


def _enabled(event: SkillEvent) -> Changes:
    return (Enabled(event.at()),)


def _disabled(event: SkillEvent) -> Changes:
    """Return an erasure where Alexa keeps no data; whatever else she says is a disable."""
    body = event.fields.get("body")
    status = body.get("userInformationPersistenceStatus") if isinstance(body, Mapping) else None
    return ((Erased if status == "NOT_PERSISTED" else Disabled)(event.at(opt_out=True)),)


def _account_linked(event: SkillEvent) -> Changes:
    return (RegisterChange("account", event.at(), event.request_id, value=True),)


def _account_unlinked(event: SkillEvent) -> Changes:
    at = event.at(opt_out=True)
    return tuple(RegisterChange(each, at, event.request_id) for each in ("account", "customer"))


CHANGES: Mapping[str, Callable[[SkillEvent], Changes]] = {
    "AlexaSkillEvent.ProactiveSubscriptionChanged": _subscription_changed,
    "AlexaSkillEvent.SkillEnabled": _enabled,
    "AlexaSkillEvent.SkillDisabled": _disabled,
    "AlexaSkillEvent.SkillPermissionAccepted": _permissions_changed,
    "AlexaSkillEvent.SkillPermissionChanged": _permissions_changed,
    LINKED: _account_linked,
    "AlexaSkillEvent.SkillAccountUnlinked": _account_unlinked,
}
"""What each type of skill event means for the record; a type that is not here changes nothing."""


def changes_of(event: SkillEvent) -> tuple[Change, ...]:
    """Return what a skill event changes in the customer's record.

    Raises
    ------
    InvalidSkillEvent
        The event can never be stored.
    """
    return (*CHANGES[event.object_type](event), *host_of(event))


def host_of(event: SkillEvent) -> tuple[Change, ...]:
    """Return where Alexa says that the customer is reached, if she does."""
    if event.host is None:
        return ()
    return (RegisterChange("host", event.at(), event.request_id, event.host),)


def count_unusable_time(event: SkillEvent) -> None:
    """Count a request none of whose times could be used."""
    if event.happened_at is None:
        count("UnusableTimes", type=event.object_type)


class SkillEventHandler:
    """Joins each skill event into its customer's record, and whose account was linked as well."""

    def __init__(
        self, settings: SkillSettings, subscribers: Subscribers, linking: AccountLinking
    ) -> None:
        self._skill_id = settings.skill_id
        self._asks = bool(settings.userinfo_url)
        self._subscribers = subscribers
        self._linking = linking

    def handle(self, event: SkillEvent) -> None:
        """Store the change.

        Raises
        ------
        InvalidSkillEvent
            The event can never be stored.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError, ConcurrentChange
            It could not be stored now: the invocation has to fail, so that Alexa delivers again.
        LinkingUnavailable
            The link was stored, but the business could not be asked whose it is: likewise.
        """
        asks = self._asks and event.object_type == LINKED
        # Who has linked anew may be somebody else: no id stays that is older than the link.
        cleared = (RegisterChange("customer", event.at(), NOBODY),) if asks else ()
        applied = self._subscribers.apply(event.user_id, *changes_of(event), *cleared)
        kind = event.object_type.removeprefix("AlexaSkillEvent.")
        count("SkillEvents", type=kind, outcome=applied)
        count_unusable_time(event)
        logger.info(
            "skill event",
            extra={
                "type": kind,
                "outcome": applied,
                "customer": hash_user_id(event.user_id, self._skill_id),
                "at": event.happened_at,
                "request_id": event.request_id,
            },
        )
        if asks:
            self._identify(event)

    def _identify(self, event: SkillEvent) -> None:
        """Store the business' id of the customer, where the linked account's token tells it."""
        body = event.fields.get("body")
        token = body.get("accessToken") if isinstance(body, Mapping) else None
        customer_id = self._linking.customer_id(token if isinstance(token, str) else "")
        if customer_id is not None:
            by = event.request_id or SOMEBODY
            change = RegisterChange("customer", event.at(), by, customer_id)
            self._subscribers.apply(event.user_id, change)
