"""The values of this room: a break, a finding about a phone or a line, and how a phone stands now.

Instants are microseconds since the epoch. A finding never says more than was told: what a phone does not announce is
called a suspicion, in its kind and in its evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from voicedesk.calls.model import PhoneState


class BreakSource(StrEnum):
    """How a break was begun; `switch`: by the switch's own means, nobody told us whose."""

    COMMAND = "command"
    FEATURE_CODE = "feature_code"
    SWITCH = "switch"


class Slot(StrEnum):
    """What may be found about one phone or line: one finding at a time in each."""

    BREAK = "break"
    AWAY = "away"
    DND = "dnd"
    SUSPECTED = "suspected"
    HELD = "held"
    NOBODY = "nobody"


class FindingKind(StrEnum):
    """The kinds of findings."""

    BREAK_TOO_LONG = "break_too_long"
    PHONE_UNREGISTERED = "phone_unregistered"
    PHONE_UNREACHABLE = "phone_unreachable"
    DND_ON = "dnd_on"
    DND_SUSPECTED = "dnd_suspected"
    LINE_HELD = "line_held"
    NOBODY_FREE = "nobody_free"


SLOTS: Mapping[FindingKind, Slot] = {
    FindingKind.BREAK_TOO_LONG: Slot.BREAK,
    FindingKind.PHONE_UNREGISTERED: Slot.AWAY,
    FindingKind.PHONE_UNREACHABLE: Slot.AWAY,
    FindingKind.DND_ON: Slot.DND,
    FindingKind.DND_SUSPECTED: Slot.SUSPECTED,
    FindingKind.LINE_HELD: Slot.HELD,
    FindingKind.NOBODY_FREE: Slot.NOBODY,
}
"""A phone that is first unreachable and then unregistered has one finding, of the kind that it began with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A stretch in which a phone was paused in every queue it serves; `to_at` None: it lasts.

    `agent` is who sat there when it began; `by` is who asked for it, where that is known. Without `end_seen` it ended
    while nobody watched, some time before `to_at`.
    """

    pbx: str
    endpoint: str
    from_at: int
    to_at: int | None = None
    reason: str = ""
    agent: str | None = None
    source: BreakSource = BreakSource.SWITCH
    by: str = ""
    end_seen: bool = True

    @property
    def id(self) -> str:
        """An id that is the same for the same break, whoever tells of it and however often."""
        return _id("break", self.pbx, self.endpoint, str(self.from_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneFinding:
    """Something found of a phone (`endpoint`), or of a whole line (`line`, with `pbx` empty); `to_at` None: it lasts.

    `evidence` says in words what it rests on; it never holds a caller's number. `about` tells two findings of one slot
    apart: the call, or the break. Without `end_seen` it ended while nobody watched, some time before `to_at`.
    """

    kind: FindingKind
    pbx: str
    endpoint: str | None
    line: str | None
    from_at: int
    evidence: str
    to_at: int | None = None
    agent: str | None = None
    about: str = ""
    end_seen: bool = True

    @property
    def id(self) -> str:
        """The same for the same finding, also after a restart."""
        return _id(self.kind, self.pbx, self.endpoint or "", self.line or "", str(self.from_at))

    @property
    def key(self) -> "Key":
        """Where in the ledger it stands."""
        return SLOTS[self.kind], self.pbx, self.endpoint or self.line or ""


Key = tuple[Slot, str, str]
"""Slot, PBX (empty for a line), and the endpoint or the line's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneStanding:
    """How a phone stands: `state` since `since`. Not `is_current`: so it was when the link was lost.

    `on_break_since` is set while it is paused in all its queues; `dnd` None: this switch does not tell.
    """

    pbx: str
    endpoint: str
    state: PhoneState
    since: int
    is_current: bool
    on_break_since: int | None = None
    reason: str = ""
    dnd: bool | None = None


def _id(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=10).hexdigest()
