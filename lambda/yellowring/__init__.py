"""Yellow Ring: lets an Alexa skill notify its customers.

A skill of one's own needs two or three names of it, and loads nothing before it uses them::

    lambda_handler = yellowring.wrap(sb.lambda_handler())
    ...
    return yellowring.ask_for_notifications(handler_input)

``yellowring.skill`` takes what Alexa sends, ``yellowring.sender`` sends what Alexa delivers;
both stand on ``subscribers``, ``alexa``, ``catalog``, ``settings`` and ``observability``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from yellowring.version import __version__

if TYPE_CHECKING:
    from yellowring.skill.asking import ConsentOutcome, ask_for_notifications
    from yellowring.skill.commanding import command
    from yellowring.skill.wrapping import wrap

__all__ = ["ConsentOutcome", "__version__", "ask_for_notifications", "command", "wrap"]

_MODULES = {
    "ConsentOutcome": "yellowring.skill.asking",
    "ask_for_notifications": "yellowring.skill.asking",
    "command": "yellowring.skill.commanding",
    "wrap": "yellowring.skill.wrapping",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - most who import this need none of it

    try:
        value: object = getattr(import_module(_MODULES[name]), name)
    except ModuleNotFoundError as error:
        if error.name not in {"boto3", "botocore"}:
            raise
        raise ImportError(
            f"yellowring.{name} needs boto3, which Lambda brings along; elsewhere: "
            "pip install boto3",
            name=error.name,
        ) from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
