"""The simulated Skill Management API: who may use it, how skills come to be, what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest
from yellowring_tools.simulator.config import DeveloperLogin, SimulatorConfig

from tests.skill_packages import MODEL, listening, manifest, package_files, zipped
from tests.unit.simulator.developer import IMPORT_SECONDS, VENDOR, Developer
from tests.unit.simulator.support import FORM_HEADERS, Client, simulated, token_form

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def developer() -> Developer:
    return Developer()


# ---- who may ----


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "another"}, 401, "invalid_client"),
        ({"refresh_token": "another"}, 400, "invalid_grant"),
        ({"refresh_token": None}, 400, "invalid_request"),
    ],
)
def test_a_wrong_login_gets_no_token(
    developer: Developer, changes: dict[str, str | None], status: int, error: str
) -> None:
    form = urlencode(developer.login(**changes)).encode()
    answer = developer.call("POST", "/auth/o2/token", form, FORM_HEADERS)
    assert (answer.status, answer.document["error"]) == (status, error)


def test_the_ask_clis_refresh_as_json_is_taken_and_a_skills_is_not(developer: Developer) -> None:
    headers = {"content-type": "application/json"}
    answer = developer.call("POST", "/auth/o2/token", developer.login(), headers)
    assert answer.status == 200
    assert answer.document["refresh_token"] == developer.config.developer.refresh_token
    other = developer.login(grant_type="client_credentials")
    assert developer.call("POST", "/auth/o2/token", other, headers).status == 400


def test_a_token_opens_only_what_it_is_for(developer: Developer) -> None:
    skill_id = developer.skill()
    found = developer.smapi("GET", f"/skills/{skill_id}/credentials").document
    own = found["skillMessagingCredentials"]
    form = token_form(client_id=own["clientId"], client_secret=own["clientSecret"])
    skills = developer.call("POST", "/auth/O2/token", form, FORM_HEADERS)
    assert skills.status == 200
    headers = {"authorization": f"Bearer {skills.document['access_token']}"}
    assert developer.call("GET", "/v1/vendors", None, headers).status == 401
    assert developer.call("GET", "/v1/vendors").status == 401
    developers = developer.authorization["authorization"].removeprefix("Bearer ")
    assert developer.event(b"{}", token=developers).status == 403


def test_only_the_own_vendor_is_served(developer: Developer) -> None:
    assert developer.smapi("GET", "/skills?vendorId=another").status == 401
    assert developer.smapi("GET", "/skills").status == 400
    body = {"vendorId": "another", "location": developer.upload()}
    assert developer.smapi("POST", "/skills/imports", body).status == 401


# ---- how skills come to be ----


def test_an_import_takes_a_moment_and_nothing_is_there_before(developer: Developer) -> None:
    body = {"vendorId": VENDOR, "location": developer.upload()}
    begun = developer.smapi("POST", "/skills/imports", body)
    path = begun.headers["location"].removeprefix("/v1")
    developer.clock.advance(seconds=IMPORT_SECONDS - 0.1)
    assert developer.smapi("GET", path).document == {"status": "IN_PROGRESS"}
    assert developer.smapi("GET", f"/skills?vendorId={VENDOR}").document["skills"] == []
    developer.clock.advance(seconds=0.1)
    assert developer.smapi("GET", path).document["status"] == "SUCCEEDED"
    assert len(developer.smapi("GET", f"/skills?vendorId={VENDOR}").document["skills"]) == 1


def test_asked_twice_there_are_two_skills_of_one_name(developer: Developer) -> None:
    assert developer.skill() != developer.skill()
    skills = developer.smapi("GET", f"/skills?vendorId={VENDOR}").document["skills"]
    assert [each["nameByLocale"]["en-US"] for each in skills] == ["Yellow Ring"] * 2


def test_skills_are_listed_page_by_page(developer: Developer) -> None:
    made = [developer.skill() for _ in range(3)]
    path = f"/skills?vendorId={VENDOR}&maxResults=2"
    first = developer.smapi("GET", path).document
    assert first["isTruncated"]
    rest = developer.smapi("GET", f"{path}&nextToken={first['nextToken']}").document
    assert (rest["isTruncated"], "nextToken" in rest) == (False, False)
    assert [each["skillId"] for each in first["skills"] + rest["skills"]] == made


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"skill.json": b"{"}, "cannot be read"),
        ({"skill-package/skill.json": b"{}"}, "skill.json is not at the top"),
        ({"../skill.json": b"{}", "skill.json": b"{}"}, "leads out of it"),
        (package_files({}), '"$.manifest" is missing'),
        (package_files(manifest(apis=None)), '"$.manifest.apis" is missing'),
        (package_files(manifest(manifestVersion="1")), "manifestVersion"),
        (package_files(manifest(publishingInformation={})), "locales"),
        (package_files(manifest("x")), "2 to 50 characters"),
        (package_files(manifest(**listening("${SKILL_FUNCTION_ARN}"))), "events.endpoint.uri"),
        (package_files(manifest(**listening(FE="http://x.example"))), "regions.FE.endpoint.uri"),
        (package_files(manifest(**listening(XX="https://x.example"))), 'region "XX"'),
        (package_files(manifest(permissions=[{}])), "permissions[0].name"),
        (
            package_files(manifest(events={"publications": [{"eventName": "AMAZON.Other"}]})),
            "events.publications[0].eventName",
        ),
        (
            package_files(manifest(events={"subscriptions": [{"eventName": "SKILL_X"}]})),
            "events.subscriptions[0].eventName",
        ),
        (package_files(None, fr_FR=MODEL), "does not have the locale fr-FR"),
        (package_files(None, en_US={}), "en-US.json: interactionModel: "),
        (package_files(None, en_US=[]), "en-US.json: the file: "),
    ],
)
def test_a_package_that_is_wrong_makes_no_skill_and_says_what(
    developer: Developer, files: dict[str, bytes], said: str
) -> None:
    status = developer.imported(files)
    assert status["status"] == "FAILED"
    assert said in " ".join(error["message"] for error in status["errors"])
    assert developer.smapi("GET", f"/skills?vendorId={VENDOR}").document["skills"] == []


def test_what_is_no_zip_fails(developer: Developer) -> None:
    location = developer.smapi("POST", "/skills/uploads").document["uploadUrl"]
    developer.call("PUT", urlsplit(location).path, b"no zip")
    body = {"vendorId": VENDOR, "location": location}
    begun = developer.smapi("POST", "/skills/imports", body)
    developer.clock.advance(seconds=IMPORT_SECONDS)
    status = developer.smapi("GET", begun.headers["location"].removeprefix("/v1")).document
    assert (status["status"], status["errors"][0]["code"]) == ("FAILED", "INVALID_PACKAGE")


def test_an_icon_that_is_named_must_be_in_the_package(developer: Developer) -> None:
    page = {"name": "Yellow Ring", "smallIconUri": "file://assets/images/small.png"}
    document = manifest(publishingInformation={"locales": {"en-US": page}})
    assert developer.imported(package_files(document))["status"] == "FAILED"
    files = package_files(document) | {"assets/images/small.png": b"png"}
    assert developer.imported(files)["status"] == "SUCCEEDED"


def test_an_upload_is_taken_without_a_token_until_it_ends(developer: Developer) -> None:
    path = urlsplit(developer.smapi("POST", "/skills/uploads").document["uploadUrl"]).path
    packed = zipped(package_files())
    assert developer.call("PUT", path, packed, developer.authorization).status == 400
    assert developer.call("PUT", path, packed).status == 200
    developer.clock.advance(minutes=5)
    assert developer.call("PUT", path, packed).status == 403
    assert developer.call("PUT", "/smapi-uploads/guessed", packed).status == 403


@pytest.mark.parametrize("location", [None, "https://elsewhere.example/package", "unused"])
def test_only_what_was_uploaded_can_be_imported(developer: Developer, location: str | None) -> None:
    if location == "unused":
        location = developer.smapi("POST", "/skills/uploads").document["uploadUrl"]
    body = {"vendorId": VENDOR, "location": location}
    answer = developer.smapi("POST", "/skills/imports", body)
    assert answer.status == 400
    assert answer.document["violations"][0]["code"] == "INVALID_LOCATION"


# ---- how they change ----


def test_a_manifest_takes_effect_when_its_change_is_over(developer: Developer) -> None:
    skill_id = developer.skill()
    path = f"/skills/{skill_id}/stages/development/manifest"
    assert developer.smapi("PUT", path, manifest("Another")).status == 202
    assert developer.smapi("GET", path).document == manifest()
    status = developer.smapi("GET", f"/skills/{skill_id}/status?resource=manifest").document
    assert status["manifest"]["lastUpdateRequest"] == {"status": "IN_PROGRESS"}
    assert "interactionModel" not in status
    assert developer.smapi("PUT", path, manifest("Third")).status == 409
    developer.clock.advance(seconds=IMPORT_SECONDS)
    assert developer.smapi("GET", path).document == manifest("Another")


def test_a_manifest_that_is_wrong_fails_and_changes_nothing(developer: Developer) -> None:
    skill_id = developer.skill()
    path = f"/skills/{skill_id}/stages/development/manifest"
    assert developer.smapi("PUT", path, {"manifest": 1}).status == 400
    assert developer.smapi("PUT", path, manifest(apis=None)).status == 202
    developer.clock.advance(seconds=IMPORT_SECONDS)
    status = developer.smapi("GET", f"/skills/{skill_id}/status").document["manifest"]
    assert status["lastUpdateRequest"]["status"] == "FAILED"
    assert "apis" in status["lastUpdateRequest"]["errors"][0]["message"]
    assert developer.smapi("GET", path).document == manifest()


def test_an_etag_that_is_not_the_present_one_is_refused(developer: Developer) -> None:
    skill_id = developer.skill()
    path = f"/skills/{skill_id}/stages/development/manifest"
    etag = developer.smapi("GET", path).headers["etag"]
    assert developer.smapi("PUT", path, manifest("Another"), if_match="old").status == 412
    assert developer.smapi("PUT", path, manifest("Another"), if_match=etag).status == 202
    developer.clock.advance(seconds=IMPORT_SECONDS)
    body = {"location": developer.upload()}
    again = developer.smapi("POST", f"/skills/{skill_id}/imports", body, if_match=etag)
    assert again.status == 412


def test_a_model_that_is_wrong_is_told_with_its_locale_and_the_old_one_stays(
    developer: Developer,
) -> None:
    skill_id = developer.skill()
    status = developer.imported(package_files(None, en_US=MODEL, de_DE={}), skill_id)
    assert status["status"] == "FAILED"
    models = developer.smapi("GET", f"/skills/{skill_id}/status").document["interactionModel"]
    assert models["en-US"]["lastUpdateRequest"]["status"] == "SUCCEEDED"
    assert models["de-DE"]["lastUpdateRequest"]["status"] == "FAILED"
    path = f"/skills/{skill_id}/stages/development/interactionModel/locales"
    assert developer.smapi("GET", f"{path}/en-US").status == 200
    assert developer.smapi("GET", f"{path}/de-DE").status == 404
    enablement = f"/skills/{skill_id}/stages/development/enablement"
    assert developer.smapi("PUT", enablement).status == 409


def test_only_a_skill_that_asks_for_a_permission_has_credentials(developer: Developer) -> None:
    skill_id = developer.skill(package_files(manifest(permissions=None)))
    assert developer.smapi("GET", f"/skills/{skill_id}/credentials").status == 404
    developer.imported(package_files(), skill_id)
    assert developer.smapi("GET", f"/skills/{skill_id}/credentials").status == 200


def test_a_stage_where_the_skill_is_not_is_not_found(developer: Developer) -> None:
    skill_id = developer.skill()
    assert developer.smapi("GET", f"/skills/{skill_id}/stages/live/manifest").status == 404
    live = Developer(stage="live")
    skill_id = live.skill()
    assert live.smapi("GET", f"/skills/{skill_id}/stages/live/manifest").status == 200
    skills = live.smapi("GET", f"/skills?vendorId={VENDOR}").document["skills"]
    assert [each["stage"] for each in skills] == ["development", "live"]


# ---- this Alexa is that skill's ----


class Functions:
    """Keeps what the skill was told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def __call__(self, envelope: bytes) -> None:
        self.told.append(json.loads(envelope))


