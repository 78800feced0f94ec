"""A stack of somebody else's beside ours: it takes our exports, and may do what they allow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.local_stack.processes import ProcessFailed
from yellowring_tools.local_stack.report import in_force
from yellowring_tools.local_stack.story import CAMPAIGN, WEATHER
from yellowring_tools.local_stack.workspace import PROJECT

from tests.e2e.support import USER_ID, Customer, deploy_beside, eventually
from tests.envelopes import command, message, subscribed

if TYPE_CHECKING:
    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

TEMPLATE = PROJECT / "tests" / "e2e" / "their_skill" / "template.yaml"


def addressed(stack: LocalStack, made: dict[str, Any]) -> dict[str, Any]:
    """Address an envelope to the skill of the stack."""
    made["context"]["System"]["application"]["applicationId"] = stack.skill.skill_id
    return made


@pytest.fixture(scope="module")
def function(stack: LocalStack) -> str:
    parameters = {"SkillId": stack.skill.skill_id}
    return deploy_beside(stack, TEMPLATE, "beside", parameters)["FunctionName"]


def test_a_function_of_another_stack_keeps_the_records(stack: LocalStack, function: str) -> None:
    user_id = f"{USER_ID}BESIDE"
    stack.aws.invoke(function, addressed(stack, subscribed(WEATHER, user=user_id)))
    record = stack.record(user_id)
    assert record is not None
    assert in_force(record) == (WEATHER,)


def test_a_function_of_another_stack_leaves_notifications_that_ring(
    stack: LocalStack, function: str
) -> None:
    customer = Customer(stack, "na", "en-US")
    customer.subscribes()
    texts = {key: CAMPAIGN[key] for key in ("event", "localizedAttributes")}
    data = command("notify", campaign={"name": "hello", **texts}, referenceId="by~them")
    sent = message(data, user=customer.user_id, at=datetime.now(UTC).isoformat())
    stack.aws.invoke(function, addressed(stack, sent))
    eventually(customer.heard, "the notification did not ring")


def test_what_cannot_be_deployed_is_told_with_the_stacks_reason(stack: LocalStack) -> None:
    parameters = {"SkillId": stack.skill.skill_id, "YellowRingStack": "nobody"}
    with pytest.raises(ProcessFailed, match=r"\(AWS::.*nobody-") as failed:
        deploy_beside(stack, TEMPLATE, "beside-nobody", parameters)
    assert str(failed.value).startswith("the stack beside-nobody cannot be deployed:\n")
