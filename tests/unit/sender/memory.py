"""The runs table and the queues in memory: fast, and apt to fail on purpose.

As much of DynamoDB and SQS as a run needs. `RunsTable` evaluates the expressions that runs are
written with, and no others; a test holds it against moto.
"""
# ruff: noqa: N803 - these are the names of AWS' own parameters

from __future__ import annotations

import copy
import re
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from random import Random

type Item = dict[str, Any]

_SET_AND_REMOVE = re.compile(r"(?:SET (?P<sets>.*?))?\s*(?:REMOVE (?P<removes>.*))?")
_ATOM = re.compile(
    r"(?P<function>attribute_exists|attribute_not_exists)\((?P<tested>[^)]+)\)"
    r"|size\((?P<sized>[^)]+)\) = (?P<size>:\d+)"
    r"|(?P<path>\S+) (?P<operator>=|>=) (?P<value>:\d+)"
)


class Death(Exception):
    """The worker was killed here, or the service answered with an error of its own."""


@dataclass
class Chaos:
    """Fails calls at random.

    Attributes
    ----------
    deaths
        How likely the caller dies just before a call, and again just after it.
    lost_answers
        How likely the answer is lost, so that the AWS client calls again by itself.
    happened
        How many died so far.
    """

    random: Random
    deaths: float = 0.0
    lost_answers: float = 0.0
    happened: int = 0
    _calm: int = 0

    @contextmanager
    def calm(self) -> Iterator[None]:
        """Let nothing fail for a while."""
        self._calm += 1
        try:
            yield
        finally:
            self._calm -= 1

    def may_die(self) -> None:
        """Die, or not."""
        if self._happens(self.deaths):
            self.happened += 1
            raise Death

    def through[T](self, call: Callable[[], T]) -> T:
        """Make a call as an AWS client does over a bad network."""
        self.may_die()
        answer = call()
        if self._happens(self.lost_answers):
            answer = call()
        self.may_die()
        return answer

    def _happens(self, likely: float) -> bool:
        return not self._calm and self.random.random() < likely


class RunsTable:
    """A DynamoDB client that has one table, whose key is ``runId``."""

    def __init__(self, chaos: Chaos) -> None:
        self._chaos = chaos
        self._items: dict[str, Item] = {}
        self.statuses: list[str] = []
        """Each status that a run came to have, in order."""

    def put_item(self, *, TableName: str, Item: Item, ConditionExpression: str) -> None:
        """Put an item where there is none."""
        assert ConditionExpression == "attribute_not_exists(runId)"

        def put() -> None:
            if Item["runId"]["S"] in self._items:
                raise _condition_failed()
            self._items[Item["runId"]["S"]] = copy.deepcopy(Item)
            self.statuses.append(Item["status"]["S"])

        self._chaos.through(put)

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> Item:
        """Read an item; not to be changed."""
        assert ConsistentRead
        item = self._chaos.through(lambda: self._items.get(Key["runId"]["S"]))
        return {"Item": item} if item else {}

    def update_item(self, *, Key: Item, **request: Any) -> Item:
        """Change an item that fulfils a condition, and give all of it."""
        assert request["ReturnValues"] == "ALL_NEW"
        update = _Update(
            self._items[Key["runId"]["S"]],
            request["ExpressionAttributeNames"],
            request["ExpressionAttributeValues"],
        )

        def apply() -> None:
            if not update.holds(request["ConditionExpression"]):
                raise _condition_failed()
            before = update.item["status"]["S"]
            update.apply(request["UpdateExpression"])
            if update.item["status"]["S"] != before:
                self.statuses.append(update.item["status"]["S"])

        self._chaos.through(apply)
        return {"Attributes": update.item}


