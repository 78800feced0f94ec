from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

import boto3
import pytest
from yellowring.sender import app
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.server import Running, running
from yellowring_tools.simulator.simulation import Simulation

from tests.conftest import CLIENT_ID, CLIENT_SECRET, SKILL_ID
from tests.unit.sender.kit import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient


_client = functools.cache(boto3.client)


@pytest.fixture
def clients(environment: pytest.MonkeyPatch) -> None:
    """AWS clients that are made once for all tests: each is dear, and all are the same."""
    environment.setattr(boto3, "client", lambda service, **_: _client(service))


@pytest.fixture(scope="module")
def alexa() -> Iterator[Running]:
    """A local Alexa that serves the tests of a module, one after the other, on loopback."""
    with running(Simulation(SimulatorConfig(SKILL_ID, CLIENT_ID, CLIENT_SECRET))) as serving:
        yield serving


@pytest.fixture
def world(
    clients: None, aws: DynamoDBClient, alexa: Running, environment: pytest.MonkeyPatch
) -> Iterator[World]:
    """An AWS in memory, a local Alexa that knows nobody, and the sender set up for both."""
    boto3.client("stepfunctions").create_state_machine(
        name="yellow-ring-run",
        definition=json.dumps({"StartAt": "x", "States": {"x": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/any",
    )
    boto3.client("events").create_event_bus(Name="yellow-ring")
    environment.setenv("MAX_WORKERS", "2")
    environment.setenv("ALEXA_BASE_URL", alexa.url + "/{region}")
    environment.setenv("LWA_BASE_URL", alexa.url)
    alexa.simulation.reset()
    _forget()
    yield World(alexa.simulation, aws)
    _forget()


def _forget() -> None:
    app._stores.cache_clear()
