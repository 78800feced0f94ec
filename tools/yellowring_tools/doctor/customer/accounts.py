"""One customer's accounts: who they are, by your own id of them or by Alexa's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yellowring.observability import hash_user_id
from yellowring.subscribers import MOST_ACCOUNTS, is_customer_id, is_user_id

from yellowring_tools.cli.aws.customers import accounts_of, subscribers_of
from yellowring_tools.doctor.finding import fault

if TYPE_CHECKING:
    from yellowring.subscribers import Record

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.stack.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Account:
    """One of Alexa's user ids, as it stands on record.

    Attributes
    ----------
    where
        ``account HASH``, as the logs and the API name it: never the user id.
    record
        What is known; ``None``: there is no record.
    """

    where: str
    user_id: str
    record: Record | None


def accounts(deployment: Deployment, user: str) -> tuple[Account, ...] | Finding:
    """Find the accounts of who was named, or return why there are none."""
    if is_user_id(user):
        return (_account(deployment, user, subscribers_of(deployment.stack).get(user)),)
    if not is_customer_id(user):
        what = "is neither your own id of a customer nor one of Alexa's, amzn1.ask.account.…"
        right = "an id of your own has 1 to 255 of A-Z, a-z, 0-9 and ._~:@|+=-"
        return fault("record", "the customer", what, right)
    linked = accounts_of(deployment.stack, user)
    if linked is None:
        what = f"more than {MOST_ACCOUNTS} accounts are linked to this id, so nothing is sent to it"
        right = "is it the id of one customer? The parameter UserinfoClaim says which claim it is"
        return fault("record", "the customer", what, right)
    if not linked:
        what = f"nobody is linked to this id in {deployment.stack.where}"
        right = (
            "the customer links an account in the Alexa app, or you send the skill the message "
            "customer; a link of the last seconds may not be seen yet; other regions' stacks have "
            "their own customers"
        )
        return fault("record", "the customer", what, right)
    return tuple(_account(deployment, each, record) for each, record in sorted(linked.items()))


def _account(deployment: Deployment, user_id: str, record: Record | None) -> Account:
    name = hash_user_id(user_id, deployment.outputs["SkillId"])
    return Account(f"account {name}", user_id, record)
