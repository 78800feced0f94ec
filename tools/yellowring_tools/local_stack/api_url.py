"""Where the emulator serves an HTTP API: below a path of its own address."""

from __future__ import annotations

from urllib.parse import urlsplit


def local_api_url(endpoint: str, api_url: str) -> str:
    """Return the address of an HTTP API on the emulator, without a slash at its end.

    The emulator knows an API by its host, ``ID.execute-api.localhost``, which not every machine
    resolves, and by a path, which every client reaches.

    Parameters
    ----------
    endpoint
        Where the emulator listens, ``http://127.0.0.1:PORT``.
    api_url
        The stack's output ``ApiUrl`` or ``JwtApiUrl``; its host begins with the API's id.

    Examples
    --------
    >>> local_api_url("http://127.0.0.1:4566", "http://0a1b2c3d.execute-api.localhost:4566")
    'http://127.0.0.1:4566/_aws/execute-api/0a1b2c3d'
    """
    api_id = (urlsplit(api_url).hostname or "").partition(".")[0]
    return f"{endpoint}/_aws/execute-api/{api_id}"
