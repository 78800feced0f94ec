"""How runs lie in the runs table: a run, its segments and its lists as items, and back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from yellowring.aws import decode, encode
from yellowring.sender.delivery.outcomes import Counts, Outcome
from yellowring.sender.run.refusals import Evidence, Held, Unauthorized
from yellowring.sender.run.run import Ending, Run, Segment, Waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

RUN = "run"
"""Sort key of the run's own item."""
RETENTION = timedelta(days=90)
"""How long a run is kept; it names no customer once it has ended."""
REMNANTS = timedelta(days=1)
"""How long after the event's expiry segments and lists are kept, which do name customers."""


def key(run_id: str, part: str) -> dict[str, Any]:
    """Return the key of one item of a run."""
    return {"runId": {"S": run_id}, "part": {"S": part}}


def segment_part(number: int) -> str:
    """Return the sort key of a segment."""
    return f"segment#{number:04}"


def chunk_part(digest: str, number: int) -> str:
    """Return the sort key of one chunk of a list."""
    return f"list#{digest}#{number:06}"


def counts_item(counts: Counts) -> dict[str, int]:
    """Return counts as an item has them, zeros left out."""
    return {outcome.value: n for outcome, n in counts.by_outcome.items() if n}


def read_counts(value: Mapping[str, Any]) -> Counts:
    """Return what `counts_item` made."""
    return Counts({Outcome(name): int(n) for name, n in value.items()})


def run_item(run: Run) -> dict[str, Any]:
    """Return a run as an item; how it ends is added to that later."""
    item = {
        "campaign": json.dumps(run.campaign, sort_keys=True),
        "status": run.status,
        "segments": run.segments,
        "attempt": run.attempt,
        "executions": run.executions,
        "startedAt": run.started_at.isoformat(),
        "eventTime": run.event_time.isoformat(),
        "expiryTime": run.expiry_time.isoformat(),
        "expiresAt": int((run.started_at + RETENTION).timestamp()),
        **({"correlationId": run.correlation_id} if run.correlation_id else {}),
    }
    return key(run.run_id, RUN) | {name: encode(value) for name, value in item.items()}


def read_run(item: Mapping[str, Any]) -> Run:
    """Return the run that an item holds."""
    plain = _plain(item)
    ending = plain.get("ending")
    return Run(
        run_id=plain["runId"],
        campaign=json.loads(plain["campaign"]),
        status=plain["status"],
        segments=int(plain["segments"]),
        started_at=datetime.fromisoformat(plain["startedAt"]),
        event_time=datetime.fromisoformat(plain["eventTime"]),
        expiry_time=datetime.fromisoformat(plain["expiryTime"]),
        attempt=int(plain["attempt"]),
        executions=int(plain["executions"]),
        execution_arn=plain.get("executionArn"),
        ending=Ending(ending["status"], ending["cause"], datetime.fromisoformat(ending["at"]))
        if ending
        else None,
        counts=read_counts(plain.get("counts", {})),
        resumable=int(plain.get("resumable", 0)),
        ended_at=datetime.fromisoformat(plain["endedAt"]) if "endedAt" in plain else None,
        cause=plain.get("cause"),
        announced=plain.get("announced", False),
        correlation_id=plain.get("correlationId"),
    )


def segment_item(run: Run, segment: Segment, version: int, by: str) -> dict[str, Any]:
    """Return a segment as an item."""
    item = {
        "version": version,
        "by": by,
        "number": segment.number,
        "attempt": segment.attempt,
        "cursor": segment.cursor,
        "visited": segment.visited,
        "counts": counts_item(segment.counts),
        "waiting": [
            [each.user_id, each.due, each.tries, each.deliverable, each.link]
            for each in segment.waiting
        ],
        "held": [
            [
                each.user_id,
                each.region,
                each.outcome.value,
                each.sent_at,
                each.host_known,
                each.link,
                each.deliverable,
            ]
            for each in segment.held
        ],
        "evidence": {
            region: [each.in_a_row, each.accepted] for region, each in segment.evidence.items()
        },
        "unauthorized": [segment.unauthorized.answers, segment.unauthorized.since],
        "rest": segment.rest,
        "restCursor": segment.rest_cursor,
        "done": segment.done,
        "problem": segment.problem,
        "expiresAt": int((run.expiry_time + REMNANTS).timestamp()),
    }
    return key(run.run_id, segment_part(segment.number)) | {
        name: encode(value) for name, value in item.items()
    }


def read_segment(item: Mapping[str, Any]) -> Segment:
    """Return the segment that an item holds."""
    plain = _plain(item)
    return Segment(
        number=int(plain["number"]),
        version=int(plain["version"]),
        attempt=int(plain["attempt"]),
        cursor=plain["cursor"],
        visited=plain["visited"],
        counts=read_counts(plain["counts"]),
        waiting=tuple(
            Waiting(user_id, int(due), int(tries), deliverable, *link)
            for user_id, due, tries, deliverable, *link in plain["waiting"]  # older ones have none
        ),
        held=tuple(
            Held(user_id, region, Outcome(outcome), int(sent_at), host_known, 0, *more)
            for user_id, region, outcome, sent_at, host_known, *more in plain["held"]
        ),
        evidence={
            region: Evidence(int(in_a_row), accepted)
            for region, (in_a_row, accepted) in plain["evidence"].items()
        },
        unauthorized=Unauthorized(*map(int, plain["unauthorized"])),
        rest=int(plain["rest"]),
        rest_cursor=plain["restCursor"],
        done=plain["done"],
        problem=plain["problem"],
    )


def _plain(item: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an item's values are of any type
    return {name: decode(value) for name, value in item.items()}
