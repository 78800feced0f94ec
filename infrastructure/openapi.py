"""Write the API's OpenAPI document into docs/: `make openapi`."""

from __future__ import annotations

from pathlib import Path

from yellowring.api.openapi import text

DOCUMENT = Path(__file__).parents[1] / "docs" / "openapi.json"


def main() -> None:
    """Write it."""
    DOCUMENT.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
