"""Names for the types that the skill function's tests pass around, and what a record must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yellowring.skill.envelope import milliseconds

type Envelope = dict[str, Any]
type Handle = Callable[[Envelope], dict[str, Any]]
type Record = Callable[[str], dict[str, Any] | None]

TOMBSTONE_SECONDS = 30 * 24 * 3600


def item_read(item: Mapping[str, Any]) -> dict[str, Any]:
    """Give an item as it lies in the table, without DynamoDB's types; sets in order."""
    return {
        name: sorted(value["SS"]) if "SS" in value else next(iter(value.values()))
        for name, value in item.items()
    }


def expected_record(history: Sequence[Envelope]) -> dict[str, Any] | None:
    """Say what a customer's item must be after these events, in whatever order they came.

    Written from the meaning of the events, with no regard to order: the newest of each kind, and
    nothing that is not newer than the last disable after which no data is kept.
    """
    facts = [fact for each in history for fact in _facts(each)]
    erased = max((f["at"] for f in facts if f["kind"] == "erased"), default=-1)
    disables = [f["at"] for f in facts if f["kind"] in ("erased", "disabled")]
    item: dict[str, Any] = {"userId": history[0]["context"]["System"]["user"]["userId"]}
    for kind in ("subscriptions", "permissions", "account", "locale", "endpoint"):
        of_kind = [f for f in facts if f["kind"] == kind and f["at"] > erased]
        if of_kind:
            newest = max(of_kind, key=lambda f: (f["at"], f["by"]))
            item |= {f"{kind}At": str(newest["at"]), f"{kind}By": newest["by"]} | newest["value"]
    for key in {f["key"] for f in facts if f["kind"] == "attribute" and f["at"] > erased}:
        of_key = [f for f in facts if f.get("key") == key]
        newest = max(of_key, key=lambda f: (f["at"], f["by"]))
        name = f"attributes.{key}"
        item |= {f"{name}.at": str(newest["at"]), f"{name}.by": newest["by"]} | newest["value"]
    enables = [f["at"] for f in facts if f["kind"] == "enabled" and f["at"] > erased]
    if enables:
        item["enabledAt"] = str(max(enables))
    if disables:
        item["disabledAt"] = str(max(disables))
    if erased >= 0:
        item["erasedAt"] = str(erased)
        if "subscriptionsAt" not in item:
            item["expiresAt"] = str(erased // 1000 + TOMBSTONE_SECONDS)
    return item


def _facts(envelope: Envelope) -> list[dict[str, Any]]:
    if envelope["request"]["type"] == "Messaging.MessageReceived":
        return _commanded(envelope)
    return [_fact(envelope)]


def _commanded(envelope: Envelope) -> list[dict[str, Any]]:
    request = envelope["request"]
    data = request["message"]
    fact = {"at": milliseconds(request["timestamp"]), "by": request["requestId"]}
    match data["command"]:
        case "forget":
            return [fact | {"kind": "erased"}]
        case "refresh":
            endpoint = {"refreshedEndpoint": envelope["context"]["System"]["apiEndpoint"]}
            return [
                fact | {"kind": "locale", "value": {"locale": request["locale"]}},
                fact | {"kind": "endpoint", "value": endpoint},
            ]
        case "attributes":
            fact |= {"kind": "attribute"}
            return [
                fact | {"key": key, "value": {f"attributes.{key}": value}}
                for key, value in data.get("set", {}).items()
            ] + [fact | {"key": key, "value": {}} for key in data.get("remove", [])]
        case _:
            return []


def _fact(envelope: Envelope) -> dict[str, Any]:
    request = envelope["request"]
    kind = request["type"].removeprefix("AlexaSkillEvent.")
    fact = {"at": milliseconds(request["timestamp"]), "by": request["requestId"]}
    body = request.get("body") or {}
    match kind:
        case "ProactiveSubscriptionChanged":
            value: dict[str, Any] = {"apiEndpoint": envelope["context"]["System"]["apiEndpoint"]}
            if names := sorted({entry["eventName"] for entry in body.get("subscriptions") or []}):
                value["subscriptions"] = names
            return fact | {"kind": "subscriptions", "value": value}
        case "SkillPermissionAccepted" | "SkillPermissionChanged":
            scopes = sorted({entry["scope"] for entry in body.get("acceptedPermissions") or []})
            return fact | {
                "kind": "permissions",
                "value": {"permissions": scopes} if scopes else {},
            }
        case "SkillAccountLinked":
            return fact | {"kind": "account", "value": {"accountLinked": True}}
        case "SkillAccountUnlinked":
            return fact | {"kind": "account", "value": {}}
        case "SkillEnabled":
            return fact | {"kind": "enabled"}
        case _:
            gone = body["userInformationPersistenceStatus"] == "NOT_PERSISTED"
            return fact | {"kind": "erased" if gone else "disabled"}
