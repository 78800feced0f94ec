"""The bodies that the API takes, as pydantic checks them and OpenAPI describes them.

The events' own schemas, the texts and campaigns are the catalog's and the sender's to check;
``x-schema`` names the part of the OpenAPI document that describes them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from yellowring.api.examples import BATCH, ENTRY, NOTIFICATION, PATCH, RUN
from yellowring.api.idempotency import KEY_PATTERN
from yellowring.sender.run.request import RUN_ID_PATTERN
from yellowring.subscribers import (
    CUSTOMER_ID_PATTERN,
    LONGEST_USER_ID,
    USER_ID_PATTERN,
    is_customer_id,
)

MOST_IN_A_BATCH = 100
MOST_LISTED = 10_000
"""User or customer ids that a campaign may list; a longer list goes with ``yellowring send``."""


class Body(BaseModel):
    """An object of a request: members in camel case, no others, no other types."""

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=to_camel, validate_by_name=False, frozen=True
    )


def _no_token(value: str) -> str:
    if not is_customer_id(value):
        raise ValueError("holds an access token, which is never stored")
    return value


CustomerId = Annotated[
    str,
    Field(
        pattern=f"^{CUSTOMER_ID_PATTERN}$",
        description="The business' own id of a customer, as account linking or a message set it.",
        examples=["4711"],
    ),
    AfterValidator(_no_token),
]
UserId = Annotated[
    str,
    Field(
        pattern=f"^{USER_ID_PATTERN}$",
        max_length=LONGEST_USER_ID,
        description="Alexa's id of a customer.",
    ),
]
Key = Annotated[
    str,
    Field(
        pattern=KEY_PATTERN,
        description="Any text of the caller's that names this request: a repeat changes nothing.",
        examples=["order-4711-shipped"],
    ),
]
ExpiresIn = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^P(?=.)([0-9]+D)?(T(?=.)([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$",
            "description": "ISO 8601 duration from PT5M to PT24H, PT1H when left out.",
            "examples": ["PT30M"],
        }
    ),
]


class ToUser(Body):
    """One account, by Alexa's id."""

    user_id: UserId


class ToCustomer(Body):
    """All accounts of one of the business' customers, at most 25."""

    customer_id: CustomerId


def _kind(value: object) -> Literal["ToUser", "ToCustomer"]:
    named = isinstance(value, ToCustomer) or (isinstance(value, dict) and "customerId" in value)
    return "ToCustomer" if named else "ToUser"


Recipient = Annotated[
    Annotated[ToUser, Tag("ToUser")] | Annotated[ToCustomer, Tag("ToCustomer")],
    Discriminator(_kind),
]


class NotificationBody(Body):
    """One event for one customer, now."""

    model_config = ConfigDict(json_schema_extra={"examples": [NOTIFICATION]})

    to: Recipient
    event: Annotated[dict[str, Any], WithJsonSchema({"x-schema": "Event"})]
    localized_attributes: Annotated[
        list[dict[str, Any]], WithJsonSchema({"x-schema": "LocalizedAttributes"})
    ] = Field(default_factory=list)
    expires_in: ExpiresIn = "PT1H"


class BatchEntry(NotificationBody):
    """A notification of a batch, with an idempotency key of its own."""

    model_config = ConfigDict(json_schema_extra={"examples": [ENTRY]})

    idempotency_key: Key = ""


class BatchBody(Body):
    """Up to a hundred notifications, each checked and answered by itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [BATCH]})

    notifications: list[
        Annotated[
            Any,
            WithJsonSchema(
                {
                    "description": "A BatchEntry; what is none gets a problem as its outcome.",
                    "anyOf": [{"x-schema": "BatchEntry"}, {}],
                }
            ),
        ]
    ] = Field(min_length=1, max_length=MOST_IN_A_BATCH)


class RunBody(Body):
    """A campaign to send, and the time or id that names its run."""

    model_config = ConfigDict(json_schema_extra={"examples": [RUN]})

    campaign: Annotated[dict[str, Any], WithJsonSchema({"x-schema": "Campaign"})]
    scheduled_time: Annotated[
        str, Field(description="ISO 8601; names the run with the campaign: nothing waits for it.")
    ] = ""
    run_id: Annotated[
        str,
        Field(
            pattern=f"^{RUN_ID_PATTERN}$",
            description="The run's id, which is the reference id of its events.",
        ),
    ] = ""


class CustomerChange(Body):
    """Attributes of a customer to set and to remove, one to twenty in all."""

    model_config = ConfigDict(json_schema_extra={"examples": [PATCH]})

    set: Annotated[dict[str, Any], WithJsonSchema({"x-schema": "Attributes"})] = Field(
        default_factory=dict
    )
    remove: Annotated[list[str], WithJsonSchema({"x-schema": "AttributeNames"})] = Field(
        default_factory=list
    )
