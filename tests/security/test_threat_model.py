"""SECURITY.md: each threat of it has a test that is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (PROJECT / "SECURITY.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and "tests/" in line
]


def test_the_threat_model_has_threats() -> None:
    assert len(ROWS) >= 20
    assert {len(row) for row in ROWS} == {3}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0])[:60])
def test_each_threat_names_a_test_that_is_there(row: list[str]) -> None:
    found = re.search(r"`(tests/[^:`]+\.py)(?:::(\w+))?`", row[2])
    assert found is not None
    tree = ast.parse((PROJECT / found[1]).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert any(name.startswith("test_") for name in names)
    assert found[2] is None or found[2] in names
