"""DynamoDB's spelling of values, and where clients come from."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st
from yellowring.aws import decode, encode

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.text(max_size=5), st.integers(-(10**37), 10**37)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
)


@given(value=values)
def test_values_are_spelled_as_boto3_spells_them_and_come_back(value: Any) -> None:
    spelled = encode(value)
    assert spelled == TypeSerializer().serialize(value)
    assert decode(spelled) == value == TypeDeserializer().deserialize(spelled)


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_a_fraction_comes_back_and_a_whole_number_stays_whole(number: float) -> None:
    assert decode(encode(number)) == number
    assert isinstance(decode({"N": "-7"}), int)


def test_a_tuple_is_a_list_and_what_is_not_json_is_refused() -> None:
    assert decode(encode((1, "a"))) == [1, "a"]
    with pytest.raises(TypeError, match="a set is no value of JSON"):
        encode({"a"})


@pytest.mark.parametrize("function", ["skill", "sender", "api"])
def test_no_function_loads_boto3_or_transfers_to_s3(function: str) -> None:
    asked = f"import sys, yellowring.{function}.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert not {"boto3", "s3transfer", "aiohttp", "pydantic.v1"} & set(done.stdout.split())
