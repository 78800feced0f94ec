"""A business tells its customers something, in its own ids, through the deployed API."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.credentials import Credentials
from yellowring_tools.local_stack.api_url import local_api_url
from yellowring_tools.local_stack.environments import REGION
from yellowring_tools.local_stack.story import CAMPAIGN, WEATHER
from yellowring_tools.local_stack.web import call
from yellowring_tools.local_stack.workspace import PROJECT

from tests.e2e.signed import ApiClient, root, send, signed
from tests.e2e.support import Customer, eventually, heard, messages

if TYPE_CHECKING:
    from pathlib import Path

    from yellowring_tools.local_stack.stack import LocalStack

    from tests.e2e.signed import Said

ORDER = "AMAZON.OrderStatus.Updated"
TEXTS = {key: CAMPAIGN[key] for key in ("event", "localizedAttributes")}
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


@pytest.fixture
def api(stack: LocalStack) -> ApiClient:
    return ApiClient(stack)


class Linked(Customer):
    """A customer whose account is linked to the business' own id."""

    def __init__(
        self, stack: LocalStack, customer_id: str = "", events: tuple[str, ...] = (WEATHER,)
    ) -> None:
        super().__init__(stack, "na", "en-US")
        self.customer_id = customer_id or f"shop-{uuid.uuid4().hex[:12]}"
        self.subscribes(*events)
        self.does("link", subject=self.customer_id)
        eventually(lambda: self.record().get("customer"), "the link was not stored")


def done(api: ApiClient, notification: str) -> Any:
    """Wait until a notification has its outcomes, and return them."""

    def asked() -> Any:
        told = api.call("GET", f"/v1/notifications/{notification}").body
        return told if told["status"] == "done" else None

    return eventually(asked, f"{notification} has no outcome")


def documented(language: str) -> str:
    """Return the first block of a language in docs/api.md."""
    text = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
    blocks: list[tuple[str, str]] = BLOCK.findall(text)
    return next(code for name, code in blocks if name == language)


def test_the_clients_of_the_docs_ring_once_and_get_the_same_answer(
    stack: LocalStack, api: ApiClient, tmp_path: Path
) -> None:
    customer = Linked(stack, "4711", (ORDER,))
    (tmp_path / "notification.json").write_text(documented("json"))
    environment = {
        "PATH": os.environ["PATH"],
        "API_URL": api.url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": stack.aws.keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": stack.aws.keys.secret_access_key,
    }
    python = documented("python")
    assert len([line for line in python.splitlines() if line.strip()]) <= 10
    answers = []
    for command in ([sys.executable, "-c", python], ["sh", "-c", documented("sh")]):
        said = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert said.returncode == 0, said.stderr + said.stdout
        answers.append(json.loads(said.stdout))
    assert answers[0] == answers[1]
    [notification] = eventually(customer.heard, "nothing rang")
    assert notification["sentence"] == "Your order from Corner Books has been shipped."
    told = done(api, answers[0]["id"])
    assert [each["outcome"] for each in told["outcomes"]] == ["accepted"]
    assert len(customer.heard()) == 1


def test_a_customer_who_unlinks_is_told_of_as_not_linked(stack: LocalStack, api: ApiClient) -> None:
    customer = Linked(stack)
    path = f"/v1/customers/{customer.customer_id}"
    assert api.call("GET", path).body["reachable"] is True
    customer.does("unlink")
    eventually(lambda: not customer.record().get("customer"), "the unlinking was not stored")
    told = api.call("GET", path).body
    assert (told["reachable"], told["reason"]) == (False, "not linked")
    assert (told["stack"], told["region"]) == ("yellow-ring", REGION)
    notification = api.call(
        "POST", "/v1/notifications", {"to": {"customerId": customer.customer_id}, **TEXTS}
    ).body["id"]
    told = done(api, notification)
    assert [each["outcome"] for each in told["outcomes"]] == ["skipped"]
    assert told["reason"]
    assert customer.heard() == []


def test_a_household_hears_once_on_each_account_and_another_body_is_a_conflict(
    stack: LocalStack, api: ApiClient
) -> None:
    first = Linked(stack)
    second = Linked(stack, first.customer_id)
    body = {"to": {"customerId": first.customer_id}, **TEXTS}
    answers = [api.call("POST", "/v1/notifications", body, "household-1") for _ in range(3)]
    assert {each.status for each in answers} == {202}
    assert len({each.text for each in answers}) == 1
    other = api.call("POST", "/v1/notifications", {**body, "expiresIn": "PT2H"}, "household-1")
    assert other.status == 409
    assert other.headers["content-type"] == "application/problem+json"
    told = done(api, answers[0].body["id"])
    assert [each["outcome"] for each in told["outcomes"]] == ["accepted"] * 2
    assert heard(stack, answers[0].body["id"]) == {first.user_id: 1, second.user_id: 1}


