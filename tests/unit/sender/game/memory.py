"""The runs table in memory: the methods of `Runs`, and its conditions, without DynamoDB.

`test_memory` plays both against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from yellowring.sender.delivery.outcomes import Counts
from yellowring.sender.run import store
from yellowring.sender.run.run import Run, Segment
from yellowring.sender.run.store import RunConflict, RunNotFound, VersionConflict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from yellowring.sender.run.run import Ending, Status


def _never() -> bool:
    return False


@dataclass
class MemoryRuns:
    """Runs, segments and lists.

    Attributes
    ----------
    is_lost
        Says whether a write's answer is lost, so that the AWS client writes a second time.
    ended
        The counts that each attempt of a run ended with.
    """

    is_lost: Callable[[], bool] = _never
    runs: dict[str, Run] = field(default_factory=dict)
    parts: dict[tuple[str, int], tuple[Segment, object]] = field(default_factory=dict)
    chunks: dict[tuple[str, str, int], list[str]] = field(default_factory=dict)
    ended: dict[int, tuple[str, Counts]] = field(default_factory=dict)

    def put(self, run: Run) -> None:
        def write() -> bool:
            self.runs.setdefault(run.run_id, run)
            return True

        self._write(write)

    def known(self, run: Run) -> Run | None:
        known = self.runs.get(run.run_id)
        if known is not None and known.campaign != run.campaign:
            raise RunConflict(run.run_id)
        return known and self.load(run.run_id)

    def load(self, run_id: str) -> Run:
        if run_id not in self.runs:
            raise RunNotFound(run_id)
        run = self.runs[run_id]
        return replace(run, counts=_nonzero(run.counts))

    def ending(self, run_id: str, attempt: int) -> bool:
        run = self.runs.get(run_id)
        return (
            run is None
            or run.status != "running"
            or run.attempt != attempt
            or run.ending is not None
        )

    def executed(self, run: Run, execution_arn: str) -> None:
        self._update(
            run.run_id,
            lambda now: now.attempt == run.attempt and now.executions == run.executions,
            executions=run.executions + 1,
            execution_arn=execution_arn,
        )

    def end(self, run: Run, ending: Ending) -> bool:
        return self._update(
            run.run_id,
            lambda now: (
                now.attempt == run.attempt and now.status == "running" and now.ending is None
            ),
            ending=ending,
        )

    def finish(
        self,
        run: Run,
        status: Status,
        counts: Counts,
        *,
        cause: str | None,
        resumable: int,
        now: datetime,
    ) -> bool:
        def is_running(known: Run) -> bool:
            running = known.attempt == run.attempt and known.status == "running"
            if running:
                self.ended[run.attempt] = status, _nonzero(counts)
            return running

        return self._update(
            run.run_id,
            is_running,
            status=status,
            counts=_nonzero(counts),
            cause=cause,
            resumable=resumable,
            ended_at=now,
            announced=False,
        )

    def announced(self, run: Run) -> None:
        self._update(run.run_id, lambda now: now.attempt == run.attempt, announced=True)

    def resume(self, run: Run, now: datetime, expiry_time: datetime) -> bool:
        return self._update(
            run.run_id,
            lambda known: known.attempt == run.attempt and known.status != "running",
            status="running",
            attempt=run.attempt + 1,
            executions=0,
            event_time=now,
            expiry_time=expiry_time,
            ending=None,
            ended_at=None,
            cause=None,
            resumable=0,
            announced=False,
            execution_arn=None,
        )

    def segment(self, run_id: str, number: int) -> Segment:
        known = self.parts.get((run_id, number))
        return _stored(known[0], known[0].version) if known else Segment(number)

    def segments(self, run: Run) -> list[Segment]:
        mine = sorted(number for run_id, number in self.parts if run_id == run.run_id)
        return [self.segment(run.run_id, number) for number in mine]

    def checkpoint(self, run: Run, known: Segment, new: Segment) -> Segment:
        key, by = (run.run_id, known.number), object()

        def write() -> bool:
            at = self.parts.get(key)
            if at[0].version != known.version or not known.version if at else known.version:
                return at is not None and at[1] is by
            self.parts[key] = _stored(new, known.version + 1), by
            return True

        if not self._write(write):
            raise VersionConflict(f"segment {known.number}")
        return self.segment(*key)

    def put_list(self, run_id: str, digest: str, user_ids: Iterable[str], until: datetime) -> int:
        ids = list(user_ids)
        for number in range(store.chunks_of(len(ids))):
            first = number * store.CHUNK
            self.chunks[run_id, digest, number] = ids[first : first + store.CHUNK]
        return store.chunks_of(len(ids))

    def chunk(self, run_id: str, digest: str, number: int) -> list[str]:
        return list(self.chunks.get((run_id, digest, number), []))

    def keep_list(self, run_id: str, digest: str, count: int, until: datetime) -> None:
        for number in range(store.chunks_of(count)):
            assert (run_id, digest, number) in self.chunks

    def forget_customers(self, run: Run) -> None:
        for number in range(run.segments):
            blank = Segment(number, attempt=run.attempt, done=True)
            self.parts[run.run_id, number] = blank, None
        for key in [key for key in self.chunks if key[0] == run.run_id]:
            del self.chunks[key]

    def _write(self, write: Callable[[], bool]) -> bool:
        result = write()
        return write() if self.is_lost() else result

    def _update(self, run_id: str, holds: Callable[[Run], bool], **values: Any) -> bool:
        def write() -> bool:
            if run_id not in self.runs or not holds(self.runs[run_id]):
                return False
            self.runs[run_id] = replace(self.runs[run_id], **values)
            return True

        return self._write(write)


def _nonzero(counts: Counts) -> Counts:
    return Counts({outcome: n for outcome, n in counts.by_outcome.items() if n})


def _stored(segment: Segment, version: int) -> Segment:
    """Return a segment as DynamoDB would give it back, sharing nothing that changes."""
    return replace(
        segment,
        version=version,
        counts=_nonzero(segment.counts),
        held=tuple(replace(each, answered=0) for each in segment.held),
        evidence={region: replace(each) for region, each in segment.evidence.items()},
    )
