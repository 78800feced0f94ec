"""Clients of Alexa's out-of-session services."""

from __future__ import annotations

from yellowring.alexa.endpoints import Region, UnknownEndpoint, region_for_aws, region_of
from yellowring.alexa.errors import (
    AlexaError,
    InvalidCredentials,
    RequestRefused,
    ServiceUnavailable,
    TokenUnavailable,
    TooManyRequests,
)

__all__ = [
    "AlexaError",
    "InvalidCredentials",
    "Region",
    "RequestRefused",
    "ServiceUnavailable",
    "TokenUnavailable",
    "TooManyRequests",
    "UnknownEndpoint",
    "region_for_aws",
    "region_of",
]
