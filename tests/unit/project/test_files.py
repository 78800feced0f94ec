"""What others look for first in a project, and what the wheels say of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[3]
OWNERS = "the Yellow Ring authors"


def project(path: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((PROJECT / path).read_text(encoding="utf-8"))["project"]
    return found


@pytest.mark.parametrize("path", ["pyproject.toml", "tools/pyproject.toml"])
def test_each_wheel_says_its_licence_and_brings_its_text(path: str) -> None:
    told = project(path)
    assert told["license"] == "Apache-2.0"
    assert told["license-files"] == ["LICENSE", "NOTICE"]
    assert told["authors"] == [{"name": "The Yellow Ring authors"}]
    # An SPDX licence and a classifier of one together are refused by PyPI.
    assert not [each for each in told["classifiers"] if each.startswith("License ::")]
    for name in told["license-files"]:
        text = (PROJECT / path).with_name(name).read_text(encoding="utf-8")
        assert text == (PROJECT / name).read_text(encoding="utf-8")


def test_the_licence_is_the_whole_standard_text_and_the_notice_names_nobody_else() -> None:
    text = (PROJECT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert len(text) > 11_000
    assert re.findall(r"Copyright (.+)", (PROJECT / "NOTICE").read_text(encoding="utf-8")) == [
        f"2026 {OWNERS}"
    ]


PAGES = ["CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "CHANGELOG.md"]


@pytest.mark.parametrize("page", [*PAGES, "docs/encryption.md", "docs/operators.md"])
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    path = PROJECT / page
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), f"{page} leads to {link}"


def test_every_make_target_that_contributors_read_of_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"`?make ([a-z][a-z-]*)", text))
    assert {"setup", "lint", "test", "fuzz", "lock", "release"} <= targets
    assert [each for each in targets if not re.search(rf"^{each}:", makefile, re.MULTILINE)] == []


def test_every_answer_to_the_template_linter_has_its_reason_above_it() -> None:
    text = (PROJECT / ".lint" / "checkov.yaml").read_text(encoding="utf-8")
    lines = text.partition("skip-check:\n")[2].splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith("  - "):
            assert before.startswith("  # "), f"{line} has no reason"
    assert yaml.safe_load(text)["skip-download"] is True


def test_every_rule_that_bandit_leaves_out_is_asked_by_ruff() -> None:
    text = (PROJECT / ".lint" / "bandit.yaml").read_text(encoding="utf-8")
    skipped = re.findall(r"^  - B\d{3}  # S\d{3}: ", text, re.MULTILINE)
    assert len(skipped) == len(yaml.safe_load(text)["skips"])
    lint = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "S" in lint["tool"]["ruff"]["lint"]["select"]
    assert not [e for e in lint["tool"]["ruff"]["lint"]["ignore"] if e.startswith("S")]
