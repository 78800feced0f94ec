"""``python -m tests.integration.fire.order ORDER``: invokes the sender once, with a JSON order."""

from __future__ import annotations

import json
import sys

from yellowring.sender import app

from tests.integration.fire.host import announce, prepare


def main() -> None:
    """Send the order."""
    context = prepare()
    announce()
    app.lambda_handler(json.loads(sys.argv[1]), context)


if __name__ == "__main__":
    main()
