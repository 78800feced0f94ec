from __future__ import annotations

import pytest
from yellowring_tools.local_stack.api_url import local_api_url


@pytest.mark.parametrize(
    "api_url",
    [
        "http://0a1b2c3d.execute-api.localhost:4566",
        "https://0a1b2c3d.execute-api.eu-west-1.amazonaws.com/",
    ],
)
def test_an_api_is_reached_below_a_path_of_the_emulator(api_url: str) -> None:
    url = local_api_url("http://127.0.0.1:1234", api_url)
    assert url == "http://127.0.0.1:1234/_aws/execute-api/0a1b2c3d"
