"""Whose a table is: CloudFormation tags what it makes with its stack, a restore leaves tags out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from yellowring_tools.cli.terminal.output import complain, failure

if TYPE_CHECKING:
    from yellowring_tools.cli.aws.stacks import Stack

_DENIED = ("AccessDenied", "AccessDeniedException")
_ID, _NAME = "aws:cloudformation:stack-id", "aws:cloudformation:stack-name"


def check_owner(stack: Stack, table: str, arn: str) -> None:
    """End the command where a table belongs to another stack that is still there.

    Its customers have given their consent to that one. The table of a stack that is gone belongs
    to nobody, and so does a restored one.
    """
    try:
        pages = stack.dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
        tags = {each["Key"]: each["Value"] for page in pages for each in page["Tags"]}
    except ClientError as error:
        if error.response["Error"]["Code"] not in _DENIED:
            raise
        complain(f"whose {table} is could not be read (dynamodb:ListTagsOfResource): going on")
        return
    owner = tags.get(_ID) or tags.get(_NAME)
    if owner is None or _is_gone(stack, owner):
        return
    raise failure(
        f"{table} is the table of the stack {tags.get(_NAME) or owner}, which is still there: its "
        "customers are those of that stack; restore one of this stack's own backups, or take that "
        "stack down first"
    )


def _is_gone(stack: Stack, owner: str) -> bool:
    try:
        [told] = stack.cloudformation.describe_stacks(StackName=owner)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _DENIED:
            return False
        if "does not exist" in error.response["Error"].get("Message", ""):
            return True
        raise
    return told["StackStatus"] == "DELETE_COMPLETE"
