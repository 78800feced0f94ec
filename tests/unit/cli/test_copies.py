"""`restore` and `subscribers import`: copies of the table, taken into the live one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from yellowring.subscribers import (
    AttributesChange,
    ConcurrentChange,
    Disabled,
    Enabled,
    Erased,
    OutcomeChange,
    Record,
    RegisterChange,
    Subscribers,
    deliverability,
)
from yellowring.subscribers.record import Entry
from yellowring_tools.cli.aws.copies import TakingIn, oldest

from tests.conftest import create_table
from tests.envelopes import WEATHER
from tests.unit.cli.running import Run, yellowring
from tests.unit.subscribers.oracle import found

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from yellowring_tools.cli.aws.stacks import Stack

NOW = datetime.now(UTC)
AT = int(NOW.timestamp() * 1000) - 86_400_000
ADA = "amzn1.ask.account.AAAAAAAAAAAAAAAAAAAAAAAAADA"
BEN = "amzn1.ask.account.BBBBBBBBBBBBBBBBBBBBBBBBBEN"
DOV = "amzn1.ask.account.DDDDDDDDDDDDDDDDDDDDDDDDDOV"
EVE = "amzn1.ask.account.EEEEEEEEEEEEEEEEEEEEEEEEEVE"


def subscribed(at: int = AT) -> RegisterChange:
    return RegisterChange("subscriptions", at, "id", {WEATHER})


@pytest.fixture
def copy(stack: Stack) -> Subscribers:
    """A restored table: Ada and Ben were subscribed, Dov too; Eve has been gone for long."""
    create_table(stack.dynamodb, "restored", "userId")
    restored = Subscribers(stack.dynamodb, "restored")
    for user_id in (ADA, BEN, DOV):
        restored.apply(user_id, subscribed(), RegisterChange("locale", AT, "id", "de-DE"))
    restored.apply(ADA, AttributesChange(AT, "id", {"town": "Köln"}))
    restored.apply(EVE, Enabled(1_000), Disabled(2_000))
    return restored


@pytest.fixture
def live(subscribers: Subscribers) -> Subscribers:
    """Since then Ada was lost, Ben has another locale, and Dov was erased."""
    subscribers.apply(BEN, subscribed(), RegisterChange("locale", AT + 1, "id", "fr-FR"))
    subscribers.apply(DOV, Erased(AT + 1))
    return subscribers


def restore(*more: str, taken_at: datetime | None = None) -> Any:
    at = (taken_at or datetime.now(UTC)).isoformat()
    return yellowring("restore", "--from", "restored", "--taken-at", at, "--json", *more)


def counts(**given: int) -> dict[str, int]:
    none = dict.fromkeys(("added", "changed", "unchanged", "erased", "expired", "failed"), 0)
    return none | given


def test_a_restored_table_is_taken_in_and_newer_records_and_erasures_stay(
    copy: Subscribers, live: Subscribers
) -> None:
    said = restore()
    assert said.status == 0, said.err
    assert said.document == {
        "from": "restored",
        "dryRun": False,
        **counts(added=1, unchanged=1, erased=1, expired=1),
    }
    ada, ben, dov = live.get(ADA), live.get(BEN), live.get(DOV)
    assert ada == copy.get(ADA)
    assert ben
    assert ben.registers["locale"].value == "fr-FR"
    assert dov
    assert dov.is_erased
    assert live.get(EVE) is None


def test_taking_it_in_again_changes_nothing(copy: Subscribers, live: Subscribers) -> None:
    restore()
    said = restore()
    assert said.document | counts(unchanged=2, erased=1, expired=1) == said.document


def test_an_outcome_noted_before_an_erasure_was_told_changes_nothing(
    copy: Subscribers, live: Subscribers
) -> None:
    copy.apply(DOV, OutcomeChange(AT + 2, "run~1", "limited"))  # the erasure is of AT + 1
    for _ in range(2):
        assert restore().document["erased"] == 1
    live.apply(DOV, subscribed(AT + 5_000))
    restore()
    dov = live.get(DOV)
    assert dov is not None
    assert dov.outcomes == {}


def test_a_dry_run_tells_the_same_and_writes_nothing(copy: Subscribers, live: Subscribers) -> None:
    said = restore("--dry-run")
    assert said.document["dryRun"] is True
    assert said.document | counts(added=1, unchanged=1, erased=1, expired=1) == said.document
    assert live.get(ADA) is None


def test_what_the_copy_knows_better_is_changed(copy: Subscribers, live: Subscribers) -> None:
    copy.apply(BEN, AttributesChange(AT, "id", {"town": "Ulm"}))
    assert restore().document["changed"] == 1
    ben = live.get(BEN)
    assert ben
    assert ben.attributes["town"].value == "Ulm"


def test_an_erasure_that_only_the_copy_knows_of_counts(
    copy: Subscribers, live: Subscribers
) -> None:
    copy.apply(BEN, Erased(AT + 5_000))
    restore()
    ben = live.get(BEN)
    assert ben
    assert ben.is_erased


def test_a_copy_older_than_an_erasure_is_remembered_is_refused(
    copy: Subscribers, live: Subscribers
) -> None:
    assert oldest() == timedelta(days=39)
    said = restore(taken_at=NOW - oldest() - timedelta(hours=1))
    assert said.status == 1
    assert "is 39 days old" in said.err
    assert "whoever was erased since would come back" in said.err
    assert live.get(ADA) is None
    young = NOW - oldest() + timedelta(hours=1)
    assert restore("--none-erased", taken_at=young).status == 0


def test_a_copy_of_a_time_to_come_is_refused(copy: Subscribers) -> None:
    said = restore(taken_at=NOW + timedelta(hours=1))
    assert (said.status, "still to come" in said.err) == (1, True)


def test_a_table_that_no_restore_made_needs_its_time(copy: Subscribers) -> None:
    said = yellowring("restore", "--from", "restored")
    assert said.status == 1
    assert "--taken-at 2026-12-24T18:00:00Z" in said.err
    said = yellowring("restore", "--from", "restored", "--taken-at", "yesterday")
    assert (said.status, "with its zone" in said.err) == (1, True)


def test_a_restored_table_tells_its_time_itself_and_the_older_one_counts(
    copy: Subscribers, live: Subscribers, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe = stack.dynamodb.describe_table

    def restored(**request: Any) -> Any:
        answer: Any = describe(**request)
        old = NOW - timedelta(days=50)
        answer["Table"]["RestoreSummary"] = {"RestoreDateTime": old, "RestoreInProgress": False}
        return answer

    monkeypatch.setattr(stack.dynamodb, "describe_table", restored)
    assert "is 50 days old" in yellowring("restore", "--from", "restored").err
    assert "is 50 days old" in restore().err


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ("subscribers", "the stack's own table"),
        ("runs", "holds no customers"),
        ("nowhere", "restore-table-to-point-in-time"),
    ],
)
def test_what_is_no_copy_is_refused(stack: Stack, table: str, hint: str) -> None:
    said = yellowring("restore", "--from", table, "--taken-at", NOW.isoformat())
    assert said.status == 1
    assert hint in said.err


def test_who_is_written_all_the_time_is_told_as_failed(
    copy: Subscribers, live: Subscribers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise ConcurrentChange

    monkeypatch.setattr(Subscribers, "merge", busy)
    said = restore()
    assert (said.status, said.document["failed"]) == (1, 1)
    assert "the same command again" in said.err


def test_no_more_are_read_in_a_second_than_was_asked_for(live: Subscribers) -> None:
    slept: list[float] = []
    taking_in = TakingIn(live, rate=10, clock=lambda: 0.0, sleep=slept.append)
    copies = [(f"amzn1.ask.account.{number}", Record()) for number in range(5)]
    taking_in.all(copies, NOW)
    assert sorted(slept) == pytest.approx([0.1, 0.2, 0.3, 0.4])


# ---- export and import ----


@pytest.fixture
def exported(copy: Subscribers, stack: Stack, tmp_path: Path) -> Path:
    """An export of the copy, and nobody in the live table."""
    file = tmp_path / "customers.jsonl"
    stack.outputs["SubscribersTableName"] = "restored"  # type: ignore[index]
    assert yellowring("subscribers", "export", "-o", str(file)).status == 0
    stack.outputs["SubscribersTableName"] = "subscribers"  # type: ignore[index]
    return file


def test_an_export_is_taken_in_as_it_was(
    exported: Path, copy: Subscribers, subscribers: Subscribers
) -> None:
    said = yellowring("subscribers", "import", str(exported), "--json")
    assert said.status == 0, said.err
    assert said.document | counts(added=3, expired=1) == said.document
    for user_id in (ADA, BEN, DOV):
        there, here = copy.get(user_id), subscribers.get(user_id)
        assert there
        assert here
        assert found(here) == found(there)


def test_an_import_keeps_what_is_newer_and_brings_nobody_back(
    exported: Path, live: Subscribers
) -> None:
    said = yellowring("subscribers", "import", str(exported))
    assert said.status == 0, said.err
    assert "1  erased: were erased since, and stay so" in said.out
    dov = live.get(DOV)
    assert dov
    assert dov.is_erased


def test_an_export_older_than_an_erasure_is_remembered_is_refused(
    exported: Path, subscribers: Subscribers
) -> None:
    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    lines[1]["exportedAt"] = (NOW - oldest() - timedelta(hours=1)).isoformat()
    exported.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = yellowring("subscribers", "import", str(exported))
    assert said.status == 1
    assert "39 days old" in said.err
    assert subscribers.get(ADA) is None


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"userId": ""}, "line 2: $.userId must be there"),
        ({"userId": "amzn1.ask.account.OTHER"}, "line 2: $.item must be the whole record"),
        ({"item": None}, "line 2: $.item must be the whole record"),
        ({"exportedAt": "now"}, "line 2: $.exportedAt must be the time"),
        ({"exportedAt": "2026-11-20T09:00:00"}, "line 2: $.exportedAt must be the time"),
        ({"exportedAt": None}, "line 2: $.exportedAt must be the time"),
    ],
)
def test_a_line_that_is_none_of_an_export_is_told_and_nothing_is_written(
    exported: Path, subscribers: Subscribers, change: dict[str, Any], hint: str
) -> None:
    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    lines[1] |= change
    exported.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = yellowring("subscribers", "import", str(exported))
    assert said.status == 1
    assert hint in said.err
    assert "nothing was written" in said.err
    assert subscribers.get(ADA) is subscribers.get(BEN) is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "is empty"),
        ("{", "line 1 is no JSON"),
        ("[]", "line 1: $ must be an object"),
        (
            '{"userId": "amzn1.ask.account.A", "item": {"userId": {"S": "amzn1.ask.account.A"}, '
            '"locale": "x"}}',
            "line 1: value 2 in $.item must be a value",
        ),
        ('{"userId":' + "[" * 100_000, "line 1 is no JSON"),
        ('{"userId":' + "9" * 5_000 + "}", "line 1 is no JSON"),
    ],
)
def test_a_file_that_is_no_export_is_refused(
    stack: Stack, tmp_path: Path, text: str, hint: str
) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    said = yellowring("subscribers", "import", str(file))
    assert said.status == 1
    assert hint in said.err


def test_a_file_that_is_not_there_is_told(stack: Stack, tmp_path: Path) -> None:
    said = yellowring("subscribers", "import", str(tmp_path / "none"))
    assert (said.status, "cannot be read" in said.err) == (1, True)


# ---- erasures that the live table has no tombstone of ----


EARLIER = NOW - timedelta(hours=1)
"""Before the live table was made."""


def test_a_copy_that_is_older_than_the_live_table_is_refused_unless_it_is_said_who_was_erased(
    copy: Subscribers, subscribers: Subscribers
) -> None:
    said = restore(taken_at=EARLIER)
    assert said.status == 1
    assert "--erased FILE" in said.err
    assert "--none-erased" in said.err
    assert restore("--dry-run", taken_at=EARLIER).status == 1
    assert subscribers.get(ADA) is None
    assert restore("--none-erased", taken_at=EARLIER).document["added"] == 3


def test_an_export_of_a_stack_that_is_gone_is_refused_alike(
    exported: Path, subscribers: Subscribers
) -> None:
    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    earlier = {"exportedAt": EARLIER.isoformat(), "readAt": EARLIER.isoformat()}
    exported.write_text("".join(json.dumps(line | earlier) + "\n" for line in lines))
    said = yellowring("subscribers", "import", str(exported))
    assert (said.status, "--none-erased" in said.err) == (1, True)
    assert subscribers.get(ADA) is None
    assert yellowring("subscribers", "import", str(exported), "--none-erased").status == 0
    assert subscribers.get(ADA)


def test_whoever_is_named_as_erased_stays_out_by_either_id(
    copy: Subscribers, subscribers: Subscribers, tmp_path: Path
) -> None:
    copy.apply(BEN, RegisterChange("customer", AT, "id", "kunde-4711"))
    unknown = "amzn1.ask.account.UNKNOWN"
    file = tmp_path / "erased"
    file.write_text(f"{ADA}\n\nkunde-4711\n{unknown}\n")
    dry = restore("--erased", str(file), "--dry-run", taken_at=EARLIER)
    assert dry.document | counts(added=1, erased=2, expired=1) == dry.document
    assert subscribers.get(unknown) is None
    said = restore("--erased", str(file), taken_at=EARLIER)
    assert said.document | counts(added=1, erased=2, expired=1) == said.document
    for user_id in (ADA, BEN, unknown):
        record = subscribers.get(user_id)
        assert record
        assert record.is_erased


def test_whoever_is_named_as_erased_and_is_here_is_forgotten_too(
    exported: Path, live: Subscribers, tmp_path: Path
) -> None:
    somebody = "amzn1.ask.account.SOMEBODY"
    live.apply(somebody, subscribed(), RegisterChange("customer", AT, "id", "kunde-1"))
    file = tmp_path / "erased"
    file.write_text("kunde-1\n")
    assert yellowring("subscribers", "import", str(exported), "--erased", str(file)).status == 0
    record = live.get(somebody)
    assert record
    assert record.is_erased


@pytest.mark.parametrize(
    ("text", "hint"), [("4711\nfirst second\n", "line 2 must be"), ("\n", "names nobody")]
)
def test_a_list_of_the_erased_that_is_none_is_refused_and_not_repeated(
    copy: Subscribers, live: Subscribers, tmp_path: Path, text: str, hint: str
) -> None:
    file = tmp_path / "erased"
    file.write_text(text)
    said = restore("--erased", str(file))
    assert said.status == 1
    assert hint in said.err
    assert "second" not in said.err
    assert live.get(ADA) is None
    assert restore("--erased", str(file), "--none-erased").status == 1


# ---- what an export may hold ----


LONG = {"M": {"at": {"N": "5"}, "by": {"S": "id"}, "value": {"S": "x" * 450_000}}}


def register(value: object, at: int = AT) -> dict[str, Any]:
    return {"M": {"at": {"N": str(at)}, "by": {"S": "id"}, "value": value}}


@pytest.fixture
def with_item(exported: Path, stack: Stack) -> Callable[..., Run]:
    """Import the export with other values in its last line, and check that nothing was written."""

    def imported(user_id: str = "", **values: object) -> Run:
        lines = [json.loads(line) for line in exported.read_text().splitlines()]
        *lines, last = sorted(lines, key=lambda line: line["userId"] == DOV)
        user_id = user_id or last["userId"]
        last = {**last, "userId": user_id, "item": {**last["item"], "userId": {"S": user_id}}}
        last["item"] |= values
        exported.write_text("".join(json.dumps(line) + "\n" for line in (*lines, last)))
        return yellowring("subscribers", "import", str(exported))

    return imported


@pytest.mark.parametrize(
    "value",
    [
        {"N": "abc"},
        {"N": "nan"},
        {"N": "1e126"},
        {"N": "1" * 39},
        {"N": 5},
        {"ZZ": "secret-town"},
        {"S": 5},
        {"S": "\ud800"},
        {"S": "a", "N": "1"},
        {"B": "no Base64"},
        {"BOOL": "true"},
        {"NULL": False},
        {"SS": []},
        {"SS": ["A", "A"]},
        {"SS": [1, 2]},
        {"SS": [["A"]]},
        {"NS": ["1", "1.0"]},
        {"L": [{"S": 5}]},
        {"M": {"town": 5}},
        register({"SS": ["A", "A"]}),
        LONG,
        {"S": "x" * 450_000},
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_a_value_that_dynamodb_would_refuse_is_told_before_anything_is_written(
    with_item: Callable[..., Run], stack: Stack, value: object
) -> None:
    said = with_item(odd=value)
    assert said.status == 1
    assert "line 4: " in said.err
    assert "nothing was written" in said.err
    assert "secret" not in said.err
    assert stack.dynamodb.scan(TableName="subscribers")["Count"] == 0


def test_what_is_nested_without_end_is_refused(with_item: Callable[..., Run]) -> None:
    value: object = {"S": "a"}
    for _ in range(40):
        value = {"L": [value]}
    assert "nested deeper" in with_item(odd=value).err


@pytest.mark.parametrize("user_id", ["hello", "amzn1.ask.account.\ud800", "x" * 3_000])
def test_a_user_id_that_is_none_of_alexas_is_refused_and_not_repeated(
    with_item: Callable[..., Run], stack: Stack, user_id: str
) -> None:
    said = with_item(user_id)
    assert said.status == 1
    assert "line 4: $.userId must be" in said.err
    assert user_id not in said.err
    assert stack.dynamodb.scan(TableName="subscribers")["Count"] == 0


def test_values_of_every_kind_come_through_an_export_as_they_are(
    with_item: Callable[..., Run], subscribers: Subscribers
) -> None:
    values = {
        "B": "AAEC",
        "BS": ["AAEC"],
        "NS": ["1", "-2500"],
        "L": [{"NULL": True}, {"BOOL": False}, {"N": "0"}],
        "M": {"x": {"SS": ["a", "b"]}},
    }
    said = with_item(**{f"odd{kind}": {kind: value} for kind, value in values.items()})
    assert said.status == 0, said.err
    again = yellowring("subscribers", "export").out.splitlines()
    [line] = [json.loads(line) for line in again if json.loads(line)["userId"] == DOV]
    for kind, value in values.items():
        assert line["item"][f"odd{kind}"] == {kind: value}


MINUTE = 60_000


@pytest.mark.parametrize(("ahead", "status"), [(8 * MINUTE, 0), (12 * MINUTE, 1), (10**17 - AT, 1)])
@pytest.mark.parametrize("kind", ["register", "moment", "attribute", "outcome"])
def test_a_time_from_after_the_export_is_refused(
    with_item: Callable[..., Run], kind: str, ahead: int, status: int
) -> None:
    at = int(datetime.now(UTC).timestamp() * 1000) + ahead
    items: dict[str, dict[str, object]] = {
        "register": {"locale": register({"S": "de-DE"}, at)},
        "moment": {"erasedAt": {"N": str(at)}},
        "attribute": {"attributes": {"M": {"town": register({"S": "Ulm"}, at)}}},
        "outcome": {"outcomes": {"M": {"ref": register({"S": "limited"}, at)}}},
    }
    said = with_item(**items[kind])
    assert said.status == status, said.err
    assert ("later than the export" in said.err) == (status == 1)


def test_an_export_may_take_long_but_its_lines_are_read_after_it_began_and_not_in_the_future(
    exported: Path, subscribers: Subscribers
) -> None:
    def imported(exported_at: datetime, read_at: datetime) -> Run:
        lines = [json.loads(line) for line in exported.read_text().splitlines()]
        times = {"exportedAt": exported_at.isoformat(), "readAt": read_at.isoformat()}
        exported.write_text("".join(json.dumps(line | times) + "\n" for line in lines))
        return yellowring("subscribers", "import", str(exported), "--none-erased")

    now = datetime.now(UTC)
    assert "readAt" in imported(now, now - timedelta(minutes=1)).err
    assert "readAt" in imported(now, now + timedelta(minutes=12)).err
    assert imported(now - timedelta(hours=30), now).status == 0


def test_an_export_is_of_when_it_began(
    copy: Subscribers, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.outputs["SubscribersTableName"] = "restored"  # type: ignore[index]
    hours = iter(range(100))

    class Clock(datetime):
        @classmethod
        def now(cls, _: Any = None) -> Any:
            return NOW + timedelta(hours=next(hours))

    monkeypatch.setattr("yellowring_tools.cli.commands.subscribers.datetime", Clock)
    lines = [json.loads(line) for line in yellowring("subscribers", "export").out.splitlines()]
    assert {each["exportedAt"] for each in lines} == {NOW.isoformat(timespec="seconds")}
    assert len({each["readAt"] for each in lines}) == len(lines)


# ---- restore: a table's age, and whose it is ----


def test_a_table_that_was_restored_once_and_lived_on_is_as_old_as_it_is_said_to_be(
    copy: Subscribers, live: Subscribers, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    describe = stack.dynamodb.describe_table

    def restored(**request: Any) -> Any:
        answer: Any = describe(**request)
        old = NOW - timedelta(days=50)
        answer["Table"]["RestoreSummary"] = {"RestoreDateTime": old, "RestoreInProgress": False}
        return answer

    monkeypatch.setattr(stack.dynamodb, "describe_table", restored)
    until = "--was-live-until"
    assert restore(until, datetime.now(UTC).isoformat()).status == 0
    said = restore(until, (NOW - timedelta(days=45)).isoformat())
    assert "is 45 days old" in said.err
    assert "--was-live-until must be a time" in restore(until, "monday").err


def test_a_copy_that_grows_too_old_while_it_is_taken_in_is_left(live: Subscribers) -> None:
    batches = iter([None, StopAsyncIteration("too old")])

    def still() -> None:
        if error := next(batches):
            raise error

    copies = [(f"amzn1.ask.account.{number}", Record()) for number in range(201)]
    with pytest.raises(StopAsyncIteration):
        TakingIn(live, rate=40_000, dry_run=True, still=still).all(copies, NOW)


def test_a_disable_of_a_copy_counts_though_the_copys_own_time_is_over(
    subscribers: Subscribers,
) -> None:
    old = int((NOW - timedelta(days=366)).timestamp() * 1000)
    subscribers.apply(ADA, subscribed(old - 10_000))
    copy = Record(
        {"subscriptions": Entry(old - 10_000, "id", frozenset({WEATHER}))},
        moments={"disabledAt": old},
    )
    assert TakingIn(subscribers).all([(ADA, copy)], NOW) == {"changed": 1}
    ada = subscribers.get(ADA)
    assert ada
    assert deliverability(ada, WEATHER) == "disabled"


class CloudFormation:
    """Knows one other stack, or may not say."""

    def __init__(self, status: str = "", error: str = "") -> None:
        self.status, self.error = status, error

    def describe_stacks(self, *, StackName: str) -> Any:  # noqa: N803
        if self.error:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": self.error, "Message": message}}, "DescribeStacks")
        return {"Stacks": [{"StackName": "yellow-ring-dev", "StackStatus": self.status}]}


@pytest.mark.parametrize(
    ("cloudformation", "status"),
    [
        (CloudFormation("UPDATE_COMPLETE"), 1),
        (CloudFormation("DELETE_FAILED"), 1),
        (CloudFormation(error="AccessDenied"), 1),
        (CloudFormation("DELETE_COMPLETE"), 0),
        (CloudFormation(error="ValidationError"), 0),
    ],
)
def test_a_table_of_another_stack_is_refused_while_that_stack_is_there(
    copy: Subscribers, live: Subscribers, stack: Stack, cloudformation: CloudFormation, status: int
) -> None:
    stack.__dict__["cloudformation"] = cloudformation
    arn = stack.dynamodb.describe_table(TableName="restored")["Table"]["TableArn"]
    tag = {"Key": "aws:cloudformation:stack-name", "Value": "yellow-ring-dev"}
    stack.dynamodb.tag_resource(ResourceArn=arn, Tags=[tag])  # type: ignore[list-item]
    said = restore()
    assert said.status == status, said.err
    assert ("table of the stack yellow-ring-dev" in said.err) == (status == 1)
    assert (live.get(ADA) is None) == (status == 1)


def test_a_table_whose_tags_may_not_be_read_is_taken_in_with_a_word_about_it(
    copy: Subscribers, live: Subscribers, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(**_: object) -> None:
        error = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
        raise ClientError(error, "ListTagsOfResource")  # type: ignore[arg-type]

    monkeypatch.setattr(stack.dynamodb, "list_tags_of_resource", denied)
    said = restore()
    assert said.status == 0
    assert "dynamodb:ListTagsOfResource" in said.err


def test_whoever_was_not_here_is_told_of_unless_it_was_said_who_was_erased(
    copy: Subscribers, live: Subscribers
) -> None:
    assert "tombstones were lost" in restore("--dry-run").err
    assert "tombstones were lost" not in restore("--none-erased").err
