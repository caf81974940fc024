"""Findings begin once and end once, whatever is told in which order: one table for all of them.

A finding begins when its condition is ripe, and ends when the condition is seen not to hold. What cannot be told begins
nothing and ends nothing: a finding that stood open then goes on if the condition is told to hold afterwards, and ended
unseen if not.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from voicedesk.phones.conditions import Condition, Conditions
from voicedesk.phones.model import Key, PhoneFinding, Slot

AgentAt = Callable[[Key, int], str | None]
"""The person who sat at the phone of a key at an instant."""


class Stand(StrEnum):
    """How a finding's place in the ledger stands."""

    CLEAR = "clear"
    OPEN = "open"
    UNSEEN = "unseen"


class Told(StrEnum):
    """How a look found a condition."""

    HOLDS = "holds"
    RIPE = "ripe"
    OTHER = "other"
    GONE = "gone"
    UNKNOWN = "unknown"


S, T = Stand, Told
STANDS: dict[tuple[Stand, Told], Stand] = {
    (S.CLEAR, T.HOLDS): S.CLEAR,
    (S.CLEAR, T.RIPE): S.OPEN,
    (S.CLEAR, T.GONE): S.CLEAR,
    (S.CLEAR, T.UNKNOWN): S.CLEAR,
    (S.OPEN, T.HOLDS): S.OPEN,
    (S.OPEN, T.RIPE): S.OPEN,
    (S.OPEN, T.OTHER): S.CLEAR,
    (S.OPEN, T.GONE): S.CLEAR,
    (S.OPEN, T.UNKNOWN): S.UNSEEN,
    (S.UNSEEN, T.HOLDS): S.OPEN,
    (S.UNSEEN, T.RIPE): S.OPEN,
    (S.UNSEEN, T.OTHER): S.CLEAR,
    (S.UNSEEN, T.GONE): S.CLEAR,
    (S.UNSEEN, T.UNKNOWN): S.UNSEEN,
}
"""(how it stood, what is told) → how it stands; from and to `CLEAR` a finding begins and ends. `OTHER`: the condition
holds of another call or break than the finding that stands here."""


@dataclass(slots=True)
class _Place:
    stand: Stand = Stand.CLEAR
    finding: PhoneFinding | None = None


@dataclass(slots=True)
class Ledger:
    """The findings that stand; `look` says what began and what ended."""

    agent_at: AgentAt
    _places: dict[Key, _Place] = field(default_factory=dict)

    def assume(self, findings: Iterable[PhoneFinding]) -> None:
        """Takes over findings that had no end when the service stopped; nobody has looked since then."""
        for finding in findings:
            self._places[finding.key] = _Place(Stand.UNSEEN, finding)

    def rename(self, gone: str, kept: str) -> None:
        """Moves findings about one call to another call, of which it became a part."""
        for place in self._places.values():
            if place.finding is not None and place.finding.about == gone:
                place.finding = replace(place.finding, about=kept)

    def standing(self) -> list[PhoneFinding]:
        """The findings without an end."""
        return [place.finding for place in self._places.values() if place.finding is not None]

    def look(self, found: Conditions, at: int, is_blind: Callable[[Key], bool]) -> list[PhoneFinding]:
        """What began or ended by what holds at `at`; of what is not in `found`, `is_blind` says if one can tell."""
        changed: list[PhoneFinding] = []
        for key in [*self._places, *(key for key in found if key not in self._places)]:
            condition = found.get(key)
            told = self._told(key, condition, at, is_blind)
            changed += self._step(key, told, condition, at)
            if told is Told.OTHER:
                changed += self._step(key, self._told(key, condition, at, is_blind), condition, at)
            if self._places[key].stand is Stand.CLEAR:
                del self._places[key]
        return changed

    def _told(self, key: Key, condition: Condition | str | None, at: int, is_blind: Callable[[Key], bool]) -> Told:
        if condition is None:
            return Told.UNKNOWN if is_blind(key) else Told.GONE
        if not isinstance(condition, Condition):
            return Told.UNKNOWN
        place = self._places.get(key)
        if place is not None and place.finding is not None and place.finding.about != condition.about:
            return Told.OTHER
        return Told.RIPE if at >= condition.ripe_at else Told.HOLDS

    def _step(self, key: Key, told: Told, condition: Condition | str | None, at: int) -> list[PhoneFinding]:
        place = self._places.setdefault(key, _Place())
        before, place.stand = place.stand, STANDS[place.stand, told]
        if before is Stand.CLEAR and place.stand is Stand.OPEN and isinstance(condition, Condition):
            place.finding = self._begun(key, condition)
            return [place.finding]
        if before is not Stand.CLEAR and place.stand is Stand.CLEAR and place.finding is not None:
            ended = replace(place.finding, to_at=max(at, place.finding.from_at), end_seen=before is Stand.OPEN)
            place.finding = None
            return [ended]
        return []

    def _begun(self, key: Key, condition: Condition) -> PhoneFinding:
        slot, pbx, subject = key
        is_line = slot is Slot.NOBODY
        return PhoneFinding(
            kind=condition.kind,
            pbx=pbx,
            endpoint=None if is_line else subject,
            line=subject if is_line else None,
            from_at=condition.since,
            evidence=condition.evidence,
            agent=None if is_line else self.agent_at(key, condition.since),
            about=condition.about,
        )
