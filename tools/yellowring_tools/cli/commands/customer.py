"""`yellowring customer`: why somebody's ring does or does not turn yellow, and their data."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from yellowring.api.reasons import why
from yellowring.catalog import EVENT_NAMES

from yellowring_tools.cli.aws.customers import (
    accounts_of,
    attributes_of,
    item_of,
    outcomes_of,
    plain,
    subscribers_of,
)
from yellowring_tools.cli.aws.personal import traces_of
from yellowring_tools.cli.aws.stacks import Stack, on_stack
from yellowring_tools.cli.terminal.output import AsJson, counted, failure, one_line, say, say_json
from yellowring_tools.cli.terminal.standing import REASONS, masked

if TYPE_CHECKING:
    from yellowring.subscribers import Record


def register(app: typer.Typer) -> None:
    """Add the subcommands."""
    group = typer.Typer(
        help="One of the business' customers: show, export, forget.", no_args_is_help=True
    )
    for command in (show, export, forget):
        group.command()(command)
    app.add_typer(group, name="customer")


def _checked(customer: str) -> str:
    """Check what was given for an id, before a stack is looked for."""
    from yellowring.subscribers import is_customer_id, is_user_id  # noqa: PLC0415 - loads boto3

    if is_user_id(customer) or is_customer_id(customer):
        return customer
    raise failure(
        "ID must be your own id of the customer, 1 to 255 of A-Z, a-z, 0-9 and ._~:@|+=-, "
        "or a user id of Alexa's, amzn1.ask.account. and more"
    )


Id = Annotated[
    str, typer.Argument(metavar="ID", help="Your own id, or amzn1.ask.account.…", callback=_checked)
]


@on_stack
def show(stack: Stack, customer: Id, as_json: AsJson = False) -> None:
    """Show whether each event reaches a customer's accounts, and what became of the last."""
    records = _records(stack, customer)
    accounts = [_account(stack, user_id, record) for user_id, record in sorted(records.items())]
    if as_json:
        say_json({"accounts": accounts})
        return
    say(counted(len(accounts), "account"))
    for account in accounts:
        say("")
        _tell(account)


@on_stack
def export(stack: Stack, customer: Id) -> None:
    """Print all that is kept of a customer as JSON, user ids included: it is for them.

    By a user id it is that account, and what is kept under its customer id. It reads the whole runs
    table. What is in logs has a hash in place of the id, and what waits on
    a queue is gone within two days.
    """
    from yellowring.observability import hash_user_id  # noqa: PLC0415 - loads Powertools
    from yellowring.subscribers import customer_id_of  # noqa: PLC0415 - loads boto3

    began = datetime.now(UTC)
    records = _records(stack, customer)
    linked = {customer_id_of(each, past_disables=True) for each in records.values()}
    ids = {customer, *records, *(each for each in linked if each)}
    hashes = {each: hash_user_id(each, stack.outputs["SkillId"]) for each in ids}
    traces = traces_of(stack, ids, set(hashes.values()))
    say_json(
        {
            "exportedAt": began.isoformat(timespec="seconds"),
            "accounts": [
                {
                    "userId": user_id,
                    "account": hashes[user_id],
                    "record": plain(record),
                    "item": item_of(stack, user_id),
                }
                for user_id, record in sorted(records.items())
            ],
            "notifications": traces.notifications,
            "runs": traces.runs,
        }
    )


@on_stack
def forget(
    stack: Stack,
    customer: Id,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase what is kept of a customer, as they can themselves by voice: all accounts of an id.

    A user id is erased even if it is not known: its tombstone keeps it out of older copies. By
    your own id it takes ten seconds, for a link that was made just now.
    """
    from yellowring.subscribers import (  # noqa: PLC0415 - loads boto3
        Audience,
        ConcurrentChange,
        erase_account,
        erase_customer,
        is_user_id,
    )

    if not yes and not (sys.stdin.isatty() and typer.confirm("Erase this customer?", err=True)):
        raise failure("nothing was erased: what is erased cannot be had back; give --yes to do it")
    subscribers, clock = subscribers_of(stack), partial(datetime.now, UTC)
    try:
        if is_user_id(customer):
            many = int(subscribers.get(customer) is not None)
            erase_account(subscribers, customer, clock)
        else:
            audience = Audience(stack.dynamodb, stack.outputs["SubscribersTableName"])
            many = erase_customer(subscribers, audience, customer, now=clock, sleep=time.sleep)
    except ConcurrentChange:
        raise failure("others kept changing the record: run the same command again") from None
    if as_json:
        say_json({"erased": many})
        return
    if many:
        say(f"{counted(many, 'account')} erased")
    elif is_user_id(customer):
        say("was not known here, so check the id; what comes of it from older copies is kept out")
    else:
        say("nobody is linked to this customer id")
    say(
        "a list of a run that can still be resumed, and what waits on a queue, may name them until "
        "it expires: at most two days, 14 in a dead-letter queue (docs/privacy.md)"
    )


def _records(stack: Stack, customer: str) -> dict[str, Record]:
    from yellowring.subscribers import MOST_ACCOUNTS, is_user_id  # noqa: PLC0415 - loads boto3

    if is_user_id(customer):
        record = subscribers_of(stack).get(customer)
        if record is None:
            raise failure(
                f"{stack.where} knows no such customer: each skill is given user ids of its own, "
                "and each stack knows its own customers"
            )
        return {customer: record}
    records = accounts_of(stack, customer)
    if records is None:
        raise failure(
            f"more than {MOST_ACCOUNTS} accounts are linked to this customer id, so that nothing "
            "is sent to it: is it the id of one customer (parameter UserinfoClaim)?"
        )
    if not records:
        raise failure(
            f"{stack.where} knows nobody who is linked to this customer id: the customer links an "
            "account in the Alexa app, or you send the skill the message customer"
        )
    return records


def _account(stack: Stack, user_id: str, record: Record) -> dict[str, Any]:
    from yellowring.observability import hash_user_id  # noqa: PLC0415 - loads Powertools
    from yellowring.subscribers import customer_id_of, deliverability  # noqa: PLC0415 - loads boto3

    return {
        "userId": masked(user_id),
        "account": hash_user_id(user_id, stack.outputs["SkillId"]),
        "customerId": customer_id_of(record, past_disables=True),
        "erased": record.is_erased,
        "standing": {name: deliverability(record, name) for name in EVENT_NAMES},
        "attributes": attributes_of(record),
        "outcomes": [{**each, "reason": why(str(each["outcome"]))} for each in outcomes_of(record)],
    }


def _tell(account: dict[str, Any]) -> None:
    say(f"{account['userId']}  ({account['account']} in the logs and in the API)")
    if account["erased"]:
        say("  was erased: nothing is kept but the time, and nothing is sent until they subscribe")
        return
    width = max(map(len, EVENT_NAMES))
    for name, standing in account["standing"].items():
        say(f"  {name:<{width}}  {REASONS[standing]}")
    for key, value in account["attributes"].items():
        say(f"  {one_line(key)} = {json.dumps(value, ensure_ascii=False)}")
    for each in account["outcomes"]:
        at = datetime.fromtimestamp(each["at"] / 1000, UTC)
        reason = f", {each['reason']}" if each["reason"] else ""
        told = one_line(f"{each['referenceId']}: {each['outcome']}{reason}")
        say(f"  {at:%Y-%m-%d %H:%M:%S} UTC  {told}")
    if not account["outcomes"]:
        say("  no problem and no skip is noted")
