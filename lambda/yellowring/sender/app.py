"""The sender function: starts runs, works on their segments, and sends notifications.

Who invokes it tells what is to be done: a schedule or a business starts a run; the run's workflow
has a slice of it done, or finished; EventBridge tells of an execution that ended before its time;
SQS brings notifications.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from botocore.config import Config

from yellowring import aws
from yellowring.alexa import InvalidCredentials, region_for_aws
from yellowring.alexa.connections import Connections
from yellowring.alexa.lwa import PROACTIVE_EVENTS, AccessTokens, Credentials, Token
from yellowring.alexa.proactive_events import ProactiveEvents
from yellowring.observability import correlate, correlate_else, count, invoked, logger, measure
from yellowring.sender.campaign import InvalidCampaign, parse_campaign
from yellowring.sender.campaign.calls import PAGE_PATIENCE, PLACES
from yellowring.sender.campaign.content import SameForAll, content_of
from yellowring.sender.campaign.event_source import EventSourceFailed
from yellowring.sender.campaign.registered import EventSources
from yellowring.sender.delivery.concurrency import Concurrency
from yellowring.sender.delivery.noting import Noting
from yellowring.sender.delivery.rate_limiter import RateLimiter
from yellowring.sender.delivery.sending import Sending
from yellowring.sender.delivery.window import SharedWindow
from yellowring.sender.notification.batch import Batch
from yellowring.sender.notification.bookkeeping import Bookkeeping
from yellowring.sender.notification.evidence import Evidence
from yellowring.sender.notification.opening import Opening
from yellowring.sender.notification.queue import Queue
from yellowring.sender.notification.status import Statuses
from yellowring.sender.run.announcing import Announcer
from yellowring.sender.run.audience import visiting
from yellowring.sender.run.event_request import request_of
from yellowring.sender.run.lifecycle import Lifecycle, now_utc
from yellowring.sender.run.machine import Machine
from yellowring.sender.run.request import PLACEHOLDER, parse_run_request
from yellowring.sender.run.request_refusals import REQUEST_REFUSALS, refusal_of
from yellowring.sender.run.slice import Slice, Tools, Turn
from yellowring.sender.run.store import Runs
from yellowring.settings import SenderSettings
from yellowring.subscribers import Audience, Subscribers
from yellowring.subscribers.census import Census
from yellowring.tracing import traced

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sqs.client import SQSClient

    from yellowring.sender.campaign.content import Content
    from yellowring.sender.run.run import Run
    from yellowring.subscribers import Filter

DRAIN = timedelta(seconds=25)
"""What is left of an invocation for requests under way to end in, and for the last checkpoint."""

_ABOUT = ("refusals", "correlationId")
"""Members of a run request's invocation that are not the request's."""
SECRET_SECONDS = 60
"""For how long credentials that were read are used."""
NOTIFICATION_DRAIN = timedelta(seconds=15)
"""The same for a batch of notifications."""

_AWS = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard", "max_attempts": 5})
_FUNCTIONS = Config(
    connect_timeout=2,
    read_timeout=PAGE_PATIENCE - 1,
    retries={"total_max_attempts": 1},  # the slice asks again when it is time
    max_pool_connections=PLACES,
)


class LambdaContext(Protocol):
    """What the sender needs of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""


class SliceFailed(RuntimeError):
    """A slice could not be worked on; the workflow waits and tries again.

    Its text goes into the workflow's history: the error's name and nobody's id.
    """


@dataclass(frozen=True)
class Stores:
    """The clients and stores that outlive an invocation."""

    runs: Runs
    window: SharedWindow
    subscribers: Subscribers
    audience: Audience
    census: Census
    lifecycle: Lifecycle
    queue: SQSClient
    secrets: SecretsManagerClient
    evidence: Evidence
    sources: EventSources
    statuses: Statuses
    tokens: dict[str, Token] = field(default_factory=dict)
    credentials: dict[str, tuple[float, Credentials]] = field(default_factory=dict)


