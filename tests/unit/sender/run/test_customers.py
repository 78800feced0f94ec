"""A list of customer ids: all accounts of each are visited once, wherever a slice ends."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yellowring.alexa.proactive_events import Answer
from yellowring.sender.delivery.outcomes import Outcome
from yellowring.sender.run.audience import LAG, LOOK_AGAIN, LOOKED_UP, Visiting, visiting
from yellowring.sender.run.run import Segment, Waiting, link_of
from yellowring.subscribers import MOST_ACCOUNTS, Customer

from tests.envelopes import WEATHER
from tests.unit.sender.kit import campaign
from tests.unit.sender.run.bench import Bench
from tests.unit.sender.run.kit import NOW, run, users

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

CHUNK = 4
"""Ids in a chunk of the lists of these tests."""
END = "the end"
MS = int(NOW.timestamp() * 1000)


@dataclass
class Town:
    """Customer ids with their accounts, and the list of them in chunks; both stores in one.

    Attributes
    ----------
    accounts_of
        The accounts of each id.
    broken
        Ids whose look-up fails.
    moved
        Accounts that were linked to another id, or none, since they were looked up.
    """

    accounts_of: dict[str, list[str]]
    broken: set[str] = field(default_factory=set)
    moved: dict[str, str | None] = field(default_factory=dict)
    now: datetime = NOW + timedelta(hours=1)
    slept: list[float] = field(default_factory=list)
    looking: int = 0
    most_looking: int = 0

    def chunk(self, run_id: str, digest: str, number: int) -> list[str]:
        return list(self.accounts_of)[number * CHUNK : (number + 1) * CHUNK]

    def accounts(self, customer_id: str) -> tuple[str, ...]:
        if customer_id in self.broken:
            raise OSError
        return tuple(sorted(self.accounts_of[customer_id])[: MOST_ACCOUNTS + 1])

    def named(self, user_ids: Sequence[str], event_name: str) -> tuple[Customer, ...]:
        assert event_name == WEATHER
        linked = {each: id_ for id_, accounts in self.accounts_of.items() for each in accounts}
        linked |= self.moved  # type: ignore[arg-type]
        return tuple(
            Customer(each, None, deliverable=True, customer_id=linked.get(each))
            for each in user_ids
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def visiting(self, segment: int = 0, segments: int = 1) -> Visiting:
        listed = {"type": "customers", "list": {"digest": "0" * 32, "count": 1}}
        of = run(document=campaign(audience=listed), segments=segments)
        fake: Any = self
        made = visiting(of, segment, fake, fake, now=lambda: self.now, sleep=self.sleep)
        chunks = -(-len(self.accounts_of) // CHUNK)
        return replace(made, chunks=replace(made.chunks, many=chunks))  # type: ignore[type-var, attr-defined]


def visited(town: Town, visits: Visiting, cursor: str | None = None, most: int = 10_000) -> Any:
    """Visit so many; return them, and where the visits stand then."""
    found: list[str] = []

    async def visit() -> str | None:  # END where nobody is left
        at = cursor
        while True:
            page = await visits.page(at)
            for who, behind in page.customers:
                if len(found) == most:
                    return at
                found.append(who.value if isinstance(who, Outcome) else who.user_id)
                at = behind
            if page.cursor is None:
                return END
            at = page.cursor

    end = asyncio.run(visit())
    return found, end


def rest(visits: Visiting, cursor: str | None) -> int:
    async def counted() -> int:
        many, at = await visits.rest(cursor)
        while at is not None:
            more, at = await visits.rest(at)
            many += more
        return many

    return asyncio.run(counted())


ANNA, BERT, CLEO, *MANY = users(60)


def test_every_account_of_a_household_is_visited_in_order() -> None:
    town = Town({"1": [CLEO, ANNA], "2": [BERT]})
    assert visited(town, town.visiting()) == ([ANNA, CLEO, BERT], END)


def test_an_id_that_nobody_is_linked_to_is_one_skipped() -> None:
    town = Town({"1": [], "2": [BERT], "3": []})
    assert visited(town, town.visiting())[0] == ["skipped", BERT, "skipped"]


@pytest.mark.parametrize("one_more", [0, 1])
def test_more_accounts_than_a_household_has_are_one_invalid(one_more: int) -> None:
    accounts = MANY[: MOST_ACCOUNTS + one_more]
    town = Town({"1": accounts})
    found, _ = visited(town, town.visiting())
    assert found == (["invalid"] if one_more else accounts)
    assert rest(town.visiting(), None) == (1 if one_more else MOST_ACCOUNTS)


HOUSES = st.lists(
    st.one_of(st.integers(0, 4), st.sampled_from([MOST_ACCOUNTS, MOST_ACCOUNTS + 1])),
    min_size=1,
    max_size=3 * CHUNK,
)


@settings(max_examples=80, deadline=None)
@given(houses=HOUSES, most=st.integers(0, 60), segments=st.integers(1, 3))
def test_a_resumed_slice_neither_loses_nor_doubles_anybody_and_the_rest_is_what_is_left(
    houses: list[int], most: int, segments: int
) -> None:
    numbers = iter(range(1000))
    accounts = [[f"amzn1.ask.account.U{next(numbers):04}" for _ in range(n)] for n in houses]
    town = Town({f"id-{number}": each for number, each in enumerate(accounts)})
    told: list[str] = []
    for segment in range(segments):
        visits = town.visiting(segment, segments)
        if segment * CHUNK >= len(houses):
            continue
        whole, _ = visited(town, visits)
        first, at = visited(town, visits, most=most)
        assert rest(visits, None) == len(whole)
        if at != END:
            assert rest(visits, at) == len(whole) - len(first)
            first += visited(town, visits, at)[0]
        assert first == whole
        told += whole
    alone = [each for each in accounts if 0 < len(each) <= MOST_ACCOUNTS]
    assert sorted(each for each in told if "." in each) == sorted(chain.from_iterable(alone))
    assert len(told) == sum(len(each) for each in alone) + len(accounts) - len(alone)


def test_whose_household_grew_beyond_bounds_midway_is_visited_to_its_end() -> None:
    accounts = MANY[:MOST_ACCOUNTS]
    town = Town({"1": list(accounts)})
    first, at = visited(town, town.visiting(), most=10)
    town.accounts_of["1"].append(MANY[40])
    assert first + visited(town, town.visiting(), at)[0] == [*accounts, MANY[40]]


def test_whose_household_has_gone_midway_is_not_skipped_as_well() -> None:
    town = Town({"1": [ANNA, BERT], "2": [CLEO]})
    first, at = visited(town, town.visiting(), most=1)
    town.accounts_of["1"] = [ANNA]
    assert first + visited(town, town.visiting(), at)[0] == [ANNA, CLEO]


# ---- the index lags ----


@pytest.mark.parametrize(("seconds", "again"), [(0, True), (9.9, True), (10, False)])
def test_nobody_found_in_the_first_ten_seconds_of_a_run_is_looked_for_again(
    seconds: float, again: bool
) -> None:
    town = Town({"1": [ANNA], "2": [], "3": [CLEO]}, now=NOW + timedelta(seconds=seconds))
    page = asyncio.run(town.visiting().page(None))
    assert len(page.customers) == (1 if again else 3)
    assert page.cursor == ("0:1" if again else None)
    page = asyncio.run(town.visiting().page("0:1"))
    assert (page.customers == []) is again
    assert page.cursor == ("0:1" if again else None)
    assert town.slept == ([LOOK_AGAIN] if again else [])
    assert timedelta(seconds=10) == LAG


def test_who_is_linked_meanwhile_is_visited_where_they_stand_in_the_list() -> None:
    town = Town({"1": [], "2": [BERT]}, now=NOW)
    assert asyncio.run(town.visiting().page(None)).customers == []
    town.accounts_of["1"] = [ANNA]
    assert visited(town, town.visiting())[0] == [ANNA, BERT]


def test_counting_the_rest_waits_for_the_index_as_well() -> None:
    town = Town({"1": [], "2": [BERT]}, now=NOW)
    assert asyncio.run(town.visiting().rest(None)) == (0, "0:0")
    assert town.slept == [LOOK_AGAIN]
    town.now += LAG
    assert rest(town.visiting(), None) == 2


# ---- what fails ----


def test_what_was_looked_up_before_a_failure_is_visited() -> None:
    town = Town({"1": [ANNA], "2": [BERT], "3": [CLEO]}, broken={"2"})
    page = asyncio.run(town.visiting().page(None))
    assert ([behind for _, behind in page.customers], page.cursor) == (["0:1"], "0:1")
    with pytest.raises(OSError):  # noqa: PT011
        asyncio.run(town.visiting().page("0:1"))


def test_so_many_ids_are_looked_up_for_one_page_and_no_more() -> None:
    town = Town({str(number): [] for number in range(LOOKED_UP + 1)})
    made: Any = town.visiting()
    town.chunk = lambda *_: list(town.accounts_of)  # type: ignore[method-assign]
    page = asyncio.run(made.page(None))
    assert (len(page.customers), page.cursor) == (LOOKED_UP, f"0:{LOOKED_UP}")


def waits_for(user_id: str, customer_id: str) -> Waiting:
    return Waiting(user_id, 0, 1, link=link_of(customer_id))


@pytest.mark.parametrize("to", [None, "2"])
def test_whose_link_moved_is_not_to_be_told_when_they_are_read_again(to: str | None) -> None:
    town = Town({"1": [ANNA, BERT], "2": [CLEO]}, moved={BERT: to})
    waiting = [waits_for(each, "1") for each in (ANNA, BERT)]
    assert list(asyncio.run(town.visiting().again(waiting))) == [ANNA]


@pytest.mark.parametrize("to", [None, "2"])
def test_whose_link_moves_between_the_looks_is_skipped(to: str | None) -> None:
    town = Town({"1": [ANNA, BERT], "2": [CLEO]}, moved={ANNA: to})
    assert visited(town, town.visiting())[0] == ["skipped", BERT, CLEO]


# ---- whom our own record rules out ----


@pytest.mark.parametrize(
    ("audience", "ruled_out"),
    [
        ({"type": "subscribers"}, [False, False, True, True]),
        ({"type": "users", "list": {"digest": "0" * 32, "count": 1}}, [False, False, False, True]),
        (
            {"type": "customers", "list": {"digest": "0" * 32, "count": 1}},
            [False, True, True, True],
        ),
        ({"type": "multicast"}, [False, False, False, False]),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_who_is_ruled_out_by_our_record_alone(
    audience: dict[str, Any], ruled_out: list[bool]
) -> None:
    fake: Any = None
    of = run(document=campaign(audience=audience))
    visits = visiting(of, 0, fake, fake, now=lambda: NOW)
    known = [Customer(ANNA, None, deliverable=each) for each in (True, None, False)]
    erased = Customer(ANNA, None, deliverable=False, erased=True)
    assert [visits.rules_out(each) for each in (*known, erased)] == ruled_out


def test_who_is_ruled_out_is_skipped_at_the_first_visit_and_that_is_noted() -> None:
    bench = Bench([[ANNA, BERT]], ruled_out=(ANNA,))
    assert bench.work().done
    assert bench.counts == {"accepted": 1, "skipped": 1}
    assert [who for _, who in bench.sent] == [BERT]
    assert bench.notes == [(ANNA, "skipped", bench.notes[0][2])]


@pytest.mark.parametrize("deliverable", [True, False])
def test_who_is_ruled_out_meanwhile_is_skipped_whatever_they_were_before(
    deliverable: bool,
) -> None:
    waiting = replace(waits_for(ANNA, "1"), deliverable=deliverable)
    segment = Segment(0, visited=True, waiting=(waiting,))
    bench = Bench(segment=segment, ruled_out=(ANNA,))
    assert bench.work().done
    assert (bench.counts, bench.sent) == ({"skipped": 1}, [])


def test_a_link_is_told_from_any_other_and_names_nobody() -> None:
    links = {link_of(each) for each in ("4711", "4712", "jane@example.com")}
    assert len(links) == 3
    assert all(re.fullmatch(r"[0-9a-f]{16}", each) for each in links)
    assert link_of(None) == ""


# ---- in a slice ----


def test_who_waits_keeps_the_customer_id_that_they_were_visited_for() -> None:
    bench = Bench([[ANNA]], answers=lambda _: Answer(500), until=0.5, linked={ANNA: "1"})
    assert not bench.work().done
    assert [each.link for each in bench.last.waiting] == [link_of("1")]


def test_who_is_left_out_when_read_again_is_skipped_whether_deliverable_before_or_not() -> None:
    waiting = (replace(waits_for(ANNA, "1"), deliverable=False), waits_for(BERT, "1"))
    bench = Bench(segment=Segment(0, visited=True, waiting=waiting), moved=(ANNA, BERT))
    assert bench.work().done
    assert (bench.counts, bench.sent) == ({"skipped": 2}, [])


def test_whom_another_listed_id_leads_to_while_they_wait_is_told_as_that_ones() -> None:
    segment = Segment(0, waiting=(Waiting(ANNA, MS + 3_000_000, 1, link=link_of("1")),))
    bench = Bench([[ANNA]], segment=segment, linked={ANNA: "2"})
    assert not bench.work().done
    assert [each.link for each in bench.last.waiting] == [link_of("2")]


def test_outcomes_of_a_page_are_counted_and_nobody_is_asked() -> None:
    bench = Bench([[ANNA, "skipped", BERT, "invalid", "skipped"]])
    assert bench.work().done
    assert bench.counts == {"accepted": 2, "skipped": 2, "invalid": 1}
    assert len(bench.sent) == 2
    assert bench.notes == []


def test_whom_two_ids_lead_to_while_they_have_no_outcome_is_visited_once() -> None:
    bench = Bench([[ANNA, BERT], [ANNA, CLEO]], latency=5)
    assert bench.work().done
    assert bench.counts == {"accepted": 3}
    assert len(bench.sent) == 3


def test_a_slice_goes_on_behind_an_outcome() -> None:
    bench = Bench([[ANNA, "skipped", BERT]], segment=Segment(0, version=1, cursor="skipped"))
    assert bench.work().done
    assert bench.counts == {"accepted": 1}
