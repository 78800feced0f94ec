"""What Alexa takes for an answer, by the response model of her own SDK."""

from __future__ import annotations

import json
from typing import Any

from ask_sdk_core.serialize import DefaultSerializer
from ask_sdk_model import ResponseEnvelope

_SERIALIZER = DefaultSerializer()


def check_answer(answer: dict[str, Any]) -> None:
    """Check that an answer is one, with no field that the SDK's model does not know."""
    model = _SERIALIZER.deserialize(json.dumps(answer), ResponseEnvelope)
    assert _pruned(_SERIALIZER.serialize(model)) == _pruned(answer)
    response = answer["response"]
    listens = response.get("shouldEndSession") is False
    assert listens is ("reprompt" in response), "a microphone that is open has a reprompt"


def is_spoken(answer: dict[str, Any]) -> bool:
    """Tell whether the customer hears something."""
    ssml: str = answer["response"].get("outputSpeech", {}).get("ssml", "")
    return len(ssml) > len("<speak></speak>")


def _pruned(value: Any) -> Any:
    """Leave out what is empty, as the SDK's serializer does with ``None``."""
    if isinstance(value, dict):
        return {key: _pruned(each) for key, each in value.items() if each not in (None, {})}
    return value