def test_the_skill_that_was_made_is_the_one_that_customers_have() -> None:
    functions = Functions()
    developer = Developer(functions)
    assert developer.sim("GET", "/health")["skillId"] is None
    skill_id = developer.skill(package_files(manifest(**listening())))
    assert developer.sim("GET", "/health")["skillId"] == skill_id
    assert developer.smapi("PUT", f"/skills/{skill_id}/stages/development/enablement").status == 204
    you = developer.sim("GET", "/skills")["developer"]
    (customer,) = developer.sim("GET", "/customers")
    assert (customer["userId"], customer["enabled"]) == (you, True)
    assert (customer["permissions"], customer["subscriptions"]) == ([], [])
    (event,) = developer.sim("GET", "/events")["events"]
    assert event["type"] == "SkillEnabled"


def test_enabling_again_tells_the_skill_nothing_more(developer: Developer) -> None:
    skill_id = developer.skill(package_files(manifest(**listening())))
    for _ in range(2):
        developer.smapi("PUT", f"/skills/{skill_id}/stages/development/enablement")
    assert len(developer.sim("GET", "/events")["events"]) == 1


def test_events_that_the_manifest_does_not_subscribe_to_are_not_sent(developer: Developer) -> None:
    developer.skill(package_files(manifest(**listening())))
    customer = developer.customer("subscribe")
    assert [each["type"] for each in developer.sim("GET", "/events")["events"]] == ["SkillEnabled"]
    assert developer.sim("GET", f"/customers/{customer}")["subscriptions"]


