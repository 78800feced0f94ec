"""`yellowring validate`: check campaign files before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from yellowring_tools.cli.files.documents import CheckedFile, check_file
from yellowring_tools.cli.files.manifest import DEFAULT_MANIFEST, Manifest, NoManifest
from yellowring_tools.cli.terminal.output import complain, failure, say, say_json

if TYPE_CHECKING:
    from yellowring_tools.cli.files.documents import Finding


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(validate)


def validate(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Campaign files; - is the input.")
    ],
    manifest: Annotated[
        str | None,
        typer.Option(
            help=f"Warn of events and locales by this skill manifest. [{DEFAULT_MANIFEST}]"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check campaigns: exit 0 when all are right, 1 when one is not."""
    try:
        declared = Manifest.read(manifest)
    except NoManifest as error:
        raise failure(str(error)) from None
    checks = [declared.check(check_file(file)) for file in files]
    if as_json:
        say_json([_document(checked) for checked in checks])
    else:
        for checked in checks:
            _report(checked)
    if any(checked.problems for checked in checks):
        raise typer.Exit(1)


def _report(checked: CheckedFile) -> None:
    for problem in checked.problems:
        complain(str(problem))
    for warning in checked.warnings:
        complain(f"{warning} [warning]")
    campaign = checked.campaign
    if campaign:
        source = f"its stack's event source {campaign.content!r}" if campaign.content else ""
        made = f", made for each customer by {source}" if source else ""
        say(f"{checked.file}: ok, {campaign.name} sends {campaign.event_name}{made}")


def _document(checked: CheckedFile) -> dict[str, Any]:
    def findings(found: tuple[Finding, ...]) -> list[dict[str, Any]]:
        return [finding.document() for finding in found]

    return {
        "file": checked.file,
        "valid": not checked.problems,
        "problems": findings(checked.problems),
        "warnings": findings(checked.warnings),
    }
