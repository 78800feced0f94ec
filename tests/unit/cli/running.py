"""Run the command as a person would, within the process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner
from yellowring_tools.cli.main import build


@dataclass(frozen=True)
class Run:
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def yellowring(*arguments: str, stdin: bytes | None = None) -> Run:
    result = CliRunner().invoke(build(arguments[0]), [*arguments], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Run(result.exit_code, result.stdout, result.stderr)
