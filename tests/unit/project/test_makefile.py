"""The front door: what it installs, and what it says when it cannot."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
NEEDED = ("Makefile", "pyproject.toml", "uv.lock", ".python-version", ".ci/uv.txt", "tools")
TOOLS = ("bash", "make", "touch", "grep", "sed", "expand")


def uv() -> Path:
    return Path(shutil.which("uv") or PROJECT / ".tools" / "bin" / "uv")


def make(folder: Path, target: str, *, with_uv: bool) -> subprocess.CompletedProcess[str]:
    """Run make in a copy of the project's front door, where there is no Python of any version."""
    for each in NEEDED:
        source, copy = PROJECT / each, folder / "project" / each
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    path = folder / "bin"
    path.mkdir()
    for name in TOOLS:
        (path / name).symlink_to(str(shutil.which(name)))
    if with_uv:
        (path / "uv").symlink_to(uv())
    return subprocess.run(
        [path / "make", f"SHELL={path / 'bash'}", target],
        cwd=folder / "project",
        env={"PATH": str(path), "HOME": str(folder), "UV_PYTHON_INSTALL_DIR": str(folder / "none")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_where_there_is_no_python_make_says_in_one_line_how_to_get_it(tmp_path: Path) -> None:
    for with_uv in (True, False):
        done = make(tmp_path / str(with_uv), ".venv/.ready", with_uv=with_uv)
        said = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
        assert done.returncode != 0
        assert len(said) == 1, said
        assert "Python 3.13 is not on this machine: install it" in said[0]
        assert "Traceback" not in done.stderr


def test_uv_is_installed_by_the_hashes_of_one_version_and_nothing_else_is() -> None:
    text = (PROJECT / ".ci" / "uv.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert re.fullmatch(r"uv==\d+\.\d+\.\d+ \\", lines[0])
    hashes = [re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines[1:]]
    assert len(hashes) > 10  # a wheel for each platform
    assert all(hashes)
    recipe = (PROJECT / "Makefile").read_text(encoding="utf-8").partition(".tools/bin/uv:")[2]
    (install,) = [line for line in recipe.splitlines() if "pip install" in line]
    assert "--require-hashes --requirement $<" in install


def test_every_target_that_others_may_call_says_what_it_does() -> None:
    text = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: ((?:.|\\\n)*?[^\\])\n", text, re.MULTILINE)
    for target in phony.replace("\\\n", " ").split():
        assert re.search(rf"^{target}:.*## \S", text, re.MULTILINE), f"{target} says nothing"
