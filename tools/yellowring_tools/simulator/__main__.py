"""``python -m yellowring_tools.simulator``: a local Alexa as a process."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from yellowring_tools.simulator.config import DeveloperLogin, SimulatorConfig
from yellowring_tools.simulator.facts import STAGES
from yellowring_tools.simulator.server import serve
from yellowring_tools.simulator.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HIGHEST_PORT = 65_535
_LOG_LEVELS = ("critical", "error", "warning", "info", "debug")


def _parser() -> argparse.ArgumentParser:
    environment = os.environ.get
    parser = argparse.ArgumentParser(
        prog="python -m yellowring_tools.simulator",
        description="A local Alexa: Login with Amazon, the Proactive Events API and customers.",
        epilog="Prints one line of JSON with its URL once it listens. SIGTERM or Ctrl-C ends it.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 (default) is any free one")
    parser.add_argument(
        "--without-skill",
        action="store_true",
        help="know no skill until one is created by the Skill Management API",
    )
    parser.add_argument(
        "--check-triggers",
        action="store_true",
        help="refuse a manifest whose functions do not let Alexa in, as SMAPI does",
    )
    parser.add_argument(
        "--lanes",
        type=int,
        default=SimulatorConfig.__dataclass_fields__["lanes"].default,
        help="deliveries at the same time (default %(default)s)",
    )
    parser.add_argument("--skill-id", default=environment("SKILL_ID"), help="or SKILL_ID")
    parser.add_argument("--client-id", default=environment("CLIENT_ID"), help="or CLIENT_ID")
    parser.add_argument(
        "--client-secret",
        default=environment("CLIENT_SECRET"),
        help="or CLIENT_SECRET, which other users of this machine cannot read",
    )
    parser.add_argument(
        "--stage",
        choices=STAGES,
        default=environment("SKILL_STAGE", "development"),
        help="where the skill's customers are subscribed; or SKILL_STAGE",
    )
    parser.add_argument(
        "--function",
        default=environment("SKILL_FUNCTION"),
        help="Lambda function that takes the skill events; or SKILL_FUNCTION",
    )
    parser.add_argument(
        "--aws-endpoint",
        default=environment("AWS_ENDPOINT_URL"),
        help="base URL of the AWS that has it; or AWS_ENDPOINT_URL",
    )
    parser.add_argument(
        "--skill-package",
        default=environment("SKILL_PACKAGE"),
        help="directory of the skill's package, for what can be said and sent; or SKILL_PACKAGE",
    )
    parser.add_argument(
        "--max-attempts",
        type=int,
        default=SimulatorConfig.__dataclass_fields__["max_attempts"].default,
        help="deliveries of one skill event before it is given up (default %(default)s)",
    )
    parser.add_argument("--log-level", choices=_LOG_LEVELS, default="warning")
    return parser


def _config(parser: argparse.ArgumentParser, options: argparse.Namespace) -> SimulatorConfig:
    if not 0 <= options.port <= _HIGHEST_PORT:
        parser.error(f"--port must be 0 to {_HIGHEST_PORT}")
    try:
        config = SimulatorConfig(
            stage=options.stage,
            aws_endpoint=options.aws_endpoint or None,
            max_attempts=options.max_attempts,
            lanes=options.lanes,
            check_triggers=options.check_triggers,
            developer=_developer(os.environ),
        )
        return config if options.without_skill else _with_skill(config, parser, options)
    except ValueError as error:
        parser.error(str(error))


def _with_skill(
    config: SimulatorConfig, parser: argparse.ArgumentParser, options: argparse.Namespace
) -> SimulatorConfig:
    for name in ("skill_id", "client_id", "client_secret"):
        if not getattr(options, name):
            parser.error(f"--{name.replace('_', '-')} or {name.upper()} is needed")
    return replace(
        config,
        skill_id=options.skill_id,
        client_id=options.client_id,
        client_secret=options.client_secret,
        function=options.function or None,
        skill_package=Path(options.skill_package) if options.skill_package else None,
    )


def _developer(environ: Mapping[str, str]) -> DeveloperLogin:
    """Return the login that the environment names, whole or not at all, or a made-up one."""
    names = ("SMAPI_CLIENT_ID", "SMAPI_CLIENT_SECRET", "SMAPI_REFRESH_TOKEN")
    given = [environ.get(name, "") for name in names]
    return DeveloperLogin(*given) if all(given) else DeveloperLogin()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; the exit status is 0 unless it could not begin."""
    parser = _parser()
    options = parser.parse_args(arguments)
    config = _config(parser, options)

    def announce(url: str) -> None:
        told = {"url": url, "smapi": config.developer.document()}
        print(json.dumps(told), flush=True)  # noqa: T201 - what its caller waits for

    try:
        serve(
            Simulation(config),
            host=options.host,
            port=options.port,
            log_level=options.log_level,
            on_listening=announce,
        )
    except OSError as error:
        where = f"{options.host}:{options.port}"
        sys.stderr.write(f"cannot listen on {where}: {error.strerror}; --port 0 finds a free one\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
