"""What the console offers a customer to say, out of the skill's own interaction model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yellowring_tools.simulator.voice.interaction_model import slots_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from yellowring_tools.simulator.voice.interaction_model import Intent, InteractionModel

FEW = 3
"""Samples of an intent that are offered, besides one for each other choice of slots."""

_SPOKEN = {
    "de": ("öffne {}", "ja", "nein", "hilfe", "stopp", "abbrechen"),
    "en": ("open {}", "yes", "no", "help", "stop", "cancel"),
    "es": ("abre {}", "sí", "no", "ayuda", "para", "cancelar"),
    "fr": ("ouvre {}", "oui", "non", "aide", "stop", "annuler"),
    "hi": ("{} खोलो", "हाँ", "नहीं", "मदद", "रुको", "रद्द करो"),
    "it": ("apri {}", "sì", "no", "aiuto", "stop", "annulla"),
    "ja": ("{}を開いて", "はい", "いいえ", "ヘルプ", "ストップ", "キャンセル"),
    "pt": ("abrir {}", "sim", "não", "ajuda", "pare", "cancelar"),
}
_BUILT_IN = (
    "AMAZON.YesIntent",
    "AMAZON.NoIntent",
    "AMAZON.HelpIntent",
    "AMAZON.StopIntent",
    "AMAZON.CancelIntent",
)
"""The intents that every skill understands, in the order of the words above."""

_FALLBACK = "AMAZON.FallbackIntent"
_NO_WORDS = {_FALLBACK: "(something else)"}
_VALUES = {
    "AMAZON.NUMBER": ("3", "10"),
    "AMAZON.Ordinal": ("1",),
    "AMAZON.FOUR_DIGIT_NUMBER": ("4711",),
    "AMAZON.TIME": ("09:00", "18:30"),
    "AMAZON.DURATION": ("PT10M", "PT1H"),
    "AMAZON.FirstName": ("Rosa",),
    "AMAZON.City": ("Berlin",),
}


@dataclass(frozen=True, slots=True)
class Blank:
    """A slot of a phrase, with values to choose from; the first is taken unless another is."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Something to say; ``{name}`` in its text stands for a slot."""

    intent: str
    text: str
    slots: tuple[Blank, ...] = ()

    def document(self) -> dict[str, object]:
        """The phrase as its control shows it."""
        slots = [{"name": each.name, "values": list(each.values)} for each in self.slots]
        return {"intent": self.intent, "text": self.text, "slots": slots}


def phrases(model: InteractionModel | None, locale: str, today: date) -> list[Phrase]:
    """Return what to offer in a locale; without a model, what every skill understands."""
    spoken = _SPOKEN.get(locale.partition("-")[0], _SPOKEN["en"])
    words = dict(zip(_BUILT_IN, spoken[1:], strict=True)) | _NO_WORDS
    if model is None:
        return [
            Phrase("LaunchRequest", "(opens the skill)"),
            *(Phrase(intent, text) for intent, text in words.items()),
            *_endings(),
        ]
    own = [intent for intent in model.intents if not intent.name.startswith("AMAZON.")]
    built_in = [intent for intent in model.intents if intent.name.startswith("AMAZON.")]
    return [
        Phrase("LaunchRequest", spoken[0].format(model.invocation_name)),
        *(each for intent in own for each in _of(intent, model, today)),
        *(Phrase(intent.name, _word(intent, words)) for intent in built_in),
        *_endings(),
    ]


def _endings() -> Iterator[Phrase]:
    yield Phrase("SessionEndedRequest", "(walks away)")


def _of(intent: Intent, model: InteractionModel, today: date) -> Iterator[Phrase]:
    types = {slot.name: slot.type for slot in intent.slots}
    for sample in _chosen(intent.samples) or [f"({_spaced(intent.name)})"]:
        names = dict.fromkeys(name for name in slots_in(sample) if name in types)
        blanks = (Blank(name, _values(types[name], name, model, today)) for name in names)
        yield Phrase(intent.name, sample, tuple(blanks))


def _chosen(samples: tuple[str, ...]) -> list[str]:
    """Take the first sample of each choice of slots, and more of them if those are few."""
    firsts: dict[frozenset[str], str] = {}
    for sample in samples:
        firsts.setdefault(frozenset(slots_in(sample)), sample)
    chosen = list(firsts.values())
    more = [sample for sample in samples if sample not in chosen]
    return chosen + more[: max(0, FEW - len(chosen))]


def _values(slot_type: str, name: str, model: InteractionModel, today: date) -> tuple[str, ...]:
    if slot_type == "AMAZON.DATE":
        return (today.isoformat(),)
    return model.values(slot_type) or _VALUES.get(slot_type, (name,))


def _word(intent: Intent, words: dict[str, str]) -> str:
    if intent.name in words:
        return words[intent.name]
    return intent.samples[0] if intent.samples else f"({_spaced(intent.name)})"


def _spaced(name: str) -> str:
    """Write ``AMAZON.StartOverIntent`` as "start over"."""
    bare = name.removeprefix("AMAZON.").removesuffix("Intent")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", bare).lower()
