"""The Skill Messaging API: data for the skill itself, about one customer.

Source: "Skill Messaging API Reference" (Alexa Skills Kit).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from yellowring.alexa.calls import AuthorizedCalls
from yellowring.alexa.endpoints import alexa_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring.alexa.connections import Connections
    from yellowring.alexa.endpoints import Region
    from yellowring.alexa.lwa import AccessTokens

LARGEST_DATA = 6 * 1024
"""Bytes of the data as JSON without white space between its parts."""
SHORTEST_EXPIRY, LONGEST_EXPIRY = 60, 86_400
"""Seconds; Alexa's default is 3600."""


class InvalidSkillMessage(ValueError):
    """A skill message that Alexa would refuse; says what would be right."""


class SkillMessages:
    """Sends messages to the skill, over kept connections.

    Parameters
    ----------
    connections
        The connections to send over.
    tokens
        Tokens for ``alexa:skill_messaging``.
    base_url
        ``ALEXA_BASE_URL``.
    """

    def __init__(
        self, connections: Connections, tokens: AccessTokens, *, base_url: str = ""
    ) -> None:
        self._calls = AuthorizedCalls(connections, tokens)
        self._base_url = base_url

    async def send(
        self,
        region: Region,
        user_id: str,
        data: Mapping[str, object],
        expires_after: int | None = None,
    ) -> None:
        """Send one message; Alexa tries to deliver it until it expires.

        Parameters
        ----------
        region
            Where the customer is.
        user_id
            The customer.
        data
            What the skill receives, at most 6 KB as JSON. Amazon's reference has texts for
            values; see `as_texts`.
        expires_after
            Seconds, 60 to 86 400; Alexa takes 3600 when it is left out.

        Raises
        ------
        InvalidSkillMessage
            Nothing was sent: Alexa would refuse it.
        RequestRefused, TooManyRequests, ServiceUnavailable
            Alexa did not take it.
        InvalidCredentials, TokenUnavailable
            There is no token to send with.
        """
        body = message_body(data, expires_after)
        path = f"/v1/skillmessages/users/{quote(user_id, safe='')}"
        answer = await self._calls.post(alexa_url(region, self._base_url) + path, body)
        answer.raise_for_refusal("sending a skill message")


def message_body(data: Mapping[str, object], expires_after: int | None = None) -> bytes:
    """Render a request's body.

    Raises
    ------
    InvalidSkillMessage
        The data is too large or no JSON, or the expiry is out of bounds.
    """
    if expires_after is not None and not SHORTEST_EXPIRY <= expires_after <= LONGEST_EXPIRY:
        raise InvalidSkillMessage(
            f"a skill message expires after {SHORTEST_EXPIRY} to {LONGEST_EXPIRY} seconds, "
            f"not {expires_after}"
        )
    try:
        compact = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        size = len(compact.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidSkillMessage(f"a skill message's data must be JSON: {error}") from None
    if not compact.startswith("{"):
        raise InvalidSkillMessage("a skill message's data must be an object")
    if size > LARGEST_DATA:
        raise InvalidSkillMessage(
            f"a skill message's data may have {LARGEST_DATA} bytes, and has {size}"
        )
    rest = "" if expires_after is None else f',"expiresAfterSeconds":{expires_after}'
    return f'{{"data":{compact}{rest}}}'.encode()


def as_texts(data: Mapping[str, object]) -> dict[str, str]:
    """Give data whose values are all texts, as the reference has them: others as their JSON.

    Examples
    --------
    >>> as_texts({"version": 1, "command": "attributes", "set": {"plan": "gold"}})
    {'version': '1', 'command': 'attributes', 'set': '{"plan":"gold"}'}
    """
    return {
        key: value
        if isinstance(value, str)
        else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        for key, value in data.items()
    }