@dataclass
class _Update:
    item: Item
    names: Mapping[str, str]
    values: Mapping[str, Item]

    def holds(self, condition: str) -> bool:
        return all(
            any(self._atom(atom) for atom in each.strip("()").split(" OR "))
            if " OR " in each
            else self._atom(each)
            for each in condition.split(" AND ")
        )

    def apply(self, expression: str) -> None:
        parts = _SET_AND_REMOVE.fullmatch(expression.strip())
        assert parts, expression
        sets, removes = (parts[part] or "" for part in ("sets", "removes"))
        changes = []
        for each in filter(None, sets.split(", ")):
            path, value = each.split(" = ")
            changes.append((self._holder(path), self._sum(value)))
        for (holder, name), value in changes:
            holder[name] = value
        for path in filter(None, removes.split(", ")):
            holder, name = self._holder(path)
            holder.pop(name, None)

    def _atom(self, atom: str) -> bool:
        match = _ATOM.fullmatch(atom)
        assert match, atom
        if match["function"]:
            found = self._get(match["tested"]) is not None
            return found is (match["function"] == "attribute_exists")
        if match["sized"]:
            found_size = len((self._get(match["sized"]) or {"M": {}})["M"])
            return found_size == int(self.values[match["size"]]["N"])
        found_value, wanted = self._get(match["path"]), self.values[match["value"]]
        if match["operator"] == ">=":
            return found_value is not None and Decimal(found_value["N"]) >= Decimal(wanted["N"])
        return found_value == wanted

    def _sum(self, value: str) -> Item:
        terms = [self.values[t] if t.startswith(":") else self._get(t) for t in value.split(" + ")]
        if len(terms) == 1 and terms[0] is not None:
            return terms[0]
        return {"N": str(sum(Decimal(term["N"]) for term in terms if term is not None))}

    def _get(self, path: str) -> Item | None:
        try:
            holder, name = self._holder(path)
        except KeyError:
            return None
        return holder.get(name)

    def _holder(self, path: str) -> tuple[Item, str]:
        *outer, name = (self.names.get(alias, alias) for alias in path.split("."))
        holder = self.item
        for each in outer:
            holder = holder[each]["M"]
        return holder, name


def _condition_failed() -> ClientError:
    return ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")


@dataclass
class Message:
    """A message on a queue, and how often it was given out."""

    body: str
    receives: int = 0


class Queues:
    """An SQS client of queues that keep no order."""

    def __init__(self, chaos: Chaos) -> None:
        self._chaos = chaos
        self._random = chaos.random
        self._queues: dict[str, list[Message]] = {}
        self._hidden: dict[str, Message] = {}
        self._put_off: list[tuple[str, Message]] = []

    def lying(self, queue: str) -> list[Message]:
        """Give the messages on a queue."""
        return self._queues.setdefault(queue, [])

    def give_out(self, queue: str) -> Message:
        """Take any message off a queue."""
        lying = self.lying(queue)
        at = self._random.randrange(len(lying))
        lying[at], lying[-1] = lying[-1], lying[at]
        message = lying.pop()
        message.receives += 1
        return message

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> None:
        """Put a message on a queue; when the answer is lost, twice."""

        def send() -> None:
            if DelaySeconds == 60 or (DelaySeconds and self._random.random() < 0.5):
                self._put_off.append((QueueUrl, Message(MessageBody)))
            else:
                self.lying(QueueUrl).append(Message(MessageBody))

        self._chaos.through(send)

    def receive_message(self, *, QueueUrl: str, **_: int) -> Item:
        """Hide some messages, and give them with receipts."""
        hidden = self._hidden.values()
        messages = [m for m in self.lying(QueueUrl) if not any(m is h for h in hidden)][:10]
        answers = []
        for message in messages:
            receipt = f"receipt {len(self._hidden)}"
            self._hidden[receipt] = message
            answers.append({"Body": message.body, "ReceiptHandle": receipt})
        return {"Messages": answers}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:
        """Delete a message that is hidden."""

        def delete() -> None:
            message, lying = self._hidden[ReceiptHandle], self.lying(QueueUrl)
            lying[:] = [each for each in lying if each is not message]

        self._chaos.through(delete)

    @property
    def all_empty(self) -> bool:
        """Whether there is no message anywhere."""
        return not self._put_off and not any(self._queues.values())

    def time_passes(self) -> None:
        """Let delayed messages come, and hidden ones be there again."""
        self._hidden.clear()
        for queue, message in self._put_off:
            self.lying(queue).append(message)
        self._put_off.clear()
