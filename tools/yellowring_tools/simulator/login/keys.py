"""RSA keys, and JSON Web Tokens signed with them (RFC 7515, RFC 7519)."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyName = Literal["own", "other"]
Algorithm = Literal["RS256", "none"]

_KEY_BITS = 2048
_EXPONENT = 65_537


class SigningKey:
    """A private key, and what others may know of it."""

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(_EXPONENT, _KEY_BITS)
        numbers = self._private.public_key().public_numbers()
        self._public = {"e": _number(numbers.e), "kty": "RSA", "n": _number(numbers.n)}

    @property
    def id(self) -> str:
        """The key's thumbprint (RFC 7638)."""
        members = json.dumps(self._public, sort_keys=True, separators=(",", ":"))
        return _base64(hashlib.sha256(members.encode()).digest())

    def document(self) -> dict[str, str]:
        """Return the public key as a JSON Web Key."""
        return {**self._public, "kid": self.id, "use": "sig", "alg": "RS256"}

    def sign(self, content: bytes) -> bytes:
        """Return the RS256 signature of some bytes."""
        return self._private.sign(content, padding.PKCS1v15(), hashes.SHA256())


@cache
def signing_key(name: KeyName) -> SigningKey:  # noqa: ARG001 - one for each name
    """Return the provider's own key, or one that is not in its key set.

    They last as long as the process: whoever fetched the key set keeps it for hours.
    """
    return SigningKey()


def encode(claims: Mapping[str, Any], algorithm: Algorithm = "RS256", key: KeyName = "own") -> str:
    """Return a JSON Web Token, a forged one where told.

    Parameters
    ----------
    claims
        What it says.
    algorithm
        ``none`` leaves it without a signature.
    key
        ``other`` signs with a key that nobody knows; the header names the provider's own.
    """
    header = {"alg": algorithm, "kid": signing_key("own").id, "typ": "JWT"}
    signed = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
    signature = b"" if algorithm == "none" else signing_key(key).sign(signed.encode())
    return f"{signed}.{_base64(signature)}"


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
