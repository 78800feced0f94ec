"""Thousands of customers while Alexa fails and workers are killed: everyone hears once."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.support import (
    campaign_for,
    configured,
    counts,
    crowd,
    ended,
    eventually,
    faults,
    heard,
    messages,
    queues,
    runs_of,
    start,
    tasks,
)

if TYPE_CHECKING:
    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

logger = logging.getLogger(__name__)
BAD_ALEXA = {
    "error5xx": 0.1,
    "throttle": 0.1,
    "resetAfterAccept": 0.05,
    "timeout": 0.05,
    "timeoutSeconds": 2.5,
}
KILLS = 25
FIRINGS = 3
OUTAGE_SECONDS = 105
"""A third of the five minutes in which an event that lives for ten can be sent, and a little."""


def workers(stack: LocalStack) -> list[int]:
    """Return the ids of the processes in which this stack's emulator runs the sender."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,args="], check=True, capture_output=True, text=True
    ).stdout
    own = f"{stack.workspace.temporary}/ministack-lambda-{stack.outputs.SenderFunctionName}-"
    return [int(line.split()[0]) for line in listing.splitlines() if own in line]


def busy(stack: LocalStack, seen: dict[int, int]) -> list[int]:
    """Return the workers that did something since the last look, which ``seen`` remembers.

    Not those that start: where one of them dies, the emulator stops all others of the function.
    """
    found = []
    for pid in workers(stack):
        with suppress(OSError):  # it has just ended
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used = int(fields[11]) + int(fields[12])  # utime and stime, see proc(5)
            if pid in seen and used > seen[pid] and has_socket(pid):
                found.append(pid)
            seen[pid] = used
    return found


def has_socket(pid: int) -> bool:
    """Check whether a process has opened connections, so that it is past its start."""
    return any("socket:" in str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="who works is seen in /proc")
def test_5000_customers_are_told_once_while_alexa_fails_and_workers_are_killed(
    stack: LocalStack,
) -> None:
    random = Random(5)  # noqa: S311 - chance, not secrets
    users = crowd(stack, "fire", 3000)
    users += crowd(stack, "fire", 1500, "eu", locale="en-GB")
    users += crowd(stack, "fire", 500, "fe", locale="en-AU")
    with (
        faults(stack, api=BAD_ALEXA),
        configured(stack, timeout=30, MAX_WORKERS="8", MAX_EVENTS_PER_SECOND="300"),
    ):
        for _ in range(FIRINGS):
            start(stack, "fire~1", campaign_for("fire"))
        seen: dict[int, int] = {}
        for kill in range(KILLS):
            working = eventually(lambda: busy(stack, seen), "nobody works")
            assert runs_of(stack).load("fire~1").status == "running", f"over after {kill} kills"
            with suppress(ProcessLookupError):
                os.kill(random.choice(working), signal.SIGKILL)
            time.sleep(random.uniform(1, 4))
        run = ended(stack, "fire~1", 900)
    made, failed = tasks(stack, run, "Scheduled"), tasks(stack, run, "Failed")
    logger.info("%s workers killed; %s slices, %s of which failed", KILLS, made, failed)
    logger.info("%s; Alexa answered %s", counts(run), answers(stack))
    assert run.status == "completed"
    assert run.counts.heard == run.counts.total == len(users)
    assert heard(stack, "fire~1") == dict.fromkeys(users, 1)
    assert [messages(stack, url) for url in queues(stack)] == [0, 0, 0]
    assert made > 40


def test_an_outage_of_alexa_for_a_third_of_the_events_life_costs_nobody_their_notification(
    stack: LocalStack,
) -> None:
    users = crowd(stack, "outage", 2000)
    with configured(stack, MAX_EVENTS_PER_SECOND="50"):
        start(stack, "outage~1", campaign_for("outage", expiresIn="PT10M"))
        eventually(lambda: len(heard(stack, "outage~1")) >= 100, "nothing was sent")
        before = answers(stack)
        with faults(stack, api={"error5xx": 1.0}):
            over = time.monotonic() + OUTAGE_SECONDS
            eventually(lambda: time.monotonic() >= over, "the clock stands still")
        refused = answers(stack) - before
        run = ended(stack, "outage~1", 600)
    logger.info("in the outage %s; %s", refused, counts(run))
    assert (run.status, counts(run)) == ("completed", {"accepted": len(users)})
    assert heard(stack, "outage~1") == dict.fromkeys(users, 1)


def answers(stack: LocalStack) -> Counter[str]:
    """Count what Alexa has answered so far, by status."""
    by_status: dict[str, Any] = stack.alexa.requests()["byStatus"]
    return Counter(by_status)
