"""Step Functions: as much of it as the workflow of a run uses, read from its own definition.

Standard executions, a distributed map whose children fail for themselves, tasks that are Lambda
invocations, `Retry` and `Catch`, waits; executions that are ended from outside. It holds us to what
an emulator forgives: names, whole waits, the size and content of states, the length of a history.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from tests.unit.sender.game.virtual_time import VirtualLoop

LONGEST_HISTORY = 25_000
LARGEST_STATE = 256 * 1024
_NAME = re.compile(r"[0-9A-Za-z_-]{1,80}")
_PERSONAL = "amzn1.ask.account"


class TaskFailed(Exception):
    """A state failed with an error of this name."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Lambda(Protocol):
    """What the tasks invoke."""

    async def invoke(self, payload: dict[str, Any], patience: float) -> dict[str, Any]:
        """Return the function's answer, or raise `TaskFailed`."""

    def execution_ended(self, execution: Execution) -> None:
        """Hear of an execution that ended before its time."""


@dataclass(eq=False)
class Execution:
    """One execution, its children's histories, and how it ended."""

    name: str
    arn: str
    input: dict[str, Any]
    status: str = "RUNNING"
    events: int = 0
    children: list[Execution] = field(default_factory=list)
    task: asyncio.Task[Any] | None = None


class Machine:
    """A state machine; also the client of Step Functions that it is started through."""

    def __init__(
        self, definition: Mapping[str, Any], loop: VirtualLoop, functions: Lambda, random: Random
    ) -> None:
        self._definition = definition
        self._loop = loop
        self._functions = functions
        self._random = random
        self.executions: dict[str, Execution] = {}

    def start_execution(
        self,
        *,
        stateMachineArn: str,  # noqa: N803 - the API's own names
        name: str,
        input: str,  # noqa: A002
    ) -> dict[str, str]:
        """Start an execution; the same one again is found while it runs."""
        assert _NAME.fullmatch(name), name
        known = self.executions.get(name)
        if known is None:
            arn = f"{stateMachineArn.replace(':stateMachine:', ':execution:')}:{name}"
            known = self.executions[name] = Execution(name, arn, _checked(json.loads(input)))
            known.task = self._loop.spawn(self._run(known))
        elif known.status != "RUNNING" or known.input != json.loads(input):
            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists"}}, "StartExecution")
        return {"executionArn": known.arn}

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803
        """Tell how an execution does."""
        known = self.executions.get(executionArn.rpartition(":")[2])
        if known is None:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return {"status": known.status}

    def abort(self, execution: Execution, *, with_children: bool) -> None:
        """End an execution from outside."""
        if execution.status != "RUNNING":
            return
        execution.status = "ABORTED"
        for each in (execution, *(execution.children if with_children else ())):
            if each.task:
                each.task.cancel()
        self._functions.execution_ended(execution)

    @property
    def open(self) -> list[Execution]:
        """The executions that are under way."""
        return [each for each in self.executions.values() if each.status == "RUNNING"]

    async def _run(self, execution: Execution) -> None:
        try:
            await self._states(self._definition, execution.input, execution)
        except TaskFailed:
            execution.status = "FAILED"
            self._functions.execution_ended(execution)
        else:
            execution.status = "SUCCEEDED"

    async def _states(self, definition: Mapping[str, Any], data: Any, execution: Execution) -> Any:
        name = definition["StartAt"]
        while True:
            state = definition["States"][name]
            execution.events += 2  # entered and left
            assert execution.events < LONGEST_HISTORY
            try:
                result = await self._retried(state, data, execution)
            except TaskFailed as failed:
                caught = [each for each in state.get("Catch", ()) if _matches(each, failed.error)]
                if not caught:
                    raise
                told = {"Error": failed.error, "Cause": "{}"}
                data, name = _put(data, told, caught[0].get("ResultPath", "$")), caught[0]["Next"]
                continue
            data = _checked(_put(data, result, state.get("ResultPath", "$")))
            data = _get(data, state.get("OutputPath", "$"))
            if state.get("End"):
                return data
            name = _chosen(state, data)

    async def _retried(self, state: Mapping[str, Any], data: Any, execution: Execution) -> Any:
        tries = [0] * len(state.get("Retry", ()))
        while True:
            try:
                return await self._once(state, data, execution)
            except TaskFailed as failed:
                retries = enumerate(state.get("Retry", ()))
                number = next((n for n, each in retries if _matches(each, failed.error)), None)
                if number is None or tries[number] >= state["Retry"][number]["MaxAttempts"]:
                    raise
                wait = retry_wait(state["Retry"][number], tries[number])
                tries[number] += 1
            jitter = state["Retry"][number].get("JitterStrategy") == "FULL"
            await asyncio.sleep(wait * self._random.random() if jitter else wait)

    async def _once(self, state: Mapping[str, Any], data: Any, execution: Execution) -> Any:
        given = _filled(state["Parameters"], data, execution) if "Parameters" in state else data
        match state["Type"]:
            case "Pass":
                return state.get("Result", given)
            case "Wait":
                seconds = (
                    state["Seconds"] if "Seconds" in state else _get(data, state["SecondsPath"])
                )
                assert type(seconds) is int, seconds
                assert 0 <= seconds <= 60, seconds
                await asyncio.sleep(seconds)
                return data
            case "Choice":
                return data
            case "Task":
                execution.events += 3  # scheduled, started, succeeded or failed
                payload = _checked(given["Payload"])
                patience = state["TimeoutSeconds"]
                return {"Payload": await self._functions.invoke(payload, patience)}
            case "Map":
                return await self._map(state, data, execution)
        raise AssertionError(state["Type"])

    async def _map(self, state: Mapping[str, Any], data: Any, execution: Execution) -> list[Any]:
        assert state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"
        assert state["ToleratedFailurePercentage"] == 100
        begun = []
        for number, item in enumerate(_get(data, state["ItemsPath"])):
            given = _filled(state["ItemSelector"], data, execution, item)
            child = Execution(f"{execution.name}:{number}", execution.arn, _checked(given))
            execution.children.append(child)
            child.task = self._loop.spawn(self._child(state["ItemProcessor"], child))
            begun.append(child.task)
        return await asyncio.shield(asyncio.gather(*begun, return_exceptions=True))

    async def _child(self, definition: Mapping[str, Any], child: Execution) -> Any:
        output = await self._states(definition, child.input, child)
        child.status = "SUCCEEDED"
        assert output == {}  # or so many would be more than a state may hold
        return output


