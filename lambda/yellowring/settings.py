"""What the functions are told by their environment, read once and checked by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

Stage = Literal["development", "live"]
VoiceConsent = Literal["card", "voice"]

DEFAULT_EVENTS_PER_SECOND = 25
DEFAULT_WORKERS = 4
EVENT_SOURCE_PATTERN = r"[A-Za-z0-9-]{1,40}"
"""The name under which an event source is registered, and by which a campaign asks for it."""
DEFAULT_CLAIM = "sub"
"""What OpenID Connect calls the subject ("OpenID Connect Core 1.0", section 5.1)."""

_EVENT_SOURCE = re.compile(EVENT_SOURCE_PATTERN)
_CALLABLE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_FUNCTION = re.compile(
    r"((arn:aws[a-z-]*:lambda:[a-z0-9-]+:)?\d{12}:function:)?[A-Za-z0-9_-]{1,64}"
    r"(:[A-Za-z0-9$_-]{1,128})?"
)
_PLAIN = re.compile(r"[!-~]+")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class InvalidSettings(ValueError):
    """The environment lacks a variable or holds one that cannot be right; names each of them."""


@dataclass(frozen=True, slots=True)
class SkillSettings:
    """What the skill function needs.

    Attributes
    ----------
    skill_id
        ``SKILL_ID``: the only skill whose requests are answered.
    subscribers_table
        ``SUBSCRIBERS_TABLE``: name of the DynamoDB table of customers.
    notifications_queue_url
        ``NOTIFICATIONS_QUEUE_URL``: the SQS queue that notifications are put on; only they need it.
    voice_consent
        ``VOICE_CONSENT``: whether customers who speak to the skill are asked for the permission by
        a ``card`` in the Alexa app, or there and then by ``voice``.
    userinfo_url
        ``USERINFO_URL``: the OpenID Connect endpoint that tells who a linked account's access token
        stands for; empty: nobody is asked.
    userinfo_claim
        ``USERINFO_CLAIM``: which claim of its answer is the business' own id of the customer.
    """

    skill_id: str
    subscribers_table: str
    notifications_queue_url: str = ""
    voice_consent: VoiceConsent = "card"
    userinfo_url: str = ""
    userinfo_claim: str = DEFAULT_CLAIM

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> SkillSettings:
        """Read the settings.

        Raises
        ------
        InvalidSettings
            Names every variable that is missing or wrong, and what it should hold.
        """
        reader = _Reader(environ)
        settings = cls(
            skill_id=reader.text("SKILL_ID", "the skill's id, amzn1.ask.skill.…"),
            subscribers_table=reader.text("SUBSCRIBERS_TABLE", "the name of the subscribers table"),
            notifications_queue_url=reader.optional("NOTIFICATIONS_QUEUE_URL"),
            voice_consent=reader.voice_consent("VOICE_CONSENT"),
            userinfo_url=reader.secure_url("USERINFO_URL"),
            userinfo_claim=environ.get("USERINFO_CLAIM", "").strip() or DEFAULT_CLAIM,
        )
        reader.finish()
        return settings


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """What the sender function needs.

    Attributes
    ----------
    skill_id, subscribers_table
        As for the skill function.
    skill_stage
        ``SKILL_STAGE``: which of the skill's two stages the customers have enabled.
    runs_table
        ``RUNS_TABLE``: name of the DynamoDB table of runs.
    run_machine_arn
        ``RUN_MACHINE_ARN``: the state machine that is the workflow of a run.
    notifications_queue_url
        ``NOTIFICATIONS_QUEUE_URL``: the SQS queue that notifications come from.
    dead_letter_queue_url
        ``DEAD_LETTER_QUEUE_URL``: where notifications that can never be handled are kept.
    event_bus_name
        ``EVENT_BUS_NAME``: the EventBridge bus that is told of a run's end; empty: nobody is.
    credentials_secret_id
        ``CREDENTIALS_SECRET_ID``: the secret with the skill's client id and client secret.
    max_events_per_second
        ``MAX_EVENTS_PER_SECOND``: the pace of the whole stack, in events per second.
    max_workers
        ``MAX_WORKERS``: how many workers one run has, at most 200; they share the pace.
    alexa_base_url, lwa_base_url
        ``ALEXA_BASE_URL``, ``LWA_BASE_URL``: empty for the real services. ``{region}`` in the
        first becomes ``na``, ``eu`` or ``fe``.
    event_sources
        ``EVENT_SOURCES``: what makes each customer's content, by the name that campaigns use: a
        ``package.module:callable`` that is deployed with the functions, or the ARN or name of a
        Lambda function; `is_callable` tells which. Written ``name=source``, with commas between.
    note_accepted
        ``NOTE_ACCEPTED``: whether what Alexa accepted is noted in the customers' records as well.
    aws_region
        ``AWS_REGION``, set by Lambda itself: tells which Alexa region a multicast goes to.
    """

    skill_id: str
    skill_stage: Stage
    subscribers_table: str
    runs_table: str
    run_machine_arn: str
    notifications_queue_url: str
    dead_letter_queue_url: str
    event_bus_name: str
    credentials_secret_id: str
    max_events_per_second: int
    max_workers: int
    alexa_base_url: str
    lwa_base_url: str
    event_sources: tuple[tuple[str, str], ...]
    aws_region: str
    note_accepted: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> SenderSettings:
        """Read the settings.

        Raises
        ------
        InvalidSettings
            Names every variable that is missing or wrong, and what it should hold.
        """
        reader = _Reader(environ)
        settings = cls(
            skill_id=reader.text("SKILL_ID", "the skill's id, amzn1.ask.skill.…"),
            skill_stage=reader.stage("SKILL_STAGE"),
            subscribers_table=reader.text("SUBSCRIBERS_TABLE", "the name of the subscribers table"),
            runs_table=reader.text("RUNS_TABLE", "the name of the runs table"),
            run_machine_arn=reader.text("RUN_MACHINE_ARN", "the ARN of the run's state machine"),
            notifications_queue_url=reader.optional("NOTIFICATIONS_QUEUE_URL"),
            dead_letter_queue_url=reader.optional("DEAD_LETTER_QUEUE_URL"),
            event_bus_name=reader.optional("EVENT_BUS_NAME"),
            credentials_secret_id=reader.text(
                "CREDENTIALS_SECRET_ID", "the name or ARN of the credentials secret"
            ),
            max_events_per_second=reader.count("MAX_EVENTS_PER_SECOND", DEFAULT_EVENTS_PER_SECOND),
            max_workers=reader.count("MAX_WORKERS", DEFAULT_WORKERS),
            alexa_base_url=reader.optional("ALEXA_BASE_URL"),
            lwa_base_url=reader.optional("LWA_BASE_URL"),
            event_sources=reader.event_sources("EVENT_SOURCES"),
            aws_region=reader.optional("AWS_REGION", "us-east-1"),
            note_accepted=reader.flag("NOTE_ACCEPTED"),
        )
        reader.finish()
        return settings


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What the API function needs.

    Attributes
    ----------
    skill_id, subscribers_table, runs_table, run_machine_arn, event_bus_name, event_sources
        As for the sender function.
    notifications_queue_url
        ``NOTIFICATIONS_QUEUE_URL``: the SQS queue that notifications are put on.
    sender_function_name
        ``SENDER_FUNCTION_NAME``: the function that starts runs.
    stack_name, aws_region
        ``STACK_NAME``, and ``AWS_REGION``, which Lambda sets: which stack it is that answers, for
        each has customers of its own.
    """

    skill_id: str
    subscribers_table: str
    runs_table: str
    run_machine_arn: str
    notifications_queue_url: str
    sender_function_name: str
    event_sources: tuple[tuple[str, str], ...]
    event_bus_name: str
    stack_name: str
    aws_region: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> ApiSettings:
        """Read the settings.

        Raises
        ------
        InvalidSettings
            Names every variable that is missing or wrong, and what it should hold.
        """
        reader = _Reader(environ)
        settings = cls(
            skill_id=reader.text("SKILL_ID", "the skill's id, amzn1.ask.skill.…"),
            subscribers_table=reader.text("SUBSCRIBERS_TABLE", "the name of the subscribers table"),
            runs_table=reader.text("RUNS_TABLE", "the name of the runs table"),
            run_machine_arn=reader.text("RUN_MACHINE_ARN", "the ARN of the run's state machine"),
            notifications_queue_url=reader.text(
                "NOTIFICATIONS_QUEUE_URL", "the URL of the queue of notifications"
            ),
            sender_function_name=reader.text(
                "SENDER_FUNCTION_NAME", "the name of the sender function"
            ),
            event_sources=reader.event_sources("EVENT_SOURCES"),
            event_bus_name=reader.optional("EVENT_BUS_NAME"),
            stack_name=reader.optional("STACK_NAME"),
            aws_region=reader.optional("AWS_REGION", "us-east-1"),
        )
        reader.finish()
        return settings


