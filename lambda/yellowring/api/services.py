"""What the API works with: made once for all invocations."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.config import Config

from yellowring import aws
from yellowring.api.customers import Customers
from yellowring.api.notifications import Notifications
from yellowring.api.queue import Queue
from yellowring.api.runs import RunDesk
from yellowring.sender.notification.status import Statuses
from yellowring.sender.run.announcing import Announcer
from yellowring.sender.run.lifecycle import Lifecycle, now_utc
from yellowring.sender.run.machine import Machine
from yellowring.sender.run.store import Runs
from yellowring.subscribers import Audience, Subscribers

if TYPE_CHECKING:
    from yellowring.settings import ApiSettings

_AWS = Config(
    connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3}
)
"""An answer has 29 seconds; who waits for one had rather hear early that there is none."""
_SENDER = Config(
    connect_timeout=1, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 1}
)
"""The sender answers at once, but may be starting cold."""


@dataclass(frozen=True, slots=True)
class Services:
    """The API's three nouns."""

    notifications: Notifications
    runs: RunDesk
    customers: Customers


@functools.lru_cache(maxsize=4)
def services(settings: ApiSettings) -> Services:
    """Return what answers requests, with clients that outlive an invocation."""
    dynamodb = aws.client("dynamodb", _AWS)
    audience = Audience(dynamodb, settings.subscribers_table)
    lifecycle = Lifecycle(
        Runs(dynamodb, settings.runs_table),
        Machine(aws.client("stepfunctions", _AWS), settings.run_machine_arn),
        Announcer(aws.client("events", _AWS), settings.event_bus_name),
    )
    return Services(
        Notifications(
            Statuses(dynamodb, settings.runs_table),
            Queue(aws.client("sqs", _AWS), settings.notifications_queue_url),
            audience,
            settings.skill_id,
            now_utc,
        ),
        RunDesk(
            lifecycle,
            aws.client("lambda", _SENDER),
            settings.sender_function_name,
            settings.skill_id,
            now_utc,
        ),
        Customers(
            Subscribers(dynamodb, settings.subscribers_table),
            audience,
            settings.skill_id,
            settings.stack_name,
            settings.aws_region,
            now_utc,
            time.sleep,
        ),
    )