def retry_wait(retry: Mapping[str, Any], tries: int) -> float:
    """Return the seconds that a state waits before it is tried once more, jitter aside."""
    wait = retry["IntervalSeconds"] * retry["BackoffRate"] ** tries
    return float(min(wait, retry.get("MaxDelaySeconds", wait)))


def _matches(rule: Mapping[str, Any], error: str) -> bool:
    return error in rule["ErrorEquals"] or "States.ALL" in rule["ErrorEquals"]


def _chosen(state: Mapping[str, Any], data: Any) -> str:
    if state["Type"] == "Choice":
        for choice in state["Choices"]:
            if _get(data, choice["Variable"]) is choice["BooleanEquals"]:
                return str(choice["Next"])
        return str(state["Default"])
    return str(state["Next"])


def _get(data: Any, path: str) -> Any:
    for name in path.removeprefix("$").split(".")[1:]:
        data = data[name]
    return data


def _put(data: Any, result: Any, path: str | None) -> Any:
    if path is None:
        return data
    if path == "$":
        return result
    return {**data, path.removeprefix("$."): result}


def _filled(template: Any, data: Any, execution: Execution, item: Any = None) -> Any:
    if not isinstance(template, dict):
        return template
    filled = {}
    for name, value in template.items():
        if not name.endswith(".$"):
            filled[name] = _filled(value, data, execution, item)
        elif value == "$$.Map.Item.Value":
            filled[name[:-2]] = item
        elif value == "$$.Execution.Id":
            filled[name[:-2]] = execution.arn
        else:
            filled[name[:-2]] = _get(data, value)
    return filled


def _checked(data: Any) -> Any:
    """Return what goes into or comes out of a state; Step Functions keeps it for 90 days."""
    text = json.dumps(data)
    assert len(text) < LARGEST_STATE
    assert _PERSONAL not in text
    return json.loads(text)
