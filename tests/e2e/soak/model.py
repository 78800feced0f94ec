"""What customers should have heard, told from what they did and what was sent, and nothing else.

It knows the meaning of what a customer does, not how a record is kept: after each act it says what
is in force at Alexa, and what the business has been told. What is told takes its time, so between
an act and its arrival both the old and the new are right.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

type Verdict = bool | None
"""Whether somebody is to hear; ``None``: either is right."""

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class State:
    """What is in force of one account.

    Attributes
    ----------
    enabled, granted, subscribed, subject
        At Alexa: the skill, the permission, the events, and whose account is linked.
    told
        The events that the business may send them, by all it was told.
    linked
        The business' own ids that the account may have by all it was told; ``None`` is none.
    attributes
        What the business keeps of them.
    erased
        Whether all that was known before was erased.
    known
        Whether anything was told since; ``None``: that depends on who remembers what.
    """

    enabled: bool = False
    granted: bool = False
    subscribed: frozenset[str] = NOBODY
    subject: str | None = None
    told: frozenset[str] = NOBODY
    linked: frozenset[str | None] = frozenset({None})
    attributes: Mapping[str, str] = field(default_factory=dict)
    erased: bool = False
    known: bool | None = False

    def enable(self) -> State:
        """Enable the skill, which says nothing of subscriptions."""
        return replace(self, enabled=True, known=True)

    def disable(self, *, is_kept: bool) -> State:
        """Disable it: nothing is in force; where Alexa keeps nothing, nothing is known."""
        ended = State(attributes=self.attributes, erased=self.erased, known=True)
        return ended if is_kept else State(erased=True)

    def grant(self) -> State:
        """Accept the permission."""
        return replace(self._here(), granted=True)

    def revoke(self) -> State:
        """Take the permission back, and with it all that it allowed."""
        return replace(self._here(), granted=False, subscribed=NOBODY, told=NOBODY)

    def subscribe(self, events: Iterable[str]) -> State:
        """Switch events on, and with them the permission."""
        on = self.subscribed | {*events}
        return replace(self._here(), granted=True, subscribed=on, told=on)

    def unsubscribe(self, events: Iterable[str]) -> State:
        """Switch events off."""
        on = self.subscribed - {*events}
        return replace(self._here(), subscribed=on, told=on)

    def link(self, subject: str) -> State:
        """Link the account of a customer of the business."""
        return replace(self._here(), subject=subject, linked=frozenset({subject}))

    def unlink(self) -> State:
        """Take the link back."""
        return replace(self, subject=None, linked=frozenset({None}), known=True)

    def name(self, customer_id: str | None) -> State:
        """Have the business say who they are."""
        return replace(self, linked=frozenset({customer_id}), known=True)

    def describe(self, told: Mapping[str, str | None]) -> State:
        """Have the business set attributes, and remove those that are ``None``."""
        kept = {key: value for key, value in {**self.attributes, **told}.items() if value}
        return replace(self, attributes=kept, known=self._known_to_some)

    def speak(self) -> State:
        """Open the skill: it learns again where they are, and whose account is linked."""
        linked = self.linked | {self.subject} if self.subject else self.linked
        return replace(self._here(), linked=linked, known=self._known_to_some)

    def refresh(self) -> State:
        """Have the business ask where they are."""
        return replace(self, known=self._known_to_some)

    def forget(self) -> State:
        """Erase all that is known; Alexa goes on as before."""
        return replace(
            self, told=NOBODY, linked=frozenset({None}), attributes={}, erased=True, known=False
        )

    @property
    def _known_to_some(self) -> bool | None:
        """What is neither an opt-in nor an id may or may not end an erasure for a list of users."""
        return None if self.erased and not self.known else True

    def _here(self) -> State:
        return replace(self, enabled=True, known=True)


@dataclass(frozen=True, slots=True)
class Change:
    """One act of a customer: when it began, until when it was on its way, and what was then.

    Times are in seconds since the epoch.
    """

    begun: float
    told: float
    state: State
    act: str


@dataclass(slots=True)
class History:
    """All that the owner of one account did, the oldest first."""

    user_id: str
    changes: list[Change] = field(default_factory=list)

    @property
    def state(self) -> State:
        """What is in force now."""
        return self.changes[-1].state if self.changes else State()

    def possible(self, since: float, until: float) -> list[Change]:
        """Return the acts after which the record may have stood at some time between two.

        The first is the last one that had arrived before, with all before it.
        """
        first = 0
        for number, change in enumerate(self.changes):
            if change.told > since:
                break
            first = number
        begun = [each for each in self.changes[first:] if each.begun <= until]
        unknown = not self.changes or self.changes[0].told > since
        return [Change(0, 0, State(), "nothing yet"), *begun] if unknown else begun


@dataclass(frozen=True, slots=True)
class Sending:
    """An event that was to be sent, and to whom.

    Attributes
    ----------
    reference_id, event
        As Alexa gets them.
    kind
        Who it is for: all who are subscribed; a list of accounts, who are asked unless erased; one
        account, as known; or customers by the business' own id.
    ids
        The accounts, or the customers.
    where
        What the attributes of its audience are, each one of several values.
    needs
        The attribute without which there is no text for somebody.
    begun, ended
        When it was asked for, and when nothing more was sent; seconds since the epoch.
    whole
        Whether it reached everybody whom it could: not where it was cancelled.
    """

    reference_id: str
    event: str
    kind: Literal["subscribers", "users", "account", "customers"]
    begun: float
    ended: float
    ids: frozenset[str] = NOBODY
    where: Mapping[str, frozenset[str]] = field(default_factory=dict)
    needs: str | None = None
    whole: bool = True

    def asks(self, user_id: str, state: State) -> Verdict:
        """Say whether a customer in a state is sent to."""
        if self.kind in ("users", "account") and user_id not in self.ids:
            return False
        if self.kind == "users":
            return not state.erased or state.known
        if self.event not in state.told:
            return False
        if self.kind == "customers":
            meant = [each in self.ids for each in state.linked]
            return None if len({*meant}) > 1 else meant[0]
        return self.kind == "account" or all(
            state.attributes.get(key) in values for key, values in self.where.items()
        )

    def rings(self, user_id: str, state: State) -> Verdict:
        """Say whether a customer in a state hears it."""
        has_text = self.needs is None or self.needs in state.attributes
        if self.event not in state.subscribed or not has_text:
            return False
        return self.asks(user_id, state)


def difference(sending: Sending, history: History, rings: Sequence[float]) -> str | None:
    """Return what is wrong with how often a customer heard, ``None`` where nothing is.

    Parameters
    ----------
    sending, history
        What was sent, and to whom.
    rings
        When Alexa took it for the customer; seconds since the epoch.
    """
    if len(rings) > 1:
        return f"heard {len(rings)} times"
    until = rings[0] if rings else sending.ended
    verdicts = {
        sending.rings(history.user_id, each.state)
        for each in history.possible(sending.begun, until)
    }
    if rings and verdicts == {False}:
        return "heard what was not for them"
    if not rings and verdicts == {True} and sending.whole:
        return "did not hear"
    return None


def is_certain(sending: Sending, history: History) -> bool:
    """Check whether only one outcome is right, whatever happened."""
    states = [each.state for each in history.possible(sending.begun, sending.ended)]
    verdicts = {sending.rings(history.user_id, each) for each in states}
    return verdicts == {False} or (verdicts == {True} and sending.whole)
