"""Redrive: sends again to customers who had failed, from the evidence on the dead-letter queue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from yellowring.sender.runs import StaleWorker
from yellowring.sender.work import OrderWork, RetryWork, SegmentWork

if TYPE_CHECKING:
    from yellowring.sender.runs import Runs
    from yellowring.sender.work import WorkQueue


def redrive(runs: Runs, queue: WorkQueue, run_id: str) -> int:
    """Put a run's dead letters back to work.

    Safe to repeat at any point: customers are taken back into the run before their message is
    queued, and the dead letter goes last.

    Returns
    -------
    int
        How many customers will be sent to again; a segment counts as one.

    Raises
    ------
    RunNotFound
        There is no such run.
    """
    runs.load(run_id)
    customers = 0
    for work, receipt in queue.dead_letters():
        if isinstance(work, OrderWork) or work.run_id != run_id:
            continue
        if isinstance(work, SegmentWork):
            queue.put(work)
            customers += 1
        elif retry := _taken_back(runs, work):
            queue.put(retry)
            customers += len(retry.customers)
        elif not _is_of_no_use(runs, queue, work):
            continue
        queue.take_off(receipt)
    return customers


def _taken_back(runs: Runs, work: RetryWork) -> RetryWork | None:
    """Take a dead letter's customers back into the run; ``None`` when it does not wait for them.

    It waits as ever for those whom the queue gave up by itself, because their workers died. Others
    have been counted since: their letter was written twice, or by a worker that died too early.
    """
    if work.key in runs.load(work.run_id).retries:
        return work
    retry = replace(work, attempt=1, parent=f"redrive of {work.key}")
    try:
        runs.reopen(retry.run_id, work.key, retry.key, len(retry.customers))
    except StaleWorker:
        return retry if retry.key in runs.load(retry.run_id).retries else None
    return retry


def _is_of_no_use(runs: Runs, queue: WorkQueue, work: RetryWork) -> bool:
    """Tell whether a letter is not even evidence, all its customers having been counted.

    Where the run is still open, the worker that wrote it may have died before it could end the run:
    the next one gets it, to look.
    """
    run = runs.load(work.run_id)
    if run.status not in ("running", "completed") or run.awaits(work.parent):
        return False
    if run.status == "running":
        queue.put(work)
    return True
