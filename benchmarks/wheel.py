"""What ``pip install yellowring`` brings: bytes, dependencies, and what importing costs.

Run it with ``python benchmarks/wheel.py``; ``--json`` prints the figures as JSON. The wheel is
built anew. What importing costs is the CPU of a fresh process beyond one that imports nothing, from
modules that were compiled before; boto3, which Lambda brings along, is there beside it.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from email.parser import Parser
from pathlib import Path
from typing import Any
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
UV = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
STATEMENTS = {
    "yellowring": "import yellowring",
    "yellowring.wrap": "import yellowring; yellowring.wrap",
    "yellowring.ask_for_notifications": "import yellowring; yellowring.ask_for_notifications",
    "boto3": "import boto3",
    "boto3 and yellowring.wrap": "import boto3, yellowring; yellowring.wrap",
    "ASK SDK, hello world": "from ask_sdk_core.skill_builder import SkillBuilder",
}
ROUNDS = 5
WATCHED = ("pydantic", "boto3", "botocore", "aws_lambda_powertools", "aiohttp", "ask_sdk_core")
"""Packages of others of which is said whether a statement loads them."""
MOST_BYTES = 300 * 1024
MOST_MILLISECONDS = 30.0
"""Of CPU, for what `import yellowring` alone costs."""


def build(directory: Path, *, everything: bool = False) -> list[Path]:
    """Build the library's wheel, or the tools' as well, and return them."""
    which = ["--all-packages"] if everything else []
    command = [UV, "build", "--quiet", *which, "--wheel", "--out-dir", str(directory)]
    subprocess.run(command, cwd=ROOT, check=True)
    return sorted(directory.glob("*.whl"))


def contents(wheel: Path) -> dict[str, Any]:
    """Return what a wheel holds: its bytes, packed and not, its top names and dependencies."""
    with ZipFile(wheel) as packed:
        files = packed.infolist()
        [metadata] = [each.filename for each in files if each.filename.endswith("/METADATA")]
        told = Parser().parsestr(packed.read(metadata).decode())
    return {
        "version": told["Version"],
        "python": told["Requires-Python"],
        "bytes": wheel.stat().st_size,
        "unpacked_bytes": sum(each.file_size for each in files),
        "top": sorted({each.filename.partition("/")[0] for each in files}),
        "requires": told.get_all("Requires-Dist") or [],
    }


def imports() -> dict[str, dict[str, Any]]:
    """Return what each statement costs in ms of CPU, and which packages of others it loads."""
    with tempfile.TemporaryDirectory() as compiled:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "lambda"),
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": compiled,
        }
        nothing = _cpu("pass", environment)
        return {
            name: {
                "cpu_ms": round(max(0.0, _cpu(statement, environment) - nothing), 1),
                "loads": loads(statement),
            }
            for name, statement in STATEMENTS.items()
        }


def loads(statement: str) -> list[str]:
    """Return which of the packages `WATCHED` a statement loads."""
    told = f"{statement}; import sys; print(*(n for n in {WATCHED} if n in sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "lambda")}
    command = [sys.executable, "-W", "ignore", "-c", told]
    answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return answer.stdout.split()


def _cpu(statement: str, environment: dict[str, str]) -> float:
    taken = []
    for _ in range(1 + ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-W", "ignore", "-c", statement]
        subprocess.run(command, env=environment, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        taken.append(seconds * 1000)
    return statistics.median(taken[1:])


def main() -> None:
    """Print the figures; fail when one is over its limit."""
    with tempfile.TemporaryDirectory() as directory:
        [wheel] = build(Path(directory))
        held = contents(wheel)
    measured = imports()
    if "--json" in sys.argv:
        print(json.dumps({"wheel": held, "imports": measured}, indent=2))
    else:
        print(f"{wheel.name}, Python {held['python']}: {held['bytes'] / 1024:.0f} KB, ", end="")
        print(f"unpacked {held['unpacked_bytes'] / 1024:.0f} KB, holds {', '.join(held['top'])}")
        for each in held["requires"]:
            print(f"  requires {each}")
        print(f"\n{'CPU of importing':36}{'median':>8}  loads")
        for name, each in measured.items():
            print(f"{name:36}{each['cpu_ms']:5.0f} ms  {', '.join(each['loads']) or 'nothing'}")
    if held["bytes"] > MOST_BYTES or measured["yellowring"]["cpu_ms"] > MOST_MILLISECONDS:
        sys.exit(f"over the limit of {MOST_BYTES} bytes or {MOST_MILLISECONDS} ms")


if __name__ == "__main__":
    main()
