"""The simulated SMAPI as Amazon's own client of it sees it: its requests, its reading of answers.

The SDK's client refuses what its model does not have: a wrong type, an unknown enum's value.
"""

from __future__ import annotations

import pytest
from ask_sdk_model_runtime import ServiceException
from ask_smapi_model.v1.skill import (
    CreateSkillWithPackageRequest,
    ResponseStatus,
    UpdateSkillWithPackageRequest,
)
from ask_smapi_model.v1.skill.manifest import SkillManifestEnvelope
from ask_smapi_model.v1.skill.status import Status

from tests.skill_packages import MODEL, listening, manifest, package_files
from tests.unit.simulator.developer import IMPORT_SECONDS, VENDOR, Developer


@pytest.fixture
def developer() -> Developer:
    return Developer()


def test_the_sdk_creates_a_skill_and_follows_its_import(developer: Developer) -> None:
    sdk = developer.sdk()
    (vendor,) = sdk.get_vendor_list_v1().vendors
    location = developer.upload()
    request = CreateSkillWithPackageRequest(vendor_id=vendor.id, location=location)
    begun = sdk.create_skill_package_v1(request, full_response=True)
    assert begun.status_code == 202
    import_id = dict(begun.headers)["location"].rpartition("/")[2]
    assert sdk.get_import_status_v1(import_id).status is ResponseStatus.IN_PROGRESS
    developer.clock.advance(seconds=IMPORT_SECONDS)
    status = sdk.get_import_status_v1(import_id)
    assert status.status is ResponseStatus.SUCCEEDED
    assert {each.name for each in status.skill.resources} == {"Manifest", "InteractionModel/en-US"}
    (listed,) = sdk.list_skills_for_vendor_v1(VENDOR).skills
    assert listed.skill_id == status.skill.skill_id
    assert listed.name_by_locale == {"en-US": "Yellow Ring", "de-DE": "Yellow Ring"}


def test_the_sdk_reads_an_upload_url(developer: Developer) -> None:
    upload = developer.sdk().create_upload_url_v1()
    assert upload.upload_url.startswith(developer.simulation.url)
    assert upload.expires_at > developer.clock()


def test_the_sdk_reads_the_status_of_manifest_and_models(developer: Developer) -> None:
    skill_id = developer.skill()
    status = developer.sdk().get_skill_status_v1(skill_id)
    assert status.manifest.last_update_request.status is Status.SUCCEEDED
    model = status.interaction_model["en-US"]
    assert model.last_update_request.status is Status.SUCCEEDED
    assert [step.status for step in model.last_update_request.build_details.steps] == [
        Status.SUCCEEDED,
        Status.SUCCEEDED,
    ]


def test_the_sdk_reads_a_manifest_and_puts_it_back_with_its_etag(developer: Developer) -> None:
    skill_id = developer.skill()
    sdk = developer.sdk()
    read = sdk.get_skill_manifest_v1(skill_id, "development", full_response=True)
    assert isinstance(read.body, SkillManifestEnvelope)
    etag = dict(read.headers)["etag"]
    changed = manifest("Another")
    sdk.update_skill_manifest_v1(skill_id, "development", changed, if_match=etag)
    developer.clock.advance(seconds=IMPORT_SECONDS)
    read = sdk.get_skill_manifest_v1(skill_id, "development")
    assert read.manifest.publishing_information.locales["en-US"].name == "Another"
    with pytest.raises(ServiceException) as refused:
        sdk.update_skill_manifest_v1(skill_id, "development", changed, if_match=etag)
    assert refused.value.status_code == 412


def test_the_sdk_reads_model_and_credentials(developer: Developer) -> None:
    skill_id = developer.skill()
    sdk = developer.sdk()
    model = sdk.get_interaction_model_v1(skill_id, "development", "en-US").interaction_model
    assert model.language_model.invocation_name == "yellow ring"
    credentials = sdk.get_skill_credentials_v1(skill_id).skill_messaging_credentials
    assert credentials.client_id.startswith("amzn1.application-oa2-client.")
    assert credentials.client_secret


def test_the_sdk_enables_and_disables_the_skill(developer: Developer) -> None:
    skill_id = developer.skill()
    sdk = developer.sdk()
    with pytest.raises(ServiceException) as refused:
        sdk.get_skill_enablement_status_v1(skill_id, "development")
    assert refused.value.status_code == 404
    sdk.set_skill_enablement_v1(skill_id, "development")
    sdk.get_skill_enablement_status_v1(skill_id, "development")
    sdk.delete_skill_enablement_v1(skill_id, "development")
    with pytest.raises(ServiceException) as refused:
        sdk.get_skill_enablement_status_v1(skill_id, "development")
    assert refused.value.status_code == 404


def test_the_sdk_reads_what_is_wrong_with_a_package(developer: Developer) -> None:
    skill_id = developer.skill()
    bad = package_files(manifest(manifestVersion="2.0"), en_US=MODEL, fr_FR=MODEL)
    location = developer.upload(bad)
    request = UpdateSkillWithPackageRequest(location=location)
    sdk = developer.sdk()
    begun = sdk.import_skill_package_v1(request, skill_id, full_response=True)
    developer.clock.advance(seconds=IMPORT_SECONDS)
    status = sdk.get_import_status_v1(dict(begun.headers)["location"].rpartition("/")[2])
    assert status.status is ResponseStatus.FAILED
    told = {each.name: each for each in status.skill.resources}
    assert told["Manifest"].status is ResponseStatus.FAILED
    (error,) = told["Manifest"].errors
    assert (error.code, "manifestVersion" in error.message) == ("INVALID_ENUM_VALUE", True)


def test_the_sdk_reads_every_refusal(developer: Developer) -> None:
    sdk = developer.sdk()
    with pytest.raises(ServiceException) as unknown:
        sdk.get_skill_status_v1("amzn1.ask.skill.none")
    with pytest.raises(ServiceException) as foreign:
        sdk.list_skills_for_vendor_v1("another")
    with pytest.raises(ServiceException) as wrong:
        sdk.list_skills_for_vendor_v1(VENDOR, max_results=51)
    refused = (unknown.value, foreign.value, wrong.value)
    assert [each.status_code for each in refused] == [404, 401, 400]
    assert all(each.body.message for each in refused)


def test_a_manifest_that_listens_is_read_by_the_sdk(developer: Developer) -> None:
    skill_id = developer.skill(package_files(manifest(**listening())))
    read = developer.sdk().get_skill_manifest_v1(skill_id, "development").manifest
    assert read.events.endpoint.uri == read.apis.custom.endpoint.uri
