"""Thousands of games of the protocol of a run, each after its own seed."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.unit.sender.game.plan import drawn
from tests.unit.sender.game.play import Game
from tests.unit.sender.game.rules import violations

QUICK, SLOW = 200, 8_000


def _played(seed: int) -> Game:
    game = Game(drawn(seed))
    try:
        game.play()
    except BaseException as error:
        error.add_note(f"seed {seed}: {game.plan}")
        raise
    broken = violations(game)
    assert not broken, f"seed {seed}: {broken}\n{game.plan}"
    return game


def test_whatever_dies_everybody_is_told_once_and_counted_once() -> None:
    assert sum(_played(seed).deaths for seed in range(QUICK)) > 10 * QUICK


@pytest.mark.slow
def test_it_holds_in_thousands_of_games() -> None:
    deaths, ends = 0, Counter[str]()
    for seed in range(QUICK, QUICK + SLOW):
        game = _played(seed)
        deaths += game.deaths
        ends[game.run.status] += 1
    print(f"{SLOW} games, {deaths} deaths, ended: {dict(ends)}")  # noqa: T201 - the figure to quote
    assert deaths >= 100_000


def test_a_seed_gives_the_same_game_again() -> None:
    games = [_played(11) for _ in range(2)]
    assert games[0].begun == games[1].begun
    assert games[0].counts == games[1].counts
    assert games[0].deaths == games[1].deaths
