"""Customers link an account of the business to the skill, and Alexa keeps their access token.

Source: "Account Linking for Custom Skills" and "Skill Events in Alexa Skills" (Alexa Skills Kit).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from yellowring_tools.simulator.customers.customers import Link

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from yellowring_tools.simulator.customers.customers import Customer, Customers
    from yellowring_tools.simulator.login.provider import Provider


class AccountLinking:
    """Every customer's account.

    Parameters
    ----------
    customers
        Who can link, and what that tells the skill.
    provider
        Gives the access tokens, and takes them back.
    clock
        The time of day.
    lifetime_s
        Gives how long an access token lasts, in seconds.
    """

    def __init__(
        self,
        customers: Customers,
        provider: Provider,
        clock: Callable[[], datetime],
        lifetime_s: Callable[[], int],
    ) -> None:
        self._customers = customers
        self._provider = provider
        self._clock = clock
        self._lifetime_s = lifetime_s

    def link(
        self,
        customer: Customer,
        subject: str,
        claims: Mapping[str, Any],
        at: datetime | None = None,
    ) -> Customer:
        """Link an account, in the place of any other; the old access token ends.

        Raises
        ------
        NotPossible
            When the customer has disabled the skill.
        """
        before = customer.link
        token = self._provider.issue(subject, claims, self._clock(), self._lifetime_s())
        self._customers.link(customer, Link(subject, dict(claims), token), at)
        if before is not None:
            self._provider.end(before.token.text)
        return customer

    def unlink(self, customer: Customer, at: datetime | None = None) -> Customer:
        """Take the link back; the access token ends.

        Raises
        ------
        NotPossible
            When no account is linked.
        """
        link = customer.link
        self._customers.unlink(customer, at)
        if link is not None:
            self._provider.end(link.token.text)
        return customer

    def access_token(self, customer: Customer) -> str | None:
        """Return the token that a request brings now; Alexa renews one that has expired."""
        link, now = customer.link, self._clock()
        if link is None:
            return None
        if link.token.ends <= now:
            token = self._provider.issue(link.subject, link.claims, now, self._lifetime_s())
            customer.link = link = replace(link, token=token)
        return link.token.text
