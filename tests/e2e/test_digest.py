"""A daily digest from a business' own database, deployed beside the stack by its own template."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from yellowring.subscribers import RegisterChange, Subscribers
from yellowring_tools.local_stack.beside.deployment import build_and_deploy
from yellowring_tools.local_stack.beside.template import Template
from yellowring_tools.local_stack.emulator import FunctionFailed
from yellowring_tools.local_stack.stack import STACK_NAME
from yellowring_tools.local_stack.workspace import PROJECT

from tests.e2e.support import LONG_AGO, configured, counts, crowd, ended, heard, start

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring_tools.local_stack.stack import LocalStack

EXAMPLE = PROJECT / "examples" / "digest"
MESSAGE = "AMAZON.MessageAlert.Activated"
BOARD = "lantern"
CAMPAIGN = json.loads((EXAMPLE / "campaign.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def board(stack: LocalStack) -> Mapping[str, str]:
    """The example, deployed; nothing of our own stack knows of it."""
    template = Template.read(EXAMPLE / "template.yaml")
    parameters = {"YellowRingStack": STACK_NAME}
    return build_and_deploy(template, BOARD, parameters, stack.aws, stack.workspace)


@pytest.fixture
def registered(stack: LocalStack, board: Mapping[str, str]) -> Iterator[None]:
    with configured(stack, EVENT_SOURCES=f"digest={board['DigestFunctionName']}"):
        yield


def wrote(stack: LocalStack, board: Mapping[str, str], member: str, hours_ago: float) -> None:
    """Leave two messages for a member."""
    at = (datetime.now(UTC) - timedelta(hours=hours_ago)).isoformat()
    unread = [{"M": {"sender": {"S": name}, "at": {"S": at}}} for name in ("Ben", "Ada")]
    item = {"member": {"S": member}, "unread": {"L": unread}}
    stack.aws.dynamodb.put_item(TableName=board["MessagesTableName"], Item=item)  # type: ignore[arg-type]


def member(stack: LocalStack, user_id: str, customer_id: str) -> None:
    """Say which member of the board a customer is, as account linking does."""
    subscribers = Subscribers(stack.aws.dynamodb, stack.outputs.SubscribersTableName)
    subscribers.apply(user_id, RegisterChange("customer", LONG_AGO, "test", customer_id))


def test_each_member_hears_their_own_digest_and_who_has_none_is_skipped(
    stack: LocalStack, board: Mapping[str, str], registered: None
) -> None:
    english, stale, _unlinked = crowd(stack, "digest", 3, event=MESSAGE)
    (german,) = crowd(stack, "digest", 1, "eu", event=MESSAGE, locale="de-DE")
    for user_id, customer_id in ((english, "1001"), (stale, "1002"), (german, "1003")):
        member(stack, user_id, customer_id)
    for customer_id, hours_ago in (("1001", 2), ("1002", 30), ("1003", 5)):
        wrote(stack, board, customer_id, hours_ago)
    where = {"attributes.group": "digest"}
    start(stack, "digest~1", CAMPAIGN | {"where": where})
    run = ended(stack, "digest~1")
    assert (run.status, counts(run)) == ("completed", {"accepted": 2, "skipped": 2})
    assert heard(stack, "digest~1") == {english: 1, german: 1}
    said = {
        each["userId"]: each["payload"]["messageGroup"]
        for each in stack.alexa.notifications()
        if each["referenceId"] == "digest~1"
    }
    assert said == {
        english: {"creator": {"name": "Ada and Ben"}, "count": 2},
        german: {"creator": {"name": "Ada und Ben"}, "count": 2},
    }


def test_many_customers_are_asked_for_in_pages(
    stack: LocalStack, board: Mapping[str, str], registered: None
) -> None:
    everybody = crowd(stack, "digest-many", 120, event=MESSAGE)
    wrote(stack, board, "2001", 1)
    for user_id in everybody[:5]:  # one household, on five accounts
        member(stack, user_id, "2001")
    before = invocations(stack, board)
    where = {"attributes.group": "digest-many"}
    start(stack, "digest~many~1", CAMPAIGN | {"where": where})
    run = ended(stack, "digest~many~1")
    assert (run.status, counts(run)) == ("completed", {"accepted": 5, "skipped": 115})
    assert heard(stack, "digest~many~1") == dict.fromkeys(everybody[:5], 1)
    assert invocations(stack, board) - before < 40


def invocations(stack: LocalStack, board: Mapping[str, str]) -> int:
    lines = stack.log_lines(board["DigestFunctionName"])
    return sum(line.startswith("REPORT RequestId") for line in lines)


def test_a_campaign_that_names_no_registered_source_is_refused_with_those_that_are(
    stack: LocalStack, registered: None
) -> None:
    with pytest.raises(FunctionFailed, match=r"\$\.content.*registered are digest"):
        start(stack, "digest~2", CAMPAIGN | {"content": "digests"})


def test_a_function_that_the_sender_may_not_invoke_is_told_before_anything_is_sent(
    stack: LocalStack,
) -> None:
    with (
        configured(stack, EVENT_SOURCES=f"digest={stack.outputs.SkillFunctionName}"),
        pytest.raises(FunctionFailed, match="lambda:InvokeFunction"),
    ):
        start(stack, "digest~3", CAMPAIGN)


def test_a_function_that_fails_makes_its_page_invalid_and_is_told_by_the_errors_name(
    stack: LocalStack, board: Mapping[str, str], registered: None
) -> None:
    for user_id in crowd(stack, "digest-broken", 3, event=MESSAGE):
        member(stack, user_id, "3001")
    where = {"attributes.group": "digest-broken"}
    with configured(stack, board["DigestFunctionName"], MESSAGES_TABLE="no-such-table"):
        start(stack, "digest~4", CAMPAIGN | {"where": where})
        run = ended(stack, "digest~4")
    assert (run.status, counts(run)) == ("completed", {"invalid": 3})
    logged = "".join(stack.log_lines(stack.outputs.SenderFunctionName))
    assert "the event source's function raised" in logged
