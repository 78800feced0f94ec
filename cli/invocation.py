"""A call of the sender, under way on a thread while somebody watches the run that it makes."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

from cli.aws_errors import without_users
from cli.output import failure

if TYPE_CHECKING:
    from yellowring.sender.order import Order

    from cli.stacks import Stack


class Invocation:
    """A call of the sender, which begins at once; also the clock of those who wait for it.

    The order names its run, so a call that is repeated on its way starts nothing twice.
    """

    def __init__(self, stack: Stack, order: Order) -> None:
        self._client = stack.functions
        self._function = stack.outputs["SenderFunctionName"]
        self._run_id = order.run_id
        document = {"campaign": order.campaign.document(), "runId": order.run_id}
        self._payload = json.dumps(document).encode()
        self._error: Exception | None = None
        self._refusal: dict[str, Any] | None = None
        self._thread = threading.Thread(target=self._call, daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether the sender has answered, or cannot be reached."""
        return not self._thread.is_alive()

    @property
    def failed(self) -> bool:
        """Whether the answer is no run."""
        return self.ended and (self._error is not None or self._refusal is not None)

    def monotonic(self) -> float:
        """Give seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, but not longer than for the answer."""
        if self.ended:
            time.sleep(seconds)
        else:
            self._thread.join(seconds)

    def check(self) -> None:
        """Wait for the answer, and end the command when it is anything but a run.

        Raises
        ------
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            The sender could not be called.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        if self._refusal is None:
            return
        kind = self._refusal.get("errorType", "an error")
        told = without_users(str(self._refusal.get("errorMessage", "it gave no reason")))
        if "timed out" in told:
            raise failure(f"the sender had too little time ({told}); runs show {self._run_id}")
        raise failure(f"the sender refused it: {told} ({kind})")

    def _call(self) -> None:
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=self._payload)
            document = json.loads(answer["Payload"].read() or b"{}")
        except Exception as error:  # raised again by the thread that waits
            self._error = error
            return
        if "FunctionError" in answer:
            self._refusal = document
