"""SMAPI over HTTP: what goes out, what is tried again, what is never."""

from __future__ import annotations

import json
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest
from yellowring_tools.smapi import SmapiError, SmapiUnknown, http
from yellowring_tools.smapi.errors import Throttled

from tests.unit.smapi.kit import LOGIN, json_reply, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from yellowring_tools.smapi import Smapi

    from tests.unit.alexa.wire import Reply, Request
    from tests.unit.smapi.kit import Served

VENDORS = "/v1/vendors"
IMPORTS = "/v1/skills/imports"
MANIFEST = "/v1/skills/S/stages/development/manifest"
ENABLEMENT = "/v1/skills/S/stages/development/enablement"
NONE = json_reply({"vendors": []})
DOWN = json_reply({"code": "INTERNAL_SERVER_ERROR", "message": "no"}, 503)
BUSY = json_reply({"message": "slow down"}, 429)


@pytest.fixture
def server() -> Iterator[Served]:
    with served() as found:
        yield found


def test_the_token_is_had_by_the_refresh_token_percent_encoded(server: Served) -> None:
    server.answers[VENDORS] = [NONE]
    server.smapi.vendors()
    (asked,) = server.told("/auth/o2/token")
    assert dict(parse_qsl(asked.body.decode(), strict_parsing=True)) == {
        "grant_type": "refresh_token",
        "refresh_token": LOGIN.refresh_token,
        "client_id": LOGIN.client_id,
        "client_secret": LOGIN.client_secret,
    }
    (request,) = server.told(VENDORS)
    assert request.headers["authorization"] == "Bearer Atza|1"


def test_one_token_serves_many_calls(server: Served) -> None:
    server.answers[VENDORS] = [NONE]
    server.smapi.vendors()
    server.smapi.vendors()
    assert server.tokens == 1


def test_a_refused_token_is_renewed_once(server: Served) -> None:
    server.answers[VENDORS] = [json_reply({"message": "expired"}, 401), NONE]
    assert server.smapi.vendors() == ()
    assert [each.headers["authorization"] for each in server.told(VENDORS)] == [
        "Bearer Atza|1",
        "Bearer Atza|2",
    ]


def test_a_token_that_is_refused_again_ends_the_call(server: Served) -> None:
    server.answers[VENDORS] = [json_reply({"message": "no"}, 401)]
    with pytest.raises(SmapiError, match="log in again") as refused:
        server.smapi.vendors()
    assert (refused.value.status, len(server.told(VENDORS))) == (401, 2)


def test_reading_is_tried_again_after_a_failure_of_smapis(server: Served) -> None:
    server.answers[VENDORS] = [DOWN, DOWN, NONE]
    assert server.smapi.vendors() == ()
    assert server.waits == [1, 2]


def test_after_four_tries_the_outcome_is_unknown(server: Served) -> None:
    server.answers[VENDORS] = [DOWN]
    with pytest.raises(SmapiUnknown) as unknown:
        server.smapi.vendors()
    assert (unknown.value.status, unknown.value.code) == (503, "INTERNAL_SERVER_ERROR")
    assert len(server.told(VENDORS)) == 4


def test_a_wait_is_as_long_as_smapi_asks(server: Served) -> None:
    server.answers[VENDORS] = [json_reply({}, 429, retry_after="7"), BUSY, NONE]
    server.smapi.vendors()
    assert server.waits == [7, 2]


def test_a_wait_of_more_than_a_minute_is_the_developers(server: Served) -> None:
    server.answers[VENDORS] = [json_reply({}, 429, retry_after="61")]
    with pytest.raises(Throttled):
        server.smapi.vendors()
    assert server.waits == []


@pytest.mark.parametrize("answer", [DOWN, BUSY])
def test_creating_a_skill_is_never_asked_for_twice(
    server: Served, answer: tuple[int, dict[str, str], bytes]
) -> None:
    server.answers[IMPORTS] = [answer]
    with pytest.raises(SmapiError) as failed:
        server.smapi.create_skill("V", "https://upload.example/x")
    assert isinstance(failed.value, SmapiUnknown) == (answer is DOWN)
    assert len(server.told(IMPORTS)) == 1


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/v1/skills/S/imports", lambda smapi: smapi.import_package("S", "L", "e")),
        (MANIFEST, lambda smapi: smapi.update_manifest("S", {"manifest": {}}, "e")),
    ],
)
def test_a_change_is_asked_for_again_only_where_it_was_turned_away(
    server: Served, path: str, change: Callable[[Smapi], object]
) -> None:
    server.answers[path] = [DOWN]
    with pytest.raises(SmapiUnknown):
        change(server.smapi)
    assert len(server.told(path)) == 1
    server.answers[path] = [BUSY, (202, {"location": "/v1/skills/imports/I"}, b"")]
    change(server.smapi)
    assert server.told(path)[-1].headers["if-match"] == "e"


