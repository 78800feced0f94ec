"""`yellowring send --users ID` and `--customer ID`: a notification, put on its queue."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from yellowring.queue_message import expiry_of, queue_message

from yellowring_tools.cli.files.named import masked_customer
from yellowring_tools.cli.terminal.output import say, say_json
from yellowring_tools.cli.terminal.standing import masked

if TYPE_CHECKING:
    from yellowring.sender.run.request import RunRequest

    from yellowring_tools.cli.aws.stacks import Stack


def message_of(request: RunRequest, now: datetime) -> dict[str, object]:
    """Return the message that has the sender tell a request's only user or customer.

    Parameters
    ----------
    request
        A campaign for one of them; its run's id becomes the event's reference id.
    now
        The present, aware: the expiry counts from it.
    """
    campaign, audience = request.campaign, request.campaign.audience
    return queue_message(
        {"name": campaign.event_name, "payload": campaign.payload},
        campaign.localized_attributes,
        to={"userId" if audience.user_ids else "customerId": audience.ids[0]},
        reference_id=request.run_id,
        expiry_time=expiry_of(now, campaign.expires_in),
    )


def notify(stack: Stack, request: RunRequest, *, as_json: bool) -> None:
    """Put a notification on the queue, and say what becomes of it."""
    message = message_of(request, datetime.now(UTC))
    stack.sqs.send_message(
        QueueUrl=stack.outputs["NotificationsQueueUrl"], MessageBody=json.dumps(message)
    )
    audience = request.campaign.audience
    to = masked(audience.ids[0]) if audience.user_ids else masked_customer(audience.ids[0])
    expiry = datetime.fromisoformat(str(message["expiryTime"]))
    if as_json:
        say_json(
            {
                "referenceId": request.run_id,
                "queued": True,
                "campaign": request.campaign.name,
                "to": to,
                "expiryTime": message["expiryTime"],
            }
        )
        return
    say(f"notification {request.run_id} is queued for {to}")
    say(
        "it is sent within seconds, ahead of campaigns, and tried until "
        f"{expiry:%Y-%m-%d %H:%M} UTC; it is no run: yellowring customer show ID has what went "
        "wrong, the sender's log and the metric Notifications every outcome"
    )
    say(f"the same again with --run-id {request.run_id} rings once")
