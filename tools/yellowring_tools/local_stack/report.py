"""What the demonstration found: every customer's state, what they heard, the run, the checks."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from rich.table import Table
from yellowring.subscribers import subscribed_events
from yellowring.subscribers.items import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console


@dataclass(frozen=True, slots=True)
class CustomerReport:
    """One person: the story, our record, Alexa's view, and what was received."""

    name: str
    region: str
    story: str
    record: str
    alexa: str
    heard: tuple[str, ...]
    should_ring: bool
    user_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that had to hold."""

    what: str
    expected: Any
    found: Any

    @property
    def ok(self) -> bool:
        """Whether it does."""
        return bool(self.expected == self.found)


@dataclass(slots=True)
class Report:
    """The whole of it; ``document()`` is its JSON."""

    scheduled_time: str
    skill_events: dict[str, int]
    run: dict[str, Any]
    run_after_second_firing: dict[str, Any]
    requests: dict[str, Any]
    customers: list[CustomerReport]
    checks: list[Check] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)

    def document(self) -> dict[str, Any]:
        """Return the report as a JSON document."""
        checks = [{**asdict(check), "ok": check.ok} for check in self.checks]
        return {"ok": self.ok, **asdict(self), "checks": checks}


def plain_run(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what people want to know of a run's item, in plain types."""
    deserialize = TypeDeserializer().deserialize
    run = {name: deserialize(value) for name, value in item.items()}
    counts = {name: int(count) for name, count in run["counts"].items()}
    return {"runId": run["runId"], "status": run["status"], "counts": counts}


def in_force(item: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the subscriptions that a record says are in force: newer than the last disabling."""
    return tuple(sorted(subscribed_events(load(item)))) if item else ()


def describe_record(item: Mapping[str, Any] | None) -> str:
    """Say in a few words what a record holds."""
    if item is None:
        return "none"
    record = load(item)
    if not record.registers and not record.attributes:
        return "tombstone"
    subscribed = in_force(item)
    if subscribed:
        return f"subscribed to {', '.join(map(short, subscribed))}"
    if record.list("subscriptions"):
        return "disabled since it subscribed"
    return "not subscribed"


def short(event_name: str) -> str:
    """Return an event's name without what all of them share: ``WeatherAlert``."""
    return event_name.removeprefix("AMAZON.").partition(".")[0]


def show(report: Report, console: Console) -> None:
    """Print the report."""
    console.print()
    console.print(_customers(report))
    counts = ", ".join(f"{n} {name}" for name, n in report.run["counts"].items())
    console.print(f"Run [bold]{report.run['runId']}[/] {report.run['status']}: {counts}")
    events = report.skill_events
    console.print(
        f"Skill events: {events['delivered']} made, {events['attempts']} deliveries, shuffled; "
        f"{events['failed']} failed"
    )
    console.print()
    for check in report.checks:
        mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
        console.print(f"{mark} {check.what}", highlight=False)
        if not check.ok:
            console.print(f"    expected {check.expected!r}\n    found    {check.found!r}")


def _customers(report: Report) -> Table:
    table = Table(title="The customers, and what Alexa had for each")
    for column in (
        "",
        "Customer",
        "What they did",
        "Our record",
        "Alexa's view",
        "What they heard",
    ):
        table.add_column(column, overflow="fold")
    for each in report.customers:
        table.add_row(
            "[yellow]●[/]" if each.heard else "[dim]○[/]",
            f"{each.name} ({each.region})",
            each.story,
            each.record,
            each.alexa,
            "\n".join(each.heard) or "[dim]nothing[/]",
        )
    return table
