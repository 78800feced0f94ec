"""Names for the types that the skill function's tests pass around, and what a record must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yellowring.skill.envelope import milliseconds

type Envelope = dict[str, Any]
type Handle = Callable[[Envelope], dict[str, Any]]
type Record = Callable[[str], dict[str, Any] | None]

NOTIFICATIONS = "alexa::devices:all:notifications:write"
LISTS = ("subscriptions", "permissions")
LINKS = ("account", "customer")
DAY_SECONDS = 24 * 3600


def item_read(item: Mapping[str, Any]) -> dict[str, Any]:
    """Give an item as it lies in the table, without DynamoDB's types; its version is left out."""
    return {name: _plain(value) for name, value in item.items() if name != "version"}


def _plain(value: Mapping[str, Any]) -> Any:
    [(kind, content)] = value.items()
    match kind:
        case "M":
            return {name: _plain(each) for name, each in content.items()}
        case "L":
            return [_plain(each) for each in content]
        case "SS":
            return sorted(content)
        case "N":
            return float(content)
        case _:
            return content


def expected_record(history: Sequence[Envelope]) -> dict[str, Any] | None:
    """Say what a customer's item must be after these events, in whatever order they came.

    Written from the meaning of the events, with no regard to order: the newest of each kind, and
    nothing that is not newer than the last disable after which no data is kept. Of a link and its
    end at the same time the end counts; the business' id stays in the index until an erasure, for
    whoever asks for the data by it or erases them.
    """
    facts = [fact for each in history for fact in _facts(each)]
    erased = _latest(facts, "erased")
    item: dict[str, Any] = {"userId": history[0]["context"]["System"]["user"]["userId"]}
    for kind in ("subscriptions", "permissions", "account", "customer", "locale", "host"):
        of_kind = [f for f in facts if f["kind"] == kind and f["at"] > erased]
        if of_kind:
            item[kind] = _agreed(of_kind) if kind in LISTS else _register(of_kind, kind in LINKS)
    keys = {f["key"] for f in facts if f["kind"] == "attribute" and f["at"] > erased}
    if keys:
        item["attributes"] = {
            key: _register([f for f in facts if f.get("key") == key]) for key in keys
        }
    for moment in ("enabled", "disabled"):
        if _latest(facts, moment) > erased:
            item[f"{moment}At"] = _latest(facts, moment)
    if erased >= 0:
        item["erasedAt"] = erased
    known = item.get("customer", {})
    if known.get("value"):
        item["customerId"] = known["value"]
    return item | _expiry(item)


def _latest(facts: Sequence[dict[str, Any]], kind: str) -> int:
    return max((f["at"] for f in facts if f["kind"] == kind), default=-1)


def _register(facts: Sequence[dict[str, Any]], nobody_wins: bool = False) -> dict[str, Any]:
    newest = max(facts, key=lambda f: (f["at"], nobody_wins and f["value"] is None, f["by"]))
    told = {"at": newest["at"], "by": newest["by"]}
    return told | ({} if newest["value"] is None else {"value": newest["value"]})


def _agreed(facts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    latest = max(f["at"] for f in facts)
    tied = [f for f in facts if f["at"] == latest]
    common = set.intersection(*(set(f["value"]) for f in tied))
    told = {"at": latest, "by": max(f["by"] for f in tied)}
    return told | ({"value": sorted(common)} if common else {})


def _expiry(item: Mapping[str, Any]) -> dict[str, Any]:
    listed, permitted = item.get("subscriptions", {}), item.get("permissions", {})
    at = listed.get("at", -1)
    revoked = permitted.get("at", -1) >= at and NOTIFICATIONS not in permitted.get("value", ())
    if listed.get("value") and item.get("disabledAt", -1) < at and not revoked:
        return {}
    own = item.get("attributes", {})
    registers = [v for v in item.values() if isinstance(v, dict) and v is not own]
    registers += own.values()
    latest = max(
        [each["at"] for each in registers] + [v for k, v in item.items() if k.endswith("At")]
    )
    return {"expiresAt": latest // 1000 + (365 if registers else 40) * DAY_SECONDS}


def _facts(envelope: Envelope) -> list[dict[str, Any]]:
    request = envelope["request"]
    fact = {"at": milliseconds(request["timestamp"]), "by": request["requestId"]}
    host = envelope["context"]["System"].get("apiEndpoint")
    hosts = [fact | {"kind": "host", "value": host}] if host else []
    told = request["type"] == "Messaging.MessageReceived"
    unlinked = request["type"] == "AlexaSkillEvent.SkillAccountUnlinked"
    hosts += [fact | {"kind": "customer", "value": None}] if unlinked else []
    return hosts + (_commanded(envelope, fact) if told else [_fact(envelope, fact)])


def _commanded(envelope: Envelope, fact: dict[str, Any]) -> list[dict[str, Any]]:
    request = envelope["request"]
    data = request["message"]
    match data["command"]:
        case "forget":
            return [_whole_second(fact) | {"kind": "erased"}]
        case "refresh":
            return [fact | {"kind": "locale", "value": request["locale"]}]
        case "customer":
            return [fact | {"kind": "customer", "value": data["id"]}]
        case "attributes":
            changed = data.get("set", {}) | dict.fromkeys(data.get("remove", []))
            fact |= {"kind": "attribute"}
            return [fact | {"key": key, "value": value} for key, value in changed.items()]
        case _:
            return []


def _fact(envelope: Envelope, fact: dict[str, Any]) -> dict[str, Any]:
    request = envelope["request"]
    body = request.get("body") or {}
    match request["type"].removeprefix("AlexaSkillEvent."):
        case "ProactiveSubscriptionChanged":
            names = sorted({entry["eventName"] for entry in body.get("subscriptions") or []})
            return fact | {"kind": "subscriptions", "value": names}
        case "SkillPermissionAccepted" | "SkillPermissionChanged":
            scopes = sorted({entry["scope"] for entry in body.get("acceptedPermissions") or []})
            return fact | {"kind": "permissions", "value": scopes}
        case "SkillAccountLinked":
            return fact | {"kind": "account", "value": True}
        case "SkillAccountUnlinked":
            return fact | {"kind": "account", "value": None}
        case "SkillEnabled":
            return fact | {"kind": "enabled"}
        case _:
            gone = body["userInformationPersistenceStatus"] == "NOT_PERSISTED"
            return _whole_second(fact) | {"kind": "erased" if gone else "disabled"}


def _whole_second(fact: dict[str, Any]) -> dict[str, Any]:
    return fact | {"at": fact["at"] if fact["at"] % 1000 else fact["at"] + 999}
