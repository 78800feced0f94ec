"""Whatever and however much comes to the deployed API, it answers as its document says."""

from __future__ import annotations

import functools
import json
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from yellowring_tools.local_stack.story import CAMPAIGN
from yellowring_tools.local_stack.workspace import PROJECT

from tests.e2e.signed import ApiClient, root, send, signed
from tests.e2e.support import API, crowd, eventually, messages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from botocore.credentials import Credentials
    from yellowring_tools.local_stack.stack import LocalStack

    from tests.e2e.signed import Said

logger = logging.getLogger(__name__)
MANY = 1000
WORKERS = 8
AT_ONCE = 100
"""Connections of the burst: more at once than that the emulator resets before it reads them."""
TEXTS = {key: CAMPAIGN[key] for key in ("event", "localizedAttributes")}
NOBODY = {"type": "users", "userIds": ["amzn1.ask.account.NOBODY"]}
DOCUMENT = PROJECT / "docs/openapi.json"
OPERATIONS = [
    (method.upper(), path)
    for path, methods in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].items()
    for method in methods
]


@functools.cache
def schema() -> Any:
    """Load the document when it is first needed, for that takes half a minute."""
    import schemathesis

    return schemathesis.openapi.from_path(DOCUMENT)


class SigV4(requests.auth.AuthBase):
    """Signs what schemathesis sends, whatever it is."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body: Any = request.body
        body = body.encode() if isinstance(body, str) else body
        url = str(request.url)
        request.headers.update(signed(str(request.method), url, body, {}, self._credentials))
        return request


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_answer_is_one_that_the_document_has(
    stack: LocalStack, method: str, path: str
) -> None:
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi import checks

    # Rules that are more than a schema can say refuse what it allows; the gateway of the emulator
    # answers OPTIONS itself; and signatures are added to each request, to those without as well.
    elsewhere = [checks.positive_data_acceptance, checks.unsupported_method, checks.ignored_auth]
    examples = 5 if method == "DELETE" else 40  # it looks at the index for ten seconds

    operation = schema()[path][method]
    right, wrong = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @given(right | wrong)
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    def holds(case: Any) -> None:
        campaign = case.body.get("campaign") if isinstance(case.body, dict) else None
        if isinstance(campaign, dict) and case.meta and case.meta.generation.mode.is_positive:
            campaign["audience"] = NOBODY  # or it would ring for everybody
            campaign.pop("where", None)
        url = ApiClient(stack).url
        case.call_and_validate(
            base_url=url, auth=SigV4(root(stack)), excluded_checks=elsewhere, timeout=60
        )

    holds()


@pytest.fixture
def few_workers(stack: LocalStack) -> Iterator[None]:
    """Let the API function have few workers: the emulator has a process for each, on one machine.

    What comes while all are at work is refused with a 429, as the gateway's throttle would.
    """
    functions = stack.aws.functions
    functions.put_function_concurrency(FunctionName=API, ReservedConcurrentExecutions=WORKERS)
    yield
    functions.delete_function_concurrency(FunctionName=API)


@pytest.mark.slow
def test_of_a_burst_every_202_rings_exactly_once_and_who_comes_back_is_told_too(
    stack: LocalStack, few_workers: None
) -> None:
    user_ids = crowd(stack, "burst", MANY)
    url = f"{ApiClient(stack).url}/v1/notifications"

    def ask(number: int) -> Said:
        data = json.dumps({"to": {"userId": user_ids[number]}, **TEXTS}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"burst-{number}"}
        return send("POST", url, data, signed("POST", url, data, headers, root(stack)))

    taken: dict[str, str] = {}
    left, at_once = list(range(MANY)), AT_ONCE
    while left:
        with ThreadPoolExecutor(at_once) as pool:
            answers = dict(zip(left, pool.map(ask, left), strict=True))
        statuses = Counter(each.status for each in answers.values())
        logger.info("of %d requests, %d at once: %s", len(left), at_once, dict(statuses))
        assert set(statuses) <= {202, 429, 503}
        assert statuses[202]
        for number, answer in answers.items():
            if answer.status == 202:
                taken[answer.body["id"]] = user_ids[number]
        if at_once == AT_ONCE:
            eventually(lambda: len(rang(stack, taken)) == len(taken), "a 202 did not ring")
            assert rang(stack, taken) == Counter(taken.items())
        left = [number for number, answer in answers.items() if answer.status != 202]
        at_once = WORKERS
    eventually(lambda: messages(stack, stack.outputs.NotificationsQueueUrl) == 0, "left on it")
    assert sorted(taken.values()) == sorted(user_ids)
    assert rang(stack, taken) == Counter(taken.items())


def rang(stack: LocalStack, notifications: Collection[str]) -> Counter[tuple[str, str]]:
    """Count how often each notification rang for whom."""
    return Counter(
        (each["referenceId"], each["userId"])
        for each in stack.alexa.notifications()
        if each["referenceId"] in notifications
    )
