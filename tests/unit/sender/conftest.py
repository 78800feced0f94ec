from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

import boto3
import pytest
from yellowring.sender import app

from simulator.config import SimulatorConfig
from simulator.server import running
from simulator.simulation import Simulation
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


@pytest.fixture
def world(clients: None, aws: DynamoDBClient, environment: pytest.MonkeyPatch) -> Iterator[World]:
    """An AWS in memory, a local Alexa that serves on loopback, and the sender set up for both."""
    boto3.client("stepfunctions").create_state_machine(
        name="yellow-ring-run",
        definition=json.dumps({"StartAt": "x", "States": {"x": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::123456789012:role/any",
    )
    boto3.client("events").create_event_bus(Name="yellow-ring")
    environment.setenv("MAX_WORKERS", "2")
    config = SimulatorConfig(SKILL_ID, CLIENT_ID, CLIENT_SECRET)
    with running(Simulation(config)) as alexa:
        environment.setenv("ALEXA_BASE_URL", alexa.url + "/{region}")
        environment.setenv("LWA_BASE_URL", alexa.url)
        app._stores.cache_clear()
        yield World(alexa.simulation, aws)
        app._stores.cache_clear()