def test_a_batch_rings_for_each_good_entry(stack: LocalStack, api: ApiClient) -> None:
    customer = Linked(stack)
    entry = {"to": {"customerId": customer.customer_id}, **TEXTS}
    entries = [entry, {"to": {}}, {**entry, "to": {"userId": customer.user_id}}]
    answer = api.call("POST", "/v1/notifications/batch", {"notifications": entries}, "batch-1")
    assert [each["status"] for each in answer.body["outcomes"]] == [202, 422, 202]
    ids = {each["notification"]["id"] for each in answer.body["outcomes"] if each["notification"]}
    for notification in ids:
        done(api, notification)
    assert {each["referenceId"] for each in customer.heard()} == ids


def test_a_run_to_customers_is_started_watched_and_found_again(
    stack: LocalStack, api: ApiClient
) -> None:
    customers = [Linked(stack) for _ in range(2)]
    ids = [*(each.customer_id for each in customers), "nobody"]
    campaign = {**CAMPAIGN, "audience": {"type": "customers", "customerIds": ids}}
    run = api.call("POST", "/v1/runs", {"campaign": campaign}, "run-1")
    assert run.status == 202, run.text
    path = f"/v1/runs/{run.body['runId']}"

    def ended() -> Any:
        found = api.call("GET", path).body
        return found if found["status"] != "running" else None

    told = eventually(ended, "the run did not end")
    assert told["status"] == "completed"
    assert {k: n for k, n in told["counts"].items() if n} == {"accepted": 2, "skipped": 1}
    again = api.call("POST", "/v1/runs", {"campaign": campaign}, "run-1")
    assert again.body["status"] == "completed"
    assert api.call("POST", f"{path}/cancel").status == 409
    assert api.call("POST", f"{path}/resume").status == 409


def test_a_run_that_the_sender_refuses_is_told_as_what_it_is(api: ApiClient) -> None:
    campaign = {**CAMPAIGN, "audience": {"type": "customers", "customerIds": ["nobody"]}}
    body = {"campaign": campaign, "runId": f"refused~{uuid.uuid4().hex}"}
    assert api.call("POST", "/v1/runs", body).status == 202
    changed = {**body, "campaign": {**campaign, "expiresIn": "PT2H"}}
    conflict = api.call("POST", "/v1/runs", changed)
    assert (conflict.status, conflict.body["title"]) == (
        409,
        "The run exists with another campaign",
    )
    nowhere = {"campaign": {**campaign, "content": "nowhere"}, "runId": "refused~2"}
    invalid = api.call("POST", "/v1/runs", nowhere)
    assert invalid.status == 422
    [error] = invalid.body["errors"]
    assert error["path"] == "$.campaign.content"
    assert "is no event source of this stack" in error["message"]


def test_attributes_are_set_and_everything_is_erased(stack: LocalStack, api: ApiClient) -> None:
    customer = Linked(stack)
    path = f"/v1/customers/{customer.customer_id}"
    changed = api.call("PATCH", path, {"set": {"plan": "gold"}})
    assert changed.body["attributes"] == {"plan": "gold"}
    assert customer.record()["attributes"] == {"plan": "gold"}
    assert api.call("DELETE", path).status == 204
    assert set(customer.record()) <= {"erasedAt", "expiresAt"}
    assert api.call("GET", path).body["reason"] == "not linked"


def test_an_event_on_the_bus_rings_once_however_often_it_is_put(
    stack: LocalStack, api: ApiClient
) -> None:
    customer = Linked(stack)
    reference_id = f"event~{uuid.uuid4().hex}"
    detail = {"to": {"customerId": customer.customer_id}, **TEXTS, "referenceId": reference_id}
    entry: Any = {
        "EventBusName": stack.outputs.EventBusName,
        "Source": "shop",
        "DetailType": "Notification Requested",
        "Detail": json.dumps(detail),
    }
    assert stack.aws.events.put_events(Entries=[entry, entry])["FailedEntryCount"] == 0
    eventually(customer.heard, "nothing rang")
    eventually(lambda: messages(stack, stack.outputs.NotificationsQueueUrl) == 0, "left on it")
    assert heard(stack, reference_id) == {customer.user_id: 1}


def test_every_address_says_what_is_wrong_as_a_problem(api: ApiClient) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("PUT", "/v1/notifications", 405),
        ("POST", "/v1/notifications", 422),
        ("GET", "/v1/notifications/none", 404),
        ("GET", "/v1/runs/none", 404),
        ("GET", "/v1/customers/a%20b", 422),
    ):
        answer = api.call(method, path)
        assert (answer.status, answer.body["status"]) == (status, status), path
        assert answer.headers["content-type"] == "application/problem+json"


# ---- who may call ----


def client(stack: LocalStack, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=stack.aws.endpoint,
        region_name=REGION,
        aws_access_key_id=stack.aws.keys.access_key_id,
        aws_secret_access_key=stack.aws.keys.secret_access_key,
    )


