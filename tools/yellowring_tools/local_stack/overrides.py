"""The file in which SAM gets a stack's parameters: JSON, which is YAML as well.

SAM reads it as YAML, where an escaped surrogate pair is two characters that no request can carry.
So text stands there as it is, but for what YAML takes only escaped.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What YAML refuses, or takes for the end of a line."""


def write_overrides(path: Path, parameters: Mapping[str, str]) -> None:
    """Write parameters into a file in UTF-8, for ``--parameter-overrides file://``."""
    text = json.dumps(dict(parameters), ensure_ascii=False, indent=2)
    escaped = _ESCAPED.sub(lambda each: f"\\u{ord(each[0]):04x}", text)
    path.write_text(escaped, encoding="utf-8")
