"""The seven skill events, and what each changes in the customer's record.

Source: "Skill Event Reference" and "Proactive Events API" (Alexa Skills Kit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring.alexa import region_of
from yellowring.observability import count, hash_user_id, logger
from yellowring.skill.envelope import InvalidSkillEvent, text
from yellowring.subscribers import Disabled, Enabled, Erased, RegisterChange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from yellowring.settings import SkillSettings
    from yellowring.skill.envelope import SkillEvent
    from yellowring.subscribers import Change, Subscribers


def _subscription_changed(event: SkillEvent) -> Change:
    endpoint = event.api_endpoint
    if endpoint is not None:
        endpoint = text(endpoint, "context.System.apiEndpoint")
        region_of(endpoint)
    subscriptions = event.listed("subscriptions", "eventName")
    values = {"subscriptions": subscriptions, "apiEndpoint": endpoint}
    return RegisterChange("subscriptions", event.at, event.request_id, values)


def _permissions_changed(event: SkillEvent) -> Change:
    scopes = event.listed("acceptedPermissions", "scope")
    return RegisterChange("permissions", event.at, event.request_id, {"permissions": scopes})


def _enabled(event: SkillEvent) -> Change:
    return Enabled(event.at)


def _disabled(event: SkillEvent) -> Change:
    status = event.body().get("userInformationPersistenceStatus")
    if status not in (None, "PERSISTED", "NOT_PERSISTED"):
        raise InvalidSkillEvent(
            "request.body.userInformationPersistenceStatus must be PERSISTED or NOT_PERSISTED"
        )
    return Erased(event.at) if status == "NOT_PERSISTED" else Disabled(event.at)


def _account_linked(event: SkillEvent) -> Change:
    return RegisterChange("account", event.at, event.request_id, {"accountLinked": True})


def _account_unlinked(event: SkillEvent) -> Change:
    return RegisterChange("account", event.at, event.request_id)


CHANGES: Mapping[str, Callable[[SkillEvent], Change]] = {
    "AlexaSkillEvent.ProactiveSubscriptionChanged": _subscription_changed,
    "AlexaSkillEvent.SkillEnabled": _enabled,
    "AlexaSkillEvent.SkillDisabled": _disabled,
    "AlexaSkillEvent.SkillPermissionAccepted": _permissions_changed,
    "AlexaSkillEvent.SkillPermissionChanged": _permissions_changed,
    "AlexaSkillEvent.SkillAccountLinked": _account_linked,
    "AlexaSkillEvent.SkillAccountUnlinked": _account_unlinked,
}
"""What each type of skill event means for the record; a type that is not here changes nothing."""


class SkillEventHandler:
    """Joins each skill event into its customer's record, with one write."""

    def __init__(self, settings: SkillSettings, subscribers: Subscribers) -> None:
        self._skill_id = settings.skill_id
        self._subscribers = subscribers

    def handle(self, event: SkillEvent) -> None:
        """Store the change.

        Raises
        ------
        InvalidSkillEvent, UnknownEndpoint
            The event can never be stored.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError, ConcurrentChange
            It could not be stored now: the invocation has to fail, so that Alexa delivers again.
        """
        change = CHANGES[event.object_type](event)
        applied = self._subscribers.apply(event.user_id, change)
        kind = event.object_type.removeprefix("AlexaSkillEvent.")
        count("SkillEvents", type=kind, outcome=applied)
        logger.info(
            "skill event",
            extra={
                "type": kind,
                "outcome": applied,
                "customer": hash_user_id(event.user_id, self._skill_id),
                "at": event.at,
                "request_id": event.request_id,
            },
        )
