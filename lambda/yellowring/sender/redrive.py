"""Redrive: sends again to customers who had failed, from the evidence on the dead-letter queue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from yellowring.sender.runs import StaleWorker
from yellowring.sender.work import OrderWork, RetryWork

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
        if isinstance(work, RetryWork):
            retry = replace(work, attempt=1, parent=f"redrive of {work.key}")
            if not _reopened(runs, retry):
                continue
            queue.put(retry)
            customers += len(retry.customers)
        else:
            queue.put(work)
            customers += 1
        queue.take_off(receipt)
    return customers


def _reopened(runs: Runs, retry: RetryWork) -> bool:
    """Take the customers back into the run; tell whether the run is waiting for them now."""
    try:
        runs.reopen(retry.run_id, retry.key, len(retry.customers))
    except StaleWorker:
        return retry.key in runs.load(retry.run_id).retries
    return True
