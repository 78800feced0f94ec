"""Whatever comes to a wrapped skill: what is ours is taken, all else is passed on untouched."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yellowring
from hypothesis import given
from yellowring.skill import background
from yellowring.skill.envelope import WrongSkill
from yellowring.skill.messages import MESSAGE
from yellowring.skill.skill_events import CHANGES

from tests.unit.skill.answers import check_answer
from tests.unit.skill.public_requests import PublicRequest, public_requests
from tests.unit.skill.test_fuzz import (  # noqa: F401 - one is a fixture
    SEEDS,
    Table,
    environment_of_fuzz,
    fuzz,
    mutated,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.grafts
REQUESTS = list(public_requests())


class Theirs:
    """A handler that answers each request with an object of its own."""

    def __init__(self) -> None:
        self.got: list[tuple[object, object]] = []
        self.answer = object()

    def __call__(self, event: object, context: object) -> object:
        self.got.append((event, context))
        return self.answer


@pytest.fixture(scope="module")
def failures(environment_of_fuzz: Table) -> Iterator[list[Exception]]:  # noqa: F811
    """What went wrong in the background, the table's own doubts included."""
    found: list[Exception] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(background, "_not_stored", found.append)
        yield found


def take(event: Any, failures: list[Exception]) -> None:
    """Give a wrapped handler a request, and look where it went."""
    theirs, context, before = Theirs(), object(), copy.deepcopy(event)
    try:
        answer = yellowring.wrap(theirs, customer_id=lambda _: "4711")(event, context)
    except WrongSkill:
        assert is_ours(event)
        assert theirs.got == []
        return
    assert repr(event) == repr(before)
    assert failures == []
    if is_ours(event):
        assert theirs.got == []
        check_answer(answer)
    else:
        [(got, got_context)] = theirs.got
        assert got is event
        assert got_context is context
        assert answer is theirs.answer


def is_ours(event: Any) -> bool:
    """Check whose a request is, by the page on the library."""
    request = at(event, "request")
    kind = at(request, "type")
    message, cause = at(request, "message"), at(request, "cause")
    match kind:
        case str() if kind in CHANGES:
            return True
        case str() if kind == MESSAGE:
            version, command = at(message, "version"), at(message, "command")
            commands = ["notify", "attributes", "customer", "refresh", "forget"]
            return version in (1, "1") and version is not True and command in commands
        case "SessionResumedRequest":
            answer = (at(cause, "type"), at(cause, "token"))
            return answer == ("ConnectionCompleted", "yellowring.notifications")
        case _:
            return False


def at(holder: Mapping[str, Any] | Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, dict) else None


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_a_public_request_is_taken_or_passed_on(
    failures: list[Exception],
    request_: PublicRequest,
) -> None:
    take(request_.envelope(), failures)
    take(request_.as_found(), failures)


def test_most_public_requests_are_theirs() -> None:
    ours = [each for each in REQUESTS if is_ours(each.envelope())]
    assert 0 < len(ours) < len(REQUESTS) / 4


@fuzz(1000)
@given(event=mutated())
def test_a_mutated_request_is_taken_or_passed_on(
    failures: list[Exception],
    event: Any,
) -> None:
    take(event, failures)


@pytest.mark.slow
@fuzz(20_000)
@given(event=mutated())
def test_twenty_thousand_mutated_requests_are_taken_or_passed_on(
    failures: list[Exception],
    event: Any,
) -> None:
    take(event, failures)


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_what_the_mutations_start_from_is_taken_or_passed_on(
    failures: list[Exception],
    number: int,
) -> None:
    take(SEEDS[number], failures)