@traced
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Do what the sender is invoked for.

    Parameters
    ----------
    event
        - a run request ``{"campaign": {…}, "scheduledTime": "…", "runId"?: "…"}``: starts the run;
          with ``"refusals": true`` a refusal is returned and not raised, and the log's lines go
          back to a ``correlationId``;
        - ``{"task": "slice", "runId", "attempt", "segment", "failure"?}`` and ``{"task": "finish",
          "runId", "attempt", "executionArn"}``, from the run's workflow;
        - ``{"task": "census"}``, once a day: counts customers by state;
        - EventBridge's ``aws.states`` event of an execution that ended before its time;
        - a batch of the notifications' queue (``Records``).
    context
        Lambda's own: tells how much time is left.

    Returns
    -------
    dict
        The run (``runId``, ``status``, ``counts``, …) or ``{"refusal": {…}}``, the task with
        ``done`` and ``waitSeconds``, or ``batchItemFailures``.

    Raises
    ------
    InvalidSettings, InvalidCredentials, InvalidRunRequest, InvalidCampaign
        Nothing was started, and repeating it would not help.
    RunConflict, EventSourceFailed
        Nor was it; the run's id is another campaign's, or its event source is not deployed.
    SliceFailed
        The workflow waits and tries again.
    """
    invoked(context, _goes_back_to(event))
    settings = SenderSettings.from_environ(os.environ)
    stores = _stores(settings)
    time_left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    worker = Worker(settings, stores, time_left)
    if "Records" in event:
        return asyncio.run(worker.notifications(event["Records"]))
    if event.get("source") == "aws.states":
        return _interrupted(event["detail"], stores)
    match event.get("task"):
        case "slice":
            return worker.slice(event)
        case "finish":
            return _finish(event["runId"], event["attempt"], event["executionArn"], stores)
        case "census":
            return _take_census(stores)
        case _:
            return _start_or_tell(event, settings, stores)


def _goes_back_to(event: Mapping[str, Any]) -> object:
    """Return what an invocation's log lines go back to; each notification tells it by itself."""
    if event.get("source") == "aws.states":
        return json.loads(event["detail"]["input"]).get("runId")
    return event.get("correlationId") or event.get("runId")


def _start_or_tell(
    event: dict[str, Any], settings: SenderSettings, stores: Stores
) -> dict[str, Any]:
    """Start a run; who asked for ``refusals`` gets one as a value, and all others the error."""
    request = {name: event[name] for name in event if name not in _ABOUT}
    try:
        return _start(request, settings, stores)
    except REQUEST_REFUSALS as error:
        if event.get("refusals") is not True:
            raise
        refusal = refusal_of(error)
        logger.error("run refused", extra={"error": refusal["kind"]})
        return {"refusal": refusal}


def _start(event: dict[str, Any], settings: SenderSettings, stores: Stores) -> dict[str, Any]:
    if event.get("scheduledTime") == PLACEHOLDER and "AWS_ENDPOINT_URL" in os.environ:
        # An emulator's scheduler leaves the placeholder as it is; it fires once a minute at most.
        event = {**event, "scheduledTime": f"{now_utc():%Y-%m-%dT%H:%MZ}"}
    request = parse_run_request(event)
    correlate_else(request.run_id)
    _credentials(settings, stores)  # or a run would be started that can send nothing
    stores.sources.of(request.campaign)
    run = stores.lifecycle.start(request, settings.max_workers)
    return stores.lifecycle.document(run)


def _finish(run_id: str, attempt: int, execution_arn: str, stores: Stores) -> dict[str, Any]:
    run = stores.lifecycle.finish(run_id, attempt, execution_arn)
    return stores.lifecycle.document(run)


def _take_census(stores: Stores) -> dict[str, Any]:
    states = stores.census.take()
    for state, customers in states.items():
        measure("Subscribers", customers, "Count", state=state)
    return {"states": dict(states)}


def _interrupted(detail: Mapping[str, Any], stores: Stores) -> dict[str, Any]:
    execution = json.loads(detail["input"])
    return _finish(execution["runId"], execution["attempt"], detail["executionArn"], stores)


