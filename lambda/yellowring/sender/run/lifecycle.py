"""A run from its start to its end: started, cancelled, resumed, finished.

Each of these can be repeated, by whoever, at any moment: what was done before is found and left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from yellowring.observability import correlation_id, count, logger, measure
from yellowring.queue_message import SHORTEST_LIFE
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.run.refusals import nobody_reached
from yellowring.sender.run.run import Ending, Run, document_of, progress_of
from yellowring.sender.run.store import chunks_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from yellowring.sender.campaign import Campaign
    from yellowring.sender.run.announcing import Announcer
    from yellowring.sender.run.machine import Machine
    from yellowring.sender.run.request import RunRequest
    from yellowring.sender.run.run import Segment
    from yellowring.sender.run.store import Runs

MOST_WORKERS = 200
"""Segments of one run: each has a child execution and a worker of its own."""
FEWEST_TOLD = 20
"""Customers that a run must have been for, before the share of them who heard it says anything."""
MOST_EXECUTIONS = 20
"""Executions that one attempt may have: each after the first because one ended before its time."""


class CannotResume(ValueError):
    """There is nothing to resume; says why."""


def now_utc() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Starts and ends runs.

    Parameters
    ----------
    runs, machine, announcer
        Where runs are kept, what works on them, whom their end is told.
    now
        The clock.
    hand_over
        Has a process of the stack `finish` a run that was ended here, where this is none: only
        there do metrics and logs go to CloudWatch.
    """

    runs: Runs
    machine: Machine
    announcer: Announcer
    now: Callable[[], datetime] = now_utc
    hand_over: Callable[[Run], None] | None = None

    def start(self, request: RunRequest, workers: int) -> Run:
        """Start a run, or return the one that was started under the same id before.

        Nothing is sent here: the workflow's slices send.

        Raises
        ------
        RunConflict
            A run of that id has another campaign.
        """
        run = replace(new_run(request, workers, self.now()), correlation_id=correlation_id())
        known = self.runs.known(run)
        if known is None:
            audience = request.campaign.audience
            if audience.ids and audience.listed:
                digest = audience.listed.digest
                self.runs.put_list(run.run_id, digest, audience.ids, run.expiry_time)
            self.runs.put(run)
            known = self.runs.known(run) or run
            count("RunsStarted", by="schedule" if request.is_scheduled else "request")
        logger.info("run started or found", extra={"run": run.run_id, "status": known.status})
        return self.ensure_execution(known)

    def ensure_execution(self, run: Run) -> Run:
        """See that a running run has an execution that works on it.

        EventBridge tells of executions that ended before their time, but promises it to nobody: so
        whoever reads a running run looks.
        """
        if run.status != "running":
            return run
        if run.execution_arn is None:
            return self._execute(run)
        match self.machine.state(run.execution_arn):
            case "missing":  # its starter noted it, and did not live to start it
                self.machine.start(run)
            case "ended":
                return self.finish(run.run_id, run.attempt, run.execution_arn)
        return run

    def cancel(self, run_id: str) -> bool:
        """Have a run stop; what was sent is counted. Return ``False`` when it had ended before."""
        run = self.runs.load(run_id)
        if run.status != "running":
            return False
        self.runs.end(run, Ending("cancelled", None, self.now()))
        self.ensure_execution(self.runs.load(run_id))
        return True

    def resume(self, run_id: str) -> Run:
        """Try all again who were not told: the held, the failed, and the rest.

        Raises
        ------
        CannotResume
            The run is under way, or there is nobody left whom it could tell.
        """
        run = self.runs.load(run_id)
        if run.status != "running":
            if not run.resumable:
                raise CannotResume(
                    f"run {run_id} is {run.status} and nobody is left whom it could tell"
                )
            now = self.now().replace(microsecond=0)
            expiry_time = now + (run.expiry_time - run.event_time)
            if now > run.expiry_time + timedelta(days=1):
                raise CannotResume(
                    f"run {run_id} expired more than a day ago, and what it knew of its customers "
                    "is gone: send the campaign again"
                )
            if listed := run.listed:
                self.runs.keep_list(run_id, listed.digest, listed.count, expiry_time)
            self.runs.resume(run, now, expiry_time)
        elif run.execution_arn and self.ensure_execution(run).status == "running":
            raise CannotResume(f"run {run_id} is under way: watch it with `yellowring runs watch`")
        return self.ensure_execution(self.runs.load(run_id))

    def finish(self, run_id: str, attempt: int, execution_arn: str) -> Run:
        """Add a run's segments up and end it, when an execution has come to its end.

        Where a segment is not done, the execution was ended from outside or failed: the run is
        halted, and another execution counts what is left, without sending.

        Parameters
        ----------
        run_id, attempt, execution_arn
            Which execution has ended, and what it worked on; another than the run's is history.
        """
        run = self.runs.load(run_id)
        if run.attempt != attempt or run.execution_arn != execution_arn:
            return self.ensure_execution(run)  # whose starter may have died at this very task
        if run.status != "running":
            return self._announce(run)
        segments = self.runs.segments(run)
        closed = [each for each in segments if each.done and each.attempt == attempt]
        if len(closed) == run.segments or run.executions >= MOST_EXECUTIONS:
            return self._announce(self._end(run, segments))
        return self._close(run)

    def document(self, run: Run) -> dict[str, object]:
        """Return a run as JSON, with the progress of its segments while it is running."""
        segments = self.runs.segments(run) if run.status == "running" else []
        return document_of(run, progress_of(segments, run.attempt))

    def _close(self, run: Run) -> Run:
        """Have what is left of a run counted, without sending."""
        if run.ending is None:
            cause = (
                "workflow: the run's execution was ended from outside before all was sent; resume "
                "goes on where it was"
            )
            self.runs.end(run, Ending("halted", cause, self.now()))
        return self._execute(run)

    def _execute(self, run: Run) -> Run:
        """Note the next execution, then start it: one that was noted and not started is found."""
        self.runs.executed(run, self.machine.arn(run))
        run = self.runs.load(run.run_id)
        if run.status == "running" and run.execution_arn:  # or somebody has resumed it meanwhile
            self.machine.start(run)
        return run

    def _end(self, run: Run, segments: list[Segment]) -> Run:
        status = run.ending.status if run.ending else "completed"
        counts = Counts()
        for segment in segments:
            counts += segment.final_counts(status)
        cause = run.ending.cause if run.ending else None
        if status == "completed" and counts.total and not counts.heard:
            cause = nobody_reached(counts.by_outcome)
        resumable = sum(segment.resumable for segment in segments)
        self.runs.finish(run, status, counts, cause=cause, resumable=resumable, now=self.now())
        return self.runs.load(run.run_id)

    def _announce(self, run: Run) -> Run:
        if run.announced or run.status == "running":  # somebody has resumed it meanwhile
            return run
        if self.hand_over is not None:
            self.hand_over(run)
            return run
        if not run.resumable:
            self.runs.forget_customers(run)
        self.announcer.announce(run)
        self._tell_end(run)  # before it is noted: whoever watches had rather hear of it twice
        self.runs.announced(run)
        return replace(run, announced=True)

    def _tell_end(self, run: Run) -> None:
        match run.status:
            case "completed":
                count("RunsCompleted")
            case "halted":
                count("RunsHalted")
            case "cancelled":
                count("RunsCancelled")
        if (share := accepted_share(run.counts)) is not None:
            measure("AcceptedShare", share, "Percent")
        ended = {"run": run.run_id, "status": run.status, "cause": run.cause}
        back_to = {"correlation_id": run.correlation_id or run.run_id}
        logger.info("run ended", extra={**ended, **back_to, **run.counts.document()})


