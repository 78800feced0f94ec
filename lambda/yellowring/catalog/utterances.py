"""What Alexa reads out for each event, in its English wording (Schemas for Proactive Events).

Its wording in other languages is not published, some Japanese sentences aside, so a German
customer's texts are put into the English sentence; `wording_note` says so to whoever reads the
preview.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yellowring.catalog.japanese import SOURCE, japanese
from yellowring.catalog.localization import rings_in
from yellowring.catalog.wire import key_of, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, tzinfo

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_AVAILABLE = {
    "STREAM": "stream",
    "AIR": "air",
    "RELEASE": "be released",
    "PREMIERE": "premiere",
    "DROP": "drop",
}
_ASKED = {"CHALLENGE": "challenged", "INVITE": "invited"}


def utterance(
    event_name: str,
    payload: Mapping[str, Any],
    localized_attributes: Sequence[Mapping[str, str]] = (),
    locale: str = "en-US",
    timezone: tzinfo | None = None,
) -> str | None:
    """Say what a customer hears for an event, or ``None`` when no notification comes of it.

    Parameters
    ----------
    event_name, payload, localized_attributes
        A checked event in its wire shape.
    locale
        The customer's; when the payload refers to texts and this locale has none, nothing rings.
    timezone
        Where the customer is; times are read in their own zone without it.

    Returns
    -------
    str or None
        The sentence, its texts in the customer's language, its wording in English or, where
        Amazon publishes it, in Japanese.

    Raises
    ------
    KeyError
        When the event has not been checked and lacks something it must have.

    Examples
    --------
    >>> alert = {"weatherAlert": {"source": "localizedattribute:desk", "alertType": "SNOW_STORM"}}
    >>> utterance("AMAZON.WeatherAlert.Activated", alert, [{"locale": "en-US", "desk": "Rosa"}])
    'There is a snow storm alert for your area. Provided by Rosa.'
    """
    if not rings_in(payload, localized_attributes, locale):
        return None
    speaker = _Speaker(localized_attributes, locale, timezone)
    in_japanese = japanese(event_name, payload, speaker.text) if locale == "ja-JP" else None
    return in_japanese or _SENTENCES[event_name](payload, speaker)


def silence_note(localized_attributes: Sequence[Mapping[str, str]], locale: str) -> str:
    """Say why a customer of a locale gets no notification, where `utterance` has no sentence."""
    told = ", ".join(entry["locale"] for entry in localized_attributes)
    return f"there are texts for {told or 'no locale'}, none for {locale}: Alexa rings nobody there"


def wording_note(locale: str, event_name: str, payload: Mapping[str, Any]) -> str | None:
    """Say whose the wording of `utterance` is, where the locale is not English; else ``None``."""
    if locale.startswith("en-"):
        return None
    if locale == "ja-JP":
        if japanese(event_name, payload, str) is not None:
            return f"the wording is Amazon's own, from {SOURCE}"
        return f"the wording is English: Alexa's own for {locale} is not known for this event"
    return f"the wording is English: Alexa's own for {locale} is not published"


class _Speaker:
    """Puts values into words for one customer."""

    def __init__(
        self, attributes: Sequence[Mapping[str, str]], locale: str, timezone: tzinfo | None
    ) -> None:
        self._texts = [entry for entry in attributes if entry.get("locale") == locale]
        self._timezone = timezone

    def text(self, value: str) -> str:
        key = key_of(value)
        if key is None:
            return value
        return next((entry[key] for entry in self._texts if key in entry), key)

    def date(self, value: str) -> str:
        day = self._local(value)
        return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}" if day else value

    def time(self, value: str) -> str:
        moment = self._local(value)
        if moment is None:
            return value
        half = "AM" if moment.hour < 12 else "PM"  # noqa: PLR2004 - noon
        return f"{self.date(value)} at {moment.hour % 12 or 12}:{moment.minute:02} {half}"

    def _local(self, value: str) -> datetime | None:
        moment = parse_time(value)
        if moment is None or self._timezone is None:
            return moment
        try:
            return moment.astimezone(self._timezone)
        except OverflowError:  # the first or last day of the calendar
            return moment


def _words(constant: str) -> str:
    return constant.lower().replace("_", " ")


def _listed(items: Sequence[str]) -> str:
    *first, last = dict.fromkeys(items)
    return f"{', '.join(first)} and {last}" if first else last


def _weather_alert(payload: Mapping[str, Any], speaker: _Speaker) -> str:
    alert = payload["weatherAlert"]
    provided = f" Provided by {speaker.text(alert['source'])}." if "source" in alert else ""
    return f"There is a {_words(alert['alertType'])} alert for your area.{provided}"


def _sports_event(payload: Mapping[str, Any], speaker: _Speaker) -> str:
    match = payload["sportsEvent"]
    sides = (match["homeTeamStatistic"], match["awayTeamStatistic"])
    score = ", ".join(f"{side['team']['name']} {side['score']}" for side in sides)
    scored = f"{payload['update']['teamName']} scored! " if "update" in payload else ""
    return f"{speaker.text(match['eventLeague']['name'])} match update, {scored}{score}."


def _message_alert(payload: Mapping[str, Any], _: _Speaker) -> str:
    state, group = payload["state"], payload["messageGroup"]
    count = group["count"]
    number = _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)
    flagged = "flagged" if state["status"] == "FLAGGED" else ""
    kinds = (state.get("freshness", "").lower(), flagged, group.get("urgency", "").lower())
    noun = "message" if count == 1 else "messages"
    words = " ".join(word for word in (number, *kinds, noun) if word)
    return f"You have {words} from {group['creator']['name']}."


def _order_status(payload: Mapping[str, Any], speaker: _Speaker) -> str:
    state = payload["state"]
    status, entered = state["status"], state.get("enterTimeStamp")
    expected = state.get("deliveryDetails", {}).get("expectedArrival")
    arrival = f" and will arrive by {speaker.date(expected)}" if expected else ""
    seller = speaker.text(payload["order"]["seller"]["name"])
    noun = "preorder" if status == "PREORDER_RECEIVED" else "order"
    happened = {
        "PREORDER_RECEIVED": "has been received",
        "ORDER_RECEIVED": "has been received",
        "ORDER_PREPARING": "is being prepared",
        "ORDER_SHIPPED": f"has been shipped{arrival}",
        "ORDER_OUT_FOR_DELIVERY": f"is out for delivery{arrival}",
        "ORDER_DELIVERED": f"was delivered on {speaker.date(entered)}"
        if entered
        else "has been delivered",
    }[status]
    return f"Your {noun} from {seller} {happened}."


def _occasion(payload: Mapping[str, Any], speaker: _Speaker) -> str:
    occasion = payload["occasion"]
    kind, status = _words(occasion["occasionType"]), payload["state"]["confirmationStatus"]
    provider = speaker.text(occasion["provider"]["name"])
    subject, when = speaker.text(occasion["subject"]), speaker.time(occasion["bookingTime"])
    return f"Your {kind} at {provider} for {subject} on {when} has been {_words(status)}."


def _trash_collection(payload: Mapping[str, Any], _: _Speaker) -> str:
    alert = payload["alert"]
    garbage = _listed([_words(kind) for kind in alert["garbageTypes"]])
    day = alert["collectionDayOfWeek"].capitalize()
    return f"The coming {day} is {garbage} garbage collection day."


def _media_content(payload: Mapping[str, Any], speaker: _Speaker) -> str:
    availability = payload["availability"]
    content, when = speaker.text(payload["content"]["name"]), availability["startTime"]
    provider = availability.get("provider")
    where = f" on {speaker.text(provider['name'])}" if provider else ""
    return f"{content} will {_AVAILABLE[availability['method']]} on {speaker.time(when)}{where}."


def _social_game_invite(payload: Mapping[str, Any], speaker: _Speaker) -> str:
    invite, game = payload["invite"], payload["game"]
    who = f"{_words(invite['relationshipToInvitee'])} {invite['inviter']['name']}"
    asked, offer = _ASKED[invite["inviteType"]], _words(game["offer"])
    return f"Your {who} has {asked} you to a {offer} of {speaker.text(game['name'])}."


_SENTENCES: dict[str, Callable[[Mapping[str, Any], _Speaker], str]] = {
    "AMAZON.WeatherAlert.Activated": _weather_alert,
    "AMAZON.SportsEvent.Updated": _sports_event,
    "AMAZON.MessageAlert.Activated": _message_alert,
    "AMAZON.OrderStatus.Updated": _order_status,
    "AMAZON.Occasion.Updated": _occasion,
    "AMAZON.TrashCollectionAlert.Activated": _trash_collection,
    "AMAZON.MediaContent.Available": _media_content,
    "AMAZON.SocialGameInvite.Available": _social_game_invite,
}
