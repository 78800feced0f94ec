"""The queues: what waits too long, what was given up, and whether anybody takes from them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from yellowring_tools.doctor.finding import fault, warning
from yellowring_tools.doctor.stack.deployment import found
from yellowring_tools.doctor.stack.template import DEPLOY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment

OLDEST = timedelta(minutes=15)
"""The longest back-off: what waits longer is refused, or nobody takes it."""
_SIZES = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_REDRIVE = "read why in the logs, mend it, then aws sqs start-message-move-task takes them back"
_READ = "each tells its error: aws sqs receive-message --queue-url {url}; delete what is dealt with"


def check_queues(deployment: Deployment, now: datetime) -> Iterator[Finding]:
    """Check the three queues, and what takes notifications from theirs."""
    outputs = deployment.outputs
    url = outputs["NotificationsQueueUrl"]
    attributes = _attributes(deployment, url)
    notifier = deployment.configuration(deployment.functions["notifier"]) or {}
    yield from of_notifications(attributes, notifier.get("Timeout", 0), name_of(url))
    if attributes is not None:
        yield from of_age(oldest(deployment, name_of(url), now), name_of(url))
    dead = {
        outputs.get("NotificationsDeadLetterQueueUrl", ""): ("notifications given up", _REDRIVE),
        outputs["DeadLetterQueueUrl"]: ("firings and calls of the sender that failed", _READ),
    }
    for each, (what, remedy) in dead.items():
        if each:
            told = _attributes(deployment, each)
            yield from of_dead_letters(told, name_of(each), what, remedy.format(url=each))
    mappings = deployment.stack.functions.list_event_source_mappings(
        FunctionName=deployment.functions["notifier"]
    )["EventSourceMappings"]
    yield from of_mappings(mappings, name_of(url))


def name_of(url: str) -> str:
    """Return a queue's name."""
    return url.rpartition("/")[2]


def of_notifications(
    attributes: Mapping[str, str] | None, timeout: int, name: str
) -> Iterator[Finding]:
    """Check the queue of notifications; ``timeout`` is the notifier's, in seconds."""
    where = f"queue {name}"
    if attributes is None:
        yield fault("queues", where, "is not there, so that no notification can be sent", DEPLOY)
        return
    visibility = int(attributes.get("VisibilityTimeout", timeout))
    if visibility < timeout:
        what = (
            f"gives its messages out again after {visibility} s, while the notifier works on them "
            f"for up to {timeout} s"
        )
        yield fault("queues", where, what, DEPLOY)
    if not json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn"):
        what = "has no dead-letter queue: what can never be handled comes back until it expires"
        yield warning("queues", where, what, DEPLOY)


def of_age(seconds: float | None, name: str) -> Iterator[Finding]:
    """Check how old (seconds) the oldest message is; ``None``: nothing was measured."""
    if seconds is not None and seconds > OLDEST.total_seconds():
        what = f"its oldest notification waits for {seconds / 60:.0f} minutes"
        remedy = (
            "look at the notifier's logs: Alexa refuses or does not answer, LWA gives no token, or "
            "the notifier is held up"
        )
        yield warning("queues", f"queue {name}", what, remedy)


def of_dead_letters(
    attributes: Mapping[str, str] | None, name: str, what: str, remedy: str
) -> Iterator[Finding]:
    """Check that nothing was given up."""
    where = f"queue {name}"
    if attributes is None:
        yield fault("queues", where, "is not there", DEPLOY)
    elif many := sum(int(attributes.get(size, 0)) for size in _SIZES):
        yield fault("queues", where, f"has {many:,} {what}", remedy)


def of_mappings(mappings: Sequence[Mapping[str, Any]], name: str) -> Iterator[Finding]:
    """Check that the notifier takes from the queue, and says which messages it could not handle."""
    where = f"queue {name}"
    own = [each for each in mappings if each.get("EventSourceArn", "").endswith(f":{name}")]
    if not own:
        what = "nothing takes notifications from it: its event source mapping is not there"
        yield fault("queues", where, what, DEPLOY)
    for each in own:
        mapping = each.get("UUID", "?")
        if each.get("State", "Enabled") not in {"Enabled", "Enabling", "Creating", "Updating"}:
            what = f"the notifier takes nothing from it: its mapping is {each.get('State')}"
            right = f"aws lambda update-event-source-mapping --uuid {mapping} --enabled"
            yield fault("queues", where, what, right)
        if "ReportBatchItemFailures" not in each.get("FunctionResponseTypes", []):
            what = "its mapping does not hear which messages failed, so that they are lost"
            yield fault("queues", where, what, DEPLOY)


def _attributes(deployment: Deployment, url: str) -> Mapping[str, str] | None:
    sqs = deployment.stack.sqs
    told = found(lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))
    return {**told.get("Attributes", {})} if told else None  # type: ignore[dict-item]


def oldest(deployment: Deployment, name: str, now: datetime) -> float | None:
    """Return the age (seconds) of the oldest message in the last minutes that were measured."""
    told = deployment.stack.alarms.get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": name}],
        StartTime=now - timedelta(minutes=10),
        EndTime=now,
        Period=300,
        Statistics=["Maximum"],
    )
    points = sorted(told.get("Datapoints", []), key=lambda each: each["Timestamp"])
    return points[-1]["Maximum"] if points else None
