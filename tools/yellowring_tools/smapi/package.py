"""A skill package as the zip that SMAPI takes."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from yellowring_tools.smapi.errors import SmapiError

if TYPE_CHECKING:
    from pathlib import Path

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The date of every entry, so that the same package is the same bytes."""


def pack(folder: Path) -> bytes:
    """Zip a skill package: ``skill.json`` at its top, models and assets under it.

    Hidden files, which editors and systems leave behind, stay out.

    Raises
    ------
    SmapiError
        When the folder has no ``skill.json``.
    """
    if not (folder / "skill.json").is_file():
        raise SmapiError(
            None,
            "NO_PACKAGE",
            f"{folder} has no skill.json: name the folder of a skill package, such as "
            "build/skill-package",
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for file in sorted(folder.rglob("*")):
            within = file.relative_to(folder)
            if file.is_file() and not any(part.startswith(".") for part in within.parts):
                entry = zipfile.ZipInfo(within.as_posix(), _EARLIEST)
                entry.compress_type = zipfile.ZIP_DEFLATED
                made.writestr(entry, file.read_bytes())
    return packed.getvalue()