def is_secure(url: str) -> bool:
    """Check whether a token may be sent to a URL: over https, or to this machine itself.

    Examples
    --------
    >>> is_secure("https://id.example/userinfo"), is_secure("http://id.example/userinfo")
    (True, False)
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # reading a port that is none raises
    except ValueError:
        return False
    if not _PLAIN.fullmatch(url) or "@" in parts.netloc:
        return False
    return bool(host) if parts.scheme == "https" else parts.scheme == "http" and host in _LOOPBACK


def is_callable(source: str) -> bool:
    """Check whether an event source is a callable to import, and not a Lambda function to invoke.

    Examples
    --------
    >>> is_callable("my_digest:live"), is_callable("123456789012:function:my_digest:live")
    (True, False)
    """
    return bool(_CALLABLE.fullmatch(source))


class _Reader:
    """Collects every problem of an environment before any is reported."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: list[str] = []

    def text(self, name: str, meaning: str) -> str:
        value = self._environ.get(name, "").strip()
        if not value:
            self._problems.append(f"{name} is not set: it must hold {meaning}")
        return value

    def optional(self, name: str, default: str = "") -> str:
        return self._environ.get(name, "").strip().rstrip("/") or default

    def stage(self, name: str) -> Stage:
        value = self.text(name, "'development' or 'live'")
        if value and value not in ("development", "live"):
            self._problems.append(f"{name} is {value!r}: it must be 'development' or 'live'")
        return cast("Stage", value)

    def voice_consent(self, name: str) -> VoiceConsent:
        value = self.optional(name, "card")
        if value not in ("card", "voice"):
            self._problems.append(f"{name} is {value!r}: it must be 'card' or 'voice'")
        return cast("VoiceConsent", value)

    def secure_url(self, name: str) -> str:
        value = self._environ.get(name, "").strip()
        if value and not is_secure(value):
            self._problems.append(f"{name} must be an https:// URL (http:// for this machine only)")
        return value

    def flag(self, name: str) -> bool:
        value = self.optional(name, "false")
        if value not in ("true", "false"):
            self._problems.append(f"{name} is {value!r}: it must be 'true' or 'false'")
        return value == "true"

    def count(self, name: str, default: int) -> int:
        value = self.optional(name, str(default))
        if value.isascii() and value.isdigit() and int(value) > 0:
            return int(value)
        self._problems.append(f"{name} is {value!r}: it must be a whole number above 0")
        return default

    def event_sources(self, name: str) -> tuple[tuple[str, str], ...]:
        found: dict[str, str] = {}
        for entry in filter(None, map(str.strip, self.optional(name).split(","))):
            registered, _, source = map(str.strip, entry.partition("="))
            if not _EVENT_SOURCE.fullmatch(registered):
                wrong = "begins with no name of 1 to 40 of A-Z, a-z, 0-9 and -"
            elif not is_callable(source) and not _FUNCTION.fullmatch(source):
                wrong = "names neither a callable nor a Lambda function"
            elif registered in found:
                wrong = f"registers {registered!r} once more"
            else:
                found[registered] = source
                continue
            self._problems.append(
                f"{name} has the entry {entry!r}, which {wrong}: each must be "
                "name=package.module:callable, or name= and the ARN or name of a Lambda function"
            )
        return tuple(found.items())

    def finish(self) -> None:
        if self._problems:
            raise InvalidSettings("; ".join(self._problems))
