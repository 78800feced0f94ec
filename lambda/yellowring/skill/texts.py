"""A skill's own words for what the library says in it."""

from __future__ import annotations

import re
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING

from yellowring.skill.envelope import locale_of
from yellowring.skill.speech import LANGUAGES, speech

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yellowring.skill.turn import Replies

type Texts = Mapping[str, Mapping[str, str]]

KEYS = (
    "consent_ask",
    "consent_card_sent",
    "consent_accepted",
    "consent_denied",
    "error_apology",
)
"""What the library says in a skill that is not ours."""

_SPEAK = '<speak xmlns:amazon="amazon" xmlns:alexa="alexa">'
"""Alexa knows the prefixes of her own tags without their being declared."""
_LANGUAGE = re.compile("[a-z]{2,3}")

in_use: ContextVar[Replies] = ContextVar("texts", default=speech)
"""The replies of the skill that is being served."""


def replies_of(texts: Texts) -> Replies:
    """Check a skill's own texts, and return what finds the replies of a locale among them and ours.

    Parameters
    ----------
    texts
        By language (``de``) or locale (``de-AT``), then by one of `KEYS`: plain text or what may
        stand in ``<speak>``. What a locale has not is said as in its language.

    Raises
    ------
    ValueError
        Names what is wrong, where, and what would be right.

    Examples
    --------
    >>> replies_of({"en": {"consent_ask": "May I?"}})("en-GB")["consent_ask"]
    'May I?'
    """
    for name, own in texts.items():
        _check(name, own, texts)
    own_texts = {name: dict(own) for name, own in texts.items()}

    def replies(locale: str | None) -> Mapping[str, str]:
        language = (locale or "en").partition("-")[0]
        language = language if language in {*LANGUAGES, *own_texts} else "en"
        of_language, of_locale = own_texts.get(language, {}), own_texts.get(locale or "", {})
        return MappingProxyType({**speech(locale), **of_language, **of_locale})

    return replies


def _check(name: str, own: Mapping[str, str], texts: Texts) -> None:
    language = name.partition("-")[0]
    if not _LANGUAGE.fullmatch(name) and locale_of(name) != name:
        raise ValueError(f"texts[{name!r}]: a locale is spelled as in de-AT, a language as in de")
    known = ", ".join(LANGUAGES)
    if language not in LANGUAGES and not set(KEYS) <= texts.get(language, {}).keys():
        raise ValueError(
            f"texts[{name!r}]: there are texts for {known}; another language is spelled as in nl "
            f"and needs all of {', '.join(KEYS)}"
        )
    for key, text in own.items():
        if key not in KEYS:
            raise ValueError(f"texts[{name!r}][{key!r}]: the keys are {', '.join(KEYS)}")
        check_ssml(text, f"texts[{name!r}][{key!r}]")


def check_ssml(text: object, path: str) -> None:
    """Check that something can be said: Alexa refuses the whole answer for an ``&`` in it.

    Raises
    ------
    ValueError
        Names ``path``.
    """
    from xml.etree import ElementTree  # noqa: PLC0415 - only who has texts of their own needs it

    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{path} must be a text")
    try:
        root = ElementTree.fromstring(f"{_SPEAK}{text}</speak>")  # noqa: S314 - the skill's own
    except ElementTree.ParseError as error:
        raise ValueError(
            f"{path} is not what may stand in <speak>: {error}; & is written &amp; and < is &lt;"
        ) from None
    if any(each.tag == "speak" for each in root.iter() if each is not root):
        raise ValueError(f"{path} must not have <speak> itself: it is put around it")
