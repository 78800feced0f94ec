from __future__ import annotations

from email.message import Message
from typing import Any, cast

import pytest

from infrastructure.checks.licences import Rules, expression, is_allowed, problems, unused
from infrastructure.checks.shipped import locked, shipped

RULES = Rules(
    frozenset({"MIT", "Apache-2.0", "BSD-3-Clause"}),
    {"BSD License": "BSD-3-Clause", "GPL": "GPL-3.0-only"},
    {"answered": "MIT"},
)


def told(**fields: str) -> Any:
    found = Message()
    for name, value in fields.items():
        found[name.replace("_", "-")] = value
    return cast("Any", found)


def test_all_that_ships_is_under_licences_that_are_allowed() -> None:
    rules = Rules.read()
    assert problems(locked(), rules) == []
    assert unused(locked(), rules) == []


def test_what_ships_is_what_both_wheels_and_the_artifact_bring_and_nothing_of_the_tests() -> None:
    names = locked()
    assert {"aws-lambda-powertools", "boto3", "pydantic", "typer", "fastapi"} <= names.keys()
    assert not {"pytest", "moto", "aws-sam-cli", "yellowring", "yellowring-tools"} & names.keys()


def test_what_a_package_needs_ships_with_it_and_its_extras_only_when_it_is_ours() -> None:
    lock = {
        "package": [
            {
                "name": "yellowring",
                "version": "1",
                "dependencies": [{"name": "a"}],
                "optional-dependencies": {"sender": [{"name": "b"}]},
            },
            {
                "name": "a",
                "version": "2",
                "dependencies": [{"name": "c"}],
                "optional-dependencies": {"extra": [{"name": "never"}]},
            },
            {"name": "b", "version": "3", "dependencies": [{"name": "c"}]},
            {"name": "c", "version": "4", "dependencies": [{"name": "a"}]},
            {"name": "never", "version": "5"},
        ]
    }
    assert shipped(lock, ["yellowring"]) == {"a": "2", "b": "3", "c": "4"}


@pytest.mark.parametrize(
    ("found", "spdx"),
    [
        (told(License_Expression="MIT", License="GPL"), "MIT"),
        (told(License="Apache-2.0"), "Apache-2.0"),
        (told(License="GPL"), "GPL-3.0-only"),
        (told(Classifier="License :: OSI Approved :: BSD License"), "BSD-3-Clause"),
        (told(License="see the file"), None),
        (told(), None),
        (None, None),
    ],
)
def test_a_licence_is_what_the_metadata_says(found: Any, spdx: str | None) -> None:
    assert expression("some", found, RULES) == spdx


def test_an_answer_counts_more_than_metadata() -> None:
    assert expression("answered", told(License="GPL"), RULES) == "MIT"


@pytest.mark.parametrize(
    ("spdx", "allowed"),
    [
        ("MIT", True),
        ("MIT AND Apache-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only", False),
        ("(MIT)", True),
        ("", False),
    ],
)
def test_of_a_choice_one_is_enough_and_of_a_sum_all_are_needed(spdx: str, allowed: bool) -> None:
    assert is_allowed(spdx, RULES.allowed) is allowed


def test_what_is_not_allowed_or_not_known_is_named_with_its_version() -> None:
    (unknown,) = problems({"no-such-package": "1.2"}, RULES)
    assert "no-such-package 1.2 does not say its licence" in unknown
    (refused,) = problems({"pytest": "9"}, Rules(frozenset({"ISC"})))
    assert "pytest 9 is under MIT" in refused


def test_an_answer_that_nothing_needs_is_told() -> None:
    (line,) = unused({"other": "1"}, RULES)
    assert "answered" in line
