from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from yellowring_tools.doctor import CHECKS, Finding, examine, exit_code, report
from yellowring_tools.doctor.examination import looked
from yellowring_tools.doctor.finding import ask, fault, fine, unknown, warning
from yellowring_tools.doctor.report import HEADINGS
from yellowring_tools.doctor.skill.known import Unreadable
from yellowring_tools.local_stack.workspace import PROJECT
from yellowring_tools.smapi import Smapi, SmapiError

from tests.unit.cli.running import yellowring
from tests.unit.doctor.smapi import OneSkill, built, smapi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yellowring_tools.cli.aws.stacks import Stack

PACKAGE = PROJECT / "skill-package"
PAGE = (PROJECT / "docs/doctor.md").read_text(encoding="utf-8")
ADA = "amzn1.ask.account.AAAAAAAAAAAAAAAAAAAAAAAAADA"


def examined(stack: Stack, *only: str, **given: Any) -> tuple[Finding, ...]:
    told: Any = {"skill": None, "package": PACKAGE, "user": None, **given}
    return examine(stack, only=only, **told)


# ---- one check at a time ----


def raising(error: Exception) -> Iterator[Finding]:
    yield warning("tables", "x", "y", "z")
    raise error


def refused(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeTable")


def test_a_check_that_finds_nothing_is_fine() -> None:
    assert list(looked("tables", list)) == [fine("tables", "tables", CHECKS["tables"])]


@pytest.mark.parametrize(
    ("error", "says", "remedy"),
    [
        (
            refused(
                "AccessDeniedException",
                "User: x is not authorized to perform: dynamodb:DescribeTable on resource: y",
            ),
            "dynamodb:DescribeTable is not allowed",
            "use a profile that may do dynamodb:DescribeTable",
        ),
        (refused("AccessDenied", "no"), "DescribeTable is not allowed", "may do DescribeTable"),
        (refused("ThrottlingException", "slow down"), "slow down", "look again"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "connect", "network"),
        (SmapiError(401, "REFUSED", "log in"), "log in", "ask configure"),
        (Unreadable("no skill.json"), "no skill.json", "--skill-package"),
    ],
)
def test_what_cannot_be_read_is_unknown_and_what_was_found_before_stays(
    error: Exception, says: str, remedy: str
) -> None:
    before, after = looked("tables", lambda: raising(error))
    assert (before.state, after.state) == ("warning", "unknown")
    assert says in after.what
    assert remedy in after.remedy


def test_no_finding_names_anybody() -> None:
    said = [fault("schedules", f"schedule {ADA}", f"sends to {ADA}", "x")]
    [found] = looked("schedules", lambda: said)
    assert (found.where, found.what) == ("schedule (a user id)", "sends to (a user id)")


def test_a_check_that_fails_itself_is_unknown_and_shows_no_data() -> None:
    before, after = looked("tables", lambda: raising(KeyError(ADA)))
    assert (before.state, after.state) == ("warning", "unknown")
    assert "KeyError in raising" in after.what
    assert ADA not in str(after)
    with pytest.raises(KeyboardInterrupt):
        list(looked("tables", interrupted))


def interrupted() -> Iterator[Finding]:
    raise KeyboardInterrupt


# ---- all of them ----


class Refusing:
    """A client whose every call AWS refuses."""

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: object, **__: object) -> Any:
            raise refused("AccessDenied", "is not authorized to perform: cloudformation:Any on x")

        return refuse


