"""One operation of SMAPI, as HTTP has it and as the ASK CLI spells it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACE = re.compile(r"\{([a-z-]+)\}")


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of SMAPI.

    Attributes
    ----------
    command
        The ASK CLI's name of the operation.
    method, path
        HTTP's; ``{…}`` in the path is an option's value.
    options
        By the ASK CLI's name. Those that are not in the path of a call without a body are its
        query.
    body
        JSON; ``None`` is none at all.
    if_match
        The ETag that the resource must still have.
    repeatable
        Whether doing it twice is doing it once; every GET is.
    once
        Whether it must not even be repeated after it was turned away as too much.
    """

    command: str
    method: Literal["GET", "POST", "PUT"]
    path: str
    options: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    if_match: str | None = None
    repeatable: bool = False
    once: bool = False

    @property
    def may_repeat(self) -> bool:
        """Whether an unknown outcome may be followed by the same again."""
        return self.repeatable or self.method == "GET"

    def target(self) -> str:
        """Return path and query.

        Examples
        --------
        >>> Call("x", "GET", "/x/{skill-id}", {"skill-id": "a/b", "max-results": "2"}).target()
        '/x/a%2Fb?maxResults=2'
        """
        path = _PLACE.sub(lambda match: quote(self.options[match[1]], safe=""), self.path)
        if self.body is not None:
            return path
        named = set(_PLACE.findall(self.path))
        query = {_camel(key): value for key, value in self.options.items() if key not in named}
        return f"{path}?{urlencode(query)}" if query else path


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: its status, its headers by name in lower case, and its JSON, ``None`` if empty."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = field(default=None, repr=False)


class Transport(Protocol):
    """A way of asking SMAPI."""

    def send(self, call: Call) -> Answer:
        """Ask once, and again where that is safe; raise ``SmapiError`` for what is no success."""

    def put(self, url: str, content: bytes) -> None:
        """Put bytes to a URL that SMAPI gave, which opens by itself."""


def _camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(map(str.capitalize, rest))
