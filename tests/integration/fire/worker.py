"""``python -m tests.integration.fire.worker``: takes messages off the work queue, one by one.

As Lambda's event source does: a message is deleted when the sender has not named it as failed; one
whose worker died comes back when its visibility runs out.
"""

from __future__ import annotations

import os
from typing import Final

import boto3
from yellowring.sender import app

from tests.integration.fire.host import announce, prepare

RECEIVES: Final = "ApproximateReceiveCount"


def main() -> None:
    """Work until killed; say so after each message."""
    context = prepare()
    sqs, queue = boto3.client("sqs"), os.environ["WORK_QUEUE_URL"]
    announce()
    while True:
        answer = sqs.receive_message(
            QueueUrl=queue,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=[RECEIVES],
        )
        for message in answer.get("Messages", []):
            record = {"messageId": message["MessageId"], "body": message["Body"]}
            failures = app.lambda_handler({"Records": [record]}, context)["batchItemFailures"]
            announce(failed=len(failures), receives=int(message["Attributes"][RECEIVES]))
            if not failures:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


if __name__ == "__main__":
    main()
