"""Whatever public projects hold for a request of Alexa's is answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_model import ResponseEnvelope
from moto import mock_aws
from yellowring.skill import app
from yellowring.skill.assembly import skill_for
from yellowring.skill.envelope import WrongSkill

from tests.conftest import ENVIRONMENT, create_table
from tests.unit.skill.public_requests import FACTS, UNNAMED, PublicRequest, public_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.skill.kit import Handle

REQUESTS = list(public_requests())
SPOKEN = {"LaunchRequest", "IntentRequest", "Connections.Response", "SessionResumedRequest"}
"""The types after which a customer waits to hear something."""
SILENT = ("AlexaHouseholdListEvent.", "AlexaSkillEvent.", "Messaging.", "SessionEndedRequest")
"""The types to which Alexa takes no speech, card, or directive, whatever else they carry."""


class Context:
    """Lambda's context, as far as anybody looks at it."""


@pytest.fixture(scope="module")
def answer() -> Iterator[Handle]:
    """Hand an envelope to the skill function; one AWS for all, for no answer depends on another."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name, value in ENVIRONMENT.items():
            environment.setenv(name, value)
        create_table(boto3.client("dynamodb"), "subscribers", "userId")
        skill_for.cache_clear()
        yield lambda envelope: app.lambda_handler(envelope, Context())
        skill_for.cache_clear()


def of_type(*types: str) -> list[PublicRequest]:
    return [request for request in REQUESTS if request.type.startswith(types)]


def output_of(answered: dict[str, Any]) -> dict[str, Any]:
    response = answered["response"]
    return {key: response[key] for key in response.keys() & {"outputSpeech", "card", "directives"}}


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_the_answer_is_one_that_the_sdk_knows(answer: Handle, request_: PublicRequest) -> None:
    answered = answer(request_.envelope())
    known = DefaultSerializer().deserialize(json.dumps(answered), ResponseEnvelope)
    assert DefaultSerializer().serialize(known) == answered


@pytest.mark.parametrize("request_", of_type(*SPOKEN), ids=str)
def test_a_customer_who_waits_hears_something(answer: Handle, request_: PublicRequest) -> None:
    assert output_of(answer(request_.envelope()))["outputSpeech"]["ssml"]


@pytest.mark.parametrize("request_", of_type(*SILENT), ids=str)
def test_nobody_is_spoken_to_where_nobody_listens(answer: Handle, request_: PublicRequest) -> None:
    assert not output_of(answer(request_.envelope()))


@pytest.mark.parametrize("request_", [r for r in REQUESTS if UNNAMED in r.facts], ids=str)
def test_a_request_that_names_no_skill_is_refused(answer: Handle, request_: PublicRequest) -> None:
    with pytest.raises(WrongSkill):
        answer(request_.as_found())


def test_the_table_stands_for_far_more_than_a_hundred_and_fifty_requests() -> None:
    assert sum(number for request in REQUESTS for number in request.found.values()) > 300


def test_every_fact_is_found_somewhere() -> None:
    assert set(FACTS) <= {fact for request in REQUESTS for fact in request.facts}
