"""The manifest, and the models beside it: what Alexa is told of the skill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from yellowring.catalog.localization import rings_in
from yellowring.skill.speech import LANGUAGES

from yellowring_tools.cli.files.skill_package import requirements
from yellowring_tools.doctor.finding import fault, warning
from yellowring_tools.doctor.skill.known import member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from yellowring_tools.doctor.finding import Finding
    from yellowring_tools.doctor.skill.known import Known
    from yellowring_tools.doctor.stack.schedules import Plan

REQUIRED_INTENTS = ("AMAZON.HelpIntent", "AMAZON.StopIntent", "AMAZON.CancelIntent")
"""Without these Alexa certifies no skill (ASK: "Certification requirements")."""
_SEND = "write it into skill-package/, and give it to Alexa: make skill-package && ask deploy"


def check_manifest(known: Known, plans: Iterable[Plan]) -> Iterator[Finding]:
    """Check that the manifest has what it must, for what the schedules send too."""
    sent = dict.fromkeys(each.campaign.event_name for each in plans if each.campaign)
    for each in requirements(known.document, sent or known.events):
        if each.lacks:
            what = f"{each.lacks} ({each.purpose})"
            yield fault("manifest", f"{known.source}, {each.path}", what, _remedy(each.add))


def check_texts(known: Known, plans: Iterable[Plan]) -> Iterator[Finding]:
    """Check that what the schedules send rings in every locale."""
    for plan in plans:
        yield from of_texts(plan, known.locales)


def of_texts(plan: Plan, locales: Iterable[str]) -> Iterator[Finding]:
    """Check that a schedule's campaign rings in every locale that the skill is published in."""
    campaign = plan.campaign
    if campaign is None or campaign.content is not None:
        return
    texts = campaign.localized_attributes
    if silent := [each for each in locales if not rings_in(campaign.payload, texts, each)]:
        where = f"schedule {plan.name}, $.campaign.localizedAttributes"
        what = f"has no texts for {', '.join(silent)}: no ring turns yellow there"
        yield warning("texts", where, what, "add an object for each of these locales")


def check_models(known: Known) -> Iterator[Finding]:
    """Check that each locale has a model that can be built, and words of ours."""
    for locale in known.locales:
        yield from of_model(known.models.get(locale), locale, known.source)
    for locale in sorted(known.models.keys() - set(known.locales)):
        what = f"the manifest does not publish {locale}, which has an interaction model"
        path = "$.manifest.publishingInformation.locales"
        yield warning("models", f"{known.source}, {path}", what, _SEND)
    if strange := [each for each in known.locales if each.partition("-")[0] not in LANGUAGES]:
        where = f"{known.source}, $.manifest.publishingInformation.locales"
        what = (
            f"the skill has no texts of its own in {', '.join(strange)}, and speaks English there"
        )
        yield warning("models", where, what, "add skill/speech/LANGUAGE.json, or give wrap texts")


def of_model(model: Mapping[str, Any] | None, locale: str, source: str) -> Iterator[Finding]:
    """Check the interaction model of one locale."""
    where = f"interaction model {locale}"
    if model is None:
        what = f"is not there, though {source} publishes the skill in {locale}"
        yield fault("models", where, what, _SEND)
        return
    language = member(member(model, "interactionModel"), "languageModel")
    if not language.get("invocationName"):
        yield fault("models", where, "has no invocationName, so that nobody can open it", _SEND)
    intents = {each.get("name") for each in language.get("intents", []) if isinstance(each, dict)}
    if lacking := [each for each in REQUIRED_INTENTS if each not in intents]:
        yield fault("models", where, f"lacks {', '.join(lacking)}", _SEND)


def _remedy(addable: object) -> str:
    if addable:
        return f"yellowring skill-package check --fix adds it; then {_SEND.partition(': ')[2]}"
    return _SEND
