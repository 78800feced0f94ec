"""A table whose customers lie in one segment, nearly all: it ends all the same."""

from __future__ import annotations

import logging
from hashlib import sha1
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.fire.ground import AT_ONCE, Ground, finished, order
from tests.integration.fire.hosts import Workers
from tests.unit.sender.kit import RUN_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)
SEGMENTS = 4
CUSTOMERS = 3_000
CROWDED = 0.9


def _segment(user_id: str) -> int:
    """Tell which segment of a parallel scan the embedded AWS puts a customer in."""
    digest = sha1(user_id.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "big") % SEGMENTS


def _skewed(users: Sequence[str]) -> list[str]:
    """Take as many as there are in the first segment, and a ninth of it in all others."""
    crowd = [user for user in users if _segment(user) == 0]
    others = [user for user in users if _segment(user) != 0]
    return crowd + others[: round(len(crowd) * (1 - CROWDED) / CROWDED)]


@pytest.mark.slow
def test_a_segment_with_nearly_all_customers_is_handed_on_to_its_end(ground: Ground) -> None:
    users = _skewed(ground.customers(CUSTOMERS * SEGMENTS))
    ground.know(users)
    in_first = ground.dynamodb.scan(
        TableName=f"subscribers-{ground.name}", Segment=0, TotalSegments=SEGMENTS, Select="COUNT"
    )["Count"]
    assert in_first >= CROWDED * len(users) - 1
    options: dict[str, Any] = {
        "values": AT_ONCE
        | {
            "plan.CUSTOMERS_PER_SEGMENT": len(users) // SEGMENTS + 1,
            "worker.LARGEST_PAGE": 100,
            "worker.SLICE": 0.1,
        },
        "MAX_EVENTS_PER_SECOND": "1000",
    }
    with Workers(lambda: ground.start("worker", **options), SEGMENTS) as workers:
        workers.ready()
        order(ground, **options)
        run = finished(ground, 90, workers.check)
    assert run["status"] == "completed"
    assert run["counts"]["accepted"] == sum(run["counts"].values()) == len(users)
    assert ground.heard() == dict.fromkeys([(user, RUN_ID) for user in users], 1)
    slices = sum(len(host.done()) for host in workers.hosts)
    logger.info("%s of %s customers in one segment, %s slices", in_first, len(users), slices)
    assert slices >= SEGMENTS + 5
