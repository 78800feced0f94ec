"""Runs: started by the sender, looked at, cancelled and resumed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from yellowring.api.answers import RunAnswer
from yellowring.api.bodies import MOST_LISTED
from yellowring.api.idempotency import run_id_of_key
from yellowring.api.problems import Error, Refusal, errors_of_problems, invalid
from yellowring.catalog import Problem
from yellowring.observability import correlation_id, logger
from yellowring.sender.campaign import InvalidCampaign
from yellowring.sender.campaign.parsing import LONGEST_EXPIRY, MOST_NAMED, Listed
from yellowring.sender.run.lifecycle import CannotResume
from yellowring.sender.run.request import InvalidRunRequest, parse_run_request
from yellowring.sender.run.store import RunNotFound
from yellowring.subscribers import is_customer_id, is_user_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from mypy_boto3_lambda.client import LambdaClient

    from yellowring.api.bodies import RunBody
    from yellowring.sender.run.lifecycle import Lifecycle
    from yellowring.sender.run.request import RunRequest
    from yellowring.sender.run.run import Run

type _Check = Callable[[object], bool]

_LISTS: Mapping[str, tuple[str, _Check, str]] = {
    "users": ("userIds", is_user_id, "is not a user id, amzn1.ask.account. and more"),
    "customers": ("customerIds", is_customer_id, "is not a customer id"),
}
"""By the kind of audience: the member that lists ids, what they must be, and what else to say."""
_SHOWN = 20
"""Wrong ids that are told one by one."""


@dataclass(frozen=True, slots=True)
class RunDesk:
    """Has runs started, and looks after them.

    Parameters
    ----------
    lifecycle
        What cancels and resumes runs, as the commands do.
    functions, sender
        Who starts them: the sender function, by name.
    skill_id
        The key of ids that are made of idempotency keys.
    now
        The clock.
    """

    lifecycle: Lifecycle
    functions: LambdaClient
    sender: str
    skill_id: str
    now: Callable[[], datetime]

    def start(self, body: RunBody, key: str | None) -> RunAnswer:
        """Have the sender start a run, or find the one that was started before.

        Raises
        ------
        Refusal
            The request is not valid, its run's id is another campaign's, or the sender refuses.
        botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
            Nobody knows whether it was started: the same request again finds out.
        """
        campaign, ids = _listed(body.campaign)
        request = self._request(campaign, body, key)
        if ids and not self._is_known(request.run_id):  # a known one has had its list
            digest = Listed.of(ids).digest
            until = self.now() + LONGEST_EXPIRY + timedelta(hours=1)
            self.lifecycle.runs.put_list(request.run_id, digest, ids, until)
        return _answer(self._invoke(request))

    def find(self, run_id: str) -> RunAnswer:
        """Return a run as it is now; one that was left without an execution gets it."""
        return self._shown(self.lifecycle.ensure_execution(self._load(run_id)))

    def cancel(self, run_id: str) -> RunAnswer:
        """Have a run stop; one that was cancelled before stays so."""
        run = self._load(run_id)
        if not self.lifecycle.cancel(run_id) and run.status != "cancelled":
            raise Refusal("run-ended", f"It had ended before: it is {run.status}.")
        return self._shown(self._load(run_id))

    def resume(self, run_id: str) -> RunAnswer:
        """Have a run go on with those whom it could not tell."""
        self._load(run_id)
        try:
            return self._shown(self.lifecycle.resume(run_id))
        except CannotResume as error:
            raise Refusal("not-resumable", f"{error}.") from None

    def _is_known(self, run_id: str) -> bool:
        try:
            self.lifecycle.runs.load(run_id)
        except RunNotFound:
            return False
        return True

    def _load(self, run_id: str) -> Run:
        try:
            return self.lifecycle.runs.load(run_id)
        except RunNotFound as error:
            raise Refusal("unknown-run", f"{error}.") from None

    def _shown(self, run: Run) -> RunAnswer:
        return _answer(self.lifecycle.document(run))

    def _request(self, campaign: Mapping[str, Any], body: RunBody, key: str | None) -> RunRequest:
        document: dict[str, object] = {"campaign": campaign}
        if body.run_id:
            document["runId"] = body.run_id
        elif body.scheduled_time:
            document["scheduledTime"] = body.scheduled_time
        elif key:
            document["runId"] = run_id_of_key(key, self.skill_id)
        try:
            return parse_run_request(document)
        except InvalidCampaign as error:
            raise invalid(errors_of_problems(error.problems, "$.campaign")) from None
        except InvalidRunRequest:
            right = (
                "must be a time such as 2026-11-20T09:00:00Z"
                if body.scheduled_time
                else "is missing, as are $.runId and the header Idempotency-Key: one of the three "
                "names the run, so that a repeat sends nothing twice"
            )
            raise invalid([Error("$.scheduledTime", right)]) from None

    def _invoke(self, request: RunRequest) -> Mapping[str, Any]:
        document = {
            "campaign": request.campaign.document(),
            "runId": request.run_id,
            "refusals": True,
            "correlationId": correlation_id(),
        }
        answer = self.functions.invoke(
            FunctionName=self.sender, Payload=json.dumps(document).encode()
        )
        said: dict[str, Any] = json.loads(answer["Payload"].read() or b"{}")
        if "FunctionError" in answer:
            failure = {"error": said.get("errorType", ""), "run": request.run_id}
            logger.error("the sender failed", extra=failure)
            raise Refusal(
                "sender-refused",
                "Send the same request again; the sender's log says why it could not.",
            )
        if "refusal" in said:
            raise _refusal(said["refusal"])
        return said


def _refusal(told: Mapping[str, Any]) -> Refusal:
    """Say what the sender refuses (`yellowring.sender.run.request_refusals`)."""
    match told["kind"]:
        case "RunConflict":
            return Refusal(
                "run-conflict",
                "A run of this id exists with another campaign or audience: give the changed "
                "campaign another name, or this run an id of its own.",
            )
        case "InvalidCredentials":
            return Refusal(
                "no-credentials",
                "Put the skill's client id and secret into the stack's secret, then repeat.",
            )
        case "EventSourceFailed":
            return Refusal("no-event-source", f"{told['message']}.")
        case "InvalidCampaign":
            problems = [
                Problem(**{**each, "allowed": (*each["allowed"],)}) for each in told["problems"]
            ]
            return invalid(errors_of_problems(problems, "$.campaign"))
        case _:
            return invalid([Error("$", told["message"])])


def _listed(campaign: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[str]]:
    """Return a campaign that names its long list by digest, and the ids of that list."""
    audience = campaign.get("audience")
    kind = audience.get("type") if isinstance(audience, dict) else None
    if not isinstance(audience, dict) or not isinstance(kind, str) or kind not in _LISTS:
        return campaign, []
    member, is_right, wrong = _LISTS[kind]
    ids = audience.get(member)
    if "list" in audience:
        raise invalid([Error("$.campaign.audience.list", f"is not known here: use {member}")])
    if not isinstance(ids, list) or len(ids) <= MOST_NAMED:
        return campaign, []
    path = f"$.campaign.audience.{member}"
    if len(ids) > MOST_LISTED:
        right = f"must be at most {MOST_LISTED} ids: send a longer list with yellowring send"
        raise invalid([Error(path, right)])
    errors = [Error(f"{path}[{at}]", wrong) for at, each in enumerate(ids) if not is_right(each)]
    if errors:
        raise invalid(errors[:_SHOWN])
    distinct = list(dict.fromkeys(ids))
    if len(distinct) < len(ids):
        raise invalid([Error(path, "names somebody twice; list each id once")])
    listed = Listed.of(distinct)
    named = {"type": kind, "list": {"digest": listed.digest, "count": listed.count}}
    return {**campaign, "audience": named}, distinct


def _answer(document: Mapping[str, Any]) -> RunAnswer:
    known = {field.alias for field in RunAnswer.model_fields.values()}
    return RunAnswer.model_validate({k: v for k, v in document.items() if k in known})
