"""The interaction models of a skill package: what customers can say, and what Alexa makes of it.

Sources: "Interaction Model Schema", "Entity Resolution" and "Request Types Reference" (Alexa
Skills Kit).
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

MODELS = "interactionModels/custom"
_SLOT = re.compile(r"\{\s*(\w+)\s*\}")


class BadModel(ValueError):
    """A file is no interaction model; the text says which, where, and what would be right."""


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class _Name(_Part):
    value: str
    synonyms: tuple[str, ...] = ()


class _Value(_Part):
    name: _Name
    id: str = ""


class _Type(_Part):
    name: str
    values: tuple[_Value, ...] = ()


class Slot(_Part):
    """A slot of an intent, and its type."""

    name: str
    type: str


class Intent(_Part):
    """An intent with its slots and sample utterances, in which ``{name}`` stands for a slot."""

    name: str
    slots: tuple[Slot, ...] = ()
    samples: tuple[str, ...] = ()


class _LanguageModel(_Part):
    invocation_name: str
    intents: tuple[Intent, ...]
    types: tuple[_Type, ...] = ()


class _Model(_Part):
    language_model: _LanguageModel


class InteractionModel(_Part):
    """What customers of one locale can say."""

    interaction_model: _Model = Field()

    @property
    def invocation_name(self) -> str:
        return self.interaction_model.language_model.invocation_name

    @property
    def intents(self) -> tuple[Intent, ...]:
        return self.interaction_model.language_model.intents

    def values(self, slot_type: str) -> tuple[str, ...]:
        """Give the values of a type that the model defines or adds to; none of any other."""
        return tuple(value.name.value for value in self._type(slot_type))

    def heard(self, intent: str, slots: Mapping[str, str], skill_id: str) -> dict[str, Any]:
        """Give an intent's slots as a request has them: those not filled too, values resolved."""
        known = next((each.slots for each in self.intents if each.name == intent), ())
        types = {slot.name: slot.type for slot in known}
        return {
            name: self._heard(name, slots.get(name), types.get(name), skill_id)
            for name in dict.fromkeys((*types, *slots))
        }

    def _heard(
        self, name: str, value: str | None, slot_type: str | None, skill_id: str
    ) -> dict[str, Any]:
        if value is None:
            return {"name": name, "confirmationStatus": "NONE"}
        resolutions = self._resolutions(value, slot_type, skill_id)
        return slot_heard(name, value, {} if resolutions is None else {"resolutions": resolutions})

    def _resolutions(
        self, said: str, slot_type: str | None, skill_id: str
    ) -> dict[str, Any] | None:
        values = () if slot_type is None else self._type(slot_type)
        if not values:
            return None
        authority: dict[str, Any] = {
            "authority": f"amzn1.er-authority.echo-sdk.{skill_id}.{slot_type}"
        }
        found = [value for value in values if _means(value, said)]
        if found:
            authority["status"] = {"code": "ER_SUCCESS_MATCH"}
            authority["values"] = [
                {"value": {"name": value.name.value, "id": value.id}} for value in found
            ]
        else:
            authority["status"] = {"code": "ER_SUCCESS_NO_MATCH"}
        return {"resolutionsPerAuthority": [authority]}

    def _type(self, name: str) -> tuple[_Value, ...]:
        types = self.interaction_model.language_model.types
        return next((each.values for each in types if each.name == name), ())


def slot_heard(
    name: str, value: str, resolved: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """Give a filled slot as a request has it, with the resolutions of its value, if it has any."""
    return {
        "name": name,
        "value": value,
        "confirmationStatus": "NONE",
        "source": "USER",
        "slotValue": {"type": "Simple", "value": value, **resolved},
        **resolved,
    }


def slots_in(sample: str) -> tuple[str, ...]:
    """Name the slots that stand in a sample utterance, in its order."""
    return tuple(_SLOT.findall(sample))


def _means(value: _Value, said: str) -> bool:
    return said.casefold() in {each.casefold() for each in (value.name.value, *value.name.synonyms)}


class SkillPackage:
    """The models of a skill package, read anew each time, so that an edit is seen.

    Parameters
    ----------
    path
        Gives its directory, the one that holds ``interactionModels``; ``None`` is a package
        without.
    """

    def __init__(self, path: Callable[[], Path | None]) -> None:
        self._path = path

    def model(self, locale: str) -> InteractionModel | None:
        """Read the model of a locale, or else of its language; ``None`` when there is neither.

        Raises
        ------
        BadModel
            When the file cannot be read as one.
        """
        path = next(self._candidates(locale), None)
        if path is None:
            return None
        try:
            return InteractionModel.model_validate_json(path.read_bytes())
        except OSError as error:
            raise BadModel(f"{path}: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise BadModel(f"{path}: {where}: {first['msg']}") from None

    def _candidates(self, locale: str) -> Iterator[Path]:
        if (path := self._path()) is None:
            return
        folder = path / MODELS
        if (exact := folder / f"{locale}.json").is_file():
            yield exact
        yield from sorted(folder.glob(f"{locale.partition('-')[0]}-*.json"))
