"""Each customer once, though Alexa fails, workers are killed and the schedule fires again."""

from __future__ import annotations

import logging
import time
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.fire.ground import AT_ONCE, Ground, finished, order, register
from tests.integration.fire.hosts import Workers
from tests.unit.sender.kit import LONG_AGO, RUN_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)
BAD_ALEXA = {
    "error5xx": 0.1,
    "throttle": 0.1,
    "resetAfterAccept": 0.05,
    "timeout": 0.05,
    "timeoutSeconds": 2.5,
}
AT_STEADY_PACE = {"pace.INCREASE": 0.2}
"""These 429s come at any pace, so going slower would only make the test longer."""
OUT_OF_REACH: tuple[Mapping[str, Any], ...] = (
    {"disabledAt": {"N": str(LONG_AGO + 1)}},
    {"rejectedAt": {"N": str(LONG_AGO + 1)}},
    {"subscriptions": register(LONG_AGO, {"SS": ["AMAZON.OrderStatus.Updated"]})},
    {"permissions": register(LONG_AGO + 1, {"SS": ["other"]})},
)


def _under_fire(
    ground: Ground,
    many: int,
    *,
    per_segment: int,
    kills: int,
    pace: int,
    seconds: float,
    **more: Any,
) -> None:
    """Send to many customers under fire, and hold the end to what must be."""
    random = Random(many)  # noqa: S311 - chance, not secrets
    deliverable = []
    for region, part in (("na", 0.6), ("eu", 0.3), ("fe", 0.1)):
        users = ground.customers(round(many * part), region)
        ground.know(users, region)
        deliverable += users
    for out_of_reach in OUT_OF_REACH:
        ground.know(ground.customers(max(1, many // 100)), **out_of_reach)
    ground.customers(many // 100)  # subscribed, but we never heard of them
    ground.faults(**BAD_ALEXA)
    options: dict[str, Any] = {
        "values": AT_ONCE
        | AT_STEADY_PACE
        | {"plan.CUSTOMERS_PER_SEGMENT": per_segment, "worker.LARGEST_PAGE": 60},
        "MAX_EVENTS_PER_SECOND": str(pace),
        **more,
    }
    with Workers(lambda: ground.start("worker", **options), 4) as workers:
        workers.ready()
        firing = order(ground, wait=False, **options)
        firing.ready()
        firing.kill()  # while it starts the run, or just after
        firing.child.stop()
        order(ground, **options)
        third = order(ground, wait=False, **options)
        next_kill = time.monotonic() + 1

        def fire() -> None:
            nonlocal next_kill
            workers.check()
            if workers.killed < kills and time.monotonic() >= next_kill:
                workers.kill_one(random)
                next_kill = time.monotonic() + random.uniform(0.3, 2.2)

        try:
            run = finished(ground, seconds, fire)
        finally:
            third.child.stop()
    logger.info("given out up to %s times", ground.most_receives())
    logger.info("%s workers killed, run %s, traffic %s", workers.killed, run, ground.traffic())
    assert workers.killed == kills
    assert run["status"] == "completed"
    counts = run["counts"]
    assert counts["accepted"] + counts["duplicate"] == len(deliverable), counts
    assert sum(counts.values()) == len(deliverable), counts
    assert ground.heard() == dict.fromkeys([(user, RUN_ID) for user in deliverable], 1)
    assert ground.messages("dead") == 0


def test_a_few_customers_are_notified_once_while_workers_are_killed(ground: Ground) -> None:
    ground.come_back_after(5)
    _under_fire(ground, 150, per_segment=50, kills=3, pace=50, milliseconds=3_000, seconds=20)


@pytest.mark.slow
def test_5000_customers_are_notified_once_while_workers_are_killed(ground: Ground) -> None:
    _under_fire(ground, 5_000, per_segment=400, kills=25, pace=160, seconds=240)
