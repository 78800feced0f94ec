"""`yellowring preview`: hear a campaign, and see the request that would be sent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from yellowring.catalog import LOCALES, silence_note, utterance, wording_note
from yellowring.catalog.localization import locale_hint
from yellowring.catalog.problems import quoted
from yellowring.sender.campaign.event_source import InvalidContent, fill

from yellowring_tools.cli.files.documents import check_file
from yellowring_tools.cli.terminal.output import complain, failure, say, say_json

if TYPE_CHECKING:
    from typing import Any

    from yellowring.sender.campaign import Campaign

STAND_IN = "amzn1.ask.account.EXAMPLE"
"""The user of a preview that names none."""


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(preview)


def preview(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A campaign file; - is the input.")],
    *,
    locale: Annotated[
        str | None, typer.Option(help="The customer's locale; the campaign's first without it.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Where the customer is, such as Europe/Berlin.")
    ] = None,
    user: Annotated[str | None, typer.Option(help="The user id to show in the request.")] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="What to put in the place of {KEY}."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what Alexa would say, and show the exact request body that would be sent."""
    checked = check_file(file)
    for problem in checked.problems:
        complain(str(problem))
    for warning in checked.warnings:
        complain(f"{warning} [warning]")
    if checked.campaign is None:
        raise typer.Exit(1)
    source = checked.campaign.content
    if not checked.campaign.payload:
        raise failure(
            f"the event source {quoted(source)} makes what each customer hears, where the sender "
            "runs; give the event a payload to hear that one"
        )
    campaign = _filled(checked.campaign, attribute or [])
    spoken_to = _locale(campaign, locale)
    sentence = utterance(
        campaign.event_name,
        campaign.payload,
        campaign.localized_attributes,
        spoken_to,
        _zone(timezone),
    )
    note = (
        silence_note(campaign.localized_attributes, spoken_to)
        if sentence is None
        else wording_note(spoken_to, campaign.event_name, campaign.payload)
    )
    body = _body(campaign, user, datetime.now(UTC))
    if as_json:
        say_json({"utterance": sentence, "locale": spoken_to, "note": note, "request": body})
        return
    say(f"Alexa says ({spoken_to}): {sentence or 'nothing, no notification'}")
    if note:
        say(f"Note: {note}.")
    if source:
        say(f"Note: customers hear what the event source {quoted(source)} makes instead.")
    say("")
    say_json(body)


def _filled(campaign: Campaign, given: list[str]) -> Campaign:
    """Fill the campaign's placeholders with the customer's attributes that the options give."""
    attributes = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals:
            raise failure(f"--attribute {quoted(each)} is written KEY=VALUE, such as town=Ulm")
        attributes[key] = value
    try:
        payload, localized = fill(campaign, attributes)
    except InvalidContent as error:
        raise failure(f"{error}; --attribute KEY=VALUE gives one") from None
    return replace(campaign, payload=dict(payload), localized_attributes=localized)


def _locale(campaign: Campaign, wanted: str | None) -> str:
    defined = [entry["locale"] for entry in campaign.localized_attributes]
    if wanted is None:
        return defined[0] if defined else "en-US"
    if wanted not in LOCALES:
        hint = f" ({meant})" if (meant := locale_hint(wanted)) else ""
        known = ", ".join(LOCALES)
        raise failure(f"{quoted(wanted)} is not a locale{hint}; use one of {known}")
    return wanted


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise failure(
            f"{quoted(name)} is not a time zone; use a name such as Europe/Berlin"
        ) from None


def _body(campaign: Campaign, user: str | None, now: datetime) -> dict[str, Any]:
    """Render the request as the sender itself would if the campaign were due now."""
    from yellowring.sender.run.event_request import request_of  # noqa: PLC0415 - loads the client
    from yellowring.sender.run.lifecycle import new_run  # noqa: PLC0415
    from yellowring.sender.run.request import RunRequest, run_id_of  # noqa: PLC0415

    if campaign.audience.type == "multicast" and user:
        raise failure("--user goes with single customers; this campaign's audience is multicast")
    run_id = run_id_of(campaign.name, now.replace(second=0, microsecond=0).isoformat())
    made = request_of(new_run(RunRequest(campaign, run_id), 1, now))
    if campaign.audience.type == "multicast":
        body = made.multicast()
    else:
        body = made.unicast().body(user or next(iter(campaign.audience.user_ids), STAND_IN))
    rendered: dict[str, Any] = json.loads(body)
    return rendered
