"""`yellowring message`: have the skill do something for one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from yellowring.alexa.endpoints import region_of
from yellowring.alexa.skill_messaging import (
    LONGEST_EXPIRY,
    SHORTEST_EXPIRY,
    InvalidSkillMessage,
    as_texts,
)
from yellowring.skill.commands import InvalidMessage, parse_command

from yellowring_tools.cli.aws.access import REGIONS, access
from yellowring_tools.cli.aws.customers import subscribers_of
from yellowring_tools.cli.aws.stacks import Choice, on_choice
from yellowring_tools.cli.files.documents import Unreadable, read_text
from yellowring_tools.cli.files.json_text import NotJson, parse_json
from yellowring_tools.cli.terminal.output import AsJson, failure, say, say_json

if TYPE_CHECKING:
    from yellowring.alexa.endpoints import Region

    from yellowring_tools.cli.aws.access import Access


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(message)


@on_choice
def message(
    choice: Choice,
    user_id: Annotated[str, typer.Argument(metavar="USER", help="The customer's user id.")],
    data: Annotated[
        str, typer.Argument(metavar="JSON|@FILE|-", help="The command, as docs/skill.md has it.")
    ],
    *,
    expires_after: Annotated[
        int | None,
        typer.Option(
            min=SHORTEST_EXPIRY,
            max=LONGEST_EXPIRY,
            metavar="SECONDS",
            help="How long Alexa tries to deliver it. [3600]",
        ),
    ] = None,
    alexa_region: Annotated[
        str | None,
        typer.Option(help="na, eu or fe. [what the customer's record says, or na]"),
    ] = None,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Send it even if this skill has no such command.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send the skill a message about a customer, through Alexa."""
    document = _document(data)
    if not unchecked:
        _check(document)
    if not user_id.startswith("amzn1.ask.account."):
        raise failure("USER is not a user id: those begin with amzn1.ask.account.")
    reached = access(choice)
    region = _region(alexa_region, user_id, reached)
    try:
        with reached.open() as alexa:
            told = as_texts(document)
            alexa.send_message(user_id, told, expires_after=expires_after, region=region)
    except InvalidSkillMessage as error:
        raise failure(f"nothing was sent: {error}") from None
    if as_json:
        say_json({"accepted": True, "region": region, "data": told})
    else:
        say(f"accepted in {region}; that it was accepted is no proof that the skill has had it")


def _document(given: str) -> dict[str, Any]:
    try:
        text = read_text(given.removeprefix("@")) if given == "-" or given[:1] == "@" else given
        read = parse_json(text)
    except (Unreadable, NotJson) as error:
        raise failure(f"the message is not JSON: {error}") from None
    if read.problems:
        raise failure(f"the message cannot be sent: {read.problems[0]}")
    if not isinstance(read.value, dict):
        raise failure('the message must be an object, such as {"version": 1, "command": "refresh"}')
    return read.value


def _check(document: dict[str, Any]) -> None:
    try:
        parse_command(document)
    except InvalidMessage as error:
        raise failure(
            f"the skill would not do this: {error}; --unchecked sends it all the same"
        ) from None


def _region(given: str | None, user_id: str, reached: Access) -> Region:
    if given is not None:
        for region in REGIONS:
            if region == given:
                return region
        raise failure(f"--alexa-region must be one of {', '.join(REGIONS)}, not {given}")
    if reached.stack is None:
        return "na"
    record = subscribers_of(reached.stack).get(user_id)
    host = record.registers.get("host") if record else None
    return region_of(str(host.value)) if host and host.value else "na"
