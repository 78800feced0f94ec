from __future__ import annotations

import json
import os
import shutil
import threading
from datetime import UTC, datetime
from functools import reduce
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from yellowring.sender.campaign import parse_campaign
from yellowring.sender.run.request import parse_run_request
from yellowring.subscribers import Disabled, Erased, Record, RegisterChange
from yellowring.subscribers.items import dump
from yellowring.subscribers.record import join
from yellowring_tools.local_stack import web
from yellowring_tools.local_stack.demo import planned_firing
from yellowring_tools.local_stack.deployment import Build, fingerprint
from yellowring_tools.local_stack.environments import (
    aws_environment,
    new_keys,
    server_environment,
    tool_environment,
)
from yellowring_tools.local_stack.progress import Progress
from yellowring_tools.local_stack.report import (
    Check,
    Report,
    describe_record,
    in_force,
    plain_run,
    show,
)
from yellowring_tools.local_stack.schedule import run_id
from yellowring_tools.local_stack.story import CAMPAIGN, PEOPLE, Act, play
from yellowring_tools.local_stack.workspace import running_stacks, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from yellowring.subscribers.changes import Change

NOW = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)


def test_a_developers_aws_account_reaches_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    for environment in (server_environment, tool_environment):
        made = environment(aws_environment("http://127.0.0.1:1", new_keys()))
        assert "AWS_PROFILE" not in made
        assert "AWS_SESSION_TOKEN" not in made
        assert made["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
        assert made["AWS_CONFIG_FILE"] == made["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_tools_keep_the_machines_proxies_but_go_directly_to_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", "example.org")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    made = tool_environment({})
    assert made["HTTPS_PROXY"] == "http://proxy:3128"
    assert made["NO_PROXY"] == "example.org,127.0.0.1,localhost"
    assert "PYTHONPATH" not in made


def test_a_running_stack_keeps_its_directory_and_a_crashed_ones_is_removed(tmp_path: Path) -> None:
    crashed = tmp_path / "stacks" / "demo-crashed"
    crashed.mkdir(parents=True)
    (crashed / "lock").touch()
    with workspace("run", tmp_path) as first, workspace("demo", tmp_path) as second:
        assert not crashed.exists()
        assert first.temporary.is_dir()
        assert {each.name for each in running_stacks(tmp_path)} == {
            first.path.name,
            second.path.name,
        }
    assert running_stacks(tmp_path) == []


def test_the_logs_stay_until_the_next_stack_and_the_temporary_files_do_not(tmp_path: Path) -> None:
    with workspace("demo", tmp_path) as used:
        (used.logs / "emulator.log").write_text("why it failed")
        (used.temporary / "big").touch()
    assert (used.logs / "emulator.log").exists()
    assert not used.temporary.exists()
    with workspace("demo", tmp_path):
        assert not used.path.exists()


def test_nobody_else_reads_the_note_of_a_stack_with_its_keys(tmp_path: Path) -> None:
    with workspace("run", tmp_path) as used:
        assert used.path.stat().st_mode & 0o077 == 0


def test_each_stack_has_keys_of_its_own_that_no_log_shows() -> None:
    one, other = new_keys(), new_keys()
    assert one.access_key_id != other.access_key_id
    assert one.secret_access_key != other.secret_access_key
    assert one.access_key_id not in repr(one)
    assert one.secret_access_key not in repr(one)


def test_temporary_files_are_held_in_memory_where_there_is_plenty_and_leave_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    free = shutil.disk_usage(memory).free
    monkeypatch.setattr("yellowring_tools.local_stack.workspace.PLENTY", free // 2)
    with workspace("demo", tmp_path, memory) as used:
        (used.temporary / "big").touch()
        (held,) = memory.iterdir()
        assert (held / "big").exists()
    assert list(memory.iterdir()) == []
    crashed = tmp_path / "stacks" / "demo-crashed"
    crashed.mkdir()
    (memory / "left").mkdir()
    (crashed / "tmp").symlink_to(memory / "left")
    monkeypatch.setattr("yellowring_tools.local_stack.workspace.PLENTY", free * 2)
    with workspace("demo", tmp_path, memory) as used:
        assert list(memory.iterdir()) == []
        assert not used.temporary.is_symlink()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lambda" / "package").mkdir(parents=True)
    for name in ("lambda/package/app.py", "template.yaml", "uv.lock"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_a_build_is_stale_after_a_change_of_anything_it_is_made_of(project: Path) -> None:
    seen = {fingerprint(project)}
    for changed in ("lambda/package/app.py", "template.yaml", "uv.lock"):
        (project / changed).write_text("changed")
        seen.add(fingerprint(project))
    (project / "lambda" / "package" / "app.py").rename(project / "lambda" / "package" / "main.py")
    seen.add(fingerprint(project))
    assert len(seen) == 5


def test_bytecode_does_not_make_a_build_stale(project: Path) -> None:
    before = fingerprint(project)
    cache = project / "lambda" / "package" / "__pycache__"
    cache.mkdir()
    (cache / "app.cpython-313.pyc").write_text("bytecode")
    assert fingerprint(project) == before


def test_a_build_that_is_current_is_not_started(tmp_path: Path) -> None:
    build = Build("x86_64", tmp_path)
    build.path.mkdir()
    (build.path / "built-from").write_text(fingerprint())
    assert build.start(tmp_path / "logs") is None
    build.finish(None)


def test_the_story_has_customers_of_two_regions_who_do_all_that_customers_can_do() -> None:
    assert len(PEOPLE) >= 8
    assert {person.region for person in PEOPLE} == {"na", "eu"}
    assert {act.action for person in PEOPLE for act in person.acts} == {
        "enable",
        "disable",
        "subscribe",
        "unsubscribe",
        "grant",
        "revoke",
    }
    assert {person.rings for person in PEOPLE} == {True, False}


def test_the_storys_campaign_is_one_the_sender_takes() -> None:
    assert parse_campaign(dict(CAMPAIGN)).name == "storm-warning"


def test_an_act_is_told_in_words() -> None:
    assert str(Act("disable", {"persistence": "NOT_PERSISTED"})) == "disable (data erased)"
    assert str(Act("enable")) == "enable"


class RecordedAlexa:
    """Takes the controls' calls down; an enabling after a disabling gives a new user id."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, str, Mapping[str, object]]] = []

    def add_customer(self, region: str, locale: str) -> str:
        return f"{region}-{locale}"

    def act(self, user_id: str, action: str, body: Mapping[str, object]) -> str:
        left = any(each == (user_id, "disable") for each in ((a, b) for a, b, _ in self.acts))
        self.acts.append((user_id, action, body))
        return f"{user_id}-again" if left and action == "enable" else user_id


def test_acts_are_dated_a_minute_apart_and_a_new_user_id_is_followed() -> None:
    alexa = RecordedAlexa()
    kim = next(person for person in PEOPLE if person.name == "Kim")
    [played] = play(alexa, [kim], NOW.replace(microsecond=0))  # type: ignore[arg-type]
    assert played.user_ids == ["eu-en-GB", "eu-en-GB-again"]
    assert played.user_id == "eu-en-GB-again"
    assert [body["at"] for _, _, body in alexa.acts] == [
        f"2026-11-20T08:5{minute}:00+00:00" for minute in (6, 7, 8, 9)
    ] + ["2026-11-20T09:00:00+00:00"]


def test_the_run_that_is_waited_for_is_the_one_that_the_sender_starts() -> None:
    plan = planned_firing(NOW)
    request = parse_run_request(
        {"campaign": dict(plan.campaign), "scheduledTime": plan.scheduled_time}
    )
    assert run_id("storm-warning", plan.scheduled_time) == request.run_id


def test_the_demonstrations_schedule_fires_once_soon_at_the_time_in_its_input() -> None:
    plan = planned_firing(NOW)
    assert plan.expression == "at(2026-11-20T09:00:15)"
    assert plan.scheduled_time == "2026-11-20T09:00:15Z"
    assert plan.parameters()["ScheduleState"] == "DISABLED"
    assert json.loads(plan.parameters()["Campaign"]) == dict(CAMPAIGN)


def record(*changes: Change) -> dict[str, Any]:
    return dump("customer", reduce(join, changes, Record()))


SUBSCRIBED = RegisterChange("subscriptions", 5, "id", {"AMAZON.WeatherAlert.Activated"})


@pytest.mark.parametrize(
    ("item", "subscriptions", "words"),
    [
        (None, (), "none"),
        (record(RegisterChange("subscriptions", 5, "id")), (), "not subscribed"),
        (record(SUBSCRIBED), ("AMAZON.WeatherAlert.Activated",), "subscribed to WeatherAlert"),
        (record(SUBSCRIBED, Disabled(5)), (), "disabled since it subscribed"),
        (
            record(SUBSCRIBED, Disabled(4)),
            ("AMAZON.WeatherAlert.Activated",),
            "subscribed to WeatherAlert",
        ),
        (record(SUBSCRIBED, Erased(9)), (), "tombstone"),
    ],
)
def test_a_record_is_told_as_what_is_in_force(
    item: dict[str, Any] | None, subscriptions: tuple[str, ...], words: str
) -> None:
    assert in_force(item) == subscriptions
    assert describe_record(item) == words


def test_a_run_is_told_in_plain_types() -> None:
    item = {
        "runId": {"S": "a~1"},
        "status": {"S": "completed"},
        "counts": {"M": {"accepted": {"N": "6"}}},
        "segments": {"M": {}},
    }
    assert plain_run(item) == {"runId": "a~1", "status": "completed", "counts": {"accepted": 6}}


def report(*checks: Check) -> Report:
    run = {"runId": "a~1", "status": "completed", "counts": {"accepted": 6}}
    return Report(
        scheduled_time="2026-11-20T09:00:00Z",
        skill_events={"delivered": 1, "attempts": 2, "failed": 0, "pending": 0},
        run=run,
        run_after_second_firing=run,
        requests={"total": 6},
        customers=[],
        checks=list(checks),
    )


def test_a_report_with_a_failed_check_is_not_ok_and_says_what_was_found() -> None:
    failed = report(Check("it holds", 1, 1), Check("two is one", 1, 2))
    console = Console(record=True, quiet=True, width=100)
    console.quiet = False
    with console.capture() as captured:
        show(failed, console)
    assert not failed.ok
    assert "two is one" in captured.get()
    assert "found    2" in captured.get()
    assert [check["ok"] for check in failed.document()["checks"]] == [True, False]


def test_a_report_is_json() -> None:
    good = report(Check("it holds", (1,), (1,)))
    assert json.loads(json.dumps(good.document()))["ok"] is True


def test_a_step_that_fails_is_marked_and_timed() -> None:
    console = Console(width=80)
    progress = Progress(console)
    with console.capture() as captured, pytest.raises(KeyError), progress.step("Deploy"):
        raise KeyError
    assert captured.get().startswith("✗ Deploy")
    assert "Deploy" in progress.durations


class Refusing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(400 if b"bad" in body else 200)
        self.end_headers()
        self.wfile.write(b'{"error": "no"}' if b"bad" in body else b'{"fine": true}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


def test_a_refusal_tells_the_request_the_status_and_the_reason(server: str) -> None:
    assert web.call("POST", f"{server}/x", {"good": 1}) == {"fine": True}
    with pytest.raises(web.RequestFailed, match=r"POST http://.*/x answered 400: .*no"):
        web.call("POST", f"{server}/x", {"bad": 1})
