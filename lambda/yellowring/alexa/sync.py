"""Alexa's out-of-session services for scripts: the same clients, without ``await``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from yellowring.alexa.connections import Connections
from yellowring.alexa.lwa import PROACTIVE_EVENTS, SKILL_MESSAGING, AccessTokens, Credentials
from yellowring.alexa.proactive_events import ProactiveEvents
from yellowring.alexa.skill_messaging import SkillMessages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring.alexa.endpoints import Region
    from yellowring.alexa.lwa import Token
    from yellowring.alexa.proactive_events import CreateProactiveEventRequest
    from yellowring.settings import Stage


class OutOfSession:
    """A skill's way to Alexa when nobody is talking to it.

    Parameters
    ----------
    client_id, client_secret
        From the skill's Permissions page.
    stage
        Which of the skill's stages the customers have enabled.
    alexa_base_url, lwa_base_url
        Stand in for Amazon's hosts when not empty; ``{region}`` in the first is replaced.

    Examples
    --------
    >>> with OutOfSession("amzn1.application-oa2-client.x", "secret") as alexa:
    ...     alexa.send_message(user_id, {"version": 1, "command": "refresh"})  # doctest: +SKIP
    """

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        stage: Stage = "development",
        alexa_base_url: str = "",
        lwa_base_url: str = "",
    ) -> None:
        self._credentials = Credentials(client_id, client_secret)
        self._stage = stage
        self._alexa = alexa_base_url
        self._lwa = lwa_base_url
        self._known: dict[str, Token] = {}

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
        self._connections = Connections()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._runner.run(self._close())
        finally:
            self._runner.close()

    def token(self, scope: str) -> str:
        """Give an access token that is good for a while, the same one until then.

        Parameters
        ----------
        scope
            Such as ``alexa::proactive_events`` or ``alexa:skill_messaging``.

        Raises
        ------
        InvalidCredentials, TokenUnavailable
            Login with Amazon refused, or could not be reached.
        """
        return self._runner.run(self._tokens(scope).get())

    def send_event(
        self,
        event: CreateProactiveEventRequest,
        user_id: str | None = None,
        *,
        region: Region = "na",
    ) -> None:
        """Send an event to a customer, or to all who are subscribed to it when none is named.

        Raises
        ------
        RequestRefused, TooManyRequests, ServiceUnavailable
            Alexa did not take it. A refusal with status 409 means that the customer already has
            had an event with this reference id.
        InvalidCredentials, TokenUnavailable
            There is no token to send with.
        """
        tokens = self._tokens(PROACTIVE_EVENTS)
        events = ProactiveEvents(self._connections, tokens, stage=self._stage, base_url=self._alexa)
        body = event.multicast() if user_id is None else event.unicast().body(user_id)
        self._runner.run(events.send(region, body)).raise_for_refusal("sending an event")

    def send_message(
        self,
        user_id: str,
        data: Mapping[str, object],
        *,
        expires_after: int | None = None,
        region: Region = "na",
    ) -> None:
        """Send the skill a message about a customer; arguments and errors as of `SkillMessages`."""
        tokens = self._tokens(SKILL_MESSAGING)
        messages = SkillMessages(self._connections, tokens, base_url=self._alexa)
        self._runner.run(messages.send(region, user_id, data, expires_after))

    async def _close(self) -> None:
        self._connections.close()

    def _tokens(self, scope: str) -> AccessTokens:
        return AccessTokens(
            self._connections, self._credentials, scope, base_url=self._lwa, known=self._known
        )