def new_run(request: RunRequest, workers: int, now: datetime) -> Run:
    """Return a new run, not yet stored."""
    started_at = now.replace(microsecond=0)
    expires_in = max(request.campaign.expires_in, SHORTEST_LIFE)
    return Run(
        run_id=request.run_id,
        campaign=request.campaign.stored(),
        status="running",
        segments=segments_of(request.campaign, workers),
        started_at=started_at,
        event_time=started_at,
        expiry_time=started_at + expires_in,
    )


def accepted_share(counts: Counts) -> float | None:
    """Return the share (percent, 0 to 100) of those a run was to tell who heard it.

    Who was skipped or not sent to does not count. ``None``: fewer than `FEWEST_TOLD` say nothing.
    """
    told = counts.total - counts[Outcome.SKIPPED] - counts[Outcome.NOT_SENT]
    return round(100 * counts.heard / told, 1) if told >= FEWEST_TOLD else None


def segments_of(campaign: Campaign, workers: int) -> int:
    """Return how many segments a campaign's audience is cut into: one for each worker."""
    most = min(workers, MOST_WORKERS)
    match campaign.audience.type:
        case "multicast":
            return 1
        case "users" | "customers":
            listed = campaign.audience.listed
            return max(1, min(most, chunks_of(listed.count if listed else 0)))
        case "subscribers":
            return most
