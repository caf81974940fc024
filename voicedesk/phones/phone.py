"""One phone as its switch told of it: its device, its place in queues, its calls."""

import re
from dataclasses import dataclass, field

from voicedesk.calls.model import PhoneState
from voicedesk.number_masking import mask_numbers
from voicedesk.phones.model import BreakSource
from voicedesk.phones.pauses import Began
from voicedesk.phones.talk import Sign, Talk

MOST_REFUSALS = 50
MOST_REASON = 40
_NUMBER = re.compile(r"\d[\d \-]{3,}\d")
_AWAY = frozenset({PhoneState.UNREGISTERED, PhoneState.UNREACHABLE})
Place = tuple[str, str]
"""A queue, and how it calls the member."""


@dataclass(slots=True)
class Membership:
    """A member of a queue: `interface` is what the queue calls it. `began`: the pause; None if it is not paused.

    `last_pause` is what the switch said of it; `unpaused_at`: when it was last seen unpaused.
    """

    queue: str
    interface: str
    member: str
    state_interface: str = ""
    began: Began | None = None
    last_pause: str = ""
    reason: str = ""
    unpaused_at: int | None = None

    @property
    def is_paused(self) -> bool:
        """Whether the queue may not ring it."""
        return self.began is not None


@dataclass(slots=True)
class Phone:
    """One phone; `device` None: unknown.

    `members` are its own places in queues, `groups` those of ring groups and forwardings that reach it: as long as they
    may ring it, it is on no break. `seat`: the phones of a seat that has several, the main one first.
    """

    endpoint: str
    device: PhoneState | None = None
    device_since: int = 0
    is_hinted: bool = False
    is_lost: bool = False
    members: dict[Place, Membership] = field(default_factory=dict)
    groups: dict[Place, Membership] = field(default_factory=dict)
    seat: tuple[str, ...] = ()
    unpaused_at: int | None = None
    talks: dict[str, Talk] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    alive_at: int = 0
    expected: tuple[BreakSource, str, int] | None = None

    @property
    def queues(self) -> frozenset[str]:
        """The queues that ring it."""
        return frozenset(queue for queue, _ in (*self.members, *self.groups))

    @property
    def main(self) -> str:
        """The phone that stands for its seat: a break of the seat is that one's."""
        return self.seat[0] if self.seat else self.endpoint

    @property
    def is_known(self) -> bool:
        """True if its switch ever said anything of it."""
        return self.device is not None or bool(self.members or self.groups)

    @property
    def is_on_break(self) -> bool:
        """Paused in every queue that it serves."""
        return bool(self.members) and self.is_shut

    @property
    def is_shut(self) -> bool:
        """No queue may ring it, by its own name or by a group's."""
        return self.is_known and all(one.is_paused for one in self._all()) and bool(self._all())

    @property
    def began(self) -> Began | None:
        """When the last of its queues was paused; None if one is not."""
        begun = [one.began for one in self._all() if one.began is not None] if self.is_shut else []
        if not begun:
            return None
        known = [one.earliest for one in begun if one.earliest is not None]
        return Began(max(one.latest for one in begun), max(known, default=None))

    @property
    def break_since(self) -> int | None:
        """When the break began that it is on, at the latest; None if it is on none."""
        began = self.began if self.is_on_break else None
        return began.latest if began is not None else None

    @property
    def reason(self) -> str:
        """The reason that was given with the pause."""
        return next((one.reason for one in self.members.values() if one.is_paused and one.reason), "")

    @property
    def member(self) -> str | None:
        """The name it is signed on to a queue with."""
        return next((one.member for one in self.members.values() if one.member), None)

    @property
    def is_away(self) -> bool:
        """The switch cannot reach it."""
        return self.device in _AWAY

    @property
    def away_as(self) -> PhoneState:
        """Which of the two it is: a contact that no longer answers is not the same as one that signed off."""
        return PhoneState.UNREACHABLE if self.is_lost else PhoneState.UNREGISTERED

    def sign(self, sign: Sign) -> None:
        """Takes in what a ringing told, in any order and however often."""
        if not sign.is_refusal:
            self.alive_at = max(self.alive_at, sign.at)
        elif sign.uniqueid not in self.refusals and len(self.refusals) < MOST_REFUSALS:
            self.refusals[sign.uniqueid] = sign.at
        self.refusals = {uniqueid: at for uniqueid, at in self.refusals.items() if at > self.alive_at}

    def _all(self) -> list[Membership]:
        return [*self.members.values(), *self.groups.values()]


def phone_at(phones: dict[str, Phone], endpoint: str) -> Phone:
    """The phone of a name; one that nobody told of yet is put into `phones`."""
    phone = phones.get(endpoint)
    if phone is None:
        phone = phones[endpoint] = Phone(endpoint)
    return phone


def clean_reason(text: str) -> str:
    """A reason as it is kept: one short line, and nobody's number in it."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return mask_numbers(_NUMBER.sub("…", printable)).strip()[:MOST_REASON]
