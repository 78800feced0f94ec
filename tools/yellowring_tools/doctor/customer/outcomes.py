"""What became of a customer's last events, and what then only they can look at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from yellowring.api.reasons import why

from yellowring_tools.cli.aws.customers import outcomes_of
from yellowring_tools.doctor.finding import ask, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring.subscribers import Record

    from yellowring_tools.doctor.customer.accounts import Account
    from yellowring_tools.doctor.finding import Finding

NEWEST = 5
"""How many of the last events are told of."""
REMEDIES: Mapping[str, str] = {
    "rejected": "the customer turns the skill's notifications off and on again in the Alexa app",
    "limited": "wait for the next day, and send fewer: Alexa limits what each customer gets",
    "invalid": "yellowring preview shows what would be sent; is its event source right?",
    "skipped": "nothing, if nothing was due; else see what stands in the way on the record",
    "expired": "a longer expiresIn (PT5M to PT24H), or a higher MaxEventsPerSecond",
    "failed": "send it again under the same reference id, which never rings twice",
}
"""By outcome, what to do."""

ASKED: Mapping[str, tuple[str, str]] = {
    "Do Not Disturb": (
        "is Do Not Disturb on? Then there is no light and no chime, and the notification waits",
        'say "Alexa, turn off Do Not Disturb", on each Echo and in each schedule of it',
    ),
    "the device": (
        "are notifications on for this Echo, and is it on, online and not muted for them?",
        "Alexa app, Devices, the Echo, Communication and Notifications",
    ),
    "the skill's notifications": (
        "are they on for this skill in the Alexa app?",
        "Alexa app, More, Settings, Notifications, the skill's name",
    ),
    "the account": (
        "is the Echo registered to the account that enabled the skill, not to another profile or "
        "member of the household?",
        'ask the Echo: "Alexa, which account is this?"',
    ),
    "the language": (
        "is the Echo set to a locale that the notification has texts for? Else it does not ring",
        "Alexa app, Devices, the Echo, Language",
    ),
    "the stage": (
        "was the skill enabled at the stack's stage: in development by a tester's account, live "
        "from the store?",
        "disable and enable it at the stage that the stack notifies (SkillStage)",
    ),
    "the daily limit": (
        "did they have many notifications today? Alexa drops more than she lets a customer have",
        "look again tomorrow",
    ),
    "heard already": (
        "did somebody ask for it, or delete it, on another Echo? Then the light is out on all",
        'say "Alexa, what are my notifications?"',
    ),
}
"""By what it is about, what to ask the customer, and how they look."""


def check_outcomes(account: Account) -> Iterator[Finding]:
    """Check what became of the newest events."""
    if account.record is not None:
        yield from of_outcomes(account.record, account.where)


def of_outcomes(record: Record, where: str) -> Iterator[Finding]:
    """Tell of the newest events of a record, the newest first."""
    for each in outcomes_of(record)[:NEWEST]:
        outcome, at = str(each["outcome"]), _time(each["at"])
        told = f"{each['referenceId']} at {at}: {outcome}"
        if reason := why(outcome):
            remedy = REMEDIES.get(outcome, "yellowring runs show tells of the run")
            yield warning("outcomes", where, f"{told}, {reason}", remedy)
        else:
            yield fine("outcomes", where, f"{told}; whether it rang only the customer can say")


def check_asked() -> Iterator[Finding]:
    """Return what to ask the customer: Alexa tells nobody else."""
    for where, (question, remedy) in ASKED.items():
        yield ask("asks", where, question, remedy)


def _time(at: object) -> str:
    return f"{datetime.fromtimestamp(int(str(at)) / 1000, UTC):%Y-%m-%d %H:%M} UTC"
