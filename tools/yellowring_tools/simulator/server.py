"""Runs the simulator: as a process of its own, or in a thread of a test."""

from __future__ import annotations

import signal
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from yellowring_tools.simulator.answers import CONNECTION
from yellowring_tools.simulator.app import create_app
from yellowring_tools.simulator.origins import OwnPagesOnly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yellowring_tools.simulator.simulation import Simulation

_SHUTDOWN_GRACE_S = 1
_START_DEADLINE_S = 20.0
_BACKLOG = 2048


class _Protocol(HttpToolsProtocol):
    """HTTP whose requests know their connection, so that an answer can be to reset it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CONNECTION: self.transport}  # type: ignore[dict-item]


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_listening()


def _make_server(
    simulation: Simulation, url: str, on_listening: Callable[[], None], log_level: str
) -> _Server:
    config = uvicorn.Config(
        OwnPagesOnly(create_app(simulation.config, simulation), url),
        http=_Protocol,
        ws="none",
        log_level=log_level,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_SHUTDOWN_GRACE_S,
    )
    return _Server(config, on_listening)


def _listen(host: str, port: int) -> tuple[socket.socket, str]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    shown = f"[{host}]" if family == socket.AF_INET6 else host
    return listener, f"http://{shown}:{listener.getsockname()[1]}"


def serve(
    simulation: Simulation,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    log_level: str = "warning",
    on_listening: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT.

    Parameters
    ----------
    simulation
        The state to serve.
    host, port
        Where to listen; port 0 is any free one.
    log_level
        uvicorn's name of it.
    on_listening
        Called once with the base URL.

    Raises
    ------
    OSError
        When it cannot listen there.
    """

    def leave(*_: object) -> NoReturn:
        raise SystemExit(0)

    # uvicorn raises a signal that it has obeyed once more for whoever was there before it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    listener, url = _listen(host, port)
    simulation.url = url
    with listener:
        _make_server(simulation, url, lambda: on_listening(url), log_level).run(sockets=[listener])


@dataclass(frozen=True, slots=True)
class Running:
    """A simulator that serves in a thread: where, and its state."""

    url: str
    simulation: Simulation


@contextmanager
def running(simulation: Simulation) -> Iterator[Running]:
    """Serve on a free loopback port in a thread, for as long as the context lasts.

    Raises
    ------
    RuntimeError
        When it does not come up or does not stop.
    """
    listening = threading.Event()
    listener, url = _listen("127.0.0.1", 0)
    simulation.url = url
    with listener:
        server = _make_server(simulation, url, listening.set, "critical")
        thread = threading.Thread(target=server.run, args=([listener],), name="simulator")
        thread.start()
        try:
            if not listening.wait(_START_DEADLINE_S):
                raise RuntimeError("the simulator did not come up")
            yield Running(url, simulation)
        finally:
            server.should_exit = True
            thread.join(_START_DEADLINE_S)
    if thread.is_alive():
        raise RuntimeError("the simulator did not stop")
