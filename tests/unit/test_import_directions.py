"""Imports go down and forward only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "lambda" / "yellowring"
SIMULATOR = ROOT / "tools" / "yellowring_tools" / "simulator"
GROUND = {
    "aws",
    "subscribers",
    "alexa",
    "catalog",
    "settings",
    "observability",
    "queue_message",
    "tokens",
    "tracing",
    "version",
}
MAY_IMPORT: dict[str, set[str]] = {
    "version": set(),
    "aws": set(),
    "settings": set(),
    "observability": set(),
    "queue_message": set(),
    "tokens": set(),
    "tracing": {"observability"},
    "subscribers": {"alexa", "tokens"},
    "catalog": set(),
    "alexa": {"settings", "observability"},
    "skill": GROUND,
    "sender": GROUND,
    "api": GROUND | {"sender"},
}
"""For each part of the deployable package, the other parts that it may import."""


def imported(path: Path) -> set[str]:
    """Give the full names of all modules that a file imports, whether for types or not."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = sorted(path for path in PACKAGE.rglob("*.py") if part_of(path) != "__init__")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    part = part_of(path)
    ours = {name.split(".")[1] for name in imported(path) if name.startswith("yellowring.")}
    assert ours - {part} <= MAY_IMPORT[part]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_deployed_imports_nothing_that_is_not(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported(path)}
    assert not roots & {"yellowring_tools", "infrastructure", "tests"}


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "tools/yellowring_tools/simulator").rglob("*.py")),
    ids=lambda path: path.name,
)
def test_the_simulator_knows_of_us_only_what_alexa_says(path: Path) -> None:
    ours = {name for name in imported(path) if name.startswith("yellowring.")}
    assert all(name.startswith("yellowring.catalog") for name in ours)


def test_only_what_is_asked_by_the_ask_sdk_itself_names_it() -> None:
    named = [p for p in FILES if any(name.startswith("ask_sdk") for name in imported(p))]
    assert {path.name for path in named} == {"asking.py", "commanding.py", "handler_input.py"}


@pytest.mark.parametrize(
    "statement",
    [
        "import yellowring.skill.app",
        "import yellowring; yellowring.ask_for_notifications, yellowring.command, yellowring.wrap",
    ],
)
def test_what_is_deployed_does_not_load_the_ask_sdk(statement: str) -> None:
    loads = f"{statement}; import sys; sys.exit('ask_sdk_core' in sys.modules)"
    environment = {"PYTHONPATH": str(PACKAGE.parent), "PATH": ""}
    subprocess.run([sys.executable, "-W", "ignore", "-c", loads], env=environment, check=True)


ROOMS: dict[str, set[str]] = {
    "campaign": set(),
    "delivery": set(),
    "run": {"campaign", "delivery"},
    "notification": {"campaign", "delivery", "run"},
}
"""For each room of the sender, the other rooms that it may import."""


@pytest.mark.parametrize("room", ROOMS)
def test_the_senders_rooms_import_only_what_lies_below_them(room: str) -> None:
    for path in (PACKAGE / "sender" / room).glob("*.py"):
        names = [name.split(".") for name in imported(path)]
        others = {name[2] for name in names if name[:2] == ["yellowring", "sender"]}
        assert others - {room} <= ROOMS[room], path


SIMULATORS_ROOMS: dict[str, set[str]] = {
    "alexa": set(),
    "login": set(),
    "skill": set(),
    "customers": {"alexa", "login", "skill"},
    "voice": {"customers", "skill"},
    "api": {"alexa", "customers", "login"},
    "smapi": {"voice"},
    "console": set(),
    "controls": {"alexa", "customers", "login", "skill", "smapi", "voice"},
}
"""For each room of the simulator, the other rooms that it may import."""


def test_the_simulators_rooms_import_only_what_lies_below_them() -> None:
    rooms = {path.parent.name for path in SIMULATOR.glob("*/*.py")}
    assert rooms == SIMULATORS_ROOMS.keys()
    for room, below in SIMULATORS_ROOMS.items():
        for path in (SIMULATOR / room).glob("*.py"):
            names = [name.split(".") for name in imported(path)]
            others = {name[2] for name in names if name[1:2] == ["simulator"]}
            assert (others & rooms) - {room} <= below, path
