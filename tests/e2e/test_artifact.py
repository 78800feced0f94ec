"""What ``sam build`` makes for Lambda, without Docker: it has to run there, not here."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]
from yellowring_tools.local_stack.deployment import Build

from infrastructure.trim import SERVICES

pytestmark = pytest.mark.slow

AARCH64 = 183  # e_machine of an ELF header
MOST_ZIPPED = 14_000_000  # bytes; it is fetched and unpacked at every start


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    build = Build("arm64")
    with build.reserved():
        if building := build.start(tmp_path_factory.mktemp("logs")):
            with building:
                build.finish(building)
    return build


@pytest.fixture(scope="module", params=["SkillFunction", "SenderFunction", "NotifierFunction"])
def artifact(build: Build, request: pytest.FixtureRequest) -> Path:
    name: str = request.param
    return build.template.with_name(name)


def machine(binary: Path) -> int:
    """Return what an ELF file says it was made for (ELF specification, e_machine)."""
    header = binary.read_bytes()[:20]
    assert header[:4] == b"\x7fELF", binary
    number: int = struct.unpack_from("<H", header, 18)[0]
    return number


def test_every_binary_in_the_artifact_is_for_arm64(artifact: Path) -> None:
    binaries = [*artifact.rglob("*.so"), *artifact.rglob("*.so.*")]
    assert binaries  # pydantic-core
    assert {binary.name: machine(binary) for binary in binaries if machine(binary) != AARCH64} == {}


def test_the_template_that_was_built_asks_for_arm64(build: Build) -> None:
    template = yaml_parse(build.template.read_text(encoding="utf-8"))
    assert template["Parameters"]["Architecture"]["Default"] == "arm64"


def test_the_artifact_holds_the_package_its_data_and_no_leftovers(artifact: Path) -> None:
    assert (artifact / "yellowring" / "skill" / "app.py").exists()
    assert (artifact / "yellowring" / "sender" / "app.py").exists()
    unwanted = {".venv", "pytest", "moto", "pip", "samcli", "boto3", "s3transfer", "aiohttp"}
    assert unwanted & {each.name for each in artifact.iterdir()} == set()


def test_every_module_in_the_artifact_is_compiled_ahead(artifact: Path) -> None:
    modules = [path for path in (artifact / "yellowring").rglob("*.py") if path.stat().st_size]
    compiled = [path.parent / "__pycache__" / f"{path.stem}.cpython-313.pyc" for path in modules]
    assert [path for path in compiled if not path.exists()] == []


def test_the_artifact_carries_what_it_uses_and_is_small(artifact: Path, tmp_path: Path) -> None:
    zipped = Path(shutil.make_archive(str(tmp_path / "function"), "zip", artifact))
    assert zipped.stat().st_size < MOST_ZIPPED
    models = {each.name for each in (artifact / "botocore" / "data").iterdir() if each.is_dir()}
    assert models == SERVICES
