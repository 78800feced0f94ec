"""`yellowring send`: start a campaign's run now, or see what it would send."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from yellowring.sender.campaign import Audience, InvalidCampaign, parse_campaign

from cli.documents import Unreadable, check_file, read_text
from cli.invocation import Invocation
from cli.output import AsJson, complain, failure, say_json
from cli.runs import end, load, runs_of
from cli.stacks import Stack, on_stack
from cli.watching import Watch, display

if TYPE_CHECKING:
    from yellowring.sender.campaign import Campaign
    from yellowring.sender.order import Order
    from yellowring.sender.runs import Run

    from cli.advance import Advance


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(send)


@on_stack
def send(
    stack: Stack,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A campaign file; - is the input.")],
    *,
    users: Annotated[
        list[str] | None,
        typer.Option(metavar="ID|@FILE", help="Only this user; @FILE has one id on each line."),
    ] = None,
    multicast: Annotated[
        bool, typer.Option("--multicast", help="One request to all that Alexa has subscribed.")
    ] = False,
    scheduled_time: Annotated[
        str | None, typer.Option(help="ISO 8601; makes the run's id. [the present minute]")
    ] = None,
    run_id: Annotated[str | None, typer.Option(help="Name the run otherwise.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing: show the first requests, and count.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay until the run is over, as runs watch does.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send a campaign to its audience now.

    The run's id is made of the campaign's name and the scheduled time, so that the same command
    twice in a minute rings once.
    """
    campaign = _campaign(file, users or [], multicast=multicast)
    order = _order(campaign, scheduled_time, run_id)
    if dry_run:
        from cli.dry_run import tell  # noqa: PLC0415 - loads the HTTP client

        tell(stack, order, as_json=as_json)
        return
    run = _start(stack, order, watch=watch, as_json=as_json)
    if as_json and not watch:
        say_json(run.document())
    elif run.status == "running":
        complain(f"the run goes on; yellowring runs watch {run.run_id}")
    end(run, as_json=as_json)


def _campaign(file: str, users: list[str], *, multicast: bool) -> Campaign:
    """Read and check the campaign, with the audience that the options give it."""
    if users and multicast:
        complain("error: --users and --multicast are two audiences; give one of them")
        raise typer.Exit(2)
    checked = check_file(file)
    for finding in (*checked.problems, *checked.warnings):
        complain(str(finding))
    if checked.campaign is None:
        raise failure(f"{file} is not sent; yellowring validate {file} checks it again")
    if not users and not multicast:
        return checked.campaign
    audience = Audience("users", _user_ids(users)) if users else Audience("multicast")
    try:
        return parse_campaign(replace(checked.campaign, audience=audience).document())
    except InvalidCampaign as invalid:
        for problem in invalid.problems:
            complain(f"{'--users' if users else file}: {problem}")
        raise failure("nothing is sent") from None


def _user_ids(given: list[str]) -> tuple[str, ...]:
    ids: list[str] = []
    for each in given:
        if not each.startswith("@"):
            ids.append(each)
            continue
        try:
            lines = read_text(each[1:]).splitlines()
        except Unreadable as unreadable:
            raise failure(f"--users: {unreadable}") from None
        ids += [line.strip() for line in lines if line.strip()]
    if not ids:
        raise failure("--users: the file has no user id; it takes one on each line")
    return tuple(ids)


def _order(campaign: Campaign, scheduled_time: str | None, run_id: str | None) -> Order:
    from yellowring.sender.order import InvalidOrder, parse_order  # noqa: PLC0415

    document = {"campaign": campaign.document(), "scheduledTime": scheduled_time, "runId": run_id}
    try:
        return parse_order(document, datetime.now(UTC))
    except InvalidOrder as error:
        options = {"$.scheduledTime": "--scheduled-time", "$.runId": "--run-id"}
        told = str(error)
        for path, option in options.items():
            told = told.replace(path, option)
        raise failure(told) from None


def _start(stack: Stack, order: Order, *, watch: bool, as_json: bool) -> Run:
    """Invoke the sender and show the run while it answers; after that, too, with ``watch``."""
    runs = runs_of(stack)

    def look() -> Run | None:
        try:
            return runs.load(order.run_id)
        except LookupError:
            return None

    began = look()
    complain(f"run {order.run_id} on {stack.where}")
    invocation = Invocation(stack, order)
    try:
        with display(as_json=as_json and watch) as show:
            shown = _show_nothing if as_json and not watch else show
            Watch(look, shown, interval=0.5).until(
                lambda: invocation.failed or (invocation.ended and not watch), invocation
            )
    except KeyboardInterrupt:
        raise failure(
            f"no longer watching; the run goes on if it has begun: runs show {order.run_id}"
        ) from None
    invocation.check()
    if began is not None:
        complain(
            f"this run was started before, at {began.started_at:%Y-%m-%d %H:%M:%S} UTC, and nobody "
            "is notified twice in it; another --scheduled-time or --run-id makes another run"
        )
    return load(runs, order.run_id)


def _show_nothing(_: Advance) -> None:
    """Look on in silence."""
