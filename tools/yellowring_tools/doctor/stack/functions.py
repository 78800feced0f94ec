"""The functions: whether each is there, may run, and is configured as the stack was deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yellowring_tools.doctor.finding import fault, warning
from yellowring_tools.doctor.stack.deployment import found, variables_of
from yellowring_tools.doctor.stack.template import DEPLOY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment

OF_PARAMETERS: Mapping[str, str] = {
    "SKILL_ID": "SkillId",
    "SKILL_STAGE": "SkillStage",
    "VOICE_CONSENT": "VoiceConsent",
    "USERINFO_URL": "UserinfoUrl",
    "USERINFO_CLAIM": "UserinfoClaim",
    "MAX_EVENTS_PER_SECOND": "MaxEventsPerSecond",
    "MAX_WORKERS": "MaxWorkers",
    "ALEXA_BASE_URL": "AlexaBaseUrl",
    "LWA_BASE_URL": "LwaBaseUrl",
    "NOTE_ACCEPTED": "NoteAccepted",
    "LOG_LEVEL": "LogLevel",
}
"""Of each variable of every function, the parameter that it is."""
OF_OUTPUTS: Mapping[str, str] = {
    "SUBSCRIBERS_TABLE": "SubscribersTableName",
    "RUNS_TABLE": "RunsTableName",
    "NOTIFICATIONS_QUEUE_URL": "NotificationsQueueUrl",
    "DEAD_LETTER_QUEUE_URL": "DeadLetterQueueUrl",
    "RUN_MACHINE_ARN": "RunMachineArn",
    "EVENT_BUS_NAME": "EventBusName",
    "CREDENTIALS_SECRET_ID": "CredentialsSecretId",
}
"""Of each variable of every function, the output that it is; the notifier's dead letters differ."""

OF_SKILL = frozenset(
    {
        "SKILL_ID",
        "VOICE_CONSENT",
        "USERINFO_URL",
        "USERINFO_CLAIM",
        "LOG_LEVEL",
        "SUBSCRIBERS_TABLE",
        "NOTIFICATIONS_QUEUE_URL",
    }
)
"""What the skill function reads; the others may be older in the version that Alexa calls."""


def check_functions(deployment: Deployment) -> Iterator[Finding]:
    """Check every function of the stack."""
    functions = deployment.stack.functions
    for service, name in deployment.functions.items():
        known = deployment.configuration(name)
        if known is None:
            yield fault("functions", f"function {name}", "is not there", DEPLOY)
            continue
        yield from of_state(known, name)
        concurrency = found(
            lambda name=name: functions.get_function_concurrency(FunctionName=name)  # type: ignore[misc]
        )
        reserved = deployment.parameters.get("ApiConcurrency") if service == "api" else None
        yield from of_concurrency(concurrency or {}, name, reserved)
        yield from of_architecture(known, deployment.parameters.get("Architecture"), name)
        wanted = expected(service, deployment.parameters, deployment.outputs)
        yield from of_variables(variables_of(known), wanted, name)


def of_state(configuration: Mapping[str, Any], name: str) -> Iterator[Finding]:
    """Check that a function can be invoked, and that its last change took effect."""
    where = f"function {name}"
    match configuration.get("State", "Active"):
        case "Failed":
            reason = configuration.get("StateReason", "Lambda says nothing of why")
            yield fault("functions", where, f"cannot be invoked: {reason}", DEPLOY)
        case "Pending":
            yield warning("functions", where, "is being made", "look again in a minute")
    match configuration.get("LastUpdateStatus", "Successful"):
        case "Failed":
            reason = configuration.get("LastUpdateStatusReason", "Lambda says nothing of why")
            yield fault("functions", where, f"its last change failed: {reason}", DEPLOY)
        case "InProgress":
            yield warning("functions", where, "is being changed", "look again in a minute")


def of_concurrency(
    told: Mapping[str, Any], name: str, parameter: str | None = None
) -> Iterator[Finding]:
    """Check that a function may run at all, and as often at a time as it was deployed for.

    Parameters
    ----------
    told
        What Lambda says of its concurrency.
    name
        The function's.
    parameter
        ``ApiConcurrency``, of which ``0`` is none that is reserved; ``None``: nothing was said.
    """
    has = told.get("ReservedConcurrentExecutions")
    if has == 0:
        yield fault(
            "functions",
            f"function {name}",
            "has a reserved concurrency of 0, so Lambda refuses every call of it",
            f"aws lambda delete-function-concurrency --function-name {name}",
        )
    elif parameter is not None and str(has or 0) != parameter:
        what = (
            f"has a reserved concurrency of {has or 'none'}, though the stack was deployed with "
            f"ApiConcurrency={parameter}"
        )
        right = "deploy with the number that is to stay; the next deployment of it sets it back"
        yield warning("functions", f"function {name}", what, right)


def of_architecture(
    configuration: Mapping[str, Any], parameter: str | None, name: str
) -> Iterator[Finding]:
    """Check that a function runs on the instruction set that it was to be built for."""
    [has] = configuration.get("Architectures") or [None]
    if parameter and has and has != parameter:
        what = f"runs on {has}, but the stack was deployed for {parameter}"
        right = f"make build ARCHITECTURE={parameter}, and deploy again"
        yield fault("functions", f"function {name}", what, right)


def expected(
    service: str, parameters: Mapping[str, str], outputs: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Return what a function is to be told: by variable its value, and where that comes from."""
    told = {
        variable: (parameters[name], f"the parameter {name}")
        for variable, name in OF_PARAMETERS.items()
        if name in parameters
    }
    own = {"DEAD_LETTER_QUEUE_URL": "NotificationsDeadLetterQueueUrl"}
    named = {**OF_OUTPUTS, **(own if service == "notifier" else {})}
    told |= {
        variable: (outputs[name], f"the output {name}")
        for variable, name in named.items()
        if name in outputs
    }
    if service == "sender" and "EventSources" in parameters:
        told["EVENT_SOURCES"] = parameters["EventSources"], "the parameter EventSources"
    if service == "skill":
        return {variable: right for variable, right in told.items() if variable in OF_SKILL}
    return told


def of_variables(
    variables: Mapping[str, str], wanted: Mapping[str, tuple[str, str]], name: str
) -> Iterator[Finding]:
    """Check that a function is told what the stack was deployed with."""
    for variable, (right, source) in wanted.items():
        has = variables.get(variable)
        if has != right:
            told = "is not set" if has is None else f"is {has!r}"
            yield fault(
                "functions",
                f"{variable} of function {name}",
                f"{told}, but {source} is {right!r}: it was changed by hand",
                "set it back by deploying again; change the parameter if it is to stay so",
            )
