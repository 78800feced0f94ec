"""Leave out of what ``sam build`` made what the functions never read, but unpack at every start.

Three quarters of botocore are models of other services, and most of a model is documentation. Run
it as ``python -m infrastructure.trim .aws-sam/build``, as ``make build`` does; ``--keep s3`` leaves
another service in, for event sources of your own that call it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SERVICES = frozenset({"dynamodb", "events", "lambda", "secretsmanager", "sqs", "stepfunctions"})
"""What the functions call, as botocore names it."""
ENDPOINT_PREFIXES = {"stepfunctions": "states"}
"""What ``endpoints.json`` calls them, where it has another name."""
LEFT_OUT = ("aws_lambda_powertools/event_handler/openapi/swagger_ui/*.js", "botocore/docs/**/*.rst")
"""Files that nothing reads at run time."""


def trim(built: Path, keep: Iterable[str] = ()) -> None:
    """Trim each function that lies in a directory which ``sam build`` made; again changes nothing.

    Parameters
    ----------
    built
        Such as ``.aws-sam/build``.
    keep
        Services whose models stay, besides those in `SERVICES`.

    Raises
    ------
    ValueError
        botocore has no such service.
    """
    kept = SERVICES | {*keep}
    for data in sorted(built.glob("*/botocore/data")):
        if unknown := sorted(kept - {each.name for each in data.iterdir()}):
            raise ValueError(
                f"botocore has no model of {', '.join(unknown)}: name services as in boto3.client, "
                "and build anew if an earlier build left them out"
            )
        _trim_models(data, kept)
        for pattern in LEFT_OUT:
            for path in data.parents[1].glob(pattern):
                path.unlink()


def _trim_models(data: Path, kept: frozenset[str]) -> None:
    for service in [each for each in data.iterdir() if each.is_dir()]:
        if service.name not in kept:
            shutil.rmtree(service)
            continue
        for model in service.glob("*/service-2.json.gz"):
            described = json.loads(gzip.decompress(model.read_bytes()))
            model.with_suffix("").write_text(_compact(_undocumented(described)))
            model.unlink()
        for examples in service.glob("*/examples-1.json*"):
            examples.unlink()
    endpoints = data / "endpoints.json"
    regions = json.loads(endpoints.read_text())
    prefixes = {ENDPOINT_PREFIXES.get(name, name) for name in kept}
    for partition in regions["partitions"]:
        known = partition["services"]
        partition["services"] = {name: known[name] for name in known if name in prefixes}
    endpoints.write_text(_compact(regions))


def _undocumented(model: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a model without what it says to people; a member may have that name too."""
    if isinstance(model, dict):
        return {
            name: _undocumented(value)
            for name, value in model.items()
            if not (name == "documentation" and isinstance(value, str))
        }
    return [_undocumented(each) for each in model] if isinstance(model, list) else model


def _compact(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Trim what was built; status 1 and one line for what cannot be."""
    parser = argparse.ArgumentParser(prog="python -m infrastructure.trim", description=__doc__)
    parser.add_argument("built", type=Path, help="what sam build made: .aws-sam/build")
    parser.add_argument("--keep", default="", help="more services, by commas: s3,ses")
    options = parser.parse_args(arguments)
    try:
        trim(options.built, filter(None, options.keep.split(",")))
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
