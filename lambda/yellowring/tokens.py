"""Telling an access token of Login with Amazon, which is never to be stored."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"At[czn][ar]?\|")


def holds_token(text: str) -> bool:
    """Check whether a text has an LWA token in it."""
    return _TOKEN.search(text) is not None
