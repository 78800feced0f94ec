from __future__ import annotations

import re

from yellowring.api.idempotency import body_hash, notification_id_of, run_id_of_key
from yellowring.sender.run.request import RUN_ID_PATTERN

SKILL = "amzn1.ask.skill.1"


def test_an_id_is_the_keys_alone_and_a_reference_id_whatever_the_key() -> None:
    for key in ("a", "~" * 255, '"quoted"', "order/4711"):
        for made in (notification_id_of(key, SKILL), run_id_of_key(key, SKILL)):
            assert re.fullmatch(RUN_ID_PATTERN, made)
        assert notification_id_of(key, SKILL) == notification_id_of(key, SKILL)
    assert notification_id_of("a", SKILL) != notification_id_of("b", SKILL)


def test_another_skills_ids_are_others() -> None:
    assert notification_id_of("a", SKILL) != notification_id_of("a", SKILL + "0")


def test_without_a_key_no_id_comes_twice() -> None:
    assert len({notification_id_of(None, SKILL) for _ in range(100)}) == 100


def test_bodies_that_say_the_same_have_the_same_hash_and_no_others() -> None:
    assert body_hash({"a": 1, "b": 2}, SKILL) == body_hash({"b": 2, "a": 1}, SKILL)
    assert body_hash({"a": 1}, SKILL) != body_hash({"a": "1"}, SKILL)
    assert body_hash({"a": 1}, SKILL) != body_hash({"a": 1}, SKILL + "0")
