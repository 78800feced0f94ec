"""`yellowring skill-package`: what a skill package lacks so that the skill can notify."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yellowring_tools.cli.commands.catalog import event_named
from yellowring_tools.cli.files.documents import Unreadable, check_file, read_text
from yellowring_tools.cli.files.json_text import JsonText, NotJson, parse_json
from yellowring_tools.cli.files.skill_package import joined, mended, notes, requirements
from yellowring_tools.cli.terminal.output import AsJson, complain, failure, say, say_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from yellowring_tools.cli.files.skill_package import Requirement

ACCOUNT_LINKING = (
    "account linking, if customers are to be known by it, is set in the developer console and not "
    "in the package"
)


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    group = typer.Typer(
        help="The skill package: check what it lacks so that the skill can notify.",
        no_args_is_help=True,
    )
    group.callback()(lambda: None)  # or its one command would be taken for the group itself
    group.command()(check)
    app.add_typer(group, name="skill-package")


def check(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="The package, or its skill.json.")
    ] = Path("skill-package"),
    *,
    campaign: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="A campaign that the skill sends; repeatable."),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(help="An event that it sends, such as OrderStatus; repeatable."),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Write what lacks into skill.json.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a skill package: exit 0 when all is there, 1 when something lacks."""
    events = dict.fromkeys([*map(event_named, event or ()), *_sent(campaign or ())])
    file = folder if folder.suffix == ".json" else folder / "skill.json"
    text, read = _read(file)
    found = requirements(read.value, events)
    added = False
    if fix and any(each.add for each in found):
        better = mended(text, read.value, found)
        if added := better != text:
            _write(file, better)
        read = parse_json(better)
        found = requirements(read.value, events)
    if as_json:
        say_json(_document(file, found, read))
    else:
        _report(file, found, read, added=added)
    if any(each.lacks for each in found):
        raise typer.Exit(1)


def _read(file: Path) -> tuple[str, JsonText]:
    try:
        text = read_text(str(file))
        read = parse_json(text)
    except Unreadable as error:
        hint = "" if file.is_file() else ": name the folder that holds skill.json"
        raise failure(f"{error}{hint}") from None
    except NotJson as error:
        raise failure(f"{file}: {error}") from None
    if read.problems:
        first = read.problems[0]
        raise failure(f"{file}:{read.line_of(first.path)}: {first}")
    return text, read


def _sent(campaigns: Iterable[str]) -> list[str]:
    """Return the names of the events that campaigns send, or end the command."""
    checks = [check_file(file) for file in campaigns]
    if problems := [problem for each in checks for problem in each.problems]:
        raise failure("\n".join(map(str, problems)))
    return [each.campaign.event_name for each in checks if each.campaign]


def _write(file: Path, text: str) -> None:
    """Replace a file at once, so that what goes wrong leaves it as it was."""
    mode = file.stat().st_mode
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=file.parent, delete=False
    ) as new:
        new.write(text)
    Path(new.name).chmod(mode)
    os.replace(new.name, file.resolve())  # noqa: PTH105 - says that it replaces


def _document(file: Path, found: Sequence[Requirement], read: JsonText) -> dict[str, object]:
    return {
        "file": str(file),
        "complete": not any(each.lacks for each in found),
        "requirements": [{**each.document(), "line": read.line_of(each.path)} for each in found],
        "add": joined(found),
        "notes": [*notes(read.value), ACCOUNT_LINKING],
    }


def _report(file: Path, found: Sequence[Requirement], read: JsonText, *, added: bool) -> None:
    for each in found:
        if each.lacks:
            complain(f"{file}:{read.line_of(each.path)}: {each.path} {each.lacks}")
        else:
            say(f"{file}: ok, {each.path} has {each.purpose}")
    for note in (*notes(read.value), ACCOUNT_LINKING):
        complain(f"{file}: {note} [note]")
    if added:
        say(f"{file}: written")
    if fragment := joined(found):
        complain("add this, or have it added with --fix:")
        say_json(fragment)
