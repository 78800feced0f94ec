"""Holds what customers heard, what runs counted and what records say against the model."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from yellowring.subscribers import Subscribers, customer_id_of
from yellowring.subscribers.deliverability import subscribed_events

from tests.e2e.soak.model import difference, is_certain
from tests.e2e.soak.sending import notifications_of
from tests.e2e.soak.world import histories
from tests.e2e.support import API, NOTIFIER, runs_of

if TYPE_CHECKING:
    from yellowring.sender.run.run import Run
    from yellowring.subscribers import Record
    from yellowring_tools.local_stack.stack import LocalStack

    from tests.e2e.soak.model import History, Sending
    from tests.e2e.soak.sending import Sent
    from tests.e2e.soak.world import World

HEARD = frozenset({"accepted", "duplicate"})
EXPECTED = (
    "yellowring.skill.account_linking.LinkingUnavailable",
    "yellowring.subscribers.changes.ConcurrentChange",
    "a notification waits: TokenUnavailable",
    "the sender failed: Runtime.",
)
"""Errors that are meant: Alexa is to deliver again what the accounts' provider failed at, and what
met others who changed the same record for two seconds; Login with Amazon is made to
fail, and the sender is killed while the API asks it."""
FINAL = HEARD | {"rejected", "skipped", "invalid", "limited", "expired"}


@dataclass(slots=True)
class Verdict:
    """What was compared, and what differed; each difference with its customer's history."""

    compared: int = 0
    certain: int = 0
    rang: int = 0
    records: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)


