from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws
from yellowring.sender import app
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.server import Running, running
from yellowring_tools.simulator.simulation import Simulation

from tests.conftest import CLIENT_ID, CLIENT_SECRET, ENVIRONMENT, SKILL_ID, create_table
from tests.unit.sender.kit import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.client import DynamoDBClient


_client = functools.cache(boto3.client)


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[DynamoDBClient]:
    """A DynamoDB in memory, for the tables of one test after the other: a client is dear."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield boto3.client("dynamodb")


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> Iterator[DynamoDBClient]:
    """The client of an empty runs table."""
    create_table(dynamodb, "runs", "runId", "part")
    yield dynamodb
    dynamodb.delete_table(TableName="runs")


@pytest.fixture
def clients(environment: pytest.MonkeyPatch) -> None:
    """AWS clients that are made once for all tests: each is dear, and all are the same."""
    environment.setattr("yellowring.aws.client", lambda service, _config: _client(service))


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
