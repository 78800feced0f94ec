"""A sender that is set to the wrong stage: it stops at once, and nobody pays for the mistake."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.integration.fire.ground import AT_ONCE, Ground, finished, order
from tests.integration.fire.hosts import Workers

logger = logging.getLogger(__name__)
CUSTOMERS = 5_000
MOST_REQUESTS = 200


@pytest.mark.slow
@pytest.mark.parametrize("per_segment", [5_000, 400], ids=["one segment", "four workers"])
@pytest.mark.parametrize("latency", [0, 300], ids=["at once", "slowly"])
def test_a_run_at_the_wrong_stage_halts_soon_and_the_next_reaches_all(
    ground: Ground, per_segment: int, latency: int
) -> None:
    users = ground.customers(CUSTOMERS)
    ground.know(users)
    ground.faults(latencyMs=[latency, latency])
    options: dict[str, Any] = {
        "values": AT_ONCE | {"plan.CUSTOMERS_PER_SEGMENT": per_segment},
        "MAX_EVENTS_PER_SECOND": "1000",
    }
    wrong = options | {"SKILL_STAGE": "live"}
    with Workers(lambda: ground.start("worker", **wrong), 4) as workers:
        workers.ready()
        order(ground, **wrong)
        run = finished(ground, 30, workers.check)
    assert run["status"] == "halted"
    assert run["counts"]["accepted"] == 0
    traffic = ground.traffic()
    assert set(traffic["byStatus"]) == {"403"}
    logger.info("halted after %s requests", traffic["total"])
    assert traffic["total"] <= MOST_REQUESTS
    assert ground.rejected() == 0
    ground.faults()
    with Workers(lambda: ground.start("worker", **options), 4) as workers:
        order(ground, run_id="corrected", **options)
        run = finished(ground, 60, workers.check, "corrected")
    assert (run["status"], run["counts"]["accepted"]) == ("completed", CUSTOMERS)
    assert ground.heard() == dict.fromkeys([(user, "corrected") for user in users], 1)
