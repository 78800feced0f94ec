"""Where what is installed comes from: one index, and every file by its hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
INDEX = "https://pypi.org/simple"
FILES = "https://files.pythonhosted.org/"
OURS = {"yellowring", "yellowring-tools"}
LOCK: dict[str, Any] = tomllib.loads((PROJECT / "uv.lock").read_text(encoding="utf-8"))


def test_every_package_comes_from_the_one_index_or_is_ours() -> None:
    for package in LOCK["package"]:
        source = package["source"]
        if package["name"] in OURS:
            assert set(source) <= {"editable", "virtual"}, package["name"]
        else:
            assert source == {"registry": INDEX}, package["name"]


def test_every_file_of_every_package_has_a_hash_and_comes_from_the_indexs_own_host() -> None:
    for package in LOCK["package"]:
        if package["name"] in OURS:
            continue
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else [])]
        assert files, package["name"]
        for file in files:
            assert file["url"].startswith(FILES), file["url"]
            assert re.fullmatch(r"sha256:[0-9a-f]{64}", file["hash"]), file["url"]


def test_what_the_functions_are_built_from_is_pinned_by_hash_and_names_no_index() -> None:
    text = (PROJECT / "lambda" / "requirements.txt").read_text(encoding="utf-8")
    requirements = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text)).splitlines()
    assert requirements
    for requirement in filter(str.strip, requirements):
        assert re.match(r"[a-z0-9._-]+==[^ ]+ .*--hash=sha256:[0-9a-f]{64}", requirement), (
            requirement
        )


@pytest.mark.parametrize("name", ["pyproject.toml", "tools/pyproject.toml"])
def test_no_project_file_adds_an_index_or_a_place_of_its_own(name: str) -> None:
    document = tomllib.loads((PROJECT / name).read_text(encoding="utf-8"))
    uv = document.get("tool", {}).get("uv", {})
    assert not {"index", "index-url", "extra-index-url", "find-links"} & uv.keys()
    assert uv.get("index-strategy", "first-index") == "first-index"
    for source in uv.get("sources", {}).values():
        assert source == {"workspace": True}


def test_nothing_that_is_run_fetches_from_another_index() -> None:
    for name in ("Makefile", ".ci/run"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        assert re.search(r"--(extra-)?index-url|--trusted-host|curl .*\| *(ba)?sh", text) is None
