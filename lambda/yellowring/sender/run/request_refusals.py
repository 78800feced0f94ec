"""Why no run is started where a repeat of the request would not help, told as a value.

An error of a Lambda function reaches its caller under the runtime's name for it at best, so who
would act on the reason asks for a value.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from yellowring.alexa import InvalidCredentials
from yellowring.sender.campaign import InvalidCampaign
from yellowring.sender.campaign.event_source import EventSourceFailed
from yellowring.sender.run.request import InvalidRunRequest
from yellowring.sender.run.store import RunConflict

REQUEST_REFUSALS = (
    EventSourceFailed,
    InvalidCampaign,
    InvalidCredentials,
    InvalidRunRequest,
    RunConflict,
)


def refusal_of(error: Exception) -> dict[str, Any]:
    """Return one of `REQUEST_REFUSALS` as JSON.

    Returns
    -------
    dict
        ``kind`` (the error's name), ``message``, and ``problems``: of a campaign, what is wrong as
        `yellowring.catalog.Problem` has it, with paths of the campaign.
    """
    problems = error.problems if isinstance(error, InvalidCampaign) else ()
    return {
        "kind": type(error).__name__,
        "message": str(error),
        "problems": [asdict(each) for each in problems],
    }
