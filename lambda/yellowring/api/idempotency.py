"""Names for what is asked for once: ids made of the caller's key, and hashes of bodies."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_PATTERN = r"^[!-~]{1,255}$"
"""What an idempotency key may be: visible characters of ASCII."""

_DIGITS = 40


def notification_id_of(key: str | None, skill_id: str) -> str:
    """Return the id of a notification, which is its reference id too; a random one without key.

    Examples
    --------
    >>> notification_id_of("order-4711-shipped", "amzn1.ask.skill.1")
    'n~7086c5771a5bf43962b6579cc83836d2e44d7d7a'
    """
    return f"n~{_hashed(key, skill_id) if key else secrets.token_hex(_DIGITS // 2)}"


def run_id_of_key(key: str, skill_id: str) -> str:
    """Return the id of the run that a key stands for."""
    return f"r~{_hashed(key, skill_id)}"


def body_hash(body: Mapping[str, object], skill_id: str) -> str:
    """Return a hash that only the same body has, and that nobody can guess a body from."""
    return _hashed(json.dumps(body, sort_keys=True, separators=(",", ":")), skill_id)


def _hashed(text: str, skill_id: str) -> str:
    key = hashlib.sha256(skill_id.encode()).digest()
    return hashlib.blake2s(text.encode(), key=key).hexdigest()[:_DIGITS]
