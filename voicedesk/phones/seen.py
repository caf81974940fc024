"""What one switch told of its phones: reachable or not, paused in which queues since when, do-not-disturb, calls.

Only states, and since when they hold; what follows from them is in `conditions`. While the link is lost, and until the
lists that follow it are whole, nothing here is current, and what no list told is unknown.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.members import Ties
from voicedesk.calls.model import CallFacts, Hall
from voicedesk.clock import MICROSECONDS
from voicedesk.phones.devices import Devices
from voicedesk.phones.model import BreakSource
from voicedesk.phones.phone import Membership, Phone, phone_at
from voicedesk.phones.queues import QueueMembers
from voicedesk.phones.switch_clock import SwitchClock
from voicedesk.phones.talk import Talk, signs_of, talks_of

BREAK_EVENT = "VoicedeskBreak"
"""User event: a feature code is about to pause the phone whose channel it names."""
EXPECTED_US = 15 * MICROSECONDS
"""After somebody asked for a break, the switch tells of it within this time."""


class Switch:
    """The phones of one PBX; feed it events and calls in the order in which they come.

    `ties` knows which phones are behind a member; a tracker of the same PBX may teach it too. `is_whole`: the last
    lists were complete, so that a phone which they do not name is not there.
    """

    def __init__(self, pbx: str, ties: Ties | None = None) -> None:
        self.pbx = pbx
        self.ties = ties or Ties(Hall())
        self.is_whole = False
        self.phones: dict[str, Phone] = {}
        self._in_calls: dict[str, frozenset[str]] = {}
        self._clock = SwitchClock()
        self._devices = devices = Devices(self.phones, self.ties)
        self._members = members = QueueMembers(self.phones, self.ties, devices, self._clock)
        self._instant_of = self._clock.instant_of
        self._handlers: dict[str, Callable[[AmiEvent, int], None]] = {
            "ContactStatus": devices.contact_status,
            "DeviceStateChange": devices.state_change,
            "DialBegin": self._dial,
            "ExtensionStatus": self._hint,
            "PeerStatus": devices.peer_status,
            "QueueMember": members.told,
            "QueueMemberAdded": members.told,
            "QueueMemberPause": members.told,
            "QueueMemberRemoved": members.removed,
            "QueueMemberStatus": members.told,
            "UserEvent": self._user_event,
            "VoicedeskLink": self._link,
            "VoicedeskSnapshot": self._snapshot,
        }

    @property
    def is_current(self) -> bool:
        """Whether the link is up and the lists that it began with are over."""
        return self._members.is_live

    def tie(self, ties: Ties) -> None:
        """Uses these ties from now on: those that a tracker of the same PBX learns from calls."""
        self.ties = self._devices.ties = self._members.ties = ties

    def phone(self, endpoint: str) -> Phone:
        """The phone of a name, known or not."""
        return phone_at(self.phones, endpoint)

    def dnd_since(self, extension: str | None) -> int | None:
        """Since when the phone of an extension is set to do-not-disturb; None: it is not, or nobody tells."""
        return self._devices.dnd_since(extension)

    def tells_dnd(self, extension: str | None) -> bool:
        """Whether this switch keeps a do-not-disturb state of that extension."""
        return self._devices.tells_dnd(extension)

    def untied(self) -> list[Membership]:
        """The members of queues behind which no phone is known."""
        return self._members.untied()

    def is_away(self, phone: Phone) -> bool:
        """Whether a phone cannot be reached, nor another one of its seat."""
        return phone.is_away and all(self.phone(one).is_away for one in phone.seat)

    def settle(self) -> None:
        """Puts members and phones together, if which phone is where may have changed."""
        self._members.settle()

    def expect(self, endpoint: str, source: BreakSource, by: str, at: int) -> None:
        """A break that begins now was asked for in this way, by this person."""
        self.phone(endpoint).expected = (source, by, at)

    # --- events

    def receive(self, event: AmiEvent) -> bool:
        """Takes in one event; True if it may matter."""
        handler = self._handlers.get(event.name)
        if handler is None:
            return False
        handler(event, self._instant_of(event))
        return True

    def _hint(self, event: AmiEvent, _at: int) -> None:
        self.ties.saw_hint(event.get("Exten"), event.get("Context"), event.get("Hint"))

    def _dial(self, event: AmiEvent, _at: int) -> None:
        dialler = event.get("Channel") or ""
        if dialler.startswith("Local/"):
            self.ties.saw_dial(dialler, event.get("DestChannel") or "", event.get("DialString") or "")

    def _user_event(self, event: AmiEvent, at: int) -> None:
        if event.get("UserEvent") == BREAK_EVENT:
            endpoint = self.ties.phone((event.get("Channel") or "").rpartition("-")[0])
            if endpoint in self.phones:
                self.expect(endpoint, BreakSource.FEATURE_CODE, "", at)

    def _link(self, event: AmiEvent, _at: int) -> None:
        if event.get("State") != "up":
            self._members.link_lost()

    def _snapshot(self, event: AmiEvent, at: int) -> None:
        if event.get("State") == "begin":
            self._members.begin_list()
            self._devices.begin_list(at)
        elif self._members.end_list():
            self.is_whole = event.get("Complete") == "1" and not event.get("Missing")

    # --- calls

    def take_calls(self, calls: Iterable[CallFacts], merged: Iterable[tuple[str, str]] = ()) -> None:
        """Calls as they stand now; `merged` are (gone, kept)."""
        for facts in calls:
            self._put(facts.id, talks_of(facts))
            for sign in signs_of(facts):
                self.phone(sign.endpoint).sign(sign)
        for gone, _kept in merged:
            self._put(gone, {})

    def _put(self, call_id: str, talks: dict[str, Talk]) -> None:
        for endpoint in self._in_calls.pop(call_id, frozenset()) - talks.keys():
            self.phone(endpoint).talks.pop(call_id, None)
        for endpoint, talk in talks.items():
            before = self.phone(endpoint).talks.get(call_id)
            is_excused = before is not None and before.is_excused
            self.phone(endpoint).talks[call_id] = replace(talk, is_excused=is_excused)
        if talks:
            self._in_calls[call_id] = frozenset(talks)
