"""How a command reaches Alexa: with the skill's credentials, from the environment or a stack.

Whoever has the skill's client id and client secret needs no AWS account: they are taken from
``YELLOWRING_CLIENT_ID`` and ``YELLOWRING_CLIENT_SECRET``. Otherwise they come from the secret of a
stack, which also says where Alexa is.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from yellowring.alexa.endpoints import Region
from yellowring.alexa.errors import AlexaError
from yellowring.alexa.lwa import Credentials
from yellowring.alexa.sync import OutOfSession

from yellowring_tools.cli.terminal.output import complain, failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring_tools.cli.aws.stacks import Choice, Stack

CLIENT_ID, CLIENT_SECRET = "YELLOWRING_CLIENT_ID", "YELLOWRING_CLIENT_SECRET"
REGIONS: tuple[Region, ...] = get_args(Region)


@dataclass(frozen=True, slots=True)
class Access:
    """Credentials, where Alexa is, and the stack that told it, if one did."""

    credentials: Credentials
    alexa_base_url: str
    lwa_base_url: str
    stack: Stack | None = None

    @contextmanager
    def open(self) -> Iterator[OutOfSession]:
        """Connect to Alexa; what she refuses ends the command with one line and status 1."""
        session = OutOfSession(
            self.credentials.client_id,
            self.credentials.client_secret,
            alexa_base_url=self.alexa_base_url,
            lwa_base_url=self.lwa_base_url,
        )
        try:
            with session as alexa:
                yield alexa
        except AlexaError as error:
            raise failure(str(error)) from None


def access(choice: Choice) -> Access:
    """Find the credentials, or end the command saying where they can be."""
    found = {name: os.environ.get(name, "").strip() for name in (CLIENT_ID, CLIENT_SECRET)}
    if all(found.values()):
        addresses = _addresses(os.environ)
        return Access(Credentials(found[CLIENT_ID], found[CLIENT_SECRET]), *addresses)
    if any(found.values()):
        missing = next(name for name, value in found.items() if not value)
        raise failure(f"{missing} is not set, but the other of the two is: set both, or neither")
    complain(f"{CLIENT_ID} and {CLIENT_SECRET} are not set: taking the credentials of a stack")
    stack = choice.stack()
    variables = function_variables(stack)
    secret = stack.secrets.get_secret_value(SecretId=variables["CREDENTIALS_SECRET_ID"])
    try:
        credentials = Credentials.from_secret(secret.get("SecretString"))
    except AlexaError as error:
        raise failure(str(error)) from None
    return Access(credentials, *_addresses(variables), stack)


def function_variables(stack: Stack) -> Mapping[str, str]:
    """Read what the stack's sender is told by its environment."""
    name = stack.outputs["SenderFunctionName"]
    configuration = stack.functions.get_function_configuration(FunctionName=name)
    return configuration["Environment"]["Variables"]


def _addresses(variables: Mapping[str, str]) -> tuple[str, str]:
    return variables.get("ALEXA_BASE_URL", ""), variables.get("LWA_BASE_URL", "")
