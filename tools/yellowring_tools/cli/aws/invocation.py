"""Calls of the sender: it starts a run and answers at once, and tells the world of its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from yellowring_tools.cli.aws.aws_errors import without_users
from yellowring_tools.cli.terminal.output import failure

if TYPE_CHECKING:
    from yellowring.sender.run.request import RunRequest
    from yellowring.sender.run.run import Run

    from yellowring_tools.cli.aws.stacks import Stack


def conflict(run_id: str) -> str:
    """Return what to say where a run's id is taken by another campaign than this one."""
    return (
        f"run {run_id} exists with another campaign, for another audience or in other words; the "
        "id is made of the campaign's name and the minute. To send what is in the file now, wait "
        "for the next minute, name this run with --run-id, or give the campaign another name"
    )


def start(stack: Stack, request: RunRequest) -> None:
    """Have the sender start a run, or end the command saying why it does not.

    The request names its run, so a call that is repeated on its way starts nothing twice.

    Raises
    ------
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        The sender could not be called.
    """
    document = {"campaign": request.campaign.document(), "runId": request.run_id}
    answer = stack.functions.invoke(
        FunctionName=stack.outputs["SenderFunctionName"], Payload=json.dumps(document).encode()
    )
    said = json.loads(answer["Payload"].read() or b"{}")
    if "FunctionError" not in answer:
        return
    kind = said.get("errorType", "an error")
    if kind == "RunConflict":
        raise failure(conflict(request.run_id))
    told = without_users(str(said.get("errorMessage", "it gave no reason")))
    if "timed out" in told:
        raise failure(f"the sender had too little time ({told}); runs show {request.run_id}")
    raise failure(f"the sender refused it: {told} ({kind})")


def finish(stack: Stack, run: Run) -> None:
    """Have the sender tell the world of a run that was ended here; Lambda tries that three times.

    Raises
    ------
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        The sender could not be called.
    """
    task = {
        "task": "finish",
        "runId": run.run_id,
        "attempt": run.attempt,
        "executionArn": run.execution_arn,
    }
    stack.functions.invoke(
        FunctionName=stack.outputs["SenderFunctionName"],
        InvocationType="Event",
        Payload=json.dumps(task).encode(),
    )
