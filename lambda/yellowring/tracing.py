"""AWS X-Ray, where the stack has its functions traced; elsewhere nothing of it is imported."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any, cast

from yellowring.observability import correlation_id

if TYPE_CHECKING:
    from collections.abc import Callable

PATCHED = ("botocore",)
"""Libraries whose calls become parts of the trace: those of AWS. Alexa's have log lines."""
NAME = "## lambda_handler"
"""As powertools' own decorator names a handler's part."""


def traced[Handler: Callable[..., Any]](handler: Handler) -> Handler:
    """Return a function's handler with a part of its own in the trace.

    The handler itself, unless the environment has ``TRACING`` as ``Active``. A trace says how long
    what took and what it goes back to (annotation ``correlation_id``): neither answers nor errors'
    texts, which may name a customer.
    """
    if os.environ.get("TRACING") != "Active":
        return handler

    from aws_lambda_powertools import Tracer  # noqa: PLC0415 - where it is not used, it has no price

    tracer = Tracer(patch_modules=PATCHED)

    @functools.wraps(handler)
    def lambda_handler(event: object, context: object) -> object:
        answer, failure = None, None
        with tracer.provider.in_subsegment(name=NAME) as part:
            part.put_annotation(key="Service", value=tracer.service)
            try:
                answer = handler(event, context)
            except Exception as error:  # raised again outside, or the trace would have its text
                failure = error
                part.put_annotation(key="error", value=type(error).__name__)
                cast("Any", part).add_fault_flag()
            part.put_annotation(key="correlation_id", value=correlation_id() or "none")
        if failure is not None:
            raise failure
        return answer

    return cast("Handler", lambda_handler)
