"""A business' ids and texts, which no pattern knows, in what the functions log and count.

Alexa's user ids and every kind of token are looked for in each test of the project.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.queue_message import queue_message
from yellowring.sender import app
from yellowring.subscribers import AttributesChange, RegisterChange

from tests.envelopes import command, message
from tests.unit.api.kit import EVENT, USER_ID
from tests.unit.sender.conftest import alexa, world
from tests.unit.sender.kit import LONG_AGO, Context, campaign

if TYPE_CHECKING:
    from tests.unit.api.kit import Api
    from tests.unit.sender.kit import World
    from tests.unit.skill.kit import Handle

__all__ = ["alexa", "world"]

SECRETS = {
    "customer id": "crm-jane-doe-4711",
    "attribute": "Jane Doe, Main Street 7",
    "text": "Your test result is negative",
    "key": "jane-doe-order-7",
}
PERSONAL_TEXTS = [{"locale": "en-US", "source": SECRETS["text"]}]
TEXT_EVENT: dict[str, Any] = {
    "name": EVENT["name"],
    "payload": {"weatherAlert": {"source": "localizedattribute:source", "alertType": "SNOW_STORM"}},
}


@pytest.fixture(autouse=True)
def _nobody_is_logged(logs_without_personal_data: list[str]) -> Any:
    yield
    logged = "".join(logs_without_personal_data)
    for what, text in SECRETS.items():
        assert text not in logged, what
        assert json.dumps(text)[1:-1] not in logged, what


def test_the_api_logs_no_id_of_the_business_and_no_text(api: Api) -> None:
    customer_id = SECRETS["customer id"]
    api.link(USER_ID, customer_id)
    right: dict[str, Any] = {"event": TEXT_EVENT, "localizedAttributes": PERSONAL_TEXTS}
    body = {"to": {"customerId": customer_id}, **right}
    assert api.call("POST", "/v1/notifications", body, key=SECRETS["key"]).status == 202
    wrong = {**body, "expiresIn": SECRETS["text"], SECRETS["attribute"]: 1}
    assert api.call("POST", "/v1/notifications", wrong).status == 422
    path = f"/v1/customers/{customer_id}"
    change = {"set": {"name": SECRETS["attribute"]}}
    assert api.call("PATCH", path, change).status in (200, 202, 204)
    assert api.call("PATCH", path, {"set": {SECRETS["attribute"]: 1}}).status == 422
    assert api.call("GET", path).status == 200
    assert api.call("DELETE", path).status in (200, 204)
    audience = {"type": "customers", "customerIds": [customer_id]}
    run = {"campaign": campaign(audience=audience), "runId": "leaks"}
    assert api.call("POST", "/v1/runs", run).status in (200, 201, 202)


def test_the_skill_logs_no_id_of_the_business_and_no_text(handle: Handle) -> None:
    handle(message(command("customer", id=SECRETS["customer id"])))
    handle(message(command("set", set={"name": SECRETS["attribute"]})))
    handle(message(command("set", set={SECRETS["attribute"]: SECRETS["text"]})))
    handle(message(command(SECRETS["text"], **{SECRETS["attribute"]: 1})))
    handle(message(SECRETS["text"]))


def test_the_sender_logs_no_id_of_the_business_and_no_text(world: World) -> None:
    user_id = world.customer()
    world.subscribers.apply(
        user_id,
        RegisterChange("customer", LONG_AGO, "id", SECRETS["customer id"]),
        AttributesChange(LONG_AGO, "id", {"name": SECRETS["attribute"]}),
    )
    texts = [{"locale": "en-US", "source": "{name}"}]
    filled = campaign(
        event=TEXT_EVENT,
        localizedAttributes=texts,
        audience={"type": "customers", "customerIds": [SECRETS["customer id"], "unknown"]},
    )
    assert world.send(filled)["counts"]["accepted"] == 1
    soon = datetime.now(UTC) + timedelta(hours=1)
    for number, texts in enumerate((PERSONAL_TEXTS, [{"locale": SECRETS["text"]}])):
        body = queue_message(
            TEXT_EVENT,
            texts,
            to={"customerId": SECRETS["customer id"]},
            reference_id=f"leaks{number}",
            expiry_time=soon,
        )
        app.lambda_handler({"Records": [_record(body)]}, Context(60_000))
    assert world.heard(user_id)[-1] == "leaks0"


def _record(body: dict[str, object]) -> dict[str, Any]:
    sent_at = int(datetime.now(UTC).timestamp() * 1000)
    return {
        "messageId": "m",
        "receiptHandle": "r",
        "body": json.dumps(body),
        "attributes": {"SentTimestamp": str(sent_at), "ApproximateReceiveCount": "1"},
    }
