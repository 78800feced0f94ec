"""The eight events as JSON Schemas (Draft 2020-12), written from its reference.

They are the simulator's own and share nothing with the sender's models, so that one can find the
other's mistakes. Where sources conflict about what Alexa takes, the simulator takes it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.validators import extend

from yellowring_tools.simulator.facts import LOCALES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

type Schema = dict[str, Any]

REFERENCE_PREFIX = "localizedattribute:"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_MOST_PROBLEMS = 5
_LONGEST_PROBLEM = 300


def parse_time(text: object) -> datetime | None:
    """Read an ISO 8601 date and time with ``Z`` or an offset; ``None`` when it is not one."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _object(required: Schema, **optional: Schema) -> Schema:
    return {
        "type": "object",
        "properties": required | optional,
        "required": sorted(required),
        "additionalProperties": False,
    }


def _one_of(values: str) -> Schema:
    return {"enum": values.split()}


_INTEGER: Schema = {"type": "integer"}
_TIMESTAMP: Schema = {"type": "string", "format": "date-time"}
_TEXT: Schema = {"type": "string", "minLength": 1, "not": {"pattern": f"^{REFERENCE_PREFIX}"}}
_LOCALIZABLE: Schema = {"type": "string", "minLength": 1, "not": {"const": REFERENCE_PREFIX}}
_NAMED = _object({"name": _TEXT})
_NAMED_LOCALIZABLE = _object({"name": _LOCALIZABLE})
_TEAM_STATISTIC = _object({"team": _NAMED, "score": _INTEGER})

PAYLOADS: dict[str, Schema] = {
    "AMAZON.WeatherAlert.Activated": _object(
        {
            "weatherAlert": _object(
                {"alertType": _one_of("TORNADO HURRICANE SNOW_STORM THUNDER_STORM")},
                source=_LOCALIZABLE,
            )
        }
    ),
    "AMAZON.SportsEvent.Updated": _object(
        {
            "sportsEvent": _object(
                {
                    "eventLeague": _NAMED_LOCALIZABLE,
                    "homeTeamStatistic": _TEAM_STATISTIC,
                    "awayTeamStatistic": _TEAM_STATISTIC,
                }
            )
        },
        update=_object({"scoreEarned": _INTEGER, "teamName": _TEXT}),
    ),
    "AMAZON.MessageAlert.Activated": _object(
        {
            "state": _object(
                {"status": _one_of("UNREAD FLAGGED")}, freshness=_one_of("NEW OVERDUE")
            ),
            "messageGroup": _object(
                {"creator": _NAMED, "count": _INTEGER}, urgency=_one_of("URGENT")
            ),
        }
    ),
    "AMAZON.OrderStatus.Updated": _object(
        {
            "state": _object(
                {
                    "status": _one_of(
                        "PREORDER_RECEIVED ORDER_RECEIVED ORDER_PREPARING ORDER_SHIPPED"
                        " ORDER_OUT_FOR_DELIVERY ORDER_DELIVERED"
                    )
                },
                enterTimeStamp=_TIMESTAMP,
                enterTimestamp=_TIMESTAMP,
                deliveredOn=_TIMESTAMP,
                deliveryDetails=_object({}, expectedArrival=_TIMESTAMP),
            ),
            "order": _object({"seller": _NAMED_LOCALIZABLE}),
        }
    ),
    "AMAZON.Occasion.Updated": _object(
        {
            "state": _object(
                {
                    "confirmationStatus": _one_of(
                        "CONFIRMED CANCELED RESCHEDULED REQUESTED CREATED UPDATED"
                    )
                }
            ),
            "occasion": _object(
                {
                    "occasionType": _one_of(
                        "RESERVATION_REQUEST RESERVATION APPOINTMENT_REQUEST APPOINTMENT"
                    ),
                    "subject": _LOCALIZABLE,
                    "provider": _NAMED_LOCALIZABLE,
                    "bookingTime": _TIMESTAMP,
                },
                broker=_NAMED_LOCALIZABLE,
            ),
        }
    ),
    "AMAZON.TrashCollectionAlert.Activated": _object(
        {
            "alert": _object(
                {
                    "garbageTypes": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 5,
                        "items": _one_of(
                            "BOTTLES BULKY BURNABLE CANS CLOTHING COMPOSTABLE CRUSHABLE"
                            " GARDEN_WASTE GLASS HAZARDOUS HOME_APPLIANCES KITCHEN_WASTE"
                            " LANDFILL PET_BOTTLES RECYCLABLE_PLASTICS WASTE_PAPER"
                        ),
                    },
                    "collectionDayOfWeek": _one_of(
                        "MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY"
                    ),
                }
            )
        }
    ),
    "AMAZON.MediaContent.Available": _object(
        {
            "availability": _object(
                {
                    "startTime": _TIMESTAMP,
                    "method": _one_of("STREAM AIR RELEASE PREMIERE DROP"),
                },
                provider=_NAMED_LOCALIZABLE,
            ),
            "content": _object(
                {
                    "name": _LOCALIZABLE,
                    "contentType": _one_of("BOOK EPISODE ALBUM SINGLE MOVIE GAME"),
                }
            ),
        }
    ),
    "AMAZON.SocialGameInvite.Available": _object(
        {
            "invite": _object(
                {
                    "inviter": _NAMED,
                    "relationshipToInvitee": _one_of("FRIEND CONTACT"),
                    "inviteType": _one_of("CHALLENGE INVITE"),
                }
            ),
            "game": _object({"offer": _one_of("MATCH REMATCH GAME"), "name": _LOCALIZABLE}),
        }
    ),
}
"""The schema of each event's ``payload``, by the event's name."""

