"""What an endpoint in a manifest can be.

Facts: "Host a Custom Skill as an AWS Lambda Function" and "Host a Custom Skill as a Web Service" in
the ASK documentation.
"""

from __future__ import annotations

import re

from yellowring.catalog.problems import quoted

REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1")
"""AWS regions from which Alexa calls a function."""
_FUNCTION = re.compile(
    rf"arn:aws:lambda:({'|'.join(REGIONS)}):[0-9]{{12}}:function:[\w-]{{1,64}}(:[\w-]{{1,128}})?",
    re.ASCII,
)
_HOST = re.compile(r"https://[\w-]+(\.[\w-]+)+(:443)?([/?]\S*)?", re.ASCII)
_PLACEHOLDER = "${"


def unusable(uri: str) -> str:
    """Return why Alexa cannot call an endpoint; empty when she may.

    What a build fills in later, ``${NAME}``, may be anything.
    """
    if _PLACEHOLDER in uri or _FUNCTION.fullmatch(uri) or _HOST.fullmatch(uri):
        return ""
    return (
        f"is {quoted(uri)}; right is arn:aws:lambda:REGION:ACCOUNT:function:NAME with one of "
        f"{', '.join(REGIONS)} and 12 digits, or https://HOST/…"
    )
