"""What setting up has done so far, written down before and after what cannot be done twice.

``.yellowring/setup.json`` in the folder that the command is run in: ids and digests, no secrets.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yellowring_tools.setup.problems import SetupStopped

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 1
DIRECTORY = ".yellowring"
FILE = "setup.json"


@dataclass(frozen=True, slots=True)
class Intent:
    """A skill that is about to be created, or was: nobody knows until its id is known.

    Attributes
    ----------
    vendor_id
        Whose skill it becomes.
    names
        Its names, by which it is found again.
    known
        Ids of the vendor's skills of these names before.
    at
        When the creation was asked for, in seconds since 1970.
    import_id
        What SMAPI calls the creation; empty as long as it has not answered.
    missed
        Whether it was looked for in vain, and somebody was told so.
    """

    vendor_id: str
    names: tuple[str, ...]
    known: tuple[str, ...]
    at: float
    import_id: str = ""
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack as it was deployed last.

    Attributes
    ----------
    digest
        Of what was built and of the parameters.
    """

    digest: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen last, with which a run without options goes on.

    Attributes
    ----------
    regions
        Each ``NA=us-east-1``: Alexa's region, and the AWS region that serves it.
    stacks
        The stack's name by stage.
    architecture
        The functions' instruction set.
    name, privacy_policy, terms_of_use
        What the skill has in place of the package's.
    keep
        More AWS services that the functions may call, by commas.
    """

    regions: tuple[str, ...]
    stacks: dict[str, str]
    architecture: str
    name: str = ""
    privacy_policy: str | None = None
    terms_of_use: str | None = None
    keep: str = ""


@dataclass(frozen=True, slots=True)
class Entries:
    """All that is written down.

    Attributes
    ----------
    skill_id
        The skill's id, once it is known.
    intent
        The creation that was begun and whose skill's id is not known.
    package
        Digest of the skill package that the skill was updated with last.
    stacks
        Stacks by ``NAME/REGION``.
    account
        Id of the AWS account that they are in.
    chosen
        What was chosen last; ``None`` before the first run.
    """

    skill_id: str = ""
    intent: Intent | None = None
    package: str = ""
    stacks: dict[str, Deployed] = field(default_factory=dict)
    account: str = ""
    chosen: Chosen | None = None


class Journal:
    """The journal of a folder; every change of it is on the disk before anything else happens."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / DIRECTORY
        self.path = self._folder / FILE
        self.entries = Entries()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Read the journal, and keep any other set-up out of its folder meanwhile.

        Raises
        ------
        SetupStopped
            Another set-up is at work in this folder, or the journal cannot be read.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / ".gitignore").write_text("*\n")
        with (self._folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SetupStopped(
                    f"another yellowring setup is at work in {self._folder.parent}: let it end"
                ) from None
            self.read()
            yield

    def read(self) -> None:
        """Read what is written; nothing is, in a folder that nothing was set up in.

        Raises
        ------
        SetupStopped
            What is there is no journal of this version.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            self.entries = Entries()
            return
        try:
            self.entries = _entries(content)
        except (ValueError, TypeError, KeyError) as error:  # pydantic's is a ValueError
            raise SetupStopped(
                f"{self.path} is no journal of this version ({type(error).__name__}): move it "
                "away, and name the skill with --skill-id"
            ) from None

    def note(self, **changes: Any) -> None:  # noqa: ANN401 - whatever the entries are
        """Change entries, and have them on the disk."""
        self.entries = replace(self.entries, **changes)
        document = {"version": VERSION, **asdict(self.entries)}
        with tempfile.NamedTemporaryFile(  # of mode 600
            "w", encoding="utf-8", dir=self._folder, prefix=f"{FILE}.", delete=False
        ) as new:
            json.dump(document, new, indent=2)
            new.write("\n")
            new.flush()
            os.fsync(new.fileno())
        Path(new.name).replace(self.path)
        _on_disk(self._folder)

    def deployed(self, stack: str, region: str) -> Deployed | None:
        """Return a stack as it was deployed last."""
        return self.entries.stacks.get(f"{stack}/{region}")

    def note_deployed(self, stack: str, region: str, deployed: Deployed) -> None:
        """Note that a stack was deployed."""
        self.note(stacks={**self.entries.stacks, f"{stack}/{region}": deployed})


def _entries(content: bytes) -> Entries:
    from pydantic import TypeAdapter  # noqa: PLC0415 - loads much

    document = json.loads(content)
    if document["version"] != VERSION or "stacks" not in document:
        raise ValueError("version")
    return TypeAdapter(Entries).validate_json(content, strict=True)


def _on_disk(folder: Path) -> None:
    """Have the folder itself on the disk, and so the name of the file that was put there."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
