"""SMAPI through ``ask smapi …``, where the ASK CLI is set up: it keeps the developer's login.

Facts: the ASK CLI 2.30's own help and code. It takes the vendor from its profile, takes JSON from
a file, prints an answer whole with ``--full-response``, and on any status from 400 up exits with 1
and tells the status, though not what SMAPI said, on the standard error.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from yellowring.alexa.endpoints import HOSTS, LWA_HOST

from yellowring_tools.smapi.call import Answer
from yellowring_tools.smapi.errors import SmapiError, SmapiUnknown, refusal
from yellowring_tools.smapi.http import put
from yellowring_tools.smapi.profiles import vendor_of
from yellowring_tools.smapi.repeats import Repeats

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from yellowring_tools.smapi.call import Call

TIMEOUT = 120.0
"""Seconds that the ASK CLI may take for one operation; it starts in about two."""
LONGEST_REASON = 300
_STATUS = re.compile(r'(?:status code |"statusCode":\s*)([1-5][0-9]{2})\b')
_UNSENT = re.compile(r"\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH)\b")
_LOGIN = re.compile(r"Refresh LWA tokens failed|Can't resolve profile|ask configure")
_SECRETS = re.compile(r"\b(?:At[a-z]{1,2}\||amzn1\.oa2-cs\.)[^\s\"']+")


class AskCli:
    """Asks SMAPI through the ASK CLI.

    Parameters
    ----------
    profile
        The ASK CLI's.
    base_url, lwa_url
        Where SMAPI and Login with Amazon are; the CLI is told when that is not at Amazon.
    environ
        What the CLI's environment is made of, and where it is looked for.
    repeats
        Which failures are tried again.
    """

    def __init__(
        self,
        profile: str,
        *,
        base_url: str = "",
        lwa_url: str = "",
        environ: Mapping[str, str] | None = None,
        repeats: Repeats | None = None,
    ) -> None:
        self._profile = profile
        self._environ = dict(os.environ if environ is None else environ)
        if base_url and base_url != HOSTS["na"]:
            self._environ["ASK_SMAPI_SERVER_BASE_URL"] = base_url
        if lwa_url and lwa_url != LWA_HOST:
            self._environ["ASK_LWA_TOKEN_HOST"] = lwa_url
        self._repeats = repeats or Repeats()

    def send(self, call: Call) -> Answer:
        """Run one operation, and again where that is safe."""
        self._check_vendor(call)
        return self._repeats.of(
            lambda: self._ask(call), unknown=call.may_repeat, throttled=not call.once
        )

    def put(self, url: str, content: bytes) -> None:
        """Upload to a URL that SMAPI gave; the ASK CLI has no command for it."""
        put(url, content, self._repeats)

    def _check_vendor(self, call: Call) -> None:
        wanted = call.options.get("vendor-id")
        if wanted is None:
            return
        own = vendor_of(self._profile, self._environ)
        if own != wanted:
            raise SmapiError(
                None,
                "OTHER_VENDOR",
                f"the ASK CLI's profile {self._profile} works for vendor {own or '(none)'}, not "
                f"for {wanted}: run `ask configure` and choose it there, or name another profile",
            )

    def _ask(self, call: Call) -> Answer:
        with tempfile.TemporaryDirectory(prefix="yellowring-") as folder:
            words = [*self._program(), "smapi", call.command, *self._options(call, Path(folder))]
            try:
                ended = subprocess.run(  # noqa: S603 - every word is one of ours or an id
                    words,
                    env=self._environ,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=TIMEOUT,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise SmapiUnknown(
                    None,
                    "UNKNOWN",
                    f"ask smapi {call.command} did not end within {TIMEOUT:.0f} s: look whether it "
                    "was done before trying again",
                ) from None
            except OSError as error:
                raise SmapiError(
                    None, "NO_ASK_CLI", f"the ASK CLI does not start: {error.strerror}"
                ) from None
        if ended.returncode:
            raise _failure(call, ended.stderr.decode(errors="replace"))
        return _answer(call, ended.stdout)

    def _program(self) -> Iterator[str]:
        found = shutil.which("ask", path=self._environ.get("PATH"))
        if found is None:
            raise SmapiError(
                None,
                "NO_ASK_CLI",
                "the ASK CLI is not installed (`ask --version` finds none): `npm install -g "
                "ask-cli` and `ask configure`, or set SMAPI_CLIENT_ID, SMAPI_CLIENT_SECRET and "
                "SMAPI_REFRESH_TOKEN of a security profile of your own",
            )
        yield found

    def _options(self, call: Call, folder: Path) -> Iterator[str]:
        for name, value in call.options.items():
            if name != "vendor-id":
                yield f"--{name}={value}"
        if call.if_match is not None:
            yield f"--if-match={call.if_match}"
        if call.body is not None and "manifest" in call.body:
            file = folder / "manifest.json"
            file.write_text(json.dumps(call.body), encoding="utf-8")
            yield f"--manifest=file:{file}"
        yield f"--profile={self._profile}"
        yield "--full-response"


def _answer(call: Call, output: bytes) -> Answer:
    """Read ``{"body", "headers", "statusCode"}``; an error never shows it, it may hold a secret."""
    try:
        told = json.loads(output)
        status = int(told["statusCode"])
        headers = {str(name).lower(): str(value) for name, value in told["headers"].items()}
        body = told.get("body")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SmapiUnknown(
            None,
            "GARBLED",
            f"ask smapi {call.command} ended well, but what it printed cannot be read: look "
            "whether it was done, and whether `ask --version` is 2.30 or later",
        ) from None
    return Answer(status, headers, body or None)


def _failure(call: Call, said: str) -> SmapiError:
    said = _SECRETS.sub("…", said)
    if found := _STATUS.search(said):
        return refusal(call.command, int(found[1]), "", "")
    reason = _reason(said)
    if _LOGIN.search(said):
        return SmapiError(None, "NO_LOGIN", f"the ASK CLI has no login: {reason}")
    if _UNSENT.search(said):
        return SmapiError(
            None, "UNREACHABLE", f"the ASK CLI cannot reach Amazon for {call.command}: {reason}"
        )
    return SmapiUnknown(
        None,
        "UNKNOWN",
        f"ask smapi {call.command} failed: {reason or 'it said nothing'}; look whether it was done "
        "before trying again",
    )


def _reason(said: str) -> str:
    """Return what the ASK CLI says went wrong, without its stack."""
    text = said.strip().removeprefix("[Error]:").strip()
    try:
        text = str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        text = text.partition("\n    at ")[0]
    return " ".join(text.split())[:LONGEST_REASON]
