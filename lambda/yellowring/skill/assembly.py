"""The skill's parts, made once for each environment, and how long they may take."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.config import Config

from yellowring import aws
from yellowring.observability import count, logger
from yellowring.skill.account_linking import AccountLinking
from yellowring.skill.background import Background, Memory
from yellowring.skill.messages import MESSAGE, MessageHandler
from yellowring.skill.notifications import Notifications
from yellowring.skill.skill_events import SkillEventHandler
from yellowring.subscribers import Subscribers

if TYPE_CHECKING:
    from yellowring.settings import SkillSettings
    from yellowring.skill.envelope import InvalidSkillEvent, SkillEvent

type Json = dict[str, object]

AWS = Config(
    connect_timeout=0.75, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 2}
)
"""A voice request has eight seconds, and Alexa repeats others.

A call takes two tries of 0.75 s + 1 s and at most 1 s between them: 4.5 s. Of a request's calls
the last begins within the store's patience of 2 s from the first, so that all take 6.5 s at most.
"""


@dataclass(frozen=True, slots=True)
class Skill:
    """What takes each kind of request.

    ``stored`` remembers what voice requests told of customers; ``linked`` stores whose account
    they show.
    """

    subscribers: Subscribers
    skill_events: SkillEventHandler
    messages: MessageHandler
    linking: AccountLinking | None
    stored: Memory
    linked: Background

    def take(self, event: SkillEvent) -> None:
        """Do what a skill event or a message tells; raises what their handlers do."""
        taking = self.messages if event.object_type == MESSAGE else self.skill_events
        try:
            taking.handle(event)
        finally:
            self.stored.drop(event.user_id)


@functools.lru_cache(maxsize=4)
def skill_for(settings: SkillSettings) -> Skill:
    """Return the parts for an environment, the same ones each time."""
    table = Subscribers(aws.client("dynamodb", AWS), settings.subscribers_table)
    linking = AccountLinking(settings.userinfo_url, settings.userinfo_claim)
    asked = linking if settings.userinfo_url else None
    stored = Memory()
    notifications = Notifications(settings.notifications_queue_url, AWS)
    return Skill(
        table,
        SkillEventHandler(settings, table, linking),
        MessageHandler(settings, table, notifications),
        asked,
        stored,
        Background(table, stored, place=False, linking=asked),
    )


def acknowledged() -> Json:
    """Return the answer to what takes none."""
    return {"version": "1.0", "response": {}}


def acknowledge(error: InvalidSkillEvent) -> Json:
    """Return the answer to what can never be understood; log and count it."""
    name = type(error).__name__
    count("InvalidRequests", error=name)
    logger.error("invalid request acknowledged", extra={"error": name, "problem": str(error)})
    return acknowledged()
