"""What Alexa says in Japanese, where Amazon's Japanese page of the schemas shows a sentence.

It shows one variant of an event and no more. Whatever it does not show (another kind of weather,
who scored, new or urgent messages) has no known wording, and is not put into one here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    type Read = Callable[[str], str]

SOURCE = "https://developer.amazon.com/ja-JP/docs/alexa/smapi/ja-schemas-for-proactive-events.html"
"""The page, in its table of the events, under "example of the notification"."""

_ALERTS = {"SNOW_STORM": "大雪特別警報"}


def japanese(event_name: str, payload: Mapping[str, Any], read: Read) -> str | None:
    """Return the Japanese sentence of a checked event, or ``None`` where none is published.

    Parameters
    ----------
    event_name, payload
        The event in its wire shape.
    read
        Turns a localizable text of the payload into the customer's.
    """
    sentence = _SENTENCES.get(event_name)
    return sentence(payload, read) if sentence else None


def _weather_alert(payload: Mapping[str, Any], read: Read) -> str | None:
    alert = payload["weatherAlert"]
    if alert["alertType"] not in _ALERTS or "source" not in alert:
        return None
    what, source = _ALERTS[alert["alertType"]], read(alert["source"])
    return f"お住まいの地域で{what}が発表されました。{source}からの通知です"


def _sports_event(payload: Mapping[str, Any], read: Read) -> str | None:
    if "update" in payload:
        return None
    match = payload["sportsEvent"]
    sides = (match["homeTeamStatistic"], match["awayTeamStatistic"])
    score = "、".join(f"{side['team']['name']}{side['score']}点" for side in sides)
    return f"{read(match['eventLeague']['name'])}のアップデート、{score}"


def _message_alert(payload: Mapping[str, Any], _: Read) -> str | None:
    state, group = payload["state"], payload["messageGroup"]
    if state["status"] != "UNREAD" or "freshness" in state or "urgency" in group:
        return None
    return f"{group['creator']['name']}からのメッセージが{group['count']}件あります"


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any], Read], str | None]] = {
    "AMAZON.WeatherAlert.Activated": _weather_alert,
    "AMAZON.SportsEvent.Updated": _sports_event,
    "AMAZON.MessageAlert.Activated": _message_alert,
}
