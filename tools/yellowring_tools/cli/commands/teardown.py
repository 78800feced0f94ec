"""`yellowring teardown`: take a stack down, and keep or remove its data, as said."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from yellowring_tools.cli.aws.stacks import DEFAULT_NAME, Choice, on_choice
from yellowring_tools.cli.terminal.output import AsJson, complain, counted, failure, say, say_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(teardown)


@on_choice
def teardown(
    choice: Choice,
    *,
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="The two tables stay; there is no default.")
    ] = False,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="The two tables are deleted for good.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a stack down, and keep or remove its data: the customers' records and the runs.

    First its schedules are paused and its runs cancelled, so that nobody is notified by halves.
    Functions, queues, logs and the secret go with the stack in any case.
    """
    if keep_data == delete_data:
        raise failure(
            "say what becomes of the customers' records: --keep-data leaves the two tables where "
            "they are, --delete-data removes them for good"
        )
    from yellowring_tools.cli.aws.teardown import TearDown, left_behind  # noqa: PLC0415 - boto3

    stack = choice.stack(gone=left_behind)
    if stack.endpoint is not None:
        raise failure("the stack that make run keeps up goes with it: end that with Ctrl-C")
    name = choice.stack_name or DEFAULT_NAME
    tear_down = TearDown(stack, name, keep_data, complain, time.sleep)
    tear_down.check()
    tables = " and ".join(tear_down.tables)
    fate = "stay" if keep_data else "are deleted for good"
    if not yes:
        raise failure(
            f"nothing was done: {stack.where} would be taken down, and the tables {tables} {fate}; "
            "give --yes to do it"
        )
    done = tear_down.run()
    if as_json:
        say_json(done.document())
        return
    say(f"{stack.where} is taken down")
    for table in done.tables_kept:
        say(f"kept: table {table}")
    for table in done.tables_deleted:
        say(f"deleted: table {table}; AWS keeps a backup of its last moment for 35 days")
    if done.backups:
        say(f"left: {counted(len(done.backups), 'backup')} that somebody made of the tables")
    say("left: the skill at Alexa, whose endpoint leads nowhere now, and what SAM put into S3")
    if done.tables_kept:
        kept = done.tables_kept[0]
        say(
            f"a new stack takes the customers in with: yellowring restore --from {kept} "
            "--was-live-until NOW, and --none-erased or --erased FILE (docs/recovery.md)"
        )
