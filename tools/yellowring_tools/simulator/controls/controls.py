"""The controls under ``/_sim/``: what the customers do, what was received, what goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from starlette.routing import Route

from yellowring_tools.simulator.answers import json_answer
from yellowring_tools.simulator.controls.bodies import (
    Action,
    Dated,
    Disable,
    LinkAccount,
    NewCustomers,
    Subscribe,
)
from yellowring_tools.simulator.customers.customers import NotPossible, UnknownCustomer
from yellowring_tools.simulator.documents import InvalidDocument, body_of
from yellowring_tools.simulator.facts import HOME_LOCALES
from yellowring_tools.simulator.faults import Faults
from yellowring_tools.simulator.login.provider import Mint
from yellowring_tools.simulator.schemas import EVENT_NAMES
from yellowring_tools.simulator.simulation import summary
from yellowring_tools.simulator.skill.delivery import NoFunction
from yellowring_tools.simulator.smapi.manifest_rules import names_of
from yellowring_tools.simulator.voice.conversations import SkillFailed, SkillTooSlow
from yellowring_tools.simulator.voice.turns import BadReply

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

    from yellowring_tools.simulator.customers.customers import Customer
    from yellowring_tools.simulator.simulation import Simulation


class Controls:
    """The handlers of the controls."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def routes(self) -> list[Route]:
        """Make their routes."""
        handlers = (
            ("GET", "/health", self.health),
            ("GET", "/customers", self.customers),
            ("POST", "/customers", self.add_customers),
            ("GET", "/customers/{user_id}", self.customer),
            ("POST", "/customers/{user_id}/{action}", self.act),
            ("GET", "/notifications", self.notifications),
            ("GET", "/faults", self.faults),
            ("PUT", "/faults", self.set_faults),
            ("POST", "/reset", self.reset),
            ("GET", "/events", self.events),
            ("POST", "/events/flush", self.flush),
            ("GET", "/messages", self.messages),
            ("GET", "/requests", self.requests),
            ("POST", "/tokens/revoke", self.revoke_tokens),
            ("POST", "/oidc/tokens", self.mint),
            ("GET", "/skills", self.skills),
        )
        return [
            Route(f"/_sim{path}", handler, methods=[method]) for method, path, handler in handlers
        ]

    async def health(self, request: Request) -> Response:  # noqa: ARG002
        """Say that it runs, and for which skill."""
        skill = self._simulation.skill
        document = {
            "status": "ok",
            "skillId": skill.skill_id or None,
            "stage": skill.stage,
            "function": self._simulation.function,
            "customers": len(self._simulation.customers),
            "notifications": len(self._simulation.notifications.all),
        }
        return json_answer(document)

    async def customers(self, request: Request) -> Response:
        """List the customers, or the newest ``limit`` of them."""
        chosen = _newest(request, list(self._simulation.customers))
        return json_answer([self._document(customer) for customer in chosen])

    async def customer(self, request: Request) -> Response:
        """Show one customer."""
        customer = self._simulation.customers.get(request.path_params["user_id"])
        return json_answer(self._document(customer))

    def _document(self, customer: Customer) -> dict[str, object]:
        simulation = self._simulation
        voice = simulation.conversations.document(customer)
        return customer.document(simulation.clock()) | {"voice": voice}

    async def add_customers(self, request: Request) -> Response:
        """Make one customer, or ``count`` of them as a list."""
        wanted = NewCustomers.read(await body_of(request))
        if wanted.count is not None and wanted.user_id is not None:
            raise InvalidDocument("userId: leave it out when count is given")
        made = [self._add(wanted) for _ in range(wanted.count or 1)]
        documents = [self._document(customer) for customer in made]
        return json_answer(documents if wanted.count is not None else documents[0], 201)

    def _add(self, wanted: NewCustomers) -> Customer:
        customers = self._simulation.customers
        locale = wanted.locale or HOME_LOCALES[wanted.region]
        customer = customers.add(wanted.region, locale, wanted.user_id)
        if wanted.subscribed:
            events = wanted.subscribed if isinstance(wanted.subscribed, tuple) else EVENT_NAMES
            with self._simulation.hearing(not wanted.silent):
                customers.subscribe(customer, events)
        return customer

    async def act(self, request: Request) -> Response:
        """Let a customer do one of the things they can."""
        action = request.path_params["action"]
        if action not in get_args(Action):
            raise InvalidDocument(
                f"no such action {action!r}; one of {', '.join(get_args(Action))}"
            )
        customer = self._simulation.customers.get(request.path_params["user_id"])
        changed = self._act(customer, action, await body_of(request))
        return json_answer(self._document(changed))

    def _act(self, customer: Customer, action: Action, body: object) -> Customer:
        customers = self._simulation.customers
        if action == "disable":
            disable = Disable.read(body)
            self._simulation.conversations.forget(customer)
            return customers.disable(customer, disable.persistence, disable.at)
        if action in ("subscribe", "unsubscribe"):
            subscribe = Subscribe.read(body)
            change = customers.subscribe if action == "subscribe" else customers.unsubscribe
            return change(customer, subscribe.events, subscribe.at)
        if action == "link":
            link = LinkAccount.read(body)
            return self._simulation.linking.link(customer, link.subject, link.claims, link.at)
        plain = {"enable": customers.enable, "grant": customers.grant, "revoke": customers.revoke}
        plain["unlink"] = self._simulation.linking.unlink
        return plain[action](customer, Dated.read(body).at)

    async def notifications(self, request: Request) -> Response:
        """List what was received: all, one customer's (``userId``), the newest (``limit``)."""
        user_id = request.query_params.get("userId")
        if user_id is None:
            found = self._simulation.notifications.all
        else:
            found = self._simulation.customers.get(user_id).notifications
        return json_answer([each.document() for each in _newest(request, found)])

    async def faults(self, request: Request) -> Response:  # noqa: ARG002
        """Show the faults, every default written out."""
        return json_answer(self._simulation.faults.document())

    async def set_faults(self, request: Request) -> Response:
        """Replace the faults."""
        self._simulation.set_faults(Faults.read(await body_of(request)))
        return await self.faults(request)

    async def reset(self, request: Request) -> Response:  # noqa: ARG002
        """Begin anew."""
        self._simulation.reset()
        return json_answer({"reset": True})

    async def events(self, request: Request) -> Response:
        """List the skill events, or the newest ``limit``, and sum all of them up."""
        chosen = _newest(request, self._simulation.events)
        events = [event.document() for event in chosen]
        return json_answer({"summary": self._simulation.events_summary(), "events": events})

    async def messages(self, request: Request) -> Response:
        """List the messages to the skill: all, one customer's (``userId``), the newest."""
        found = self._simulation.messages
        if (user_id := request.query_params.get("userId")) is not None:
            found = [message for message in found if message.user_id == user_id]
        chosen = [message.document() for message in _newest(request, found)]
        return json_answer({"summary": summary(found), "messages": chosen})

    async def flush(self, request: Request) -> Response:  # noqa: ARG002
        """Deliver now everything that waits."""
        return json_answer({"deliveries": self._simulation.deliverer.flush()})

    async def requests(self, request: Request) -> Response:  # noqa: ARG002
        """Show what the two APIs answered, and how many tokens were given out."""
        simulation = self._simulation
        more = {
            "tokensIssued": simulation.tokens.issued,
            "messages": simulation.message_traffic.document(),
            "userinfo": simulation.userinfo_traffic.document(),
        }
        return json_answer(simulation.traffic.document() | more)

    async def revoke_tokens(self, request: Request) -> Response:  # noqa: ARG002
        """End every access token."""
        return json_answer({"revoked": self._simulation.tokens.revoke_all()})

    async def skills(self, request: Request) -> Response:  # noqa: ARG002
        """List the skills that SMAPI knows, and whom the developer is as a customer."""
        simulation = self._simulation
        served, you = simulation.account.served, simulation.developer
        skills = [
            {
                "skillId": skill.skill_id,
                "clientId": skill.client_id,
                "names": names_of(skill.manifest()),
                "served": skill is served,
                "sound": skill.sound,
            }
            for skill in simulation.account.skills()
        ]
        document = {
            "vendorId": simulation.account.vendor_id,
            "skills": skills,
            "developer": None if you is None else you.user_id,
        }
        return json_answer(document)

    async def mint(self, request: Request) -> Response:
        """Make any token of the accounts' provider, a forged or expired one too."""
        simulation = self._simulation
        wanted = Mint.read(await body_of(request))
        return json_answer(simulation.provider.mint(wanted, simulation.clock()), 201)


def _newest[T](request: Request, everything: list[T]) -> list[T]:
    limit = request.query_params.get("limit")
    if limit is None:
        return everything
    if not limit.isascii() or not limit.isdigit() or int(limit) < 1:
        raise InvalidDocument(f"limit: must be a whole number from 1, not {limit!r}")
    return everything[-int(limit) :]


_STATUSES: dict[type[Exception], int] = {
    InvalidDocument: 400,
    UnknownCustomer: 404,
    NotPossible: 409,
    NoFunction: 409,
    SkillFailed: 502,
    BadReply: 502,
    SkillTooSlow: 504,
}


def answer_errors(app: FastAPI) -> None:
    """Have the controls' errors answered as ``{"error": …}``."""

    def handler(status: int) -> Callable[[Request, Exception], Any]:
        async def answer(request: Request, error: Exception) -> Response:  # noqa: ARG001
            return json_answer({"error": str(error.args[0] if error.args else error)}, status)

        return answer

    for kind, status in _STATUSES.items():
        app.add_exception_handler(kind, handler(status))
