"""What must hold after every game, whatever happened in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring.subscribers import MOST_ACCOUNTS

from tests.unit.sender.game.play import INVOCATION, RUN_ID
from tests.unit.sender.game.workers import BEGINNING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.sender.game.play import Game

MINUTES_AFTER_EXPIRY = 20 * 60


def violations(game: Game) -> list[str]:
    """Return every rule that a game broke, in words."""
    rules = (_ends, _counts, _heard, _marks, _notes, _sends, _linked, _halts, _forgets, _announces)
    return [f"{rule.__name__[1:]}: {said}" for rule in rules for said in rule(game)]


def _ends(game: Game) -> Iterator[str]:
    """Everything ends, and stays as it ended."""
    run = game.run
    if run.status == "running":
        yield f"attempt {run.attempt} is still running"
        return
    if game.runs.ended[run.attempt] != (run.status, run.counts):
        yield f"ended as {game.runs.ended[run.attempt]}, is now {run.status} {run.counts}"
    late = game.runs.ended_at[run.attempt] - _seconds(game, run.expiry_time)
    if late > MINUTES_AFTER_EXPIRY and not game.plan.aborts:
        yield f"ended {late:.0f} s after its expiry"
    if game.machine.open:
        yield f"{len(game.machine.open)} executions are open"


def _counts(game: Game) -> Iterator[str]:
    """Each customer of the audience is counted once."""
    plan, total = game.plan, game.run.counts.total
    if plan.audience == "multicast":
        least = most = 1
    elif plan.audience == "users":
        least = most = max(1, plan.customers)
    elif plan.audience == "customers":
        least, most = _of_customers(game)
    else:
        least, most = len(game.at_the_start - game.changed), len(game.at_the_start | game.changed)
    if not least <= total <= most:
        yield f"{total} are counted, of {least} to {most}"


def _of_customers(game: Game) -> tuple[int, int]:
    """Return how many a list of customer ids is counted as, at least and at most.

    Who leaves a household meanwhile may be one less in it, or the one for whom nobody is found; and
    they may make one that was too large small enough to be told.
    """
    total = 0
    for each in game.customer_ids:
        linked = game.linked[each]
        total += linked if 0 < linked <= MOST_ACCOUNTS else 1
    gone = game.at_the_start & game.changed
    large = sum(linked for linked in game.linked.values() if linked > MOST_ACCOUNTS)
    return total - len(gone), total + (large if gone else 0)


def _heard(game: Game) -> Iterator[str]:
    """Who heard is counted as accepted or duplicate, and nobody else."""
    counts, book = game.run.counts.document(), game.alexa.book
    if {reference_id for reference_id, _ in book} - {RUN_ID}:
        yield "somebody heard it under another reference id"
    heard = counts["accepted"] + counts["duplicate"]
    unknown = counts["failed"] + counts["expired"] + counts.get("notSent", 0)
    people, denied = game.people.table, game.alexa.denied
    left = {each.user_id for each in people.values() if each.left}
    gone = sum(
        who in denied or who in left or (who != "*" and who not in people) for _, who in book
    )
    if not heard <= len(book) <= heard + unknown + gone:
        yield f"{heard} are counted as heard, {len(book)} heard ({unknown} unknown, {gone} gone)"
    run = game.run
    if run.status == "completed" and run.counts.total and not heard and not run.cause:
        yield "a run that reached nobody says no cause"


def _marks(game: Game) -> Iterator[str]:
    """Only who was refused for their own sake is marked, and a new subscription lifts it."""
    for user_id, at in game.people.marks:
        moment = at / 1000 - BEGINNING.timestamp()
        if not any(moment <= refused - 60 for refused in game.alexa.refused.get(user_id, ())):
            yield f"{user_id} is marked at {moment:.0f} s and was not refused a minute later"
    for person in game.people.table.values():
        if person.subscribed and not person.is_stale and not person.deliverable:
            yield f"{person.user_id} is muted"


def _notes(game: Game) -> Iterator[str]:
    """Whom Alexa told is not noted as limited: of what it told before, it says so first."""
    for user_id, (_, outcome) in game.people.notes.items():
        if outcome == "limited" and (RUN_ID, user_id) in game.alexa.book:
            yield f"{user_id} heard it and is noted as {outcome}"


def _sends(game: Game) -> Iterator[str]:
    """Nothing is begun two seconds after the run was told to end, nor after the last minute."""
    runs = game.runs
    for attempt, told in runs.told_to_end.items():
        again = min((at for at in runs.resumed_at if at > told), default=float("inf"))
        late = [at for at in game.begun if told + 2 < at < again]
        if late and not game.plan.throttles:
            yield f"attempt {attempt}: begun {late[0] - told:.1f} s after it was told to end"
    last = _seconds(game, game.run.last_send) + game.plan.skew / 2 + 1
    if game.begun and max(game.begun) > last:
        yield f"begun {max(game.begun) - last:.1f} s after the last moment"


def _linked(game: Game) -> Iterator[str]:
    """Nobody is told what is another's: a slice that had read of a link may go on, no other may."""
    if game.plan.audience != "customers":
        return
    for user_id, moved in game.moved.items():
        late = game.alexa.last_asked.get(user_id, moved) - moved
        if late > INVOCATION:
            yield f"{user_id} is told of {late:.0f} s after they were linked to another customer"


def _halts(game: Game) -> Iterator[str]:
    """A healthy run is not halted."""
    run = game.run
    is_aborted = game.plan.aborts and "workflow" in (run.cause or "")
    if run.status == "halted" and game.plan.is_healthy and not is_aborted:
        yield f"halted: {run.cause}"


def _forgets(game: Game) -> Iterator[str]:
    """Nothing that names a customer stays where nothing can be resumed."""
    if game.run.resumable:
        return
    if game.runs.chunks:
        yield "a list stays"
    for segment, _ in game.runs.parts.values():
        if segment.waiting or segment.held or segment.cursor or segment.rest_cursor:
            yield f"segment {segment.number} names a customer"


def _announces(game: Game) -> Iterator[str]:
    """The world is told of the end, and of one end only."""
    run = game.run
    told = [each for each in game.announced if each["attempt"] == run.attempt]
    if not told:
        yield "nobody was told of the end"
    elif any(each["counts"] != run.counts.document() for each in told):
        yield "something else was told than what is stored"
    elif {each["id"] for each in told} != {f"{RUN_ID}/{run.attempt}/{run.status}"}:
        yield f"it was told under {told[0]['id']}"


def _seconds(game: Game, moment: object) -> float:
    return (moment - BEGINNING).total_seconds()  # type: ignore[operator, no-any-return]
