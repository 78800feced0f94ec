"""Every test that the page on reliability names is there, and stands where it says."""

from __future__ import annotations

import ast
import re

import pytest
from yellowring_tools.local_stack.workspace import PROJECT

PAGE = (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
PROMISE = re.compile(r"^\| (\*\*.*?) \| (.*) \|$", re.MULTILINE)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_is_there(path: str, name: str) -> None:
    tree = ast.parse((PROJECT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if hasattr(node, "name")}


def test_every_promise_is_held_by_a_test() -> None:
    promises = PROMISE.findall(PAGE.partition("## The soak")[0])
    assert len(promises) >= 25
    assert [said for said, tests in promises if "::test_" not in tests] == []
