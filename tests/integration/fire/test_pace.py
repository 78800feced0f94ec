"""The pace of several workers together: as Alexa counts it, in any second."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest

from tests.integration.fire.ground import AT_ONCE, Ground, finished, order
from tests.integration.fire.hosts import Workers

logger = logging.getLogger(__name__)
WORKERS = 4


class Meter:
    """Reads, again and again, how many requests Alexa has answered with some status so far."""

    def __init__(self, ground: Ground, status: str) -> None:
        self._ground = ground
        self._status = status
        self._readings: list[tuple[float, int]] = []

    def read(self) -> None:
        answered = self._ground.traffic()["byStatus"].get(self._status, 0)
        self._readings.append((time.monotonic(), answered))

    def per_second(self, after: float, until: int) -> float:
        """Give the average from some seconds after the first answer to the ``until``-th answer."""
        began = next(moment for moment, answered in self._readings if answered)
        counted = [
            (moment, answered)
            for moment, answered in self._readings
            if moment >= began + after and answered <= until
        ]
        (first, before), (last, total) = counted[0], counted[-1]
        assert last - first >= 5, "too short to tell"
        average = (total - before) / (last - first)
        logger.info("%.1f answers %s a second", average, self._status)
        return average


def _send(ground: Ground, many: int, **faults: Any) -> tuple[Meter, Any]:
    """Send to many customers at 200 a second with four workers; gives the meter and the traffic."""
    users = ground.customers(many)
    ground.know(users)
    ground.faults(**faults)
    options: dict[str, Any] = {
        "values": AT_ONCE | {"plan.CUSTOMERS_PER_SEGMENT": many // (2 * WORKERS)},
        "milliseconds": 60_000,
        "MAX_EVENTS_PER_SECOND": "200",
    }
    ground.come_back_after(70)
    meter = Meter(ground, "202")
    with Workers(lambda: ground.start("worker", **options), WORKERS) as workers:
        workers.ready()
        order(ground, **options)

        def look() -> None:
            workers.check()
            meter.read()
            time.sleep(0.15)

        run = finished(ground, 120, look)
    assert run["status"] == "completed"
    assert sum(run["counts"].values()) == many
    traffic = ground.traffic()
    logger.info("traffic %s", traffic)
    return meter, traffic


@pytest.mark.slow
def test_four_workers_together_keep_the_pace_in_any_second(ground: Ground) -> None:
    meter, traffic = _send(ground, 4_000)
    assert traffic["perSecondMaximum"] <= 220
    assert meter.per_second(after=2, until=3_000) >= 170


@pytest.mark.slow
def test_workers_come_close_to_what_alexa_takes_when_that_is_less(ground: Ground) -> None:
    meter, traffic = _send(ground, 3_000, ratePerSecond=100)
    assert traffic["byStatus"]["429"] > 0
    assert meter.per_second(after=5, until=2_400) >= 85
