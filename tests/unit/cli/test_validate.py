from __future__ import annotations

import codecs
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.cli.files.documents import LARGEST
from yellowring_tools.cli.files.examples import example_campaign

from tests.unit.cli.running import yellowring

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
RIGHT = """{
  "name": "snow",
  "event": {
    "name": "AMAZON.WeatherAlert.Activated",
    "payload": {"weatherAlert": {"source": "Weather Desk", "alertType": "SNOW_STORM"}}
  }
}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], str]:
    """Write campaign.json in an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def to_file(content: str | bytes) -> str:
        raw = content if isinstance(content, bytes) else content.encode()
        Path("campaign.json").write_bytes(raw)
        return "campaign.json"

    return to_file


type Writer = Callable[[str | bytes], str]


def test_a_right_campaign_is_ok(write: Writer) -> None:
    run = yellowring("validate", write(RIGHT))
    assert (run.status, run.err) == (0, "")
    assert run.out == "campaign.json: ok, snow sends AMAZON.WeatherAlert.Activated\n"


def test_what_is_made_by_an_event_source_is_told(write: Writer) -> None:
    event = {"name": "AMAZON.WeatherAlert.Activated"}
    document = {"name": "daily", "event": event, "content": "digest"}
    run = yellowring("validate", write(json.dumps(document)))
    assert (run.status, run.err) == (0, "")
    assert "made for each customer by its stack's event source 'digest'" in run.out


def test_a_content_that_names_no_event_source_is_told_with_what_it_would_be(write: Writer) -> None:
    document = json.loads(RIGHT) | {"content": "my digest"}
    run = yellowring("validate", write(json.dumps(document)))
    assert run.status == 1
    assert "$.content: must be the name of an event source that is registered" in run.err


def test_an_empty_list_of_texts_is_as_right_as_none(write: Writer) -> None:
    run = yellowring(
        "validate", write(RIGHT.replace('"snow"', '"snow", "localizedAttributes": []'))
    )
    assert (run.status, run.err) == (0, "")


def test_a_problem_is_told_with_file_line_path_and_what_was_meant(write: Writer) -> None:
    run = yellowring("validate", write(RIGHT.replace("SNOW_STORM", "SNOWSTORM")))
    assert (run.status, run.out) == (1, "")
    assert run.err == (
        'campaign.json:5: $.event.payload.weatherAlert.alertType: "SNOWSTORM" is not one of '
        "TORNADO, HURRICANE, SNOW_STORM, THUNDER_STORM (did you mean SNOW_STORM?)\n"
    )


def test_what_is_missing_is_told_on_the_line_of_what_it_is_missing_from(write: Writer) -> None:
    run = yellowring("validate", write(RIGHT.replace('"alertType": "SNOW_STORM"', '"alert": 1')))
    assert run.status == 1
    assert {line.split(" ")[0] for line in run.err.splitlines()} == {"campaign.json:5:"}


def deep(depth: int) -> str:
    return "[" * depth + "]" * depth


ATTRIBUTES = "$.localizedAttributes"
ALERT = "$.event.payload.weatherAlert"


