"""A request before it is routed: its body, read so that nothing later can stumble over it."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, NoReturn

from yellowring.api.problems import Error, Refusal, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_BODY = 4_000_000
"""Bytes of a body: ten thousand of the longest ids, of the 6 MB that Lambda takes."""

_DEEPEST = 32
_WORDS = {list: "a list", str: "a text", type(None): "null", bool: "true or false"}


def with_checked_body(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an HTTP API's event (payload format 2.0) with its body as text that is JSON.

    Raises
    ------
    Refusal
        The body is too large, not sent as JSON, not JSON, or no object.
    """
    body = event.get("body")
    if not body:
        return dict(event)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal("not-a-json-type", "Send the body with Content-Type: application/json.")
    data = _bytes(body, encoded=bool(event.get("isBase64Encoded")))
    if len(data) > LARGEST_BODY:
        raise Refusal("too-large", f"A body has at most {LARGEST_BODY} bytes.")
    document = _parsed(data)
    if not isinstance(document, dict):
        raise invalid([Error("$", f"must be an object, not {_WORDS.get(type(document), 'that')}")])
    _check_depth(document)
    # Powertools takes a form's content type for a form, and reads the body a second time.
    kept = {**headers, "content-type": "application/json"}
    return {**event, "headers": kept, "body": json.dumps(document), "isBase64Encoded": False}


def _bytes(body: str, *, encoded: bool) -> bytes:
    try:
        return base64.b64decode(body, validate=True) if encoded else body.encode()
    except (binascii.Error, UnicodeEncodeError):
        raise _not_json("It is not UTF-8.") from None


def _parsed(data: bytes) -> object:
    try:
        document: object = json.loads(data.decode(), parse_constant=_refuse_constant)
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeDecodeError:
        raise _not_json("It is not UTF-8.") from None
    except UnicodeEncodeError:
        raise _not_json("A text in it holds half of a character (a lone surrogate).") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _not_json(f"It cannot be read from {where} on.") from None
    except RecursionError:
        raise _not_json(f"It is nested deeper than {_DEEPEST}.") from None
    except ValueError:
        raise _not_json("A number in it is too large, or none.") from None
    return document


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")


def _check_depth(document: object) -> None:
    level = [document]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, list | dict)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise invalid([Error("$", f"must not be nested deeper than {_DEEPEST}")])


def _not_json(detail: str) -> Refusal:
    return Refusal("not-json", detail)