@pytest.fixture
def closed(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The stack, of whose template nothing may be read, and whose Amazon does not answer."""
    nowhere = {"Environment": {"Variables": {"LWA_BASE_URL": "http://127.0.0.1:1"}}}
    monkeypatch.setattr(stack.functions, "get_function_configuration", lambda **_: nowhere)
    monkeypatch.setitem(stack.__dict__, "cloudformation", Refusing())
    return stack


def test_every_check_is_done_in_turn_whatever_the_others_cannot_read(closed: Stack) -> None:
    findings = examined(closed, user=ADA)
    unread = {each.check for each in findings if "cloudformation:Any is not" in each.what}
    assert {"stack", "functions", "alarms"} <= unread
    done = list(dict.fromkeys(each.check for each in findings))
    of_smapi = {"stage", "build", "credentials", "enablement"}
    assert done == [name for name in CHECKS if name not in of_smapi]


def test_a_customer_is_examined_only_when_named(closed: Stack) -> None:
    of_customer = {"record", "place", "audience", "outcomes", "asks"}
    assert not of_customer & {each.check for each in examined(closed)}


def test_only_what_was_asked_for_is_done(stack: Stack) -> None:
    assert {each.check for each in examined(stack, "tables", "runs")} == {"tables", "runs"}


def test_without_smapi_and_package_the_skill_is_unknown(stack: Stack) -> None:
    [found] = examined(stack, "models", package=None)
    assert (found.state, "neither a way to SMAPI nor" in found.what) == ("unknown", True)
    assert "SMAPI_REFRESH_TOKEN" in found.remedy


def test_the_skill_is_looked_at_as_alexa_knows_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        stack.functions,
        "get_function_configuration",
        lambda **_: {"Environment": {"Variables": {"SKILL_STAGE": "live"}}},
    )
    manifest: dict[str, Any] = {"manifest": {}}
    skill = smapi(get_skill_manifest=manifest, get_skill_status=built("SUCCEEDED", de_DE="FAILED"))
    found = examined(stack, "manifest", "stage", "build", skill=skill)
    assert {each.check for each in found if each.state == "fault"} == {"manifest", "build"}
    assert [each.state for each in found if each.check == "stage"] == ["fine"]
    [build] = [each for each in found if each.check == "build"]
    assert (build.where, "slot is unknown" in build.what) == ("interaction model de-DE", True)


def test_a_live_stack_before_certification_is_found_in_the_skill_that_is_submitted(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        stack.functions,
        "get_function_configuration",
        lambda **_: {"Environment": {"Variables": {"SKILL_STAGE": "live"}}},
    )
    answers: dict[str, Any] = {"get-skill-manifest development": {"manifest": {}}}
    found = examined(stack, "manifest", "stage", skill=Smapi(OneSkill(answers)))
    assert {each.state for each in found if each.check == "manifest"} == {"fault"}
    [stage] = [each for each in found if each.check == "stage"]
    assert (stage.state, "submit" in stage.remedy) == ("warning", True)
    answers["get-skill-manifest live"] = 500
    [unread] = examined(stack, "manifest", skill=Smapi(OneSkill(answers)))
    assert unread.state == "unknown"


def test_the_stage_is_unknown_where_the_sender_is_gone(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack.functions, "get_function_configuration", lambda **_: {})
    skill = smapi(get_skill_manifest={"manifest": {}})
    [found] = examined(stack, "stage", skill=skill)
    assert (found.state, "SkillStage" in found.remedy) == ("unknown", False)


# ---- the report, the command ----


def test_the_report_says_what_is_wrong_first_and_where_to_read_on() -> None:
    told = report(
        [
            fine("tables", "tables", "there"),
            ask("asks", "Do Not Disturb", "is it on?", "switch it off"),
            unknown("alarms", "AWS", "is not allowed", "use a profile"),
            warning("clock", "this machine's clock", "is 10 s ahead", "set it"),
            fault("secret", "secret s", "is not there", "fill it"),
        ]
    )
    lines = told.splitlines()
    assert [line for line in lines if line in HEADINGS.values()] == list(HEADINGS.values())
    assert lines[1:3] == ["  secret s: is not there", "    → fill it [docs/doctor.md#secret]"]
    assert lines[-1] == "1 fault, 1 warning, 1 not to be seen, 1 question"


def test_only_a_fault_is_a_failure() -> None:
    others = [warning("a", "b", "c", "d"), unknown("a", "b", "c", "d"), ask("a", "b", "c", "d")]
    assert exit_code(others) == 0
    assert exit_code([*others, fault("a", "b", "c", "d")]) == 1


def test_every_check_is_explained_on_the_page() -> None:
    headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    assert headings == list(CHECKS)


def test_the_command_prints_findings_as_json_and_ends_with_1_for_a_fault(stack: Stack) -> None:
    said = yellowring("doctor", "--only", "tables", "--json")
    assert said.status == 1
    assert {each["check"] for each in said.document["findings"]} == {"tables"}
    first = said.document["findings"][0]
    assert first.keys() == {"check", "state", "where", "what", "remedy", "page"}
    assert first["page"] == "docs/doctor.md#tables"


def test_the_command_says_in_words_what_it_found(stack: Stack) -> None:
    said = yellowring("doctor", ADA, "--only", "record,asks")
    assert said.status == 1
    assert said.out.splitlines()[0] == "yellow-ring in us-east-1"
    assert "there is no record" in said.out
    assert "Do Not Disturb" in said.out
    assert ADA not in said.out


def test_the_command_says_that_the_skill_is_looked_at_in_its_package(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMAPI_CLIENT_ID", "amzn1.client")
    said = yellowring("doctor", "--only", "models", "--skill-package", str(PACKAGE))
    assert said.status == 0
    assert "the skill is looked at in its package: SMAPI_CLIENT_SECRET and" in said.err


def test_a_check_that_there_is_not_is_refused_before_a_stack_is_looked_for() -> None:
    said = yellowring("doctor", "--only", "tabels")
    assert said.status == 2
    assert "'tabels' is no check; there are stack, template, functions" in said.err