def assumed(stack: LocalStack, *allowed: str) -> Credentials:
    """Return credentials of a role that may invoke so much of the API."""
    iam, name = client(stack, "iam"), f"caller-{uuid.uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]
    if allowed:
        may = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": list(allowed)}
        iam.put_role_policy(
            RoleName=name,
            PolicyName="invoke",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may]}),
        )
    given = client(stack, "sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")
    told = given["Credentials"]
    return Credentials(told["AccessKeyId"], told["SecretAccessKey"], told["SessionToken"])


def test_only_a_role_that_may_invoke_the_api_is_let_in_and_only_where_it_may(
    stack: LocalStack,
) -> None:
    api_id = stack.outputs.ApiUrl.split("//")[1].split(".")[0]
    arn = f"arn:aws:execute-api:{REGION}:000000000000:{api_id}/$default"
    reader = ApiClient(stack, assumed(stack, f"{arn}/GET/v1/customers/*"))
    assert reader.call("GET", "/v1/customers/4711").status == 200
    assert reader.call("DELETE", "/v1/customers/4711").status == 403
    anybody = ApiClient(stack, assumed(stack))
    assert anybody.call("GET", "/v1/customers/4711").status == 403
    assert anybody.call("POST", "/v1/notifications", {}).status == 403


def test_who_does_not_sign_or_signs_wrongly_is_refused(stack: LocalStack, api: ApiClient) -> None:
    url = f"{api.url}/v1/customers/4711"
    assert send("GET", url).status == 403
    # The emulator's gateway lets this by, AWS' does not; the function itself refuses it.
    assert send("GET", url, None, {"Authorization": "Bearer token"}).status == 403
    # The emulator takes its own root key unsigned as well, so this is a role's, who may do it.
    may = assumed(stack, f"arn:aws:execute-api:{REGION}:000000000000:*")
    assert send("GET", url, None, signed("GET", url, None, {}, may)).status == 200
    wrong = Credentials(may.access_key, "another secret", may.token)
    assert send("GET", url, None, signed("GET", url, None, {}, wrong)).status == 403
    elsewhere = signed("GET", f"{api.url}/v1/openapi.json", None, {}, may)
    assert send("GET", url, None, elsewhere).status == 403
    stranger = Credentials("AKIAIOSFODNN7EXAMPLE", "secret")
    assert send("GET", url, None, signed("GET", url, None, {}, stranger)).status == 403


class JwtClient:
    """The API for callers with a token of the simulator's provider."""

    def __init__(self, stack: LocalStack) -> None:
        self.url = local_api_url(stack.aws.endpoint, stack.outputs.JwtApiUrl)
        self._simulator = stack.alexa.url

    def mint(self, **wanted: object) -> str:
        body = {"sub": "back-office", "scope": "yellow-ring/api", **wanted}
        token: str = call("POST", f"{self._simulator}/_sim/oidc/tokens", body)["token"]
        return token

    def call(self, token: str, method: str = "GET", path: str = "/v1/customers/4711") -> Said:
        return send(method, self.url + path, None, {"Authorization": f"Bearer {token}"})


@pytest.fixture
def jwt(stack: LocalStack) -> JwtClient:
    return JwtClient(stack)


def test_a_token_of_the_issuer_for_us_with_the_scope_is_let_in(jwt: JwtClient) -> None:
    answer = jwt.call(jwt.mint())
    assert (answer.status, answer.body["customerId"]) == (200, "4711")


@pytest.mark.parametrize(
    ("forged", "status"),
    [
        ({"alg": "none"}, 401),
        ({"key": "other"}, 401),
        ({"aud": "another"}, 401),
        ({"iss": "https://another.example"}, 401),
        ({"expiresIn": -60}, 401),
        ({"scope": "openid profile"}, 403),
        ({"scope": "yellow-ring/api2"}, 403),
        ({"claims": {"scope": None}}, 403),
    ],
    ids=json.dumps,
)
def test_a_token_that_lacks_one_thing_is_refused(
    jwt: JwtClient, forged: dict[str, Any], status: int
) -> None:
    assert jwt.call(jwt.mint(**forged)).status == status


def test_no_token_a_broken_one_and_one_of_a_customer_are_refused(
    stack: LocalStack, jwt: JwtClient
) -> None:
    for broken in ("", "token", jwt.mint()[:-8] + "AAAAAAAA"):
        assert jwt.call(broken).status == 401
    assert send("GET", f"{jwt.url}/v1/customers/4711").status == 401
    url = f"{jwt.url}/v1/customers/4711"
    assert send("GET", url, None, signed("GET", url, None, {}, root(stack))).status == 401
    # What a linked customer's own token has: the issuer and audience, and no scope of ours.
    assert jwt.call(jwt.mint(sub="4711", scope="openid profile"), "DELETE").status == 403
