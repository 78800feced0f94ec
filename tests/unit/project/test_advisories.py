from __future__ import annotations

from typing import Any

import pytest

from infrastructure.checks import advisories
from infrastructure.checks.advisories import ask, judge


def audited(*advisories: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": [{"name": "some", "version": "1.0", "vulns": list(advisories)}]}


ADVISORY = {"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["1.1"]}


def test_a_known_fault_stops_the_change_and_says_what_to_do() -> None:
    verdict = judge(audited(ADVISORY), {})
    assert not verdict.passed
    assert "some 1.0: PYSEC-1, fixed in 1.1" in verdict.lines[0]


def test_none_passes_and_says_how_many_were_audited() -> None:
    verdict = judge(audited(), {})
    assert verdict.passed
    assert verdict.lines == ("advisories: 1 packages audited",)


@pytest.mark.parametrize("known_as", ["PYSEC-1", "CVE-2026-1"])
def test_an_answered_fault_passes_by_any_of_its_names(known_as: str) -> None:
    assert judge(audited(ADVISORY), {known_as: "not reachable"}).passed


def test_an_answer_to_nothing_is_told() -> None:
    verdict = judge(audited(), {"PYSEC-9": "long ago"})
    assert not verdict.passed
    assert "PYSEC-9" in verdict.lines[0]


@pytest.mark.parametrize(
    "report", [None, {"dependencies": [{"name": "some", "skip_reason": "not found"}]}]
)
def test_where_nobody_answers_it_passes_and_says_that_nothing_was_audited(report: Any) -> None:
    verdict = judge(report, {"PYSEC-9": "an answer is not held against it"})
    assert verdict.passed
    assert "NOT AUDITED" in verdict.lines[0]


def test_a_package_that_the_source_does_not_know_is_counted() -> None:
    report = audited()
    report["dependencies"].append({"name": "other", "skip_reason": "not found"})
    assert judge(report, {}).lines == ("advisories: 1 packages audited, 1 not known to the source",)


def test_a_source_that_hangs_is_left_after_a_bound(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "pip-audit"
    hanging.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    hanging.chmod(0o700)
    monkeypatch.setattr(advisories, "PIP_AUDIT", hanging)
    monkeypatch.setattr(advisories, "BOUND", 0.05)
    assert ask({"some": "1.0"}) is None


def test_an_answer_that_is_no_report_is_as_none(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = tmp_path / "pip-audit"
    refused.write_text("#!/bin/sh\necho 'no route to host' >&2\nexit 1\n")
    refused.chmod(0o700)
    monkeypatch.setattr(advisories, "PIP_AUDIT", refused)
    assert ask({"some": "1.0"}) is None