@dataclass(frozen=True)
class Worker:
    """One invocation that sends: what it was told, what it works with, how long it has."""

    settings: SenderSettings
    stores: Stores
    time_left: timedelta

    def slice(self, task: dict[str, Any]) -> dict[str, Any]:
        """Work on a segment of a run; return the task with ``done`` and ``waitSeconds``."""
        until = time.monotonic() + max(self.time_left - DRAIN, self.time_left / 2).total_seconds()
        try:
            turn = asyncio.run(self._slice(task, until))
        except Exception as error:
            name = type(error).__name__
            count("SliceFailures", error=name)
            logger.exception("slice failed, the workflow waits and tries again")
            # Step Functions tells the next slice the error's name, and nothing else.
            raise type(name, (SliceFailed,), {})(f"run {task['runId']}") from None
        if self.stores.sources.exhausted:
            logger.critical("the event source hangs in every thread: this process ends")
            os._exit(1)
        kept = {name: task[name] for name in ("task", "runId", "attempt", "segment")}
        return kept | {"done": turn.done, "waitSeconds": turn.wait_seconds}

    async def notifications(self, records: list[Mapping[str, Any]]) -> dict[str, Any]:
        """Send notifications; return which of them stay on the queue."""
        settings, stores = self.settings, self.stores
        async with self._sending(workers=1) as sending:
            batch = Batch(
                Queue(
                    stores.queue, settings.notifications_queue_url, settings.dead_letter_queue_url
                ),
                opening=Opening(stores.audience, settings.skill_id, now_utc),
                sending=sending,
                evidence=stores.evidence,
                bookkeeping=Bookkeeping(
                    stores.statuses, self._noting(), settings.skill_id, now_utc
                ),
                until=time.monotonic() + (self.time_left - NOTIFICATION_DRAIN).total_seconds(),
                now=now_utc,
            )
            return await batch.work(records)

    async def _slice(self, task: dict[str, Any], until: float) -> Turn:
        runs = self.stores.runs
        run = await asyncio.to_thread(runs.load, task["runId"])
        correlate(run.correlation_id, run.run_id)
        segment = await asyncio.to_thread(runs.segment, run.run_id, task["segment"])
        if run.attempt != task["attempt"] or (segment.done and segment.attempt == run.attempt):
            return Turn(done=True)
        content, where, refused = _content(run, self.stores.sources)
        audience = self.stores.audience.of(content.needs, where)
        async with self._sending(workers=run.segments, refused=refused) as sending:
            tools = Tools(
                runs=runs,
                subscribers=self.stores.subscribers,
                visiting=visiting(run, segment.number, runs, audience, now=now_utc),
                noting=self._noting(),
                content=content,
                sending=sending,
                until=until,
                now=now_utc,
            )
            return await Slice(run, segment, tools, task.get("failure")).work()

    def _noting(self) -> Noting:
        return Noting(self.stores.subscribers, accepted=self.settings.note_accepted)

    @asynccontextmanager
    async def _sending(
        self, workers: int, refused: Exception | None = None
    ) -> AsyncIterator[Sending]:
        settings = self.settings
        credentials = Credentials("", "")
        try:
            credentials = await asyncio.to_thread(_credentials, settings, self.stores)
        except InvalidCredentials as error:
            refused = error
        async with Connections() as connections:
            tokens = AccessTokens(
                connections,
                credentials,
                PROACTIVE_EVENTS,
                base_url=settings.lwa_base_url,
                known=self.stores.tokens,
            )
            events = ProactiveEvents(
                connections, tokens, stage=settings.skill_stage, base_url=settings.alexa_base_url
            )
            limiter = RateLimiter(self.stores.window, settings.max_events_per_second, workers)
            home = region_for_aws(settings.aws_region)
            yield Sending(events, limiter, Concurrency(), home, refused)


def _content(
    run: Run, sources: EventSources
) -> tuple[Content, Filter | None, InvalidCampaign | EventSourceFailed | None]:
    """Return what a run says, to whom of its audience, and why it cannot be said, if it cannot."""
    request, where = request_of(run), None
    try:
        campaign = parse_campaign(run.campaign)
        where = campaign.where.filter() if campaign.where else None
        return content_of(campaign, request, sources.of(campaign)), where, None
    except (InvalidCampaign, EventSourceFailed) as error:  # a run can end all the same
        return SameForAll(request.unicast()), where, error


def _credentials(settings: SenderSettings, stores: Stores) -> Credentials:
    """Return the skill's credentials, read again after a minute: they may have been mended."""
    secret_id = settings.credentials_secret_id
    read_at, known = stores.credentials.get(secret_id, (0.0, None))
    if known is not None and time.monotonic() - read_at < SECRET_SECONDS:
        return known
    try:
        answer = stores.secrets.get_secret_value(SecretId=secret_id)
    except stores.secrets.exceptions.ResourceNotFoundException:
        raise InvalidCredentials(
            f"there is no secret {secret_id} (CREDENTIALS_SECRET_ID), or it has no value yet: "
            'put {"clientId": "…", "clientSecret": "…"} into it'
        ) from None
    credentials = Credentials.from_secret(answer.get("SecretString"))
    stores.credentials[secret_id] = time.monotonic(), credentials
    return credentials


@functools.lru_cache(maxsize=4)
def _stores(settings: SenderSettings) -> Stores:
    dynamodb = aws.client("dynamodb", _AWS)
    runs = Runs(dynamodb, settings.runs_table)
    return Stores(
        runs=runs,
        window=SharedWindow(dynamodb, settings.runs_table),
        subscribers=Subscribers(dynamodb, settings.subscribers_table),
        audience=Audience(dynamodb, settings.subscribers_table),
        census=Census(dynamodb, settings.subscribers_table),
        lifecycle=Lifecycle(
            runs,
            Machine(aws.client("stepfunctions", _AWS), settings.run_machine_arn),
            Announcer(aws.client("events", _AWS), settings.event_bus_name),
        ),
        queue=aws.client("sqs", _AWS),
        secrets=aws.client("secretsmanager", _AWS),
        evidence=Evidence(dynamodb, settings.runs_table, settings.skill_id),
        sources=EventSources(
            dict(settings.event_sources),
            functools.partial(aws.client, "lambda", _FUNCTIONS),
        ),
        statuses=Statuses(dynamodb, settings.runs_table),
    )


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in Lambda, the start is the cheapest time to start
    _stores(SenderSettings.from_environ(os.environ))
