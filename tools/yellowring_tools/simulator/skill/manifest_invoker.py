"""Calls a skill where its manifest says, as Alexa does: each region's endpoint, or the default."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from yellowring_tools.simulator.facts import API_ENDPOINTS
from yellowring_tools.simulator.skill.lambda_invoker import LambdaInvoker, NotAcknowledged

if TYPE_CHECKING:
    from collections.abc import Callable

_REGIONS = {endpoint: region.upper() for region, endpoint in API_ENDPOINTS.items()}
_LAMBDA = "arn:aws:lambda:"


class ManifestInvoker:
    """Hands each envelope to the function that is its endpoint.

    Parameters
    ----------
    endpoint
        Gives the URI for an area, ``events`` or ``custom``, and a region, ``NA``, ``EU`` or
        ``FE``; ``None`` when there is none.
    aws_endpoint
        Base URL of the Lambda API; ``None`` for boto's own choice.
    connections
        How many calls there may be at once to one function.
    """

    def __init__(
        self,
        endpoint: Callable[[str, str], str | None],
        aws_endpoint: str | None,
        connections: int,
    ) -> None:
        self._endpoint = endpoint
        self._aws_endpoint = aws_endpoint
        self._connections = connections
        self._making = threading.Lock()
        self._invokers: dict[str, LambdaInvoker] = {}

    def __call__(self, envelope: bytes) -> bytes:
        """Invoke the envelope's function once.

        Raises
        ------
        NotAcknowledged
            When the manifest names no function for it, or that did not answer.
        """
        told = json.loads(envelope)
        area = "events" if told["request"]["type"].startswith("AlexaSkillEvent.") else "custom"
        region = _REGIONS[told["context"]["System"]["apiEndpoint"]]
        uri = self._endpoint(area, region)
        if uri is None or not uri.startswith(_LAMBDA):
            raise NotAcknowledged(
                f"the manifest names no Lambda function for {area} in {region}: it says {uri}"
            )
        return self._invoker(uri)(envelope)

    def _invoker(self, arn: str) -> LambdaInvoker:
        with self._making:
            if arn not in self._invokers:
                self._invokers[arn] = LambdaInvoker(
                    arn, self._aws_endpoint, self._connections, arn.split(":")[3]
                )
            return self._invokers[arn]
