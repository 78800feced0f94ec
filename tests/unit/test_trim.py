"""What the artifact leaves out, and that the functions call nothing of it."""

from __future__ import annotations

import ast
import itertools
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import botocore
import botocore.session
import pytest

from infrastructure.trim import ENDPOINT_PREFIXES, SERVICES, main, trim

if TYPE_CHECKING:
    from botocore.session import Session

PROJECT = Path(__file__).parents[2]
DATA = Path(botocore.__file__).parent / "data"
OTHERS = ("s3", "sns")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A built function with botocore's models of what it calls and of two others."""
    data = tmp_path / "build" / "SkillFunction" / "botocore" / "data"
    data.mkdir(parents=True)
    for name in (*SERVICES, *OTHERS):
        shutil.copytree(DATA / name, data / name)
    for path in DATA.glob("*.json"):
        shutil.copy(path, data)
    return tmp_path / "build"


def session_of(built: Path) -> Session:
    """Return a session that knows nothing but what was built."""
    session = botocore.session.Session()
    loader = session.get_component("data_loader")
    loader.search_paths[:] = [str(built / "SkillFunction" / "botocore" / "data")]
    session.set_credentials("test", "test")
    return session


def called() -> set[str]:
    """Return the services that the functions' code asks clients of."""
    names: set[str] = set()
    for path in (PROJECT / "lambda" / "yellowring").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            parts = [node.func, *node.args]
            for function, service in itertools.pairwise(parts):
                if ast.unparse(function) == "aws.client":
                    names.add(str(ast.literal_eval(service)))
    return names


def test_the_models_of_what_the_functions_call_stay_and_no_others(built: Path) -> None:
    assert called() == SERVICES
    trim(built)
    assert set(session_of(built).get_available_services()) == SERVICES


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_trimmed_client_has_every_operation_and_the_same_endpoint(
    built: Path, service: str
) -> None:
    whole = botocore.session.Session().create_client(service, region_name="eu-west-1")
    trim(built)
    trimmed = session_of(built).create_client(service, region_name="eu-west-1")
    assert trimmed.meta.endpoint_url == whole.meta.endpoint_url
    assert trimmed.meta.method_to_api_mapping == whole.meta.method_to_api_mapping
    for name in whole.meta.service_model.operation_names:
        shapes = [
            each.meta.service_model.operation_model(name).input_shape for each in (whole, trimmed)
        ]
        members, kept = ({*each.members} if each else set() for each in shapes)
        assert kept == members, name


def test_endpoints_know_the_kept_services_by_their_prefixes() -> None:
    for service in SERVICES:
        client = botocore.session.Session().create_client(service, region_name="eu-west-1")
        prefix = client.meta.service_model.endpoint_prefix
        assert ENDPOINT_PREFIXES.get(service, service) == prefix


def test_trimming_again_changes_nothing(built: Path) -> None:
    trim(built)
    before = {path: path.read_bytes() for path in built.rglob("*") if path.is_file()}
    trim(built)
    assert {path: path.read_bytes() for path in built.rglob("*") if path.is_file()} == before


def test_another_service_stays_when_it_is_asked_for(built: Path) -> None:
    assert main([str(built), "--keep", "s3"]) == 0
    assert session_of(built).create_client("s3", region_name="eu-west-1").meta.endpoint_url
    assert not (built / "SkillFunction" / "botocore" / "data" / "sns").exists()


def test_a_service_that_botocore_has_not_is_refused_before_anything_goes(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(built), "--keep", "pigeons"]) == 1
    assert "botocore has no model of pigeons" in capsys.readouterr().err
    assert (built / "SkillFunction" / "botocore" / "data" / "sns").exists()