class Judge:
    """Compares, once all is quiet.

    Parameters
    ----------
    world, sent
        What was done, and what was sent.
    """

    def __init__(self, world: World, sent: Sent) -> None:
        self._world = world
        self._sent = sent
        self._verdict = Verdict()
        self._histories = {each.user_id: each for each in histories(world)}
        self._rings: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self._strangers: Counter[str] = Counter()
        for each in notifications_of(world):
            reference_id, user_id = each["referenceId"], each["userId"]
            if user_id in self._histories:
                at = datetime.fromisoformat(each["acceptedAt"]).timestamp()
                self._rings[reference_id][user_id].append(at)
            else:
                self._strangers[reference_id] += 1
        self._records = self._read_records()
        self._ends = self._with_ends()

    def judge(self) -> Verdict:
        """Compare everything; return all differences."""
        sendings = self._ends
        for sending in sendings.values():
            self._compare(sending)
        for reference_id, rings in self._rings.items():
            if reference_id not in sendings:
                for user_id in rings:
                    self._differs(user_id, reference_id, "heard what nobody sent")
        for run_id in self._sent.runs:
            self._count(sendings[run_id], runs_of(self._world.stack).load(run_id))
        self._read_notifications()
        for history in self._histories.values():
            self._compare_record(history)
        return self._verdict

    def _read_records(self) -> dict[str, Record | None]:
        outputs = self._world.stack.outputs
        subscribers = Subscribers(self._world.stack.aws.dynamodb, outputs.SubscribersTableName)
        return {user_id: subscribers.get(user_id) for user_id in self._histories}

    def _with_ends(self) -> dict[str, Sending]:
        """Return what was sent, each with the time when nothing more was."""
        found = {}
        now = datetime.now().astimezone().timestamp()
        for reference_id, sending in self._sent.sendings.items():
            if reference_id in self._sent.runs:
                run = runs_of(self._world.stack).load(reference_id)
                ended = run.ended_at.timestamp() if run.ended_at else now
                whole = run.status == "completed" and not run.counts.document()["failed"]
                found[reference_id] = replace(sending, ended=ended, whole=whole)
            else:
                found[reference_id] = replace(sending, ended=now)
        return found

    def _compare(self, sending: Sending) -> None:
        rings = self._rings[sending.reference_id]
        for user_id, history in self._histories.items():
            theirs = replace(sending, ended=self._end(sending, user_id))
            self._verdict.compared += 1
            self._verdict.certain += is_certain(theirs, history)
            self._verdict.rang += len(rings[user_id])
            if found := difference(theirs, history, rings[user_id]):
                self._differs(user_id, sending.reference_id, found)

    def _end(self, sending: Sending, user_id: str) -> float:
        """Return when it was decided that a customer is not sent to, where that was noted."""
        record = self._records[user_id]
        noted = record.outcomes.get(sending.reference_id) if record else None
        if noted and noted.value in FINAL and sending.reference_id not in self._sent.runs:
            return min(sending.ended, noted.at / 1000)
        return sending.ended

    def _differs(self, user_id: str, reference_id: str, what: str) -> None:
        sending = self._sent.sendings.get(reference_id)
        lines = [f"{reference_id}: …{user_id[-8:]} {what}"]
        if sending:
            begun = sending.begun
            meant = sorted(each[-8:] for each in sending.ids)[:12]
            lines.append(f"  {sending.kind} {meant} {dict(sending.where)} {sending.event}")
        else:
            begun = self._world.begun
        for change in self._histories[user_id].changes[-12:]:
            state = change.state
            lines.append(
                f"  {change.begun - begun:+8.1f} s … {change.told - begun:+8.1f} s {change.act}: "
                f"subscribed {_short(state.subscribed)}, told {_short(state.told)}, "
                f"linked {sorted(map(str, state.linked))}, {dict(state.attributes)}"
            )
        rings = self._rings[reference_id][user_id]
        lines.append(f"  rang at {[round(each - begun, 1) for each in rings]}")
        lines.append(f"  record: {_told(self._records[user_id], reference_id, begun)}")
        self._verdict.differences.append("\n".join(lines))

    # ---- runs ----

    def _count(self, sending: Sending, run: Run) -> None:
        counts = {name: many for name, many in run.counts.document().items() if many}
        self._verdict.runs[run.status] += 1
        self._verdict.outcomes.update(counts)
        rings = self._rings[run.run_id]
        rang = sum(map(len, rings.values())) + self._strangers[run.run_id]
        left = self._left(run.run_id)
        if run.status not in ("completed", "cancelled"):
            self._wrong(run, f"is {run.status}: {run.cause}", counts)
        if not rang - left <= run.counts.heard <= rang:
            self._wrong(run, f"counts {run.counts.heard} who heard; Alexa {rang}", counts)
        least, most = self._audience(sending)
        if sending.kind == "users":
            least = most = len(sending.ids)
        if self._strangers[run.run_id] or "group" not in sending.where:
            most += 10_000 if sending.kind == "subscribers" else 0
        if not least <= run.counts.total <= most:
            self._wrong(run, f"counts {run.counts.total} customers, not {least} to {most}", counts)

    def _left(self, reference_id: str) -> int:
        """Count who heard, may not be known to have, and may have left before the next try.

        Whoever left is not asked again, and counted as skipped.
        """
        sending, rings = self._ends[reference_id], self._rings[reference_id]
        return sum(
            not is_certain(sending, self._histories[user_id]) for user_id, at in rings.items() if at
        )

    def _audience(self, sending: Sending) -> tuple[int, int]:
        """Return how many a run may have asked, at least and at most."""
        least = most = 0
        for history in self._histories.values():
            possible = history.possible(sending.begun, sending.ended)
            verdicts = {sending.asks(history.user_id, each.state) for each in possible}
            least += verdicts == {True}
            most += verdicts != {False}
        if sending.kind == "customers":  # an id without an account is one that is skipped
            most += len(sending.ids)
            least = max(least, 1)
        return least, most

    def _wrong(self, run: Run, what: str, counts: dict[str, int]) -> None:
        self._verdict.differences.append(
            f"{run.run_id} {what}\n  {run.status}, attempt {run.attempt}, {counts}, "
            f"{run.campaign['audience']}, {run.campaign.get('where')}"
        )

    # ---- notifications ----

    def _read_notifications(self) -> None:
        for each in self._sent.notifications:
            told = self._world.api.call("GET", each.path).body
            heard = [one for one in told["outcomes"] if one["outcome"] in HEARD]
            rang = sum(map(len, self._rings[each.reference_id].values()))
            if told["status"] != "done":
                self._verdict.differences.append(f"{each.reference_id} is {told['status']}: {told}")
            elif not rang - self._left(each.reference_id) <= len(heard) <= rang:
                said = f"{each.reference_id} has {len(heard)} who heard; Alexa {rang}: {told}"
                self._verdict.differences.append(said)

    # ---- records ----

    def _compare_record(self, history: History) -> None:
        record, state = self._records[history.user_id], history.state
        self._verdict.records += 1
        attributes = {
            name: entry.value
            for name, entry in (record.attributes if record else {}).items()
            if entry.value is not None
        }
        found = {
            "events": subscribed_events(record),
            "attributes": attributes,
            "erased": bool(record and record.is_erased),
        }
        right = {
            "events": state.told,
            "attributes": dict(state.attributes),
            "erased": found["erased"] if state.known is None else state.erased and not state.known,
        }
        wrong = [name for name, value in right.items() if found[name] != value]
        if (customer := customer_id_of(record) if record else None) not in state.linked:
            wrong.append(f"customer {customer}")
        if wrong and history.changes:
            self._differs(history.user_id, "record", f"has a record with other {', '.join(wrong)}")


