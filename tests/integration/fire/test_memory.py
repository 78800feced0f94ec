"""A worker's memory: it does not grow with the customers."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.integration.fire.ground import Ground, finished, order
from tests.integration.fire.hosts import Workers

logger = logging.getLogger(__name__)
FEW, MANY = 2_000, 200_000
MORE_KIB = 20 * 1024


def _peak(ground: Ground, customers: int) -> int:
    """Send to so many customers with one worker, and give the most memory it held, in KiB."""
    ground.clear()
    ground.come_back_after(70)
    with ground.fast_alexa(customers) as url:
        options: dict[str, Any] = {
            "values": {"plan.CUSTOMERS_PER_SEGMENT": customers // 2},
            "scan": url,
            "milliseconds": 20_000,
            "ALEXA_BASE_URL": url,
            "LWA_BASE_URL": url,
            "MAX_EVENTS_PER_SECOND": "100000",
        }
        with Workers(lambda: ground.start("worker", **options), 1) as workers:
            workers.ready()
            order(ground, **options)
            run = finished(ground, 240, workers.check)
            (worker,) = workers.hosts
            peak, slices = worker.peak_memory(), len(worker.done())
    assert (run["status"], run["counts"]["accepted"]) == ("completed", customers)
    logger.info("%s customers in %s slices: %s KiB", customers, slices, peak)
    return peak


@pytest.mark.slow
def test_a_worker_takes_no_more_memory_for_200_000_customers_than_for_2_000(
    ground: Ground,
) -> None:
    few = _peak(ground, FEW)
    assert _peak(ground, MANY) <= few + MORE_KIB