def test_enabling_is_repeated_for_twice_is_once(server: Served) -> None:
    server.answers[ENABLEMENT] = [DOWN, (204, {}, b"")]
    server.smapi.enable("S")
    assert [each.method for each in server.told(ENABLEMENT)] == ["PUT", "PUT"]


def test_enabled_reads_404_as_no(server: Served) -> None:
    server.answers[ENABLEMENT] = [(204, {}, b""), json_reply({"message": "none"}, 404), BUSY]
    assert server.smapi.enabled("S")
    assert not server.smapi.enabled("S")
    with pytest.raises(SmapiError):
        server.smapi.enabled("S")


def test_a_refusal_says_what_was_wrong_and_what_to_do(server: Served) -> None:
    violations = [{"code": "INVALID_LOCATION", "message": "location must be an upload URL"}]
    server.answers[IMPORTS] = [json_reply({"message": "Wrong.", "violations": violations}, 400)]
    with pytest.raises(SmapiError) as refused:
        server.smapi.create_skill("V", "L")
    assert (refused.value.status, refused.value.code) == (400, "INVALID_LOCATION")
    assert str(refused.value) == (
        "create-skill-package was answered with status 400: Wrong.; location must be an upload "
        "URL; mend what it names, and try again"
    )


def test_a_token_is_not_taken_elsewhere(server: Served) -> None:
    server.answers[VENDORS] = [(302, {"location": f"{server.wire.url}/elsewhere"}, b"")]
    with pytest.raises(SmapiError) as refused:
        server.smapi.vendors()
    assert refused.value.status == 302
    assert server.told("/elsewhere") == []


def test_a_package_is_put_without_a_token(server: Served) -> None:
    url = f"{server.wire.url}/upload?signature=1"
    server.answers["/v1/skills/uploads"] = [json_reply({"uploadUrl": url}, 201)]
    server.answers["/upload"] = [(503, {}, b""), (200, {}, b"")]
    assert server.smapi.upload(b"a zip") == url
    puts = server.told("/upload")
    assert [(each.method, each.body, each.path) for each in puts] == [
        ("PUT", b"a zip", "/upload?signature=1")
    ] * 2
    assert all("authorization" not in each.headers for each in puts)


def test_a_package_is_not_put_where_all_can_read_it(server: Served) -> None:
    answer = json_reply({"uploadUrl": "http://upload.example/x"}, 201)
    server.answers["/v1/skills/uploads"] = [answer]
    with pytest.raises(SmapiError, match="https"):
        server.smapi.upload(b"a zip")


def test_bodies_and_queries_are_as_the_model_has_them(server: Served) -> None:
    server.answers[IMPORTS] = [(202, {"location": "/v1/skills/imports/I.1"}, b"")]
    assert server.smapi.create_skill("V", "L") == "I.1"
    assert server.body(IMPORTS) == {"vendorId": "V", "location": "L"}
    server.answers["/v1/skills/S/imports"] = [(202, {"location": "/v1/skills/imports/I.2"}, b"")]
    assert server.smapi.import_package("S", "L") == "I.2"
    assert server.body("/v1/skills/S/imports") == {"location": "L"}
    server.answers[MANIFEST] = [(202, {}, b"")]
    server.smapi.update_manifest("S", {"manifest": {"x": 1}}, None)
    (request,) = server.told(MANIFEST)
    assert (json.loads(request.body), "if-match" in request.headers) == (
        {"manifest": {"x": 1}},
        False,
    )


