"""The skill of somebody else's, before and after: the diff that adopts Yellow Ring is all of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.running import yellowring
from tests.unit.test_skill_package_manifest import through_the_model

if TYPE_CHECKING:
    from collections.abc import Iterator

SKILL = Path(__file__).parents[2] / "examples/own_skill"
PATCH = SKILL / "adoption.patch"
MOST_CODE, MOST_TEMPLATE = 15, 20
NO_PART_OF_IT = ("adoption.patch", "shipped.json", "README.md", "__pycache__", ".*")


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the skill as it is, in a folder of its own: ``b``, as diffs call it."""
    copy = tmp_path_factory.mktemp("own_skill") / "b"
    return Path(shutil.copytree(SKILL, copy, ignore=shutil.ignore_patterns(*NO_PART_OF_IT)))


@pytest.fixture(scope="module")
def before(after: Path) -> Path:
    """The skill as it was, beside it: ``a``, a copy with the diff taken back."""
    copy = Path(shutil.copytree(after, after.with_name("a")))
    subprocess.run(["patch", "-R", "-p1", "-s", "-i", PATCH], cwd=copy, check=True)
    return copy


def own_tests(skill: Path) -> None:
    """Run the skill's own tests, as its owner would."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        command, cwd=skill, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def added_lines() -> Counter[str]:
    """Count the added and changed lines by the first part of their file's path."""
    return Counter(file.partition("/")[0] for file, _ in added())


def added() -> Iterator[tuple[str, str]]:
    """Read the diff; yield each added or changed line with the file it stands in."""
    file = ""
    for line in PATCH.read_text(encoding="utf-8").splitlines():
        if line.startswith("+++ "):
            file = line.removeprefix("+++ b/")
        elif line.startswith("+"):
            yield file, line.removeprefix("+")


def test_before_there_is_no_word_of_it_and_the_skills_own_tests_pass(before: Path) -> None:
    named = re.compile("yellow.?ring|notification", re.IGNORECASE)
    texts = {path.name: path.read_text(encoding="utf-8") for path in before.rglob("*.*")}
    assert [name for name, text in texts.items() if named.search(text)] == []
    own_tests(before)


def test_after_it_the_same_tests_pass_and_those_of_what_is_new(after: Path) -> None:
    changed = {file for file, _ in added() if file.startswith("tests/")}
    assert changed == {"tests/conftest.py", "tests/test_notifications.py"}
    own_tests(after)


def test_it_takes_few_lines_of_code_and_of_the_template() -> None:
    lines = added_lines()
    assert lines["skill"] <= MOST_CODE
    assert lines["template.yaml"] <= MOST_TEMPLATE
    assert set(lines) == {"skill", "template.yaml", "skill-package", "tests"}


def test_the_manifests_part_is_what_the_command_writes(before: Path, after: Path) -> None:
    package = before.with_name("package")
    shutil.copytree(before / "skill-package", package)
    arguments = ("skill-package", "check", str(package), "--event", "OrderStatus")
    assert yellowring(*arguments).status == 1
    assert yellowring(*arguments, "--fix").status == 0
    written = (package / "skill.json").read_text(encoding="utf-8")
    assert written == (after / "skill-package/skill.json").read_text(encoding="utf-8")


def test_amazons_model_knows_every_field_of_the_skill_package() -> None:
    manifest = json.loads((SKILL / "skill-package/skill.json").read_text(encoding="utf-8"))
    kind = ("manifest.skill_manifest_envelope", "SkillManifestEnvelope")
    assert through_the_model(manifest, *kind) == manifest
    for path in (SKILL / "skill-package/interactionModels/custom").glob("*.json"):
        model = json.loads(path.read_text(encoding="utf-8"))
        kind = ("interaction_model.interaction_model_data", "InteractionModelData")
        assert through_the_model(model, *kind) == model


def test_the_diff_is_what_makes_the_one_of_the_other(before: Path, after: Path) -> None:
    command = ["git", "diff", "--no-index", "--no-color", "--no-prefix", before.name, after.name]
    done = subprocess.run(
        command, cwd=after.parent, check=False, capture_output=True, text=True, encoding="utf-8"
    )
    made = [line for line in done.stdout.splitlines() if not line.startswith("index ")]
    assert made == PATCH.read_text(encoding="utf-8").splitlines()
