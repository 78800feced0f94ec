"""The sender function: sends a campaign's event to each customer, once."""

from __future__ import annotations

import asyncio
import functools
import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import aiohttp
import boto3

from yellowring.alexa import InvalidCredentials, region_for_aws
from yellowring.alexa.connections import Connections
from yellowring.alexa.lwa import PROACTIVE_EVENTS, AccessTokens, Credentials, Token
from yellowring.alexa.proactive_events import ProactiveEvents
from yellowring.observability import count, logger
from yellowring.sender.campaign import parse_campaign
from yellowring.sender.content import content_of
from yellowring.sender.delivery.delivering import Delivery, now_utc
from yellowring.sender.delivery.rate_limiter import RateLimiter
from yellowring.sender.delivery.window import SharedWindow
from yellowring.sender.order import parse_order
from yellowring.sender.personal import load_event_source
from yellowring.sender.plan import plan, request
from yellowring.sender.runs import Runs
from yellowring.sender.work import OrderWork, SegmentWork, WorkQueue, read
from yellowring.sender.worker import Worker
from yellowring.settings import SenderSettings
from yellowring.subscribers import Audience, Subscribers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_secretsmanager.client import SecretsManagerClient

    from yellowring.sender.order import Order
    from yellowring.sender.personal import EventSource
    from yellowring.sender.runs import Run
    from yellowring.sender.work import Work


class _Window(SharedWindow):
    key: ClassVar = {"runId": {"S": "#pace"}}  # the runs table has no sort key yet


class LambdaContext(Protocol):
    """What the sender needs of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Give the milliseconds until Lambda ends the invocation."""


@dataclass(frozen=True)
class Stores:
    """The clients and stores that outlive an invocation."""

    runs: Runs
    window: SharedWindow
    subscribers: Subscribers
    audience: Audience
    queue: WorkQueue
    secrets: SecretsManagerClient
    event_source: EventSource | None
    tokens: dict[str, Token] = field(default_factory=dict)


def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Start or resume a run, or do the work that the work queue gives out.

    Parameters
    ----------
    event
        ``{"campaign": {…}, "scheduledTime": "…", "runId"?: "…"}``, or a batch of the queue's.
    context
        Lambda's own: tells how much time is left.

    Returns
    -------
    dict
        The run (``runId``, ``status``, ``counts``, …), or ``batchItemFailures``.

    Raises
    ------
    InvalidSettings, InvalidCredentials, InvalidOrder, InvalidCampaign
        Nothing was started, and repeating it would not help.
    RunConflict, EventSourceFailed
        Nor was it; the run's id is another campaign's, or the event source is not deployed.
    """
    settings = SenderSettings.from_environ(os.environ)
    time_left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    invocation = Invocation(settings, _stores(settings), time_left)
    if "Records" in event:
        return asyncio.run(invocation.batch(event["Records"]))
    return asyncio.run(invocation.order(parse_order(event, now_utc())))


@dataclass(frozen=True)
class Invocation:
    """One invocation of the sender: what it was told, what it works with, how long it has."""

    settings: SenderSettings
    stores: Stores
    time_left: timedelta

    async def order(self, order: Order) -> dict[str, Any]:
        """Start a run, or go on with the one that was started before; give what came of it."""
        credentials = self._credentials()
        run = self.stores.runs.start(plan(order, self.stores.audience.approximate_count))
        logger.info("run started or resumed", extra={"run": run.run_id, "status": run.status})
        if run.status == "running" and run.total_segments > 1 and not run.is_done:
            for number in run.segments:
                self.stores.queue.put(SegmentWork(run.run_id, number))
        elif run.status == "running":
            run = await self._do(SegmentWork(run.run_id, 0), run, credentials)
        return run.document()

    async def batch(self, records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Do what the work queue gives out; what fails goes back to it."""
        failures = []
        for record in records:
            try:
                await self._take(read(record["body"]))
            except Exception as error:
                name = type(error).__name__
                count("WorkFailures", error=name)
                logger.exception("work failed, the queue gives it out again", extra={"error": name})
                failures.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failures}

    async def _take(self, work: Work | OrderWork) -> None:
        if isinstance(work, OrderWork):
            await self.order(parse_order(work.order, now_utc()))
        else:
            await self._do(work, self.stores.runs.load(work.run_id), self._credentials())

    async def _do(self, work: Work, run: Run, credentials: Credentials) -> Run:
        campaign = parse_campaign(run.campaign)
        workers = max(1, min(len(run.segments), self.settings.max_workers))
        per_second = self.settings.max_events_per_second / workers
        async with aiohttp.ClientSession() as http, Connections() as connections:
            event = request(run, campaign)
            content = content_of(campaign, event, self.stores.event_source)
            where = campaign.where.filter() if campaign.where else None
            delivery = Delivery(
                self._client(http, connections, credentials),
                event,
                content,
                RateLimiter(self.stores.window, self.settings.max_events_per_second, workers),
                home=region_for_aws(self.settings.aws_region),
                before=run.counts,
            )
            worker = Worker(
                self.stores.runs,
                self.stores.subscribers,
                self.stores.audience.of(content.needs, where),
                self.stores.queue,
                campaign=campaign,
                delivery=delivery,
                personal=content.needs is None or bool(content.needs),
                per_second=per_second,
                time_left=self.time_left,
            )
            if isinstance(work, SegmentWork):
                return await worker.segment(run, work.segment)
            return await worker.retry(run, work)

    def _client(
        self, http: aiohttp.ClientSession, connections: Connections, credentials: Credentials
    ) -> ProactiveEvents:
        tokens = AccessTokens(
            http,
            credentials,
            PROACTIVE_EVENTS,
            base_url=self.settings.lwa_base_url,
            known=self.stores.tokens,
        )
        stage, base_url = self.settings.skill_stage, self.settings.alexa_base_url
        return ProactiveEvents(connections, tokens, stage=stage, base_url=base_url)

    def _credentials(self) -> Credentials:
        secret_id = self.settings.credentials_secret_id
        try:
            answer = self.stores.secrets.get_secret_value(SecretId=secret_id)
        except self.stores.secrets.exceptions.ResourceNotFoundException:
            raise InvalidCredentials(
                f"there is no secret {secret_id} (CREDENTIALS_SECRET_ID), or it has no value yet: "
                'put {"clientId": "…", "clientSecret": "…"} into it'
            ) from None
        return Credentials.from_secret(answer.get("SecretString"))


@functools.lru_cache(maxsize=4)
def _stores(settings: SenderSettings) -> Stores:
    dynamodb = boto3.client("dynamodb")
    return Stores(
        Runs(dynamodb, settings.runs_table),
        _Window(dynamodb, settings.runs_table),
        Subscribers(dynamodb, settings.subscribers_table),
        Audience(dynamodb, settings.subscribers_table),
        WorkQueue(boto3.client("sqs"), settings.work_queue_url, settings.dead_letter_queue_url),
        boto3.client("secretsmanager"),
        load_event_source(settings.event_source),
    )


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in Lambda, the start is the cheapest time to start
    _stores(SenderSettings.from_environ(os.environ))
