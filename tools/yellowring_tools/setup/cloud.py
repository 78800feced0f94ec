"""What setting up asks of AWS, in each region of its own."""

from __future__ import annotations

import functools
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yellowring_tools.cli.aws.aws_errors import client_error, without_users
from yellowring_tools.setup.problems import SetupStopped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boto3.session import Session

    from yellowring_tools.smapi import Credentials

GONE = ("does not exist",)


@dataclass(frozen=True, slots=True)
class Found:
    """A stack as CloudFormation knows it."""

    status: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def is_busy(self) -> bool:
        """Whether something is being done with it; a change set in review waits for nobody."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def is_whole(self) -> bool:
        """Whether it is as its last deployment wanted it."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")

    @property
    def is_rolled_back(self) -> bool:
        """Whether it is as the deployment before its last one wanted it."""
        return self.status in ("UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE")


class Cloud:
    """An AWS account, reached with a profile, or with what the environment says.

    Every method raises `SetupStopped` with one line when AWS refuses or cannot be reached.
    """

    def __init__(self, profile: str | None = None) -> None:
        self.profile = profile

    def account(self, region: str) -> str:
        """Return the id of the account."""
        return str(_told(lambda: self._client("sts", region).get_caller_identity()["Account"]))

    def stack(self, name: str, region: str) -> Found | None:
        """Return a stack, or ``None`` when there is none of that name."""
        client = self._client("cloudformation", region)

        def look() -> Found | None:
            from botocore.exceptions import ClientError  # noqa: PLC0415 - a third of a second

            try:
                [found] = client.describe_stacks(StackName=name)["Stacks"]
            except ClientError as error:
                if any(each in str(error) for each in GONE):
                    return None
                raise
            if found["StackStatus"] == "DELETE_COMPLETE":
                return None
            outputs = found.get("Outputs", [])
            parameters = found.get("Parameters", [])
            return Found(
                found["StackStatus"],
                {each["OutputKey"]: each["OutputValue"] for each in outputs},
                {each["ParameterKey"]: each.get("ParameterValue", "") for each in parameters},
            )

        return _told(look)

    def newest_event(self, name: str, region: str) -> str:
        """Return the id of what happened to a stack last; empty when nothing has, or is told."""
        client = self._client("cloudformation", region)
        try:
            events = _told(lambda: client.describe_stack_events(StackName=name)["StackEvents"])
        except SetupStopped:  # there is no stack
            return ""
        return str(events[0]["EventId"]) if events else ""

    def reasons(self, name: str, region: str, since: str = "") -> list[str]:
        """Return what a stack says of the resources that it could not make, the first one first.

        Only what has happened after the event ``since`` counts, if one is given.
        """
        client = self._client("cloudformation", region)

        def look() -> list[str]:
            pages = client.get_paginator("describe_stack_events").paginate(StackName=name)
            every = (each for page in pages for each in page["StackEvents"])  # newest first
            events = list(itertools.takewhile(lambda each: each["EventId"] != since, every))
            return [
                f"{each['LogicalResourceId']} ({each['ResourceType']}): "
                f"{without_users(each['ResourceStatusReason'])}"
                for each in reversed(events)
                if each["ResourceStatus"].endswith("_FAILED") and each.get("ResourceStatusReason")
            ]

        try:
            return _told(look)
        except SetupStopped:  # there is no stack: SAM found the mistake itself
            return []

    def has_credentials(self, secret_id: str, region: str, credentials: Credentials) -> bool:
        """Check whether a secret holds these credentials."""
        client = self._client("secretsmanager", region)
        held = _told(lambda: client.get_secret_value(SecretId=secret_id).get("SecretString"))
        return str(held) == _secret(credentials)

    def put_credentials(self, secret_id: str, region: str, credentials: Credentials) -> None:
        """Put credentials into a secret."""
        client = self._client("secretsmanager", region)
        _told(
            lambda: client.put_secret_value(SecretId=secret_id, SecretString=_secret(credentials))
        )

    def somebody_rings(self, table: str, region: str) -> bool:
        """Check whether the records have a customer whose ring could turn yellow."""
        client = self._client("dynamodb", region)

        def look() -> bool:
            from yellowring.subscribers.deliverability import is_deliverable  # noqa: PLC0415
            from yellowring.subscribers.items import load  # noqa: PLC0415 - loads boto3

            pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
            return any(is_deliverable(load(item)) for page in pages for item in page["Items"])

        return _told(look)

    def _client(self, service: str, region: str) -> Any:  # noqa: ANN401 - a client of any service
        from botocore.config import Config  # noqa: PLC0415

        config = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard"})
        make: Any = _told(lambda: self._session).client
        return make(service, region_name=region, config=config)

    @functools.cached_property
    def _session(self) -> Session:
        from boto3.session import Session  # noqa: PLC0415

        return Session(profile_name=self.profile)


def _secret(credentials: Credentials) -> str:
    return json.dumps(
        {"clientId": credentials.client_id, "clientSecret": credentials.client_secret}
    )


def _told[T](ask: Callable[[], T]) -> T:
    """Ask AWS; what it refuses is told in one line."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        return ask()
    except ClientError as error:
        raise SetupStopped(client_error(error)) from None
    except BotoCoreError as error:
        raise SetupStopped(f"AWS: {without_users(str(error))}") from None
