"""Only a person can switch notifications on: they are asked, and waited for, but not for ever."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from yellowring_tools.setup.notifications import WAIT_SECONDS, Subscribed
from yellowring_tools.setup.steps import run

from tests.unit.setup.kit import Vendors, a_plan, a_work

if TYPE_CHECKING:
    from pathlib import Path

    from yellowring_tools.setup.plan import Plan
    from yellowring_tools.setup.work import Work


@pytest.fixture(scope="module")
def plan() -> Plan:
    return a_plan()


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def work(tmp_path: Path, plan: Plan, told: list[str]) -> Work:
    return replace(a_work(tmp_path, Vendors(), plan, told), attended=True)


def rings(work: Work, *answers: bool) -> None:
    work.cloud.rings = iter(answers)  # type: ignore[attr-defined]


def test_a_person_is_asked_and_waited_for(work: Work, told: list[str]) -> None:
    rings(work, False, False, False, True)
    begun = work.now()
    [report] = run([Subscribed()], work)
    assert (report.state, report.what) == ("done", "a customer is subscribed")
    assert 0 < work.now() - begun < WAIT_SECONDS
    assert any("Alexa, ask Yellow Ring to turn on notifications" in line for line in told)


def test_who_has_them_on_is_not_asked(work: Work, told: list[str]) -> None:
    rings(work, True)
    assert run([Subscribed()], work)[0].state == "there"
    assert not any("now you" in line for line in told)


def test_nobody_is_waited_for_for_ever(work: Work) -> None:
    begun = work.now()
    [report] = run([Subscribed()], work)
    assert "nobody" in report.what
    assert work.now() - begun == pytest.approx(WAIT_SECONDS, abs=5)


def test_where_nobody_is_there_nobody_is_waited_for(work: Work, told: list[str]) -> None:
    alone = replace(work, attended=False)
    begun = work.now()
    [report] = run([Subscribed()], alone)
    assert report.what.startswith("left to you: in the Alexa app")
    assert work.now() == begun


def test_the_customers_of_the_live_skill_do_it_themselves(tmp_path: Path) -> None:
    live = replace(a_work(tmp_path, Vendors(), a_plan(stage="live")), attended=True)
    assert run([Subscribed()], live)[0].state == "there"
