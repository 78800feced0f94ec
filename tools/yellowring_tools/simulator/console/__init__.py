"""The console: a page that shows the customers and their rings, and lets them act."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

_KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
}

_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def routes() -> list[Route]:
    """Make a route for the page, and for each of the files that it is made of."""
    files = [each.name for each in resources.files(__package__).iterdir() if _kind(each.name)]
    return [_route("/", "index.html")] + [
        _route(f"/console/{name}", name) for name in sorted(files) if name != "index.html"
    ]


def _kind(name: str) -> str | None:
    return _KINDS.get(name[name.rfind(".") :])


def _route(path: str, name: str) -> Route:
    async def answer(request: Request) -> Response:  # noqa: ARG001
        content = resources.files(__package__).joinpath(name).read_bytes()
        return Response(content, headers=_HEADERS, media_type=_kind(name))

    return Route(path, answer)
