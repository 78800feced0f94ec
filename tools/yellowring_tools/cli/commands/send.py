"""`yellowring send`: start a campaign's run now, or see what it would send."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import batched, chain
from typing import TYPE_CHECKING, Annotated

import typer
from yellowring.sender.campaign import Audience, InvalidCampaign, parse_campaign

from yellowring_tools.cli.aws.invocation import conflict, start
from yellowring_tools.cli.aws.stack_runs import end_with, found, lifecycle_of, load, runs_of
from yellowring_tools.cli.aws.stacks import Stack, on_stack
from yellowring_tools.cli.commands.runs import watch_run
from yellowring_tools.cli.files.documents import check_file
from yellowring_tools.cli.files.named import read_customers, read_users
from yellowring_tools.cli.terminal.output import AsJson, complain, counted, failure, say_json
from yellowring_tools.cli.terminal.progress import shown

if TYPE_CHECKING:
    from yellowring.sender.campaign import Campaign
    from yellowring.sender.run.request import RunRequest

    from yellowring_tools.cli.files.named import Named


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
        typer.Option(
            metavar="ID|@FILE", help="Only this user; @FILE has one id on each line, - the input."
        ),
    ] = None,
    customer: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only all accounts linked to this id of your own."),
    ] = None,
    customers_file: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The same, one id on each line; - is the input."),
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
    twice in a minute rings once. A campaign for one user or customer is no run: it goes onto the
    queue of notifications.
    """
    _check_options(file, users or [], customer or [], customers_file, multicast=multicast)
    named = read_users(users) if users else None
    if customer or customers_file:
        named = read_customers(customer or [], customers_file)
    campaign = _campaign(file, named, multicast=multicast)
    request = _request(campaign, scheduled_time, run_id)
    if dry_run:
        from yellowring_tools.cli.files.dry_run import tell  # noqa: PLC0415 - loads the HTTP client

        tell(stack, request, named.ids if named else (), as_json=as_json)
        return
    if named and _is_notification(campaign, named):
        from yellowring_tools.cli.aws.notification import notify  # noqa: PLC0415

        notify(stack, request, as_json=as_json)
        if watch:
            complain("a notification is no run: there is nothing to watch")
        return
    complain(f"run {request.run_id} on {stack.where}")
    _start(stack, request, named)
    if watch:
        watch_run(stack, request.run_id, as_json=as_json)
        return
    lifecycle = lifecycle_of(stack)
    run = load(lifecycle.runs, request.run_id)
    if as_json:
        say_json(lifecycle.document(run))
    elif run.status == "running":
        complain(f"the run is under way; runs watch {run.run_id} shows it to its end")
    end_with(run, quiet=as_json)


def _check_options(
    file: str, users: list[str], customer: list[str], customers_file: str | None, *, multicast: bool
) -> None:
    given = {
        "--users": users,
        "--customer" if customer else "--customers-file": customer or customers_file,
        "--multicast": multicast,
    }
    audiences = [option for option, value in given.items() if value]
    if len(audiences) > 1:
        complain(f"error: {' and '.join(audiences[:2])} are two audiences; give one of them")
        raise typer.Exit(2)
    if [file, *users, customers_file].count("-") + users.count("@-") > 1:
        complain("error: the input can be read once: give a file for the others that are -")
        raise typer.Exit(2)


def _campaign(file: str, named: Named | None, *, multicast: bool) -> Campaign:
    """Read and check the campaign, with the audience that the options give it."""
    checked = check_file(file)
    for finding in (*checked.problems, *checked.warnings):
        complain(str(finding))
    if checked.campaign is None:
        raise failure(f"{file} is not sent; yellowring validate {file} checks it again")
    if not named and not multicast:
        audience = checked.campaign.audience
        if audience.listed and not audience.ids:
            raise failure(
                f"{file}: $.audience.list names a list that was stored for another run: give the "
                "ids themselves, with --users @FILE or --customers-file FILE"
            )
        return checked.campaign
    try:
        audience = Audience("multicast")
        if named:
            audience = Audience.of(named.kind, named.ids, stored=named.from_file)
        return parse_campaign(replace(checked.campaign, audience=audience).document())
    except InvalidCampaign as invalid:
        option = named.options if named else "--multicast"
        for problem in invalid.problems:
            complain(f"{option} with {file}: {problem}")
        raise failure("nothing is sent") from None


def _request(campaign: Campaign, scheduled_time: str | None, run_id: str | None) -> RunRequest:
    from yellowring.sender.run.request import (  # noqa: PLC0415
        InvalidRunRequest,
        parse_run_request,
    )

    document: dict[str, object] = {"campaign": campaign.document()}
    if run_id is not None:
        document["runId"] = run_id
    document["scheduledTime"] = scheduled_time or f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"
    try:
        return parse_run_request(document)
    except InvalidRunRequest as error:
        options = {"$.scheduledTime": "--scheduled-time", "$.runId": "--run-id"}
        told = str(error)
        for path, option in options.items():
            told = told.replace(path, option)
        raise failure(told) from None


def _is_notification(campaign: Campaign, named: Named) -> bool:
    """Check whether a campaign is for one who was named, and says the same to whomever."""
    from yellowring.sender.campaign.placeholders import attributes_named  # noqa: PLC0415

    named_texts = attributes_named(campaign.payload, campaign.localized_attributes)
    is_personal = bool(named_texts) or campaign.content is not None
    return len(named.ids) == 1 and not named.from_file and not is_personal


def _start(stack: Stack, request: RunRequest, named: Named | None) -> None:
    """Have the sender start the run; its list, where it has one, lies there before."""
    runs = runs_of(stack)
    before = found(runs, request.run_id)
    if before is not None and before.campaign != request.campaign.stored():
        raise failure(conflict(request.run_id))
    if before is not None:
        complain(
            f"this run was started before, at {before.started_at:%Y-%m-%d %H:%M:%S} UTC, and "
            "nobody is notified twice in it; another --scheduled-time or --run-id makes another run"
        )
    elif named and named.from_file:
        _store(stack, request, named)
    start(stack, request)


def _store(stack: Stack, request: RunRequest, named: Named) -> None:
    """Write a list of ids, in chunks, under the run that is about to start."""
    from yellowring.sender.run.store import CHUNK  # noqa: PLC0415

    listed = request.campaign.audience.listed
    assert listed is not None  # noqa: S101 - parsed from the very list
    chunks = batched(named.ids, CHUNK, strict=False)
    progress = shown(chunks, f"{named.kind} stored", len(named.ids), len)
    until = datetime.now(UTC) + max(request.campaign.expires_in, timedelta(hours=1))
    runs_of(stack).put_list(request.run_id, listed.digest, chain.from_iterable(progress), until)
    complain(f"{counted(len(named.ids), named.kind[:-1])} stored for the run")
