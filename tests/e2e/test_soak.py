"""Random customers, campaigns, notifications and faults: everybody hears what they should have."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.local_stack.web import call

from tests.e2e.soak.actions import Customers
from tests.e2e.soak.faults import FAIR, Killer, Weather
from tests.e2e.soak.judge import Judge, Logs, answered
from tests.e2e.soak.sending import Business
from tests.e2e.soak.world import World
from tests.e2e.support import configured, eventually, messages, queues, runs_of

if TYPE_CHECKING:
    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

logger = logging.getLogger(__name__)
MINUTES = float(os.environ.get("SOAK_MINUTES") or 2)
SEED = int(os.environ.get("SOAK_SEED") or 6)
"""`make soak` draws one; the suite makes the same choices each time."""
ACTORS = 3
MOST_MIB = 128
"""What one process of a function may come to have: half as much again as the largest had."""
MOST_PROCESSES = 12
"""Processes of one function at a time: three runs of three workers each, and those that start."""
SETTLE_SECONDS = 900.0
"""The longest back-off of a notification, and a little: so long may the last try be away."""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="who works is seen in /proc")
def test_everybody_hears_what_they_should_have_whatever_goes_wrong(stack: LocalStack) -> None:
    logger.warning("soak: MINUTES=%s SEED=%s", MINUTES, SEED)
    logs, world = Logs(stack), World(stack)
    actors = [
        Customers(world, world.people[share::ACTORS], chance("customers", share), 1.2)
        for share in range(ACTORS)
    ]
    business = Business(world, chance("business"), 1.5)
    weather = Weather(world, chance("weather"))
    killer = Killer(world, chance("kills"), 4)
    functions = (stack.outputs.SenderFunctionName,)
    with configured(stack, *functions, timeout=60, MAX_WORKERS="3", MAX_EVENTS_PER_SECOND="60"):
        stack.alexa.set_faults(FAIR)
        for actor in actors:
            actor.begin_all()
        stack.wait_for_events(SETTLE_SECONDS)
        acting = [each.act_on for each in actors]
        threads = [
            threading.Thread(target=world.guarded(each), name=each.__qualname__)
            for each in (*acting, business.act_on, weather.act_on, killer.act_on)
        ]
        for thread in threads:
            thread.start()
        world.over.wait(60 * MINUTES)
        world.over.set()
        for thread in threads:
            thread.join()
        settle(stack, world, business)
    verdict = Judge(world, business.sent).judge()
    errors = logs.errors()
    sent, census = business.sent, killer.census
    figures = {
        "minutes": round((time.time() - world.begun) / 60, 1),
        "acts": sum(each.done for each in actors),
        "accounts": len(world.accounts),
        "sendings": len(sent.sendings),
        "runs": verdict.runs,
        "outcomes": verdict.outcomes,
        "repeats": sent.repeats,
        "weather": weather.changes,
        "kills": killer.kills,
        "rang": verdict.rang,
        "compared": verdict.compared,
        "certain": verdict.certain,
        "records": verdict.records,
        "alexa": answered(world),
        "processes": census.most,
        "MiB": census.largest,
        "errors": errors,
        "differences": len(verdict.differences),
    }
    logger.warning("soak: SEED=%s %s", SEED, json.dumps(figures))
    assert world.problems == []
    assert verdict.differences == [], "\n\n".join([f"SEED={SEED}", *verdict.differences[:12]])
    assert [messages(stack, url) for url in queues(stack)] == [0, 0, 0]
    assert dict(errors) == {}
    assert max(census.largest.values()) <= MOST_MIB
    assert max(census.most.values()) <= MOST_PROCESSES


def chance(*whose: object) -> Random:
    """Return what chooses for a part of the world, the same for the same seed."""
    return Random(f"{SEED}:{whose}")  # noqa: S311 - chance, not secrets


def settle(stack: LocalStack, world: World, business: Business) -> None:
    """Let Alexa be well, resume what was cancelled, and wait until all has come to its end."""
    stack.alexa.set_faults({**FAIR, "userinfo": {}})
    stack.wait_for_events(SETTLE_SECONDS)
    eventually(lambda: not _messages_pending(stack), "messages are pending", SETTLE_SECONDS)

    def ended() -> bool:
        stack.check()
        return all(runs_of(stack).load(each).status != "running" for each in business.sent.runs)

    eventually(ended, "runs do not end", SETTLE_SECONDS)
    business.resume()
    eventually(ended, "resumed runs do not end", SETTLE_SECONDS)
    business.close()
    eventually(
        lambda: messages(stack, stack.outputs.NotificationsQueueUrl) == 0,
        "notifications are left on their queue",
        SETTLE_SECONDS,
    )


def _messages_pending(stack: LocalStack) -> int:
    summary: dict[str, int] = call("GET", f"{stack.alexa.url}/_sim/messages")["summary"]
    return summary["pending"]
