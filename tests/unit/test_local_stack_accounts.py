"""The accounts' provider as the local stack deploys the template for it."""

from __future__ import annotations

from urllib.parse import urlencode

from yellowring_tools.local_stack.alexa import accounts

from tests.unit.simulator.support import CLIENT_ID, CLIENT_SECRET, FORM_HEADERS, Client, simulated
from tests.unit.simulator.test_oidc import parts

URL = "http://127.0.0.1:8181"


def test_the_templates_parameters_are_what_the_provider_says_of_itself() -> None:
    client = Client(simulated())
    client.simulation.url = URL
    parameters = accounts(URL)
    discovery = client.call("GET", "/oidc/.well-known/openid-configuration").document
    assert parameters["JwtIssuer"] == discovery["issuer"]
    assert parameters["UserinfoUrl"] == discovery["userinfo_endpoint"]
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "audience": parameters["JwtAudience"],
        "scope": parameters["JwtScope"],
    }
    answer = client.call("POST", "/oidc/token", urlencode(form).encode(), FORM_HEADERS)
    claims = parts(answer.document["access_token"])[1]
    assert (claims["iss"], claims["aud"], claims["scope"]) == (
        parameters["JwtIssuer"],
        parameters["JwtAudience"],
        parameters["JwtScope"],
    )
