"""The secret: whether it holds credentials, and Login with Amazon takes them for both scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring.alexa.errors import AlexaError, InvalidCredentials
from yellowring.alexa.lwa import PROACTIVE_EVENTS, SKILL_MESSAGING, Credentials
from yellowring.alexa.sync import OutOfSession

from yellowring_tools.doctor.finding import fault, unknown
from yellowring_tools.doctor.stack.deployment import found
from yellowring_tools.doctor.stack.template import DEPLOY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment

SCOPES = (PROACTIVE_EVENTS, SKILL_MESSAGING)
_FILL = (
    "put the client id and the client secret of the skill's Permissions page into it, from a file: "
    "aws secretsmanager put-secret-value --secret-id {secret} --secret-string file://…"
)


def check_secret(deployment: Deployment) -> Iterator[Finding]:
    """Check the secret by what Login with Amazon says of it."""
    name = deployment.outputs.get("CredentialsSecretId", f"{deployment.name}/credentials")
    where = f"secret {name}"
    credentials = credentials_of(deployment)
    if credentials is None:
        yield fault("secret", where, "is not there", f"{DEPLOY}, and fill it")
    elif isinstance(credentials, InvalidCredentials):
        yield fault("secret", where, str(credentials), _FILL.format(secret=name))
    else:
        lwa = deployment.variables.get("LWA_BASE_URL", "")
        with OutOfSession(
            credentials.client_id, credentials.client_secret, lwa_base_url=lwa
        ) as alexa:
            yield from of_scopes(alexa.token, where, _FILL.format(secret=name))


def credentials_of(deployment: Deployment) -> Credentials | InvalidCredentials | None:
    """Read the secret; ``None``: there is none, or nothing was ever put into it."""
    name = deployment.outputs.get("CredentialsSecretId", f"{deployment.name}/credentials")
    told = found(lambda: deployment.stack.secrets.get_secret_value(SecretId=name))
    if told is None:
        return None
    try:
        return Credentials.from_secret(told.get("SecretString"))
    except InvalidCredentials as error:
        return error


def of_scopes(token: Callable[[str], str], where: str, remedy: str) -> Iterator[Finding]:
    """Check that there is a token for each of the scopes; the first refusal is enough.

    Parameters
    ----------
    token
        Fetches a token for a scope, and raises `AlexaError`.
    where, remedy
        What is looked at, and what to do when it is refused.
    """
    for scope in SCOPES:
        try:
            token(scope)
        except InvalidCredentials as error:
            yield fault("secret", where, str(error), remedy)
            return
        except AlexaError as error:
            look = "look again later; is Amazon reachable from here, and LwaBaseUrl right?"
            yield unknown("secret", where, str(error), look)
            return
