"""SMAPI through the ASK CLI: the words that it is given, and what its ends mean.

The stand-in prints and exits as the ASK CLI 2.30.7 was seen to.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.smapi import AskCli, Smapi, SmapiError, SmapiUnknown, ask_profiles, connect
from yellowring_tools.smapi import ask_cli as module
from yellowring_tools.smapi.repeats import Repeats

if TYPE_CHECKING:
    from pathlib import Path

STAND_IN = f"""#!{sys.executable} -S
import json, os, pathlib, sys
here = pathlib.Path(__file__).parent
read = [pathlib.Path(w.partition("file:")[2]).read_text() for w in sys.argv if "=file:" in w]
said = {{"words": sys.argv[1:], "files": read, "environ": dict(os.environ)}}
with (here / "said").open("a") as log:
    log.write(json.dumps(said) + "\\n")
ends = json.loads((here / "ends").read_text())
(here / "ends").write_text(json.dumps(ends[1:] or ends))
out, err, code = ends[0]
sys.stdout.write(out); sys.stderr.write(err); sys.exit(code)
"""
STACK = r"\n    at /usr/lib/node_modules/ask-cli/dist/lib/clients/smapi-client/smapiApiClient.js:72"

type End = tuple[str, str, int]


def answered(body: object = None, status: int = 200, **headers: str) -> End:
    document = {"body": body or {}, "headers": headers, "statusCode": status}
    return json.dumps(document, indent=2), "", 0


def failed(said: str) -> End:
    text = f"Call to service failed: The request to https://x failed. Client Error: {said}"
    document = {"message": text, "stack": f"Error: {text}{STACK}", "detail": {}}
    return "", f"[Error]: {json.dumps(document, indent=2)}\n", 1


@dataclass
class Cli:
    """A home with the stand-in on the path and a profile that works for vendor V."""

    home: Path
    waits: list[float]

    def ends(self, *ends: End) -> None:
        (self.home / "bin" / "ends").write_text(json.dumps(ends))

    def said(self) -> list[dict[str, Any]]:
        lines = (self.home / "bin" / "said").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def smapi(self, profile: str = "default", **addresses: str) -> Smapi:
        environ = {"PATH": str(self.home / "bin"), "HOME": str(self.home)}
        repeats = Repeats(self.waits.append, lambda: 0.0)
        return Smapi(AskCli(profile, environ=environ, repeats=repeats, **addresses))


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ask"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    (tmp_path / ".ask").mkdir()
    profiles = {"profiles": {"default": {"vendor_id": "V", "token": {"access_token": "Atza|t"}}}}
    (tmp_path / ".ask" / "cli_config").write_text(json.dumps(profiles))
    return Cli(tmp_path, [])


def test_an_operation_is_a_command_with_the_profile_and_the_whole_answer(cli: Cli) -> None:
    cli.ends(answered({"manifest": {"x": 1}}, etag="e1"))
    assert cli.smapi().manifest("S") == ({"manifest": {"x": 1}}, "e1")
    (said,) = cli.said()
    assert said["words"] == [
        "smapi",
        "get-skill-manifest",
        "--skill-id=S",
        "--stage=development",
        "--profile=default",
        "--full-response",
    ]


def test_a_manifest_goes_by_file_and_its_etag_by_option(cli: Cli) -> None:
    cli.ends(answered(status=202))
    cli.smapi().update_manifest("S", {"manifest": {"x": "é"}}, "e1")
    (said,) = cli.said()
    assert "--if-match=e1" in said["words"]
    assert [json.loads(text) for text in said["files"]] == [{"manifest": {"x": "é"}}]


def test_the_vendor_is_the_profiles_and_no_other(cli: Cli) -> None:
    cli.ends(answered(status=202, location="/v1/skills/imports/I"))
    assert cli.smapi().create_skill("V", "https://upload.example/x") == "I"
    (said,) = cli.said()
    assert "--location=https://upload.example/x" in said["words"]
    assert not any("vendor" in word for word in said["words"])
    for profile, vendor in (("default", "W"), ("none", "V")):
        with pytest.raises(SmapiError, match="ask configure") as refused:
            cli.smapi(profile).create_skill(vendor, "L")
        assert refused.value.code == "OTHER_VENDOR"
    assert len(cli.said()) == 1


def test_another_address_is_told_by_the_environment(cli: Cli) -> None:
    cli.ends(answered({"vendors": []}))
    cli.smapi(base_url="http://127.0.0.1:1", lwa_url="http://127.0.0.1:2").vendors()
    cli.smapi(base_url="https://api.amazonalexa.com", lwa_url="https://api.amazon.com").vendors()
    here, there = (said["environ"] for said in cli.said())
    assert here["ASK_SMAPI_SERVER_BASE_URL"] == "http://127.0.0.1:1"
    assert here["ASK_LWA_TOKEN_HOST"] == "http://127.0.0.1:2"
    assert not {"ASK_SMAPI_SERVER_BASE_URL", "ASK_LWA_TOKEN_HOST"} & there.keys()


def test_a_status_is_read_out_of_what_it_says(cli: Cli) -> None:
    cli.ends(failed("AxiosError: Request failed with status code 404"))
    assert not cli.smapi().enabled("S")
    with pytest.raises(SmapiError, match="status 404; check the id") as refused:
        cli.smapi().status("S")
    assert (refused.value.status, isinstance(refused.value, SmapiUnknown)) == (404, False)


def test_reading_is_tried_again_and_creating_is_not(cli: Cli) -> None:
    down = failed("AxiosError: Request failed with status code 503")
    cli.ends(down, answered({"vendors": []}))
    assert cli.smapi().vendors() == ()
    assert cli.waits == [1]
    cli.ends(down)
    with pytest.raises(SmapiUnknown):
        cli.smapi().create_skill("V", "L")
    assert [said["words"][1] for said in cli.said()][2:] == ["create-skill-package"]


@pytest.mark.parametrize(
    ("end", "code", "unknown"),
    [
        (failed("Error: connect ECONNREFUSED 127.0.0.1:1"), "UNREACHABLE", False),
        (failed("Error: getaddrinfo ENOTFOUND x"), "UNREACHABLE", False),
        (failed("Error: socket hang up"), "UNKNOWN", True),
        (("", "[Error]: Can't resolve profile [x] as it doesn't exist.", 1), "NO_LOGIN", False),
        (("", "[Error]: Refresh LWA tokens failed, please run …", 1), "NO_LOGIN", False),
        (("", "", 3), "UNKNOWN", True),
        (("Command executed successfully!", "", 0), "GARBLED", True),
        (('{"statusCode": 200}', "", 0), "GARBLED", True),
    ],
)
def test_an_end_is_known_for_what_it_is(cli: Cli, end: End, code: str, unknown: bool) -> None:
    cli.ends(end)
    with pytest.raises(SmapiError) as refused:
        cli.smapi().create_skill("V", "L")
    assert (refused.value.code, isinstance(refused.value, SmapiUnknown)) == (code, unknown)
    assert "smapiApiClient.js" not in str(refused.value)


def test_no_token_and_no_answer_is_in_an_error(cli: Cli) -> None:
    cli.ends(("", "[Error]: odd Atza|secret-token and amzn1.oa2-cs.v1.abc", 1))
    with pytest.raises(SmapiUnknown) as refused:
        cli.smapi().create_skill("V", "L")
    assert "secret-token" not in str(refused.value)
    assert "oa2-cs" not in str(refused.value)
    cli.ends(('{"clientSecret": "hidden"', "", 0))
    with pytest.raises(SmapiUnknown) as refused:
        cli.smapi().credentials("S")
    assert "hidden" not in str(refused.value)


def test_credentials_are_read_and_not_shown(cli: Cli) -> None:
    own = {"clientId": "c", "clientSecret": "hidden"}
    cli.ends(answered({"skillMessagingCredentials": own}))
    found = cli.smapi().credentials("S")
    assert (found.client_id, found.client_secret) == ("c", "hidden")
    assert "hidden" not in repr(found)


def test_a_cli_that_does_not_end_is_unknown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    (cli.home / "bin" / "ask").write_text("#!/bin/sh\nexec /bin/sleep 30\n")
    monkeypatch.setattr(module, "TIMEOUT", 0.05)
    with pytest.raises(SmapiUnknown, match="did not end"):
        cli.smapi().create_skill("V", "L")


def test_a_cli_that_is_not_there_is_said(cli: Cli) -> None:
    (cli.home / "bin" / "ask").unlink()
    with pytest.raises(SmapiError, match="npm install -g") as refused:
        cli.smapi().vendors()
    assert refused.value.code == "NO_ASK_CLI"
    assert cli.waits == []


def test_a_default_profile_is_a_way_and_another_has_to_be_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(cli.home))
    monkeypatch.setenv("PATH", f"{cli.home / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert ask_profiles() == ("default",)
    cli.ends(answered({"vendors": [{"id": "V", "name": "n", "roles": ["R"]}]}))
    (vendor,) = connect(ask_profile=None, login=None).vendors()
    assert (vendor.id, vendor.name, vendor.roles) == ("V", "n", ("R",))
    connect(ask_profile="work", login=None).vendors()
    assert [said["words"][-2] for said in cli.said()] == ["--profile=default", "--profile=work"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"profiles": []}'])
def test_a_file_of_profiles_that_cannot_be_read_has_none(tmp_path: Path, text: str) -> None:
    (tmp_path / ".ask").mkdir()
    (tmp_path / ".ask" / "cli_config").write_text(text)
    assert ask_profiles({"HOME": str(tmp_path)}) == ()