def test_the_first_skill_is_served_until_another_is_enabled(developer: Developer) -> None:
    first, second = developer.skill(), developer.skill()
    assert developer.sim("GET", "/health")["skillId"] == first
    developer.smapi("PUT", f"/skills/{second}/stages/development/enablement")
    assert developer.sim("GET", "/health")["skillId"] == second
    path = f"/skills/{first}/stages/development/enablement"
    assert developer.smapi("GET", path).status == 404


def test_a_reset_leaves_the_skills_and_takes_the_customers(developer: Developer) -> None:
    skill_id = developer.skill()
    path = f"/skills/{skill_id}/stages/development/enablement"
    developer.smapi("PUT", path)
    developer.sim("POST", "/reset")
    developer.authorization = {"authorization": f"Bearer {developer.developer_token()}"}
    assert developer.smapi("GET", path).status == 404
    assert developer.sim("GET", "/health")["skillId"] == skill_id


def test_a_configured_skill_is_seen_by_smapi_and_its_folder_is_never_written(
    tmp_path: Path,
) -> None:
    files = package_files()
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    developer = Developer(
        skill_package=tmp_path,
        skill_id="amzn1.ask.skill.own",
        client_id="c",
        client_secret="s",
    )
    path = "/skills/amzn1.ask.skill.own/stages/development/manifest"
    assert developer.smapi("GET", path).document == manifest()
    developer.smapi("PUT", path, manifest("Another"))
    developer.clock.advance(seconds=IMPORT_SECONDS)
    assert developer.smapi("GET", path).document == manifest("Another")
    assert (tmp_path / "skill.json").read_bytes() == files["skill.json"]
    credentials = developer.smapi("GET", "/skills/amzn1.ask.skill.own/credentials").document
    assert credentials["skillMessagingCredentials"] == {"clientId": "c", "clientSecret": "s"}


