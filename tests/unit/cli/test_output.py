"""What others have named does nothing to the terminal of whoever reads it."""

from __future__ import annotations

import json

import pytest
from yellowring_tools.cli.terminal.output import complain, one_line, printable, say, say_json, table

HOSTILE = {
    "clears the screen": "\x1b[2J",
    "the same in one character": "\x9b2J",
    "sets the title": "\x1b]0;pwned\x07",
    "writes over its line": "halted\rcompleted",
    "deletes": "a\x7f\x08",
    "turns the order round": "\u202egnp.exe\u2066",
    "breaks the line": "a\u2028b\u2029c",
    "is half a character": "\ud83d",
    "marks an order": "a\u200f\u061cb\u200e",
    "is not seen": "kun\u200bde\ufeff\u2060\xad\u3164\U000e0041",
}
OBEYED = (
    "".join(map(chr, (*range(9), *range(11, 32), *range(127, 160))))
    + "\u202e\u2066\u2028\ud83d\u200e\u200f\u061c\u200b\ufeff\u2060\xad\u3164\U000e0041"
)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("tell", [say, complain])
def test_nothing_that_a_terminal_obeys_is_printed(
    tell: object, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(tell)
    tell(f"name: {text}")
    told = "".join(capsys.readouterr())
    assert told.startswith("name: ")
    assert not set(told) & set(OBEYED)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_json_is_printed_safely_and_stays_the_same_json(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    say_json({text: [text]})
    told = capsys.readouterr().out
    assert json.loads(told) == {text: [text]}
    assert not set(told) & set(OBEYED)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_tables_cells_are_safe_and_make_no_rows(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table(("name",), [(f"{text}\nforged row [red]",)])
    told = capsys.readouterr().out
    assert len(told.splitlines()) == 2
    assert "[red]" in told
    assert not set(told) & set(OBEYED)


def test_a_value_begins_no_line_of_its_own() -> None:
    assert one_line("en-US\nstatus\tcompleted") == "en-US\\nstatus\\tcompleted"


def test_what_an_encoding_lacks_is_escaped_as_json_has_it() -> None:
    document = {"sätze": "🎈 Frühling"}
    told = printable(json.dumps(document, ensure_ascii=False), "ascii")
    assert told.isascii()
    assert json.loads(told) == document
    assert printable("Frühling", "latin-1") == "Frühling"


def test_scripts_of_every_locale_are_printed_as_they_are() -> None:
    words = "Frühling été año 東京 हिन्दी तूफ़ान 👩‍🚀 a\tb"
    assert printable(words) == words
