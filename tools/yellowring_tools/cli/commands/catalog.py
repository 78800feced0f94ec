"""`yellowring catalog`, `new` and `schema`: what can be sent, and a campaign to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from yellowring.catalog import EVENT_NAMES, fields_of, utterance
from yellowring.catalog.names import US_ONLY
from yellowring.catalog.problems import nearest, quoted
from yellowring.sender.campaign import InvalidCampaign, parse_campaign

from yellowring_tools.cli.files.examples import example_campaign
from yellowring_tools.cli.files.manifest import Manifest, NoManifest
from yellowring_tools.cli.terminal.output import WIDEST, complain, failure, say, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yellowring.catalog import Field

EventName = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="An event, such as WeatherAlert.")
]


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    app.command()(catalog)
    app.command()(new)
    app.command()(schema)


def catalog(
    name: EventName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the eight events with their fields, or show one with a full example."""
    names = EVENT_NAMES if name is None else (event_named(name),)
    if as_json:
        events = [_event(event_name) for event_name in names]
        say_json(events if name is None else events[0])
        return
    for event_name in names:
        _show(event_name)
    if name is None:
        say("yellowring catalog NAME shows one event with an example.")
    else:
        campaign = example_campaign(names[0])
        say("Example, to be had with yellowring new:")
        say_json(campaign)
        say("")
        say(f"Alexa says: {_sentence(campaign)}")


def new(
    name: Annotated[str, typer.Argument(help="An event, such as WeatherAlert.")],
    campaign_name: Annotated[
        str | None, typer.Option("--name", help="The campaign's name; the event's without it.")
    ] = None,
    locale: Annotated[
        list[str] | None,
        typer.Option(help="A locale to have texts for; those of the skill's manifest without it."),
    ] = None,
) -> None:
    """Print a right campaign to edit: yellowring new WeatherAlert > campaign.json."""
    event_name = event_named(name)
    campaign = example_campaign(event_name, campaign_name, locale or _locales(event_name))
    try:
        parse_campaign(campaign)
    except InvalidCampaign as invalid:
        raise failure(str(invalid.problems[0])) from None
    say_json(campaign)


def schema(name: EventName = None) -> None:
    """Print the JSON Schema of campaigns, or of those with one event, for editors."""
    from yellowring_tools.cli.files.schema import campaign_schema  # noqa: PLC0415 - the other subcommands do without

    say_json(campaign_schema(EVENT_NAMES if name is None else (event_named(name),)))


def event_named(name: str) -> str:
    """Find an event by its name or the middle of it, in any case; else end the command."""
    short_names = {event_name.split(".")[1]: event_name for event_name in EVENT_NAMES}
    for short_name, event_name in short_names.items():
        if name.lower() in {short_name.lower(), event_name.lower()}:
            return event_name
    meant = nearest(name, [*short_names, *EVENT_NAMES])
    hint = f" (did you mean {meant}?)" if meant else ""
    known = ", ".join(short_names)
    raise failure(f"{quoted(name)} is not an event{hint}; use one of {known}")


def _locales(event_name: str) -> Sequence[str]:
    """Return the locales of the skill's manifest that Alexa has the event in; else en-US."""
    try:
        locales = Manifest.read(None).locales
    except NoManifest as error:
        complain(f"{error} [warning]")
        locales = ()
    return ("en-US",) if event_name in US_ONLY or not locales else locales


def _sentence(campaign: dict[str, Any]) -> str | None:
    event = campaign["event"]
    return utterance(event["name"], event["payload"], campaign.get("localizedAttributes", []))


def _event(event_name: str) -> dict[str, Any]:
    campaign = example_campaign(event_name)
    fields = [
        {
            "path": field.path,
            "kind": field.kind,
            "required": field.required,
            "localizable": field.localizable,
            "choices": list(field.choices),
        }
        for field in fields_of(event_name)
    ]
    return {
        "name": event_name,
        "fields": fields,
        "example": campaign,
        "utterance": _sentence(campaign),
    }


def _show(event_name: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - a quarter of a second that JSON can save
    from rich.table import Table  # noqa: PLC0415

    table = Table(title=event_name, title_justify="left", title_style="bold", expand=False)
    table.add_column("field", no_wrap=True)
    for heading in ("takes", "required", "localizable"):
        table.add_column(heading)
    for field in fields_of(event_name):
        if field.kind != "object" or not field.required:
            flags = ("yes" if flag else "" for flag in (field.required, field.localizable))
            table.add_row(field.path, _takes(field), *flags)
    console = Console()
    wide = console if console.is_terminal else Console(width=WIDEST)
    wide.print(table)


def _takes(field: Field) -> str:
    words = ", ".join(field.choices)
    return {
        "object": "an object",
        "text": "text",
        "integer": "whole number",
        "time": "ISO 8601 time with zone",
        "choice": words,
        "choices": f"1 to 5 of {words}",
    }[field.kind]