# ---- faults ----


def faulty(developer: Developer, **faults: object) -> None:
    developer.sim("PUT", "/faults", {"smapi": faults})


@pytest.mark.parametrize(
    ("fault", "status"), [("throttle", 429), ("unauthorized", 401), ("error5xx", None)]
)
def test_a_fault_strikes_before_anything_is_done(
    developer: Developer, fault: str, status: int | None
) -> None:
    body = {"vendorId": VENDOR, "location": developer.upload()}
    faulty(developer, **{fault: 1, "most": 1, "retryAfter": 3})
    answer = developer.smapi("POST", "/skills/imports", body)
    assert answer.status == status or answer.status >= 500
    assert answer.headers.get("retry-after") == ("3" if status == 429 else None)
    developer.clock.advance(seconds=IMPORT_SECONDS)
    assert developer.smapi("GET", f"/skills?vendorId={VENDOR}").document["skills"] == []


def test_faults_strike_only_the_operations_that_are_named(developer: Developer) -> None:
    faulty(developer, error5xx=1, only=["get-vendor-list"])
    assert developer.smapi("GET", "/vendors").status >= 500
    assert developer.smapi("GET", f"/skills?vendorId={VENDOR}").status == 200


def test_an_import_is_as_slow_as_the_faults_say(developer: Developer) -> None:
    faulty(developer, importSeconds=60)
    assert developer.imported()["status"] == "IN_PROGRESS"


# ---- the set-up ----


def test_a_config_has_a_whole_skill_or_none() -> None:
    assert not SimulatorConfig().skill_id
    with pytest.raises(ValueError, match=r"amzn1\.ask\.skill\."):
        SimulatorConfig(client_id="client", client_secret="secret")


def test_a_developers_secrets_are_their_own_and_not_shown() -> None:
    one, other = DeveloperLogin(), DeveloperLogin()
    assert one.refresh_token != other.refresh_token
    assert one.refresh_token not in repr(SimulatorConfig(developer=one))
    assert one.client_secret not in repr(one)


def test_a_simulator_with_a_skill_lists_it() -> None:
    (skill,) = Client(simulated()).sim("GET", "/skills")["skills"]
    assert (skill["skillId"], skill["served"]) == ("amzn1.ask.skill.test", True)
    assert "secret" not in json.dumps(skill).lower()