@pytest.mark.parametrize(
    ("right", "wrong", "line", "path", "reason"),
    [
        ('"snow",', '"snow"', 3, "$", "must go on with a comma"),
        ('STORM"}', 'STORM",}', 5, ALERT, "take it out"),
        ('"snow"', "'snow'", 2, "$.name", "JSON's are double"),
        ('"snow"', "None", 2, "$.name", "true, false and null"),
        ('"snow"', "NaN", 2, "$.name", 'found "NaN"'),
        ('"name": "snow"', "// the name", 2, "$", "a comment"),
        ('"snow"', '"snow', 2, "$.name", "not JSON"),
        ('"snow"', "9" * 5000, 2, "$.name", "at most 40 characters"),
        ('"snow"', '"snow", "name": "ice"', 2, "$.name", "given twice, first on line 2"),
        ('"Weather Desk"', '"\\ud83d desk"', 5, f"{ALERT}.source", "surrogate"),
        ('"snow"', '"snow", "localizedAttributes": {}', 2, ATTRIBUTES, "a list"),
        ('"Weather Desk"', deep(20), 5, f"{ALERT}.source", "a list of 1"),
    ],
)
def test_a_slip_is_told_with_line_path_and_reason(
    write: Writer, right: str, wrong: str, line: int, path: str, reason: str
) -> None:
    assert right in RIGHT
    refused(write(RIGHT.replace(right, wrong)), line, path, reason)


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("", 1, "found the end of the text"),
        ("name: snow", 1, 'found "name"'),
        (RIGHT[:-3], 6, "comma or }"),
        (RIGHT + "{}", 8, "more text"),
        ("[" + RIGHT + "]", 1, "a campaign is an object, found a list"),
        ('"campaign"', 1, "a campaign is an object"),
        (deep(100), 1, "nests deeper"),
        (deep(100_000), 1, "nests deeper"),
        (codecs.BOM_UTF8 + RIGHT.encode(), 1, "byte order mark"),
        (RIGHT.encode("utf-16"), 1, "UTF-16"),
        (RIGHT.encode().replace(b"Desk", b"D\xe9sk"), 5, "byte 0xe9"),
    ],
)
def test_what_is_no_campaign_at_all_is_told_with_line_and_reason(
    write: Writer, content: str | bytes, line: int, reason: str
) -> None:
    refused(write(content), line, "$", reason)


def refused(file: str, line: int, path: str, reason: str) -> None:
    run = yellowring("validate", file)
    assert (run.status, run.out) == (1, "")
    assert any(
        told.startswith(f"{file}:{line}: {path}: ") and reason in told
        for told in run.err.splitlines()
    ), run.err


def test_a_large_file_is_refused_with_the_limit(write: Writer) -> None:
    run = yellowring("validate", write(RIGHT + " " * 1024 * 1024))
    most = f"is larger than the {LARGEST:,} bytes that a schedule can carry"
    assert (run.status, run.err) == (1, f"campaign.json: $: {most}\n")


def test_a_file_that_is_not_there_is_told(write: Writer) -> None:
    run = yellowring("validate", write(RIGHT), "missing.json")
    assert run.status == 1
    assert run.err == "missing.json: $: cannot be read: No such file or directory\n"
    assert "campaign.json: ok" in run.out


def test_the_campaign_may_come_from_the_standard_input(write: Writer) -> None:
    write("")
    run = yellowring("validate", "-", stdin=RIGHT.encode())
    assert (run.status, run.out) == (0, "-: ok, snow sends AMAZON.WeatherAlert.Activated\n")


def test_findings_as_json(write: Writer) -> None:
    run = yellowring("validate", "--json", write(RIGHT.replace("SNOW_STORM", "SNOWSTORM")))
    assert (run.status, run.err) == (1, "")
    (checked,) = run.document
    assert (checked["file"], checked["valid"], checked["warnings"]) == ("campaign.json", False, [])
    (problem,) = checked["problems"]
    assert problem["path"] == "$.event.payload.weatherAlert.alertType"
    assert (problem["line"], problem["found"]) == (5, '"SNOWSTORM"')
    assert problem["suggestion"] == "did you mean SNOW_STORM?"
    assert "SNOW_STORM" in problem["allowed"]


def test_a_user_id_in_a_file_is_not_repeated(write: Writer) -> None:
    user_id = "amzn1.ask.account.SECRETCUSTOMER"
    document: dict[str, Any] = json.loads(RIGHT)
    document |= {"audience": {"type": "users", "userIds": [user_id, user_id, 3]}, user_id: 1}
    document["event"]["payload"]["weatherAlert"]["alertType"] = user_id
    run = yellowring("validate", write(json.dumps(document)))
    assert run.status == 1
    assert len(run.err.splitlines()) == 4
    assert "SECRETCUSTOMER" not in run.err


def manifest(*event_names: str, locales: tuple[str, ...] = ()) -> str:
    publications = [{"eventName": name} for name in event_names]
    publishing = {"locales": {locale: {"name": "Yellow Ring"} for locale in locales}}
    return json.dumps(
        {
            "manifest": {
                "events": {"publications": publications},
                "publishingInformation": publishing,
            }
        }
    )


