"""What a user id and a customer id may be."""

from __future__ import annotations

import pytest
from yellowring.subscribers import is_customer_id, is_user_id


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("amzn1.ask.account.A", True),
        ("amzn1.ask.account." + "A" * 237, True),
        ("amzn1.ask.account." + "A" * 238, False),
        ("amzn1.ask.account.", False),
        ("amzn1.ask.account.A B", False),
        ("amzn1.ask.account.Ä", False),
        ("amzn1.ask.account.A\n", False),
        ("amzn1.ask.person.A", False),
        (None, False),
        (7, False),
    ],
)
def test_a_user_id_is_alexas(value: object, right: bool) -> None:
    assert is_user_id(value) is right


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("4711", True),
        ("auth0|5f7c8ec7", True),
        ("ada.lovelace+home@example.com", True),
        ("urn:customer:A_b-c~d=", True),
        ("x" * 255, True),
        ("x" * 256, False),
        ("", False),
        ("47 11", False),
        ("4711\n", False),
        ("Kundë", False),
        ("a/b", False),
        ("Atza|IwEBI", False),
        ("xAtzr|IwEBI", False),
        (4711, False),
        (None, False),
        (["4711"], False),
    ],
)
def test_a_customer_id_is_plain_and_no_token(value: object, right: bool) -> None:
    assert is_customer_id(value) is right