def _short(events: frozenset[str]) -> list[str]:
    return sorted(each.split(".")[1] for each in events)


def _told(record: Record | None, reference_id: str, since: float) -> object:
    if record is None:
        return None
    outcome = record.outcomes.get(reference_id)
    moments = {name: round(at / 1000 - since, 1) for name, at in record.moments.items()}
    listed = record.registers.get("subscriptions")
    return {
        **moments,
        "subscriptions": (round(listed.at / 1000 - since, 1), listed.value) if listed else None,
        "attributes": {key: entry.value for key, entry in record.attributes.items()},
        "customer": customer_id_of(record),
        "outcome": (outcome.value, round(outcome.at / 1000 - since, 1)) if outcome else None,
    }


class Logs:
    """What the functions logged as errors since a moment."""

    def __init__(self, stack: LocalStack) -> None:
        outputs = stack.outputs
        names = (outputs.SkillFunctionName, outputs.SenderFunctionName, NOTIFIER, API)
        self._stack = stack
        self._before = {name: len(self._lines(name)) for name in names}

    def errors(self) -> Counter[str]:
        """Count the errors by function and message."""
        found: Counter[str] = Counter()
        for name, before in self._before.items():
            lines = [each for text in self._lines(name)[before:] for each in text.splitlines()]
            for number, line in enumerate(lines):
                try:
                    told = json.loads(line)
                except ValueError:
                    if line.startswith("Traceback"):
                        rest = lines[number + 1 :]
                        raised = next(each for each in rest if each.lstrip() == each != "")
                        if not raised.startswith(EXPECTED):
                            found[f"{name}: {raised[:200]}"] += 1
                    continue
                if isinstance(told, dict) and told.get("level") in ("ERROR", "CRITICAL"):
                    why = told.get("error") or told.get("exception_name") or told.get("problem")
                    said = f"{told.get('message')}: {why}"
                    found[f"{name}: {said}"] += not said.startswith(EXPECTED)
        return +found

    def _lines(self, function: str) -> list[str]:
        try:
            return self._stack.log_lines(function)
        except self._stack.aws.logs.exceptions.ResourceNotFoundException:
            return []


def answered(world: World) -> dict[str, Any]:
    """Return what Alexa answered, by status."""
    found: dict[str, Any] = world.stack.alexa.requests()["byStatus"]
    return found
