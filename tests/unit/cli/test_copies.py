"""`restore` and `subscribers import`: copies of the table, taken into the live one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from yellowring.subscribers import (
    AttributesChange,
    ConcurrentChange,
    Disabled,
    Enabled,
    Erased,
    Record,
    RegisterChange,
    Subscribers,
)
from yellowring_tools.cli.aws.copies import TakingIn, oldest

from tests.conftest import create_table
from tests.envelopes import WEATHER
from tests.unit.cli.running import yellowring
from tests.unit.subscribers.oracle import found

if TYPE_CHECKING:
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
            '{"userId": "a", "item": {"userId": {"S": "a"}, "locale": "x"}}',
            "line 1: $.item.locale must be a value",
        ),
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
