"""Filling the package in: endpoints, addresses, and what is said when it cannot be done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from yellowring_tools.setup.endpoints import (
    SkillPackageError,
    by_region,
    check_arn,
    distant,
    parse_endpoint,
    stack_endpoints,
)
from yellowring_tools.setup.package import fill_manifest, write_package

from infrastructure.skill_package import SOURCE, main

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_cloudformation import CloudFormationClient

VIRGINIA = "arn:aws:lambda:us-east-1:123456789012:function:yellow-ring-skill"
IRELAND = "arn:aws:lambda:eu-west-1:123456789012:function:yellow-ring-skill"
TOKYO = "arn:aws:lambda:ap-northeast-1:123456789012:function:yellow-ring-skill"
MANIFEST = json.loads((SOURCE / "skill.json").read_text(encoding="utf-8"))


def uri(arn: str) -> dict[str, dict[str, str]]:
    return {"endpoint": {"uri": arn}}


def stack_with(outputs: dict[str, str]) -> CloudFormationClient:
    client = boto3.client(
        "cloudformation",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    stubber = Stubber(client)
    if outputs:
        items = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
        stack: dict[str, Any] = {
            "StackName": "yellow-ring",
            "CreationTime": "2026-01-01T00:00:00Z",
            "StackStatus": "CREATE_COMPLETE",
            "Outputs": items,
        }
        stubber.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "yellow-ring"})
    else:
        stubber.add_client_error("describe_stacks", "ValidationError", "does not exist")
    stubber.activate()
    return client


def test_one_endpoint_serves_its_region_and_everyone_else() -> None:
    manifest = fill_manifest(MANIFEST, {"EU": IRELAND})["manifest"]
    expected = {"endpoint": {"uri": IRELAND}, "regions": {"EU": uri(IRELAND)}}
    assert manifest["apis"]["custom"] == expected
    assert {key: manifest["events"][key] for key in expected} == expected


def test_three_endpoints_each_serve_their_region() -> None:
    endpoints = by_region([("FE", TOKYO), ("EU", IRELAND), ("NA", VIRGINIA)])
    manifest = fill_manifest(MANIFEST, endpoints)["manifest"]
    regions = {"NA": uri(VIRGINIA), "EU": uri(IRELAND), "FE": uri(TOKYO)}
    assert manifest["apis"]["custom"]["regions"] == regions
    assert manifest["events"]["regions"] == regions
    assert manifest["events"]["endpoint"] == {"uri": VIRGINIA}


def test_publications_and_subscriptions_stay_as_they_are() -> None:
    events = fill_manifest(MANIFEST, {"NA": VIRGINIA})["manifest"]["events"]
    for key in ("publications", "subscriptions"):
        assert events[key] == MANIFEST["manifest"]["events"][key]


def test_the_first_deployment_has_neither_endpoints_nor_events_but_asks_permission() -> None:
    manifest = fill_manifest(MANIFEST, {})["manifest"]
    assert manifest["apis"] == {"custom": {}}
    assert "events" not in manifest
    assert manifest["permissions"] == MANIFEST["manifest"]["permissions"]


def test_addresses_are_filled_in_for_every_locale_or_left_out() -> None:
    filled = fill_manifest(MANIFEST, {"NA": VIRGINIA}, privacy_policy="https://example.com/p")
    pages = filled["manifest"]["privacyAndCompliance"]["locales"]
    assert len(pages) == 15
    assert all(page == {"privacyPolicyUrl": "https://example.com/p"} for page in pages.values())


def test_filling_leaves_the_given_manifest_alone() -> None:
    before = json.dumps(MANIFEST)
    fill_manifest(MANIFEST, {"NA": VIRGINIA}, privacy_policy="https://example.com/p")
    assert json.dumps(MANIFEST) == before


def test_a_placeholder_that_nothing_fills_is_refused_with_its_path() -> None:
    odd = json.loads(json.dumps(MANIFEST))
    odd["manifest"]["publishingInformation"]["testingInstructions"] = "Call ${PHONE}"
    with pytest.raises(SkillPackageError, match=r"testingInstructions: nothing fills .*PHONE"):
        fill_manifest(odd, {"NA": VIRGINIA})


def test_the_written_package_is_the_source_with_its_manifest_filled(tmp_path: Path) -> None:
    written = write_package({"NA": VIRGINIA}, source=SOURCE, target=tmp_path / "package")
    stale = written / "stale.txt"
    stale.touch()
    write_package({"EU": IRELAND}, source=SOURCE, target=written)
    names = {path.relative_to(written) for path in written.rglob("*")}
    assert names == {path.relative_to(SOURCE) for path in SOURCE.rglob("*")}
    manifest = json.loads((written / "skill.json").read_text(encoding="utf-8"))
    assert manifest == fill_manifest(MANIFEST, {"EU": IRELAND})


def test_a_folder_of_something_else_is_never_replaced(tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.touch()
    with pytest.raises(SkillPackageError, match="is no skill package"):
        write_package({"NA": VIRGINIA}, source=SOURCE, target=tmp_path)
    with pytest.raises(SkillPackageError, match="overlaps"):
        write_package({"NA": VIRGINIA}, source=SOURCE, target=SOURCE)
    assert precious.exists()


@pytest.mark.parametrize(
    ("arn", "problem"),
    [
        ("yellow-ring-skill", "does not start with 'arn:'"),
        ("arn:aws:lambda:us-east-1:123456789012", "has 5 parts"),
        (f"{VIRGINIA}:live:2", "has 9 parts"),
        (VIRGINIA.replace("arn:aws:", "arn:aws-cn:"), "partition is 'aws-cn'"),
        (VIRGINIA.replace(":lambda:", ":sqs:"), "service is 'sqs'"),
        (VIRGINIA.replace("us-east-1", "us-east-2"), "no trigger in 'us-east-2'"),
        (VIRGINIA.replace("123456789012", "12345"), "account is '12345'"),
        (VIRGINIA.replace(":function:", ":layer:"), "resource is a 'layer'"),
        (VIRGINIA.replace("yellow-ring-skill", "yellow ring"), "function name is 'yellow ring'"),
        (f"{VIRGINIA}:$LATEST", "qualifier is '\\$LATEST'"),
    ],
)
def test_a_wrong_arn_is_refused_by_the_part_that_is_wrong(arn: str, problem: str) -> None:
    with pytest.raises(SkillPackageError, match=problem):
        check_arn(arn)


@pytest.mark.parametrize("arn", [VIRGINIA, IRELAND, TOKYO, f"{VIRGINIA}:live"])
def test_a_lambda_arn_is_taken_with_and_without_an_alias(arn: str) -> None:
    assert parse_endpoint(f"NA={arn}") == ("NA", arn)


@pytest.mark.parametrize("text", [VIRGINIA, f"US={VIRGINIA}", f"na={VIRGINIA}"])
def test_an_endpoint_without_a_region_of_alexas_is_refused(text: str) -> None:
    with pytest.raises(SkillPackageError, match="NA, EU or FE"):
        parse_endpoint(text)


def test_two_endpoints_for_one_region_are_refused() -> None:
    with pytest.raises(SkillPackageError, match="two endpoints for NA"):
        by_region([("NA", VIRGINIA), ("NA", IRELAND)])


def test_an_endpoint_on_another_continent_is_pointed_out() -> None:
    swapped = distant({"NA": VIRGINIA, "EU": TOKYO})
    assert swapped == ["EU is served from ap-northeast-1, which is nearer to FE"]


def test_the_arn_comes_from_the_stacks_outputs() -> None:
    arns = {"us-east-1": VIRGINIA, "us-west-2": VIRGINIA.replace("us-east-1", "us-west-2")}
    found = stack_endpoints(
        "yellow-ring",
        ["us-east-1", "FE=us-west-2"],
        lambda region: stack_with({"SkillFunctionArn": arns[region]}),
    )
    assert found == [("NA", arns["us-east-1"]), ("FE", arns["us-west-2"])]


def test_a_stack_without_the_output_is_refused_with_what_it_has() -> None:
    with pytest.raises(SkillPackageError, match="no output 'SkillFunctionArn', it has BucketName"):
        stack_endpoints("yellow-ring", ["eu-west-1"], lambda _: stack_with({"BucketName": "b"}))


def test_a_stack_that_is_not_there_is_named_with_its_region() -> None:
    with pytest.raises(SkillPackageError, match=r"stack 'yellow-ring' in eu-west-1: .*not exist"):
        stack_endpoints("yellow-ring", ["eu-west-1"], lambda _: stack_with({}))


def test_an_aws_region_without_alexas_trigger_is_refused_before_any_call() -> None:
    with pytest.raises(SkillPackageError, match="no trigger in 'eu-central-1'"):
        stack_endpoints("yellow-ring", ["eu-central-1"], lambda _: pytest.fail("called"))


def test_the_command_writes_the_package_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "package"
    status = main(["--endpoint", f"NA={VIRGINIA}", "--output", str(target)])
    out = capsys.readouterr().out
    assert status == 0
    assert out == f"{target}: endpoints for NA, default NA\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "give one to three endpoints"),
        (["--without-endpoints", "--endpoint", f"NA={VIRGINIA}"], "give one to three endpoints"),
        (["--stack", "yellow-ring"], "--stack needs at least one --region"),
        (["--region", "us-east-1"], "--region needs --stack"),
        (["--without-endpoints", "--privacy-policy", "example.com"], "start with https://"),
    ],
)
def test_the_command_says_what_is_missing_and_writes_nothing(
    arguments: list[str], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "package"
    status = main([*arguments, "--output", str(target)])
    assert status == 1
    assert problem in capsys.readouterr().err
    assert not target.exists()
