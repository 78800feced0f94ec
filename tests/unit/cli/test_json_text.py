from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yellowring_tools.cli.files.json_text import NotJson, parse_json

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=15
)


@given(documents, st.sampled_from([None, 1]), st.booleans())
def test_it_reads_what_the_standard_decoder_reads(
    document: object, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    assert parse_json(text).value == json.loads(text)


@given(st.text(alphabet='{}[]",:.0123456789eE+-truefalsn \n\\u', max_size=30))
def test_it_refuses_what_the_standard_decoder_refuses(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(NotJson):
            parse_json(text)
    else:
        assert parse_json(text).value == expected


def test_every_value_has_its_line() -> None:
    text = parse_json('{\n "a": [\n  1,\n  {"b":\n 2}],\n "odd key": 3}')
    assert text.lines == {
        "$": 1,
        "$.a": 2,
        "$.a[0]": 3,
        "$.a[1]": 4,
        "$.a[1].b": 4,
        '$["odd key"]': 6,
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [("$.a[1].c", 4), ("$.a[7]", 2), ("$.missing.deeper", 1), ("$", 1), ("$.a[1].b", 4)],
)
def test_what_is_missing_has_the_line_of_its_nearest_parent(path: str, line: int) -> None:
    text = parse_json('{\n "a": [\n  1,\n  {"b":\n 2}]}')
    assert text.line_of(path) == line
