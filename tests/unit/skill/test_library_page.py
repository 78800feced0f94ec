"""The page on the library says what the library is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import yellowring
from yellowring.skill.background import AFTER_ANSWER, LONGEST, MEMORY, PAUSE
from yellowring.skill.texts import KEYS, replies_of

PAGE = (Path(__file__).parents[3] / "docs" / "library.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


def rows(heading: str) -> list[str]:
    """Return the names in the first column of the first table after a heading."""
    _, _, rest = PAGE.partition(heading)
    table = re.search(r"(^\|.*\n)+", rest, flags=re.MULTILINE)
    assert table is not None, heading
    return re.findall(r"^\| `(\w+)`", table[0], flags=re.MULTILINE)


def test_every_argument_of_wrap_is_explained() -> None:
    arguments = list(inspect.signature(yellowring.wrap).parameters)
    assert rows("`InvalidRequests`.") == arguments[1:]


def test_every_text_is_explained() -> None:
    assert rows("another language needs all five keys.") == list(KEYS)


def test_every_member_of_an_outcome_is_explained() -> None:
    assert rows("after they are stored:") == list(yellowring.ConsentOutcome.__annotations__)


def test_the_code_is_python_and_its_texts_are_taken() -> None:
    for code in CODE:
        compile(code, "library.md", "exec")
    [texts] = [code for code in CODE if "TEXTS" in code]
    names: dict[str, dict[str, dict[str, str]]] = {}
    exec(texts.partition("lambda_handler")[0], names)  # noqa: S102 - the page's own
    assert replies_of(names["TEXTS"])("de-AT")["consent_denied"] == "Passt, dann nicht."


def test_the_times_are_those_of_the_code() -> None:
    assert (AFTER_ANSWER, LONGEST, MEMORY, PAUSE) == (0.5, 2.0, 600.0, 30.0)
    for said in ("half a second", "two\nseconds", "ten minutes", "for 30 s"):
        assert said in PAGE
