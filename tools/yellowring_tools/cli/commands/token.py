"""`yellowring token`: an access token of the skill's own, to try Alexa's services by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from yellowring.alexa.errors import InvalidCredentials
from yellowring.alexa.lwa import PROACTIVE_EVENTS, SKILL_MESSAGING

from yellowring_tools.cli.aws.access import access
from yellowring_tools.cli.aws.stacks import Choice, on_choice
from yellowring_tools.cli.terminal.output import AsJson, complain, failure, say, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

KNOWN: Sequence[str] = (PROACTIVE_EVENTS, SKILL_MESSAGING)


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(token)


@on_choice
def token(
    choice: Choice,
    *,
    scope: Annotated[
        str, typer.Option(help=f"What the token is for, such as {' or '.join(KNOWN)}.")
    ],
    as_json: AsJson = False,
) -> None:
    """Print an access token from Login with Amazon; whoever has it may act for the skill."""
    meant = [known for known in KNOWN if _letters(known) == _letters(scope) and known != scope]
    if meant:
        complain(f"warning: Amazon knows {scope} as {meant[0]}")
    with access(choice).open() as alexa:
        try:
            value = alexa.token(scope)
        except InvalidCredentials as error:
            if error.code != "invalid_scope":
                raise
            raise failure(
                f"Amazon gives the skill no token for {scope}: there are {' and '.join(KNOWN)}"
            ) from None
    if as_json:
        say_json({"scope": scope, "token": value})
    else:
        say(value)


def _letters(scope: str) -> str:
    return scope.replace(":", "").lower()
