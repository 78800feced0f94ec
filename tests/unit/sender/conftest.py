from __future__ import annotations

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


@pytest.fixture
def world(aws: DynamoDBClient, environment: pytest.MonkeyPatch) -> Iterator[World]:
    """An AWS in memory, a local Alexa that serves on loopback, and the sender set up for both."""
    config = SimulatorConfig(SKILL_ID, CLIENT_ID, CLIENT_SECRET)
    with running(Simulation(config)) as alexa:
        environment.setenv("ALEXA_BASE_URL", alexa.url + "/{region}")
        environment.setenv("LWA_BASE_URL", alexa.url)
        app._stores.cache_clear()
        yield World(alexa.simulation, aws, boto3.client("sqs"))
        app._stores.cache_clear()
