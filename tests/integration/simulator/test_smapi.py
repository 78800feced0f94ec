"""A skill from nothing, by our client of SMAPI and over real connections."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.simulator.config import SimulatorConfig
from yellowring_tools.simulator.server import running
from yellowring_tools.simulator.simulation import Simulation
from yellowring_tools.smapi import SmapiError, SmapiLogin, SmapiUnknown, connect, pack

from tests.integration.simulator.support import Caller, fake_lambda, until
from tests.integration.simulator.test_process import started
from tests.skill_packages import listening, manifest, package_files, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from yellowring_tools.smapi import Smapi

LOGIN = {"SMAPI_CLIENT_ID": "p", "SMAPI_CLIENT_SECRET": "s", "SMAPI_REFRESH_TOKEN": "Atzr|r"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
EUROPE = "arn:aws:lambda:eu-west-1:000000000000:function:ring-eu"
SOON = {"importSeconds": 0.05}


@contextmanager
def developing() -> Iterator[tuple[Smapi, Caller]]:
    """Serve a simulator without a skill; gives SMAPI's client and one of the controls."""
    config = SimulatorConfig()
    own = config.developer
    with running(Simulation(config)) as serving, Caller(serving.url) as caller:
        login = SmapiLogin(own.client_id, own.client_secret, own.refresh_token)
        url = serving.url
        yield connect(ask_profile=None, login=login, base_url=url, lwa_url=url), caller


def imported(smapi: Smapi, import_id: str) -> str:
    until(lambda: smapi.import_status(import_id).over)
    status = smapi.import_status(import_id)
    assert (status.state, status.problems) == ("SUCCEEDED", ())
    assert status.skill_id is not None
    return status.skill_id


def package(folder: Path, **changes: Any) -> bytes:
    return pack(written(folder, package_files(manifest(**changes))))


def test_from_nothing_to_a_skill_that_hears_of_its_first_customer(tmp_path: Path) -> None:
    with fake_lambda() as aws:
        environment = LOGIN | {"AWS_ENDPOINT_URL": aws.url}
        with started("--without-skill", **environment) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            url = line.split('"')[3]
            login = SmapiLogin.from_environ(LOGIN)
            smapi = connect(ask_profile=None, login=login, base_url=url, lwa_url=url)
            with Caller(url) as caller:
                caller.sim("PUT", "/faults", {"smapi": SOON})
                (vendor,) = smapi.vendors()
                assert list(smapi.skills(vendor.id)) == []
                location = smapi.upload(package(tmp_path))
                skill_id = imported(smapi, smapi.create_skill(vendor.id, location))
                credentials = smapi.credentials(skill_id)
                form = (
                    f"grant_type=client_credentials&client_id={credentials.client_id}"
                    f"&client_secret={credentials.client_secret}"
                    "&scope=alexa%3A%3Aproactive_events"
                ).encode()
                assert caller.call("POST", "/auth/O2/token", form, FORM)[0] == 200

                document, etag = smapi.manifest(skill_id)
                document["manifest"] |= listening(EU=EUROPE)
                smapi.update_manifest(skill_id, document, etag)
                until(lambda: smapi.status(skill_id).over)
                assert smapi.status(skill_id).sound
                assert not smapi.enabled(skill_id)
                smapi.enable(skill_id)
                assert smapi.enabled(skill_id)
                assert caller.settled()["delivered"] == 1
                european = caller.sim("POST", "/customers", {"region": "eu"})["userId"]
                caller.sim("POST", f"/customers/{european}/enable")
                assert caller.settled()["delivered"] == 2
        heard = [envelope["context"]["System"]["application"] for envelope in aws.invoked]
        assert heard == [{"applicationId": skill_id}] * 2
        assert {name.rpartition("%3A")[2] for name in aws.functions} == {"ring", "ring-eu"}


@pytest.mark.parametrize(
    "fault", [{"resetAfterAccept": 1}, {"timeout": 1, "timeoutSeconds": 0.05}], ids=["lost", "late"]
)
def test_after_a_lost_answer_the_skill_is_there_and_the_outcome_unknown(
    fault: dict[str, float], tmp_path: Path
) -> None:
    with developing() as (smapi, caller):
        only = {"only": ["create-skill-package"], "most": 1}
        caller.sim("PUT", "/faults", {"smapi": SOON | only | fault})
        (vendor,) = smapi.vendors()
        location = smapi.upload(package(tmp_path))
        with pytest.raises(SmapiUnknown):
            smapi.create_skill(vendor.id, location)
        until(lambda: len(list(smapi.skills(vendor.id))) == 1)
        (skill,) = smapi.skills(vendor.id)
        assert skill.names["en-US"] == "Yellow Ring"


def test_a_store_of_many_pages_is_listed_whole(tmp_path: Path) -> None:
    with developing() as (smapi, caller):
        caller.sim("PUT", "/faults", {"smapi": {"importSeconds": 0}})
        (vendor,) = smapi.vendors()
        location = smapi.upload(package(tmp_path))
        for _ in range(51):
            smapi.create_skill(vendor.id, location)
        found = [each.skill_id for each in smapi.skills(vendor.id)]
        assert len(set(found)) == len(found) == 51


def test_a_manifest_that_somebody_else_changed_is_not_overwritten(tmp_path: Path) -> None:
    with developing() as (smapi, caller):
        caller.sim("PUT", "/faults", {"smapi": {"importSeconds": 0}})
        (vendor,) = smapi.vendors()
        import_id = smapi.create_skill(vendor.id, smapi.upload(package(tmp_path)))
        skill_id = imported(smapi, import_id)
        document, etag = smapi.manifest(skill_id)
        smapi.update_manifest(skill_id, manifest("Another"), etag)
        with pytest.raises(SmapiError, match="read it again") as refused:
            smapi.update_manifest(skill_id, document, etag)
        assert refused.value.status == 412
        assert smapi.manifest(skill_id)[0] == manifest("Another")


def test_a_token_that_ended_is_renewed_unnoticed() -> None:
    with developing() as (smapi, caller):
        smapi.vendors()
        assert caller.sim("POST", "/tokens/revoke") == {"revoked": 1}
        assert len(smapi.vendors()) == 1
