from __future__ import annotations

import json
import warnings
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.catalog import EVENT_NAMES
from yellowring_tools.cli.files.skill_package import (
    PERMISSION,
    SKILL_EVENTS,
    joined,
    requirements,
)

from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
ORDERS = "AMAZON.OrderStatus.Updated"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:theirs"
BARE: dict[str, Any] = {"manifest": {"apis": {"custom": {"endpoint": {"uri": ARN}}}}}
WHOLE: dict[str, Any] = {
    "manifest": {
        "apis": {"custom": {"endpoint": {"uri": ARN}}},
        "permissions": [{"name": PERMISSION}],
        "events": {
            "publications": [{"eventName": ORDERS}],
            "subscriptions": [{"eventName": each} for each in SKILL_EVENTS],
            "endpoint": {"uri": ARN},
        },
    }
}

RIGHT = 'right is {"manifest": {…}}: this is no skill.json'

type Write = Callable[[object], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a skill package's manifest, and return the package's folder."""

    def to_file(content: object) -> Path:
        text = content if isinstance(content, str) else json.dumps(content, indent=2) + "\n"
        (tmp_path / "skill.json").write_text(text, encoding="utf-8")
        return tmp_path

    return to_file


def lacking(document: object, *events: str) -> dict[str, str]:
    return {each.path: each.lacks for each in requirements(document, events) if each.lacks}


def without(*path: str) -> dict[str, Any]:
    """A whole manifest without one of its parts."""
    document = deepcopy(WHOLE)
    holder = document["manifest"]
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    return document


# ---- what is required ----


def test_a_whole_manifest_lacks_nothing() -> None:
    assert lacking(WHOLE) == {}
    assert lacking(WHOLE, ORDERS) == {}
    assert joined(requirements(WHOLE)) == {}


def test_our_own_package_is_whole_for_every_event() -> None:
    document = json.loads((ROOT / "skill-package" / "skill.json").read_text(encoding="utf-8"))
    assert lacking(document, *EVENT_NAMES) == {}


@pytest.mark.parametrize(
    ("document", "path", "lacks"),
    [
        (without("permissions"), "$.manifest.permissions", f"lacks {PERMISSION}"),
        (
            without("events", "publications"),
            "$.manifest.events.publications",
            "names no event; say which ones with --campaign FILE or --event NAME",
        ),
        (
            without("events", "endpoint"),
            "$.manifest.events.endpoint.uri",
            "is not there; the function that takes the requests takes them",
        ),
    ],
)
def test_each_part_that_is_missing_is_told(document: object, path: str, lacks: str) -> None:
    assert lacking(document) == {path: lacks}


@pytest.mark.parametrize("event", SKILL_EVENTS)
def test_each_of_the_seven_skill_events_is_needed(event: str) -> None:
    document = deepcopy(WHOLE)
    document["manifest"]["events"]["subscriptions"].remove({"eventName": event})
    assert lacking(document) == {"$.manifest.events.subscriptions": f"lacks {event}"}
    assert joined(requirements(document)) == {
        "manifest": {"events": {"subscriptions": [{"eventName": event}]}}
    }


def test_an_event_that_is_sent_has_to_be_published() -> None:
    weather = "AMAZON.WeatherAlert.Activated"
    assert lacking(WHOLE, ORDERS, weather) == {"$.manifest.events.publications": f"lacks {weather}"}


def test_a_region_with_a_function_of_its_own_gets_its_skill_events_there() -> None:
    document = deepcopy(WHOLE)
    european = {"endpoint": {"uri": ARN.replace("us-east-1", "eu-west-1")}}
    document["manifest"]["apis"]["custom"]["regions"] = {"EU": european, "NA": {}}
    assert lacking(document) == {
        "$.manifest.events.regions.EU.endpoint.uri": ("is not there, so they go to the default one")
    }
    assert joined(requirements(document)) == {"manifest": {"events": {"regions": {"EU": european}}}}


def test_before_there_is_a_function_nobody_can_say_the_endpoint() -> None:
    (endpoint,) = [
        each for each in requirements({"manifest": {}}, [ORDERS]) if each.path.endswith("uri")
    ]
    assert endpoint.lacks.startswith("is not there: it is the ARN of the skill's function")
    assert endpoint.add is None


@pytest.mark.parametrize("apis", [{}, {"custom": {"endpoint": {"uri": "arn:aws:lambda:theirs"}}}])
def test_without_an_endpoint_nothing_of_events_is_written(write: Write, apis: object) -> None:
    folder = write({"manifest": {"apis": apis}})
    run = yellowring("skill-package", "check", str(folder), "--event", "OrderStatus", "--fix")
    assert run.status == 1
    written = json.loads((folder / "skill.json").read_text())
    assert written == {"manifest": {"apis": apis, "permissions": [{"name": PERMISSION}]}}
    assert "leave events out, for Alexa takes none without an endpoint" in run.err


def test_the_whole_endpoint_is_copied() -> None:
    web = {"uri": "https://skill.their.example/alexa", "sslCertificateType": "Wildcard"}
    document = without("events", "endpoint")
    document["manifest"]["apis"]["custom"] = {
        "endpoint": web,
        "regions": {"EU": {"endpoint": {**web, "uri": "https://eu.their.example"}}},
    }
    assert (
        joined(requirements(document))["manifest"]["events"]
        == document["manifest"]["apis"]["custom"]
    )


@pytest.mark.parametrize(
    "uri",
    [
        "theirs",
        "arn:aws:lambda:us-east-1:1234:function:theirs",
        "arn:aws:lambda:eu-central-1:123456789012:function:theirs",
        "arn:aws:sqs:us-east-1:123456789012:theirs",
        f"{ARN}:live:2",
        "http://their.example",
        "https://localhost/alexa",
        "https://their.example:8443",
    ],
)
def test_an_endpoint_that_alexa_cannot_call_is_a_finding(uri: str) -> None:
    document = deepcopy(WHOLE)
    european = {"EU": {"endpoint": {"uri": uri}}}
    for part in (document["manifest"]["apis"]["custom"], document["manifest"]["events"]):
        part |= {"endpoint": {"uri": uri}, "regions": european}
    lacks = lacking(document)
    assert set(lacks) == {
        f"$.manifest.{part}.{place}.uri"
        for part in ("events", "apis.custom")
        for place in ("endpoint", "regions.EU.endpoint")
    }
    assert all("right is arn:aws:lambda:REGION" in each for each in lacks.values())


@pytest.mark.parametrize(
    "uri", [f"{ARN}:live", "https://their.example:443/a?b", "https://a.b.example", "${ARN}"]
)
def test_an_endpoint_that_alexa_can_call_is_none(uri: str) -> None:
    document = deepcopy(WHOLE)
    document["manifest"]["events"]["endpoint"]["uri"] = uri
    assert lacking(document) == {}


def test_a_region_whose_function_cannot_be_right_is_not_copied() -> None:
    document = deepcopy(WHOLE)
    document["manifest"]["apis"]["custom"]["regions"] = {"EU": {"endpoint": {"uri": "theirs"}}}
    assert len(lacking(document)) == 2
    assert joined(requirements(document)) == {}


def test_an_event_that_does_not_exist_cannot_be_published() -> None:
    document = deepcopy(WHOLE)
    document["manifest"]["events"]["publications"].append(
        {"eventName": "AMAZON.OrderStats.Updated"}
    )
    found = lacking(document)["$.manifest.events.publications"]
    assert found == f'has "AMAZON.OrderStats.Updated", which is no event: did you mean {ORDERS}?'
    document["manifest"]["events"]["publications"] = [{"eventName": 5}]
    found = lacking(document, ORDERS)["$.manifest.events.publications"]
    assert found.startswith(f"lacks {ORDERS}; has 5, which is no event; there are AMAZON.")


@pytest.mark.parametrize(
    ("document", "path", "lacks"),
    [
        ([], "$", f"is a list; {RIGHT}"),
        ({"manifest": 5}, "$.manifest", f"is 5; {RIGHT}"),
        ({}, "$.manifest", f"is not there, the file has nothing; {RIGHT}"),
        (
            {"skillManifest": {}},
            "$.manifest",
            f'is not there, the file has "skillManifest"; {RIGHT}',
        ),
        (
            {"manifest": {"permissions": {}}},
            "$.manifest.permissions",
            "is an object; it must be a list of objects with name",
        ),
        (
            {"manifest": {"events": []}},
            "$.manifest.events",
            "is a list; it must be an object",
        ),
        (
            {"manifest": {"events": {"publications": 5}}},
            "$.manifest.events.publications",
            "is 5; it must be a list of objects with eventName",
        ),
        (
            {"manifest": {"events": {"subscriptions": "SKILL_ENABLED"}}},
            "$.manifest.events.subscriptions",
            'is "SKILL_ENABLED"; it must be a list of objects with eventName',
        ),
    ],
)
def test_a_part_of_another_kind_is_told_with_what_it_must_be(
    document: object, path: str, lacks: str
) -> None:
    assert lacking(document)[path] == lacks


def test_names_that_are_no_names_count_for_nothing() -> None:
    document: Any = {"manifest": {"permissions": [None, {"name": {}}, {"name": ["x"]}, PERMISSION]}}
    assert lacking(document)["$.manifest.permissions"] == f"lacks {PERMISSION}"


def test_amazons_own_model_knows_every_name() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        from ask_smapi_model.v1.skill.manifest.event_name_type import EventNameType
        from ask_smapi_model.v1.skill.manifest.permission_name import PermissionName
    assert PERMISSION in {each.value for each in PermissionName}
    assert set(SKILL_EVENTS) <= {each.value for each in EventNameType}


# ---- the command ----


def test_a_whole_package_is_ok_and_each_part_is_told(write: Write) -> None:
    run = yellowring("skill-package", "check", str(write(WHOLE)), "--event", "OrderStatus")
    assert run.status == 0
    file = write(WHOLE) / "skill.json"
    assert run.out.splitlines()[0] == (
        f"{file}: ok, $.manifest.permissions has the permission that customers are asked for"
    )
    assert len(run.out.splitlines()) == 4
    assert "account linking" in run.err


def test_what_is_missing_is_told_with_its_line_and_printed_to_be_added(write: Write) -> None:
    folder = write(without("events"))
    run = yellowring("skill-package", "check", str(folder), "--event", "OrderStatus")
    assert run.status == 1
    assert f"{folder}/skill.json:2: $.manifest.events.publications lacks {ORDERS}" in run.err
    _, _, fragment = run.out.partition("\n")
    assert json.loads(fragment)["manifest"]["events"]["publications"] == [{"eventName": ORDERS}]


def test_the_document_holds_every_requirement_and_all_that_is_to_be_added(write: Write) -> None:
    run = yellowring("skill-package", "check", str(write(without("permissions"))), "--json")
    assert run.status == 1
    assert run.document["complete"] is False
    assert run.document["add"] == {"manifest": {"permissions": [{"name": PERMISSION}]}}
    assert run.document["requirements"][0] == {
        "path": "$.manifest.permissions",
        "purpose": "the permission that customers are asked for",
        "complete": False,
        "lacks": f"lacks {PERMISSION}",
        "add": {"manifest": {"permissions": [{"name": PERMISSION}]}},
        "line": 2,
    }


def test_campaigns_say_which_events_are_sent(write: Write) -> None:
    campaign = str(ROOT / "examples" / "campaigns" / "weather-alert.json")
    run = yellowring("skill-package", "check", str(write(WHOLE)), "--campaign", campaign)
    assert run.status == 1
    assert "lacks AMAZON.WeatherAlert.Activated" in run.err


def test_a_campaign_that_is_not_right_is_told_and_nothing_else(write: Write) -> None:
    folder = write(WHOLE)
    (folder / "campaign.json").write_text("{}")
    run = yellowring("skill-package", "check", str(folder), "--campaign", f"{folder}/campaign.json")
    assert (run.status, run.out) == (1, "")
    assert "campaign.json:1: $" in run.err


def test_an_event_that_does_not_exist_is_told(write: Write) -> None:
    run = yellowring("skill-package", "check", str(write(WHOLE)), "--event", "OrderStats")
    assert run.status != 0
    assert "OrderStatus" in run.err


def test_fixing_writes_what_lacks_and_leaves_all_else_as_it_is(write: Write) -> None:
    before = deepcopy(BARE)
    before["manifest"]["publishingInformation"] = {"category": "FOOD", "name": "Käse 🧀"}
    before["manifest"]["permissions"] = [{"name": "alexa::profile:email:read"}]
    folder = write(before)
    run = yellowring("skill-package", "check", str(folder), "--event", "OrderStatus", "--fix")
    assert run.status == 0
    assert "skill.json: written" in run.out
    written = (folder / "skill.json").read_text(encoding="utf-8")
    assert "Käse 🧀" in written
    after = json.loads(written)
    assert after["manifest"].pop("events") == WHOLE["manifest"]["events"]
    assert after["manifest"]["permissions"].pop() == {"name": PERMISSION}
    assert after == before
    again = yellowring("skill-package", "check", str(folder), "--fix")
    assert again.status == 0
    assert "written" not in again.out


@pytest.mark.parametrize("indent", [2, 4, "\t"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_fixing_keeps_the_indentation_and_the_end_of_the_file(
    write: Write, indent: int | str, end: str
) -> None:
    folder = write(json.dumps(without("permissions"), indent=indent) + end)
    assert yellowring("skill-package", "check", str(folder), "--fix").status == 0
    text = (folder / "skill.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=indent) + end


def test_fixing_indents_by_two_what_is_written_in_no_such_manner(write: Write) -> None:
    folder = write(json.dumps(without("permissions")))
    assert yellowring("skill-package", "check", str(folder), "--fix").status == 0
    text = (folder / "skill.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2)


def test_fixing_writes_what_amazons_model_of_a_manifest_takes(write: Write) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        from ask_sdk_core.serialize import DefaultSerializer

        serializer = DefaultSerializer()
        folder = write(BARE)
        yellowring("skill-package", "check", str(folder), "--event", "OrderStatus", "--fix")
        text = (folder / "skill.json").read_text(encoding="utf-8")
        kind = "ask_smapi_model.v1.skill.manifest.skill_manifest_envelope.SkillManifestEnvelope"
        assert serializer.serialize(serializer.deserialize(text, kind)) == json.loads(text)


def test_fixing_leaves_what_a_person_has_to_say(write: Write) -> None:
    document = {"manifest": {**WHOLE["manifest"], "events": ["mine"]}}
    folder = write(document)
    run = yellowring("skill-package", "check", str(folder), "--fix")
    assert run.status == 1
    assert json.loads((folder / "skill.json").read_text()) == document
    assert "written" not in run.out
    assert "$.manifest.events is a list; it must be an object" in run.err


def test_notes_say_what_a_person_should_know(write: Write) -> None:
    document = deepcopy(WHOLE)
    document["manifest"]["events"]["endpoint"]["uri"] += "-events"
    document["manifest"]["publishingInformation"] = {"locales": {"en-US": {}, "de-DE": {}}}
    document["manifest"]["privacyAndCompliance"] = {
        "locales": {"de-DE": {"privacyPolicyUrl": "https://their.example"}}
    }
    run = yellowring("skill-package", "check", str(write(document)), "--json")
    assert run.status == 0
    other_function, privacy, _ = run.document["notes"]
    assert "has to be wrapped too" in other_function
    assert "has no privacyPolicyUrl for en-US: " in privacy


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{\n  "manifest": {"a" 1}}', "line 2: "),
        ('{"manifest": {}, "manifest": {}}', "skill.json:1: $.manifest"),
        ("", "line 1: "),
    ],
)
def test_a_file_that_is_no_json_is_told_with_its_line(
    write: Write, content: str, said: str
) -> None:
    run = yellowring("skill-package", "check", str(write(content)), "--fix")
    assert (run.status, run.out) == (1, "")
    assert said in run.err
    assert (write(content) / "skill.json").read_text() == content


def test_a_folder_without_a_manifest_is_told(tmp_path: Path) -> None:
    run = yellowring("skill-package", "check", str(tmp_path))
    assert (run.status, run.out) == (1, "")
    assert "skill.json: $: cannot be read" in run.err
    assert "name the folder that holds skill.json" in run.err
