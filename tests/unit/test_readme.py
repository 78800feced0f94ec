"""The README names every parameter of the template and every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
INTERNAL = {"ScheduledTime", "EventSource"}
"""What nobody sets: the local stack's, and a name that is given up."""


def test_every_parameter_of_the_template_stands_in_the_readmes_table() -> None:
    parameters = yaml_parse((PROJECT / "template.yaml").read_text(encoding="utf-8"))["Parameters"]
    rows = "\n".join(line for line in README.splitlines() if line.startswith("| `"))
    assert {name for name in parameters if f"`{name}`" not in rows} == INTERNAL


def test_every_page_is_linked_from_the_readme() -> None:
    pages = {f"docs/{page.name}" for page in (PROJECT / "docs").glob("*.md")}
    linked = set(re.findall(r"\]\((docs/[\w.-]+)", README))
    assert pages <= linked


@pytest.mark.parametrize(
    "page", ["README.md", *(f"docs/{each.name}" for each in (PROJECT / "docs").glob("*.md"))]
)
def test_links_lead_to_files_that_are_there(page: str) -> None:
    text = (PROJECT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    local = [each for each in targets if not re.match(r"[a-z]+:", each)]
    missing = [each for each in local if not ((PROJECT / page).parent / each).exists()]
    assert missing == []
