"""A stack with a key of one's own, on the embedded AWS.

It takes the key and asks nobody for it, and a table's it does not even keep: what the template says
of tables and roles is in tests/unit/test_template_encryption.py.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from yellowring_tools.local_stack.deployment import Build, deploy, host_architecture

from tests.e2e.test_operators_rights import deploy as deploy_alone

if TYPE_CHECKING:
    from yellowring_tools.local_stack.stack import LocalStack

pytestmark = pytest.mark.slow

ROOT = {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}
KEY = {
    "Resources": {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "KeyPolicy": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": ROOT,
                            "Action": "kms:*",
                            "Resource": "*",
                        }
                    ],
                }
            },
        }
    },
    "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}},
}


def test_a_stack_with_a_key_deploys_and_its_queues_secret_and_logs_are_under_it(
    stack: LocalStack,
) -> None:
    key = deploy_alone(stack, "key", json.dumps(KEY))["Arn"]
    parameters = {
        "SkillId": stack.outputs.SkillId,
        "KmsKeyArn": key,
        "DataDeletionPolicy": "Delete",
    }
    made = deploy(Build(host_architecture()), "keyed", parameters, stack.aws, stack.workspace)
    for url in (made.NotificationsQueueUrl, made.DeadLetterQueueUrl):
        names: Any = ["KmsMasterKeyId", "SqsManagedSseEnabled"]
        answer = stack.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        assert answer["Attributes"]["KmsMasterKeyId"] == key
        assert answer["Attributes"].get("SqsManagedSseEnabled", "false") == "false"
    secret = stack.aws.secrets.describe_secret(SecretId=made.CredentialsSecretId)
    assert secret["KmsKeyId"] == key
    groups = stack.aws.logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/keyed-")
    assert {each["kmsKeyId"] for each in groups["logGroups"]} == {key}