EVENT_NAMES: tuple[str, ...] = tuple(PAYLOADS)
"""The eight events; a skill can define no others."""

_LOCALIZED_ATTRIBUTES: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"locale": {"enum": sorted(LOCALES)}},
        "required": ["locale"],
        "additionalProperties": {"type": "string", "minLength": 1},
    },
}

_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date-time")(lambda value: not isinstance(value, str) or bool(parse_time(value)))

# A JSON Schema integer may be written 2.0; an integer field of Alexa's may not.
_Validator: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def _compile(schema: Schema) -> Validator:
    _Validator.check_schema(schema)
    return _Validator(schema, format_checker=_FORMATS)


_PAYLOAD_VALIDATORS = {name: _compile(schema) for name, schema in PAYLOADS.items()}
_ATTRIBUTES_VALIDATOR = _compile(_LOCALIZED_ATTRIBUTES)


def content_problems(event: object, localized_attributes: object) -> list[str]:
    """Say what Alexa would refuse in an event and its localized values; nothing when it is right.

    Parameters
    ----------
    event
        ``{"name": …, "payload": {…}}`` as on the wire.
    localized_attributes
        ``[{"locale": "en-US", "key": "value"}, …]`` as on the wire.

    Returns
    -------
    list of str
        Each with the path of what is wrong; at most five.
    """
    if not isinstance(event, dict) or set(event) != {"name", "payload"}:
        return ["event: must be an object with name and payload, and nothing else"]
    name = event["name"]
    if not isinstance(name, str) or name not in PAYLOADS:
        return [f"event.name: {name!r} is not one of {', '.join(EVENT_NAMES)}"[:_LONGEST_PROBLEM]]
    problems = [
        *_schema_problems("event.payload", _PAYLOAD_VALIDATORS[name], event["payload"]),
        *_schema_problems("localizedAttributes", _ATTRIBUTES_VALIDATOR, localized_attributes),
    ]
    if not problems and isinstance(localized_attributes, list):
        problems = list(_reference_problems(event["payload"], localized_attributes))
    return problems[:_MOST_PROBLEMS]


def _schema_problems(root: str, validator: Validator, document: object) -> list[str]:
    found = validator.iter_errors(cast("Any", document))
    errors: list[ValidationError] = sorted(found, key=_position)
    return [f"{root}{_path(error)}: {error.message}"[:_LONGEST_PROBLEM] for error in errors]


def _position(error: ValidationError) -> list[str]:
    return [str(part) for part in error.absolute_path]


def _path(error: ValidationError) -> str:
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
    )


def _reference_problems(payload: object, attributes: list[dict[str, str]]) -> Iterator[str]:
    locales = [entry["locale"] for entry in attributes]
    for locale in sorted({locale for locale in locales if locales.count(locale) > 1}):
        yield f"localizedAttributes: locale {locale} appears more than once"
    for key in sorted(set(_references(payload))):
        missing = [entry["locale"] for entry in attributes if key not in entry or key == "locale"]
        if missing or not attributes:
            where = f"for {', '.join(missing)}" if missing else "for any locale"
            yield f"localizedAttributes: {REFERENCE_PREFIX}{key} is used but not defined {where}"


def _references(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith(REFERENCE_PREFIX):
            yield value.removeprefix(REFERENCE_PREFIX)
    elif isinstance(value, dict):
        for member in value.values():
            yield from _references(member)