def test_an_event_that_the_manifest_does_not_publish_is_a_warning(write: Writer) -> None:
    Path("skill-package").mkdir()
    Path("skill-package/skill.json").write_text(manifest("AMAZON.Occasion.Updated"))
    run = yellowring("validate", write(RIGHT))
    assert run.status == 0
    assert "$.event.name: is not in events.publications of skill-package/skill.json" in run.err


def test_an_event_that_the_manifest_publishes_is_no_warning(write: Writer) -> None:
    Path("skill.json").write_text(manifest("AMAZON.WeatherAlert.Activated"))
    run = yellowring("validate", write(RIGHT), "--manifest", "skill.json")
    assert (run.status, run.err) == (0, "")


def localized(*locales: str, **more: object) -> str:
    document: dict[str, Any] = json.loads(RIGHT) | more
    document["event"]["payload"]["weatherAlert"]["source"] = "localizedattribute:desk"
    texts = [{"locale": locale, "desk": "Weather Desk"} for locale in locales]
    return json.dumps(document | {"localizedAttributes": texts})


WEATHER = "AMAZON.WeatherAlert.Activated"
SKILL = manifest(WEATHER, locales=("en-US", "de-DE", "fr-FR"))


@pytest.mark.parametrize(
    ("campaign", "silent"),
    [
        (RIGHT, None),
        (localized("en-US", "de-DE", "fr-FR", "it-IT"), None),
        (localized("en-US", "fr-FR"), "has no texts for de-DE, a locale of skill.json"),
        (localized("it-IT"), "has no texts for en-US, de-DE, fr-FR, locales of skill.json"),
        (localized("en-US", where={"locale": "en-US"}), None),
        (localized("en-US", where={"locale": ["en-US", "fr-FR"]}), "no texts for fr-FR, a locale"),
        (localized("en-US", where={"locale": {"not": "fr-FR"}}), "no texts for de-DE, fr-FR"),
    ],
)
def test_customers_of_the_manifests_locales_who_would_get_no_ring_are_a_warning(
    write: Writer, campaign: str, silent: str | None
) -> None:
    Path("skill.json").write_text(SKILL)
    run = yellowring("validate", write(campaign), "--manifest", "skill.json")
    assert run.status == 0
    if silent is None:
        assert run.err == ""
    else:
        assert run.err.startswith("campaign.json: $.localizedAttributes: has no texts for ")
        assert silent in run.err
        assert "customers there get no notification [warning]" in run.err


@pytest.mark.parametrize("locales", [("en-US",), ("en-US", "en-GB")])
def test_an_event_for_one_locale_alone_is_warned_of_by_the_manifests_others(
    write: Writer, locales: tuple[str, ...]
) -> None:
    name = "AMAZON.SocialGameInvite.Available"
    Path("skill.json").write_text(manifest(name, locales=locales))
    campaign = example_campaign(name)
    campaign["event"]["payload"]["game"]["name"] = "Word Harbor"
    del campaign["localizedAttributes"]
    run = yellowring("validate", write(json.dumps(campaign)), "--manifest", "skill.json")
    assert run.status == 0
    assert ("is for en-US alone" in run.err) is ("en-GB" in locales)


@pytest.mark.parametrize("content", [None, "", "{}", '{"manifest": {"events": []}}'])
def test_a_manifest_that_tells_nothing_is_an_error(write: Writer, content: str | None) -> None:
    if content is not None:
        Path("skill.json").write_text(content)
    run = yellowring("validate", write(RIGHT), "--manifest", "skill.json")
    assert run.status == 1
    assert run.err.startswith("error: skill.json")


def test_the_command_never_ends_in_a_traceback(write: Writer) -> None:
    for content in (b"\xff\xfe\x00", deep(200_000).encode(), b'{"name": "\\ud800"}', b"\x00"):
        run = subprocess.run(
            [sys.executable, "-m", "yellowring_tools.cli.main", "validate", write(content)],
            capture_output=True,
            text=True,
            check=False,
            env={"PYTHONPATH": f"{ROOT}:{ROOT / 'lambda'}"},
        )
        assert run.returncode == 1
        assert "Traceback" not in run.stderr
        assert re.match(r"campaign\.json(:1)?: \$", run.stderr)
