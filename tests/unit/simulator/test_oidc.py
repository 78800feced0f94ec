"""The accounts' provider: what it says of itself, who gets tokens, and how it fails."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.unit.simulator.support import CLIENT_ID, FORM_HEADERS, NOON, Client, Clock, simulated

ISSUER = "http://127.0.0.1:8181/oidc"
SECRET_IN_A_FORM = "a+secret+%2B+with+%26+signs"
GRANT = f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={SECRET_IN_A_FORM}"


def provider(clock: Clock | None = None) -> Client:
    client = Client(simulated(clock))
    client.simulation.url = "http://127.0.0.1:8181"
    return client


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _ = token.split(".")
    return json.loads(decoded(header)), json.loads(decoded(claims))


def verify(client: Client, token: str) -> None:
    """Check the signature with the key of the set that the header names."""
    (jwk,) = client.call("GET", "/oidc/jwks").document["keys"]
    assert parts(token)[0]["kid"] == jwk["kid"]
    numbers = (int.from_bytes(decoded(jwk[name]), "big") for name in ("e", "n"))
    signed, _, signature = token.rpartition(".")
    rsa.RSAPublicNumbers(*numbers).public_key().verify(
        decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
    )


def minted(client: Client, **wanted: Any) -> str:
    token: str = client.sim("POST", "/oidc/tokens", wanted)["token"]
    return token


def userinfo(client: Client, token: str) -> Any:
    return client.call("GET", "/oidc/userinfo", headers={"authorization": f"Bearer {token}"})


def test_the_discovery_document_names_addresses_that_are_there() -> None:
    client = provider()
    document = client.call("GET", "/oidc/.well-known/openid-configuration").document
    assert document["issuer"] == ISSUER
    for name, method in (("jwks_uri", "GET"), ("token_endpoint", "POST")):
        assert client.call(method, document[name].removeprefix("http://127.0.0.1:8181")).status in (
            200,
            400,
        )
    assert document["userinfo_endpoint"] == f"{ISSUER}/userinfo"


def test_the_key_set_holds_a_public_key_and_no_private_part() -> None:
    (key,) = provider().call("GET", "/oidc/jwks").document["keys"]
    assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}
    assert len(decoded(key["n"])) == 256


def test_a_minted_token_is_a_right_one_unless_told_otherwise() -> None:
    client = provider()
    token = minted(client, sub="4711", scope="yellow-ring/api")
    verify(client, token)
    header, claims = parts(token)
    assert header["alg"] == "RS256"
    assert claims.pop("jti")
    assert claims == {
        "iss": ISSUER,
        "sub": "4711",
        "aud": "yellow-ring",
        "scope": "yellow-ring/api",
        "iat": int(NOON.timestamp()),
        "exp": int(NOON.timestamp()) + 3600,
    }


@pytest.mark.parametrize(
    ("wanted", "claim", "value"),
    [
        ({"aud": "another"}, "aud", "another"),
        ({"aud": ["one", "two"]}, "aud", ["one", "two"]),
        ({"iss": "https://another.example"}, "iss", "https://another.example"),
        ({"expiresIn": -60}, "exp", int(NOON.timestamp()) - 60),
        ({"claims": {"aud": None}}, "aud", None),
        ({"claims": {"nbf": 1}}, "nbf", 1),
        ({"claims": {"sub": None}}, "sub", None),
        ({}, "scope", None),
    ],
)
def test_any_claim_of_a_minted_token_can_be_another(
    wanted: dict[str, Any], claim: str, value: object
) -> None:
    client = provider()
    token = minted(client, **wanted)
    verify(client, token)
    assert parts(token)[1].get(claim) == value


def test_the_userinfo_endpoint_says_what_a_minted_token_was_given_and_no_null() -> None:
    client = provider()
    token = minted(client, claims={"sub": None, "customer_number": 4711})
    assert userinfo(client, token).document == {"customer_number": 4711}


def test_a_token_of_another_key_names_the_right_one_and_is_signed_by_none_of_the_set() -> None:
    client = provider()
    with pytest.raises(InvalidSignature):
        verify(client, minted(client, key="other"))


def test_a_token_of_algorithm_none_has_no_signature() -> None:
    client = provider()
    token = minted(client, alg="none")
    assert parts(token)[0]["alg"] == "none"
    assert token.endswith(".")


@pytest.mark.parametrize(
    "wanted", [{"alg": "none"}, {"key": "other"}, {"expiresIn": -1}, {"expiresIn": 0}]
)
def test_a_forged_or_expired_token_is_nobodys(wanted: dict[str, Any]) -> None:
    client = provider()
    assert userinfo(client, minted(client, sub="4711", **wanted)).status == 401
    assert userinfo(client, minted(client, sub="4711")).document == {"sub": "4711"}


def test_a_linked_customers_token_is_for_the_audience_of_the_api_but_not_for_its_scope() -> None:
    client = provider()
    user_id = client.customer("enable")
    client.sim("POST", f"/customers/{user_id}/link", {"subject": "4711"})
    event = json.loads(client.simulation.events[-1].envelope)
    token = event["request"]["body"]["accessToken"]
    verify(client, token)
    claims = parts(token)[1]
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, "yellow-ring", "4711")
    assert claims["scope"] == "openid profile"


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic x", "Bearer x"])
def test_without_a_token_that_counts_nothing_is_said(authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = provider().call("GET", "/oidc/userinfo", headers=headers)
    assert (answer.status, answer.document["error"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_a_right_token_under_another_scheme_says_nothing() -> None:
    client = provider()
    headers = {"authorization": f"Basic {minted(client)}"}
    assert client.call("GET", "/oidc/userinfo", headers=headers).status == 401


def test_a_machine_gets_a_token_for_the_api_by_form_or_by_header() -> None:
    client = provider()
    basic = b64encode(f"{CLIENT_ID}:{SECRET_IN_A_FORM}".encode()).decode()
    more = "&scope=yellow-ring/api&audience=yellow-ring"
    for body, headers in (
        (GRANT + more, {}),
        (GRANT, {}),
        ("grant_type=client_credentials" + more, {"authorization": f"Basic {basic}"}),
    ):
        answer = client.call("POST", "/oidc/token", body.encode(), FORM_HEADERS | headers)
        assert answer.status == 200, answer.body
        assert answer.headers["cache-control"] == "no-store"
        assert (answer.document["token_type"], answer.document["expires_in"]) == ("Bearer", 3600)
        token = answer.document["access_token"]
        verify(client, token)
        claims = parts(token)[1]
        assert (claims["aud"], claims["scope"]) == ("yellow-ring", "yellow-ring/api")
        assert claims["client_id"] == CLIENT_ID


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        (GRANT.replace("client_credentials", "password"), {}, 400, "unsupported_grant_type"),
        ("scope=yellow-ring/api", {}, 400, "unsupported_grant_type"),
        (GRANT + "x", {}, 401, "invalid_client"),
        ("grant_type=client_credentials", {}, 401, "invalid_client"),
        (GRANT + "&scope=openid", {}, 400, "invalid_scope"),
        (GRANT + "&audience=another", {}, 400, "invalid_target"),
        (GRANT + "&scope=a&scope=b", {}, 400, "invalid_request"),
        (GRANT, {"authorization": "Basic eDp5"}, 400, "invalid_request"),
        ("grant_type=client_credentials", {"authorization": "Basic eDp5"}, 401, "invalid_client"),
        ("grant_type=client_credentials", {"authorization": "Basic !"}, 401, "invalid_client"),
        ("grant_type=client_credentials", {"authorization": "Bearer x"}, 401, "invalid_client"),
        (GRANT, {"content-type": "application/json"}, 400, "invalid_request"),
    ],
)
def test_a_wrong_request_of_a_machine_gets_the_error_of_oauth(
    body: str, headers: dict[str, str], status: int, error: str
) -> None:
    answer = provider().call("POST", "/oidc/token", body.encode(), FORM_HEADERS | headers)
    assert (answer.status, answer.document["error"]) == (status, error)
    assert answer.document["error_description"]
    assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"alg": "HS256"}, "alg: Input should be 'RS256' or 'none'"),
        ({"key": "lost"}, "key: Input should be 'own' or 'other'"),
        ({"expiresIn": "soon"}, "expiresIn: Input should be a valid integer"),
        ({"expires": 1}, "allowed: sub, aud, iss, scope, expiresIn, alg, key, claims"),
    ],
)
def test_a_wrong_wish_for_a_token_is_told_what_is_right(
    wanted: dict[str, Any], expected: str
) -> None:
    answer = provider().call("POST", "/_sim/oidc/tokens", wanted)
    assert (answer.status, expected in answer.document["error"]) == (400, True), answer.body


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        ("unauthorized", {401}),
        ("error5xx", {500, 502, 503, 504}),
        ("redirect", {302}),
        ("huge", {200}),
        ("malformed", {200}),
    ],
)
def test_the_userinfo_endpoint_fails_as_told(fault: str, statuses: set[int]) -> None:
    client = provider()
    token = minted(client, sub="4712")
    client.sim("PUT", "/faults", {"userinfo": {fault: 1}})
    answers = [userinfo(client, token) for _ in range(12)]
    assert {answer.status for answer in answers} <= statuses
    for answer in answers:
        assert b"4712" not in answer.body
        assert (len(answer.body) > 1_000_000) == (fault == "huge")
    client.sim("PUT", "/faults", {})
    assert userinfo(client, token).status == 200
    counted = client.sim("GET", "/requests")["userinfo"]
    assert counted["total"] == 13


def test_a_redirect_of_the_userinfo_endpoint_leads_to_somebody_else() -> None:
    client = provider()
    token = minted(client, sub="4711")
    client.sim("PUT", "/faults", {"userinfo": {"redirect": 1}})
    location = userinfo(client, token).headers["location"]
    assert client.call("GET", location).document == {"sub": "followed-a-redirect"}


def test_malformed_answers_hold_no_subject() -> None:
    client = provider()
    token = minted(client)
    client.sim("PUT", "/faults", {"userinfo": {"malformed": 1}})
    for body in {userinfo(client, token).body for _ in range(60)}:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            continue
        assert not isinstance(document, dict) or not isinstance(document.get("sub"), str)


def test_half_of_the_answers_fail_where_half_shall_and_the_same_way_each_time() -> None:
    def seen() -> list[int]:
        client = provider()
        client.sim("PUT", "/faults", {"seed": 3, "userinfo": {"error5xx": 0.5}})
        token = minted(client)
        return [userinfo(client, token).status for _ in range(40)]

    first = seen()
    assert 8 <= first.count(200) <= 32
    assert seen() == first
