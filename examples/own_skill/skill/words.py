"""What the skill says and understands, in each of its languages."""

from __future__ import annotations

from typing import Any

WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "welcome": "Welcome to Hazel Farm. Say what is to go into your box, or order it.",
        "what_next": "What else may I do for you?",
        "box_empty": "Your box is still empty. What may I put in?",
        "box": "In your box: {content}. It comes on {day}.",
        "added": "I have added {content}. Anything else?",
        "removed": "There are no more {vegetable} in your box.",
        "not_grown": "We do not grow that. We have {vegetables}.",
        "day_changed": "Your box comes on {day} from now on.",
        "no_such_day": "We deliver on {days}. Which day suits you?",
        "confirm": "In your box: {content}, for {day}. Shall I order it?",
        "ordered": "I have ordered your box. It is number {order}, and comes on {day}.",
        "not_ordered": "All right, nothing is ordered.",
        "status": "Box number {order} is being packed, and comes on {day}.",
        "status_none": "You have no box on order.",
        "help": "Say: two kilos of carrots, what is in my box, deliver on Friday, or order it.",
        "nothing_asked": "I am not sure what you mean. Say help to hear what I can do.",
        "goodbye": "Goodbye from Hazel Farm.",
        "sorry": "Sorry, something went wrong at the farm. Please try again.",
        "and": " and ",
        "kilos": "{kilos} kilos of {vegetable}",
        "kilo": "a kilo of {vegetable}",
        "vegetables": {
            "carrots": "carrots",
            "potatoes": "potatoes",
            "leeks": "leeks",
            "pumpkins": "pumpkins",
        },
        "days": {"tuesday": "Tuesday", "friday": "Friday"},
    },
    "de": {
        "welcome": "Willkommen beim Haselhof. Sag, was in deine Kiste soll, oder bestelle sie.",
        "what_next": "Was kann ich noch für dich tun?",
        "box_empty": "Deine Kiste ist noch leer. Was darf hinein?",
        "box": "In deiner Kiste: {content}. Sie kommt am {day}.",
        "added": "Ich habe {content} dazugelegt. Noch etwas?",
        "removed": "In deiner Kiste sind keine {vegetable} mehr.",
        "not_grown": "Das bauen wir nicht an. Wir haben {vegetables}.",
        "day_changed": "Deine Kiste kommt ab jetzt am {day}.",
        "no_such_day": "Wir liefern am {days}. Welcher Tag passt dir?",
        "confirm": "In deiner Kiste: {content}, für {day}. Soll ich sie bestellen?",
        "ordered": "Deine Kiste ist bestellt. Sie hat die Nummer {order} und kommt am {day}.",
        "not_ordered": "Gut, es ist nichts bestellt.",
        "status": "Die Kiste Nummer {order} wird gepackt und kommt am {day}.",
        "status_none": "Du hast keine Kiste bestellt.",
        "help": "Sag: zwei Kilo Möhren, was ist in der Kiste, liefere am Dienstag, bestelle sie.",
        "nothing_asked": "Ich weiß nicht, was du meinst. Sag Hilfe, um zu hören, was ich kann.",
        "goodbye": "Bis bald vom Haselhof.",
        "sorry": "Auf dem Hof ist leider etwas schiefgegangen. Bitte versuche es noch einmal.",
        "and": " und ",
        "kilos": "{kilos} Kilo {vegetable}",
        "kilo": "ein Kilo {vegetable}",
        "vegetables": {
            "carrots": "Möhren",
            "potatoes": "Kartoffeln",
            "leeks": "Lauch",
            "pumpkins": "Kürbisse",
        },
        "days": {"tuesday": "Dienstag", "friday": "Freitag"},
    },
}

CONSENT = {
    "en": {"consent_accepted": "The ring on your Echo turns yellow when it leaves the farm."},
    "de": {"consent_accepted": "Der Ring an deinem Echo wird gelb, wenn sie den Hof verlässt."},
}


class Words:
    """The words of one locale's language; English where there is no other."""

    def __init__(self, locale: str) -> None:
        self._words = WORDS.get(locale.partition("-")[0], WORDS["en"])

    def say(self, key: str, **values: object) -> str:
        """Return a sentence with its values filled in."""
        sentence: str = self._words[key].format(**values)
        return sentence

    def name(self, kind: str, key: str) -> str:
        """Return what a vegetable or a day is called."""
        name: str = self._words[kind][key]
        return name

    def joined(self, names: list[str]) -> str:
        """Return names as one says them: ``carrots, leeks and potatoes``."""
        *most, last = names
        return f"{', '.join(most)}{self._words['and']}{last}" if most else last

    def every(self, kind: str) -> str:
        """Return all vegetables or days, as one says them."""
        return self.joined(list(self._words[kind].values()))

    def content(self, content: dict[str, int]) -> str:
        """Return what is in a box, as one says it."""
        return self.joined(
            [
                self.say(
                    "kilo" if kilos == 1 else "kilos",
                    kilos=kilos,
                    vegetable=self.name("vegetables", key),
                )
                for key, kilos in content.items()
            ]
        )

    def key(self, kind: str, spoken: str) -> str | None:
        """Return the key of a vegetable or a day from what was said; None where there is none."""
        names = {name.lower(): key for key, name in self._words[kind].items()}
        return names.get(spoken.lower())
