"""What docs/your-skill.md says of the example, the library and the commands is so."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from pathlib import Path

import pytest
import yellowring
from yellowring.skill.commands import parse_command
from yellowring_tools.local_stack.beside.skill import their_skill

from tests.unit.cli.running import yellowring as command
from tests.unit.test_own_skill import PATCH, added_lines

PAGE = Path(__file__).parents[2] / "docs/your-skill.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
BLOCKS: list[tuple[str, str]] = BLOCK.findall(TEXT)
DIFFS = [text for kind, text in BLOCKS if kind == "diff"]
LINES = [text.replace("\\\n", "") for kind, text in BLOCKS if kind == "sh"]


@pytest.mark.parametrize("diff", DIFFS)
def test_a_diff_that_is_shown_is_a_part_of_the_examples(diff: str) -> None:
    assert f"\n{diff}" in PATCH.read_text(encoding="utf-8")


def test_the_library_is_asked_for_in_the_version_that_it_is() -> None:
    library = PAGE.with_name("library.md").read_text(encoding="utf-8")
    asked = PAGE.parents[1] / "examples/own_skill/skill/requirements.txt"
    wheel = f"yellowring-{yellowring.__version__}-py3-none-any.whl"
    assert f"yellowring=={yellowring.__version__}" in asked.read_text(encoding="utf-8").split()
    assert f"pip install yellowring=={yellowring.__version__}`" in library
    assert f"`yellowring == {yellowring.__version__}`" in TEXT
    assert wheel in library
    assert wheel in TEXT


def test_the_lines_that_it_counts_are_those_of_the_diff() -> None:
    lines = added_lines()
    said = f"{lines['skill']} lines of code, {lines['template.yaml']} of the template"
    assert said in " ".join(TEXT.split())


def test_the_skill_that_make_run_is_told_can_be_brought_up() -> None:
    [line] = [line for line in LINES if line.startswith("make run")]
    given = dict(word.split("=", 1) for word in shlex.split(line)[2:])
    theirs = their_skill(given)
    assert theirs
    assert theirs.skill_package == PAGE.parents[1] / "examples/own_skill/skill-package"


def test_the_manifest_of_the_example_lacks_nothing_by_the_command_of_the_page() -> None:
    [line] = [line for line in LINES if line.startswith("yellowring skill-package")]
    run = command(*shlex.split(line)[1:])
    assert run.status == 0, run


def test_what_can_be_left_out_is_an_argument_of_wrap() -> None:
    named = set(re.findall(r"`(\w+)=", TEXT)) | set(re.findall(r"wrap\([^`]*?(\w+)=", TEXT))
    arguments = set(inspect.signature(yellowring.wrap).parameters)
    assert named - {"VOICE_CONSENT", "SkillStage"} <= arguments
    assert {"skill_events", "messages", "consent", "voice", "customer_id"} <= named


def test_the_message_that_tells_a_customers_id_is_a_command() -> None:
    [message] = re.findall(r"yellowring message USER_ID '(.*?)'", TEXT)
    assert parse_command(json.loads(message))


def test_every_page_and_place_that_it_leads_to_is_there() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        file, _, anchor = target.partition("#")
        path = (PAGE.parent / file) if file else PAGE
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
            assert anchor in slugs, target
