"""A skill package that was uploaded: unzipped, checked, and laid down as a folder."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from yellowring_tools.simulator.smapi.manifest_rules import manifest_problems, names_of
from yellowring_tools.simulator.smapi.refusals import Problem
from yellowring_tools.simulator.voice.interaction_model import MODELS, InteractionModel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST = "skill.json"
LARGEST = 30 * 1024 * 1024
"""Bytes of a package, zipped or not; the simulator's own bound."""


@dataclass(frozen=True, slots=True)
class Package:
    """What a package holds, and what is wrong with each of its parts.

    ``problems`` are of the package as a whole.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    of_manifest: tuple[Problem, ...] = ()
    of_models: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with it."""
        return not (self.problems or self.of_manifest or any(self.of_models.values()))

    def write(self, folder: Path) -> None:
        """Lay the files down."""
        for name, content in self.files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


def read_package(zipped: bytes) -> Package:
    """Unzip a package and check it; whatever is wrong is in what is returned."""
    try:
        files = _unzipped(zipped)
        document = json.loads(files[MANIFEST])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError) as error:
        return Package(
            problems=(Problem("INVALID_PACKAGE", f"The package cannot be read: {error}"),)
        )
    except KeyError:
        message = f"{MANIFEST} is not at the top of the package"
        return Package(problems=(Problem("RESOURCE_NOT_FOUND", message),))
    of_manifest = tuple(manifest_problems(document, files))
    manifest = document if isinstance(document, dict) else {}
    locales = names_of(manifest.get("manifest") or {}) if not of_manifest else None
    return Package(
        files,
        manifest,
        of_manifest=of_manifest,
        of_models={
            locale: tuple(_model_problems(locale, content, locales))
            for locale, content in models_in(files).items()
        },
    )


def models_in(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the interaction models of a package, by locale."""
    paths = {name: PurePosixPath(name) for name in files}
    return {
        path.stem: files[name]
        for name, path in sorted(paths.items())
        if str(path.parent) == MODELS and path.suffix == ".json"
    }


def _unzipped(zipped: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(zipped)) as packed:
        entries = [entry for entry in packed.infolist() if not entry.is_dir()]
        if sum(entry.file_size for entry in entries) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST} bytes")
        for entry in entries:
            parts = PurePosixPath(entry.filename).parts
            if not parts or ".." in parts or parts[0].startswith("/"):
                raise ValueError("it has a path that leads out of it")
        return {entry.filename: packed.read(entry) for entry in entries}


def _model_problems(
    locale: str, content: bytes, locales: Mapping[str, str] | None
) -> list[Problem]:
    if locales is not None and locale not in locales:
        message = f"{MODELS}/{locale}.json: the manifest does not have the locale {locale}"
        return [Problem("INVALID_LOCALE", message)]
    try:
        model = InteractionModel.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        return [Problem("INVALID_MODEL", f"{MODELS}/{locale}.json: {where}: {first['msg']}")]
    if not model.invocation_name.strip():
        return [Problem("INVALID_MODEL", f"{MODELS}/{locale}.json: invocationName is empty")]
    return []
