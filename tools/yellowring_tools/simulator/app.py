"""The simulator as one ASGI application."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from yellowring_tools.simulator import console
from yellowring_tools.simulator.answers import RequestIds, json_answer
from yellowring_tools.simulator.api import endpoints
from yellowring_tools.simulator.controls.controls import Controls, answer_errors
from yellowring_tools.simulator.controls.voice import VoiceControls
from yellowring_tools.simulator.login.endpoints import OidcEndpoints
from yellowring_tools.simulator.simulation import Simulation
from yellowring_tools.simulator.smapi.endpoints import SmapiEndpoints

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from yellowring_tools.simulator.config import SimulatorConfig


def create_app(config: SimulatorConfig, simulation: Simulation | None = None) -> FastAPI:
    """Make the application; its state is ``app.state.simulation``.

    Parameters
    ----------
    config
        The skill that this Alexa knows.
    simulation
        The state to serve, where a test brings its own clock or delivery.

    Examples
    --------
    >>> from yellowring_tools.simulator.config import SimulatorConfig
    >>> app = create_app(SimulatorConfig("amzn1.ask.skill.demo", "client", "secret"))
    >>> len(app.state.simulation.customers)
    0
    """
    simulation = simulation or Simulation(config)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001
        yield
        simulation.deliverer.stop()

    app = FastAPI(
        title="Simulated Alexa", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.state.simulation = simulation
    app.router.routes.extend(endpoints.routes(simulation))
    app.router.routes.extend(SmapiEndpoints(simulation).routes())
    app.router.routes.extend(OidcEndpoints(simulation).routes())
    app.router.routes.extend(VoiceControls(simulation).routes())
    app.router.routes.extend(Controls(simulation).routes())
    app.router.routes.extend(console.routes())
    answer_errors(app)
    app.add_exception_handler(HTTPException, _no_such_address)
    app.add_middleware(RequestIds)
    return app


async def _no_such_address(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    document = {"error": f"{request.method} {request.url.path}: {getattr(error, 'detail', error)}"}
    return json_answer(document, status)
