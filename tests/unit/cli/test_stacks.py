from __future__ import annotations

import fcntl
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import typer
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError, ProfileNotFound
from botocore.stub import Stubber
from yellowring_tools.cli.aws import stacks
from yellowring_tools.cli.aws.aws_errors import explained
from yellowring_tools.cli.aws.stacks import NEEDED, Choice, Stack, described, running_note

from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mypy_boto3_cloudformation.client import CloudFormationClient


@pytest.fixture
def cloudformation(environment: pytest.MonkeyPatch) -> CloudFormationClient:
    return boto3.client("cloudformation")


def answer(outputs: dict[str, str]) -> dict[str, Any]:
    return {
        "Stacks": [
            {
                "StackName": "yellow-ring",
                "CreationTime": "2026-11-20T09:00:00Z",
                "StackStatus": "CREATE_COMPLETE",
                "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
            }
        ]
    }


def test_the_outputs_of_a_stack_are_read_by_their_names(
    cloudformation: CloudFormationClient,
) -> None:
    every = {name: name.lower() for name in NEEDED}
    with Stubber(cloudformation) as stub:
        stub.add_response("describe_stacks", answer(every), {"StackName": "yellow-ring"})
        assert described(cloudformation, "yellow-ring") == every


def test_a_stack_without_an_output_is_told_by_the_output(
    cloudformation: CloudFormationClient, capsys: pytest.CaptureFixture[str]
) -> None:
    stub = Stubber(cloudformation)
    stub.add_response("describe_stacks", answer(dict.fromkeys(NEEDED[1:], "x")))
    with stub, pytest.raises(typer.Exit):
        described(cloudformation, "yellow-ring")
    assert f"no output {NEEDED[0]}" in capsys.readouterr().err


def test_a_stack_that_is_not_there_is_told_with_its_region_and_the_options(
    cloudformation: CloudFormationClient, capsys: pytest.CaptureFixture[str]
) -> None:
    stub = Stubber(cloudformation)
    stub.add_client_error(
        "describe_stacks", "ValidationError", "Stack with id nope does not exist", 400
    )
    with stub, pytest.raises(typer.Exit) as end:
        described(cloudformation, "nope")
    assert end.value.exit_code == 1
    told = capsys.readouterr().err
    assert "there is no stack nope in us-east-1" in told
    assert "--stack" in told


def test_a_stack_is_not_there_only_where_it_does_not_exist(
    cloudformation: CloudFormationClient,
) -> None:
    stub = Stubber(cloudformation)
    stub.add_client_error("describe_stacks", "ValidationError", "Stack s does not exist", 400)
    stub.add_client_error("describe_stacks", "AccessDenied", "not authorized", 403)
    stub.add_response("describe_stacks", answer({}))
    with stub:
        assert not stacks.is_there(cloudformation, "s")
        with pytest.raises(ClientError, match="not authorized"):
            stacks.is_there(cloudformation, "s")
        assert stacks.is_there(cloudformation, "s")


def test_local_and_a_deployed_stack_are_not_both_taken(stack: Stack) -> None:
    said = yellowring("runs", "list", "--local", "--stack", "yellow-ring")
    assert said.status == 2
    assert "leave out --stack" in said.err


def test_local_without_a_running_stack_says_how_to_start_one(stack: Stack) -> None:
    said = yellowring("runs", "list", "--local")
    assert said.status == 1
    assert "make run" in said.err


@pytest.fixture
def note(monkeypatch: pytest.MonkeyPatch, environment: pytest.MonkeyPatch) -> dict[str, Any]:
    found = {
        "endpoint": "http://127.0.0.1:9",
        "credentials": {"accessKeyId": "its own", "secretAccessKey": "x", "region": "eu-west-1"},
        "outputs": dict.fromkeys(NEEDED, "x"),
    }
    monkeypatch.setattr(stacks, "running_note", lambda: found)
    return found


def test_a_running_local_stack_is_taken_and_said_when_nothing_else_is(
    note: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert Choice().stack().endpoint == "http://127.0.0.1:9"
    assert "on the local stack at http://127.0.0.1:9" in capsys.readouterr().err
    assert Choice(local=True).stack().endpoint == "http://127.0.0.1:9"
    assert capsys.readouterr().err == ""


def test_a_local_stack_is_reached_with_the_keys_of_its_note(note: dict[str, Any]) -> None:
    session = Choice(local=True).stack().session
    credentials = session.get_credentials()
    assert credentials is not None
    assert (credentials.access_key, session.region_name) == ("its own", "eu-west-1")


@pytest.mark.parametrize("choice", [Choice("s"), Choice(region="r"), Choice(profile="p")])
def test_a_running_local_stack_never_stands_in_for_one_that_was_named(
    note: dict[str, Any], monkeypatch: pytest.MonkeyPatch, choice: Choice
) -> None:
    far = Stack("far", {}, boto3.session.Session())
    monkeypatch.setattr(stacks, "deployed", lambda _: far)
    assert choice.stack() is far


def test_the_note_of_the_newest_stack_that_runs_is_read(tmp_path: Path) -> None:
    assert running_note(tmp_path) is None
    held = []
    for name in ("run-old", "run-new", "demo-other"):
        space = tmp_path / "stacks" / name
        space.mkdir(parents=True)
        (space / "stack.json").write_text(json.dumps({"endpoint": name}))
        if name != "run-old":
            held.append((space / "lock").open("w"))
            fcntl.flock(held[-1], fcntl.LOCK_EX)
    assert running_note(tmp_path) == {"endpoint": "run-new"}
    for lock in held:
        lock.close()
    assert running_note(tmp_path) is None


def refusal(code: str, message: str) -> Callable[[], ClientError]:
    return lambda: ClientError({"Error": {"Code": code, "Message": message}}, "Scan")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (refusal("AccessDeniedException", "not allowed"), "a profile that may"),
        (refusal("ExpiredTokenException", "expired"), "aws sso login"),
        (refusal("Odd", "for amzn1.ask.account.SECRETONE"), "for (a user id)"),
        (NoCredentialsError, "make run"),
        (NoRegionError, "--region"),
        (lambda: ProfileNotFound(profile="x"), "list-profiles"),
    ],
)
def test_what_aws_answers_becomes_one_line_with_what_would_be_right(
    error: Callable[[], Exception], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as end, explained():
        raise error()
    assert end.value.exit_code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert told in line
    assert "SECRETONE" not in line
