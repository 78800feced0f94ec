"""Customers link their account with the business, and their records have its own id of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.signed import ApiClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

SECONDS = 60.0


@pytest.fixture
def patient(stack: LocalStack) -> Iterator[LocalStack]:
    """The stack, whose faults a test may change."""
    yield stack
    stack.alexa.set_faults({})


def told(stack: LocalStack, user_id: str) -> str | None:
    """Wait for the skill to have been told everything, and give the business' id in the record."""
    summary = stack.wait_for_events(SECONDS)
    assert summary["pending"] == 0
    record = stack.record(user_id)
    assert record is not None
    found: str | None = record.get("customerId", {}).get("S")
    return found


def test_linking_gives_the_record_the_business_own_id_and_unlinking_takes_it(
    stack: LocalStack,
) -> None:
    alexa = stack.alexa
    user_id = alexa.add_customer("eu", "de-DE", subscribed=True)
    assert told(stack, user_id) is None
    alexa.act(user_id, "link", {"subject": "linked-4711"})
    assert told(stack, user_id) == "linked-4711"
    alexa.act(user_id, "link", {"subject": "linked-4712"})
    assert told(stack, user_id) == "linked-4712"
    alexa.act(user_id, "unlink", {})
    assert told(stack, user_id) is None


def test_who_disabled_the_skill_is_found_by_their_id_and_not_reached(stack: LocalStack) -> None:
    user_id = stack.alexa.add_customer("na", "en-US", subscribed=True)
    stack.alexa.act(user_id, "link", {"subject": "linked-4713"})
    assert told(stack, user_id) == "linked-4713"
    stack.alexa.act(user_id, "disable", {"persistence": "PERSISTED"})
    assert told(stack, user_id) == "linked-4713"  # so that their data can be asked for and erased
    customer = ApiClient(stack).call("GET", "/v1/customers/linked-4713").body
    assert (customer["reachable"], customer["reason"]) == (False, "disabled")


def test_a_provider_that_fails_is_asked_again_until_it_answers(patient: LocalStack) -> None:
    faults = {"events": {"copies": 2, "shuffle": True, "timestamps": "mixed"}}
    patient.alexa.set_faults({"seed": 4, "userinfo": {"error5xx": 0.6, "reset": 0.2}, **faults})
    user_id = patient.alexa.add_customer("na", "en-US")
    patient.alexa.act(user_id, "link", {"subject": "linked-4714"})
    assert told(patient, user_id) == "linked-4714"