def test_no_answer_in_time_is_an_unknown_outcome(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.token.get()
    over = Event()

    def never(request: Request) -> Reply:
        over.wait(20)
        return server.reply(request)

    server.wire.reply = never
    server.answers[IMPORTS] = [NONE]
    monkeypatch.setattr(http, "TIMEOUT", 0.05)
    try:
        with pytest.raises(SmapiUnknown, match="TimeoutError"):
            server.smapi.create_skill("V", "L")
    finally:
        over.set()


def test_pages_are_followed_to_their_end_and_not_in_a_circle(server: Served) -> None:
    def page(skill_id: str, **more: object) -> tuple[int, dict[str, str], bytes]:
        return json_reply({"skills": [{"skillId": skill_id}], **more})

    path = "/v1/skills"
    server.answers[path] = [page("a", isTruncated=True, nextToken="2&"), page("b")]
    assert [each.skill_id for each in server.smapi.skills("V")] == ["a", "b"]
    assert [each.path for each in server.told(path)] == [
        "/v1/skills?vendorId=V&maxResults=50",
        "/v1/skills?vendorId=V&maxResults=50&nextToken=2%26",
    ]
    server.answers[path] = [page("a", isTruncated=True, nextToken="2")]
    with pytest.raises(SmapiError, match="comes back"):
        list(server.smapi.skills("V"))


def test_a_manifest_comes_with_its_etag(server: Served) -> None:
    server.answers[MANIFEST] = [json_reply({"manifest": {"x": 1}}, etag="e1")]
    assert server.smapi.manifest("S") == ({"manifest": {"x": 1}}, "e1")


def test_an_import_that_cannot_be_followed_is_said(server: Served) -> None:
    server.answers[IMPORTS] = [(202, {}, b"")]
    with pytest.raises(SmapiError, match="list the vendor's skills"):
        server.smapi.create_skill("V", "L")


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"", b'{"vendors": [{"name": "x"}]}'])
def test_an_answer_that_is_not_the_models_is_an_error_of_ours(server: Served, body: bytes) -> None:
    server.answers[VENDORS] = [(200, {}, body)]
    with pytest.raises(SmapiError) as garbled:
        server.smapi.vendors()
    assert garbled.value.code == "GARBLED"


def test_an_id_is_one_part_of_the_path(server: Served) -> None:
    server.answers["/v1/skills/a%2Fb%3F/status"] = [json_reply({})]
    server.smapi.status("a/b?")
    (request,) = server.told("/v1/skills/a%2Fb%3F/status")
    assert request.path == "/v1/skills/a%2Fb%3F/status"


def test_what_is_in_the_body_is_not_in_the_address(server: Served) -> None:
    server.answers[IMPORTS] = [(202, {"location": "/v1/skills/imports/I/"}, b"")]
    assert server.smapi.create_skill("V", "https://upload.example/x?signature=1") == "I"
    (request,) = server.told(IMPORTS)
    assert request.path == IMPORTS


def test_an_upload_is_asked_for_again_for_an_address_makes_nothing(server: Served) -> None:
    uploads = "/v1/skills/uploads"
    url = f"{server.wire.url}/upload"
    server.answers |= {uploads: [DOWN, json_reply({"uploadUrl": url})], "/upload": [(200, {}, b"")]}
    assert server.smapi.upload(b"a zip") == url
    assert len(server.told(uploads)) == 2


@pytest.mark.parametrize("answer", [{}, {"uploadUrl": ""}, {"uploadUrl": 1}, []])
def test_an_upload_without_an_address_is_an_error_of_ours(server: Served, answer: object) -> None:
    server.answers["/v1/skills/uploads"] = [json_reply(answer)]
    with pytest.raises(SmapiError, match="no URL to upload to"):
        server.smapi.upload(b"a zip")


def test_what_is_read_is_of_the_development_stage_unless_said(server: Served) -> None:
    model = "/v1/skills/S/stages/{}/interactionModel/locales/en-US"
    manifest = "/v1/skills/S/stages/{}/manifest"
    enablement = "/v1/skills/S/stages/{}/enablement"
    for stage in ("development", "live"):
        server.answers[model.format(stage)] = [json_reply({"interactionModel": {"at": stage}})]
        server.answers[manifest.format(stage)] = [json_reply({"manifest": {"at": stage}})]
        server.answers[enablement.format(stage)] = [json_reply({})]
    assert server.smapi.interaction_model("S", "en-US")["interactionModel"]["at"] == "development"
    assert server.smapi.interaction_model("S", "en-US", "live")["interactionModel"]["at"] == "live"
    assert server.smapi.manifest("S")[0]["manifest"]["at"] == "development"
    assert server.smapi.manifest("S", "live")[0]["manifest"]["at"] == "live"
    server.smapi.enable("S")
    server.smapi.enabled("S")
    assert len(server.told(enablement.format("development"))) == 2
    assert server.told(enablement.format("live")) == []


@pytest.mark.parametrize("answer", [[], "x", None, {"manifest": 1}, {}])
def test_a_manifest_or_model_that_is_none_is_an_error_of_ours(
    server: Served, answer: object
) -> None:
    server.answers[MANIFEST] = [json_reply(answer)]
    with pytest.raises(SmapiError, match="is no manifest"):
        server.smapi.manifest("S")
    path = "/v1/skills/S/stages/development/interactionModel/locales/en-US"
    if not isinstance(answer, dict):
        server.answers[path] = [json_reply(answer)]
        with pytest.raises(SmapiError, match="no interaction model"):
            server.smapi.interaction_model("S", "en-US")
