"""What one switch told of its phones: reachable or not, paused in which queues since when, do-not-disturb, calls.

Only states, and since when they hold; what follows from them is in `conditions`. While the link is lost, and until the
lists that follow it are whole, nothing here is current, and what no list told is unknown.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.members import Ties, is_local
from voicedesk.calls.model import CallFacts, Hall, PhoneState
from voicedesk.calls.phones import DEVICE_STATES, MEMBER_STATUS
from voicedesk.clock import MICROSECONDS
from voicedesk.phones.model import BreakSource
from voicedesk.phones.pauses import pause_began
from voicedesk.phones.phone import Membership, Phone, Place, clean_reason
from voicedesk.phones.talk import Talk, signs_of, talks_of

BREAK_EVENT = "VoicedeskBreak"
"""User event: a feature code is about to pause the phone whose channel it names."""
DND_PREFIX = "custom:dnd"
"""FreePBX keeps a phone's do-not-disturb in a device of this name and the phone's extension."""
EXPECTED_US = 15 * MICROSECONDS
"""So soon after somebody asked for a break the switch tells of it."""
CLOCK_US = 60 * MICROSECONDS
"""A switch's clock is wrong if it is this far from ours; nothing takes so long to arrive."""
_DND_ON = frozenset({PhoneState.IN_USE, PhoneState.RINGING})


class Switch:
    """The phones of one PBX; feed it events and calls in the order in which they come.

    `ties` knows which phones are behind a member; a tracker of the same PBX may teach it too.
    """

    def __init__(self, pbx: str, ties: Ties | None = None) -> None:
        self.pbx = pbx
        self.ties = ties or Ties(Hall())
        self.is_current = False
        self.phones: dict[str, Phone] = {}
        self._dnd: dict[str, int | None] = {}
        self._in_calls: dict[str, frozenset[str]] = {}
        self.is_whole = False  # the lists were: what they do not name is not there
        self._members: dict[Place, Membership] = {}
        self._placed = -1
        self._behind_us = 0
        self._listed: set[Place] | None = None
        self._handlers: dict[str, Callable[[AmiEvent, int], None]] = {
            "ContactStatus": self._contact,
            "DeviceStateChange": self._device_event,
            "DialBegin": self._dial,
            "ExtensionStatus": self._hint,
            "PeerStatus": self._peer,
            "QueueMember": self._member,
            "QueueMemberAdded": self._member,
            "QueueMemberPause": self._member,
            "QueueMemberRemoved": self._member_removed,
            "QueueMemberStatus": self._member,
            "UserEvent": self._user_event,
            "VoicedeskLink": self._link,
            "VoicedeskSnapshot": self._snapshot,
        }

    def phone(self, endpoint: str) -> Phone:
        """The phone of a name, known or not."""
        return self.phones.setdefault(endpoint, Phone(endpoint))

    def dnd_since(self, extension: str | None) -> int | None:
        """Since when the phone of an extension is set to do-not-disturb; None: it is not, or nobody tells."""
        return self._dnd.get(extension or "")

    def tells_dnd(self, extension: str | None) -> bool:
        """Whether this switch keeps a do-not-disturb state of that extension."""
        return (extension or "") in self._dnd

    def receive(self, event: AmiEvent) -> bool:
        """Takes in one event; True if it may matter."""
        handler = self._handlers.get(event.name)
        if handler is None:
            return False
        handler(event, self._instant_of(event))
        return True

    def _instant_of(self, event: AmiEvent) -> int:
        """When something happened: by the switch's clock, unless it is so wrong that breaks would seem too long."""
        stamp, arrived = event.timestamp_us, event.arrived_us
        if stamp is None:
            return arrived
        if arrived:
            self._behind_us = arrived - stamp if abs(arrived - stamp) > CLOCK_US else 0
        return stamp + self._behind_us

    def untied(self) -> list[Membership]:
        """The members of queues behind which no phone is known."""
        return [
            one for one in self._members.values() if not self.ties.behind(one.interface, one.state_interface).phones
        ]

    def is_away(self, phone: Phone) -> bool:
        """Whether a phone cannot be reached, nor another one of its seat."""
        return phone.is_away and all(self.phone(one).is_away for one in phone.seat)

    def settle(self) -> None:
        """Puts members and phones together, if which phone is where may have changed."""
        if self._placed == self.ties.version:
            return
        self._placed = self.ties.version
        for phone in self.phones.values():
            phone.members, phone.groups, phone.seat = {}, {}, ()
        for place, member in self._members.items():
            self._put_at_phones(place, member)

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

    # --- phones

    def _contact(self, event: AmiEvent, _at: int) -> None:
        """Says only why a phone is away; whether it is, its device tells: it may have another contact."""
        endpoint = f"PJSIP/{event.get('EndpointName') or ''}"
        status = event.get("ContactStatus")
        if status in ("Unreachable", "Removed", "Unregistered"):
            self.phone(endpoint).is_lost = status == "Unreachable"

    def _peer(self, event: AmiEvent, _at: int) -> None:
        """The same as chan_sip and chan_iax2 say it."""
        peer = self.ties.phone(event.get("Peer") or "")
        status = event.get("PeerStatus")
        if peer and status in ("Unreachable", "Unregistered"):
            self.phone(peer).is_lost = status == "Unreachable"

    def _device_event(self, event: AmiEvent, at: int) -> None:
        device, state = event.get("Device") or "", event.get("State") or ""
        if device[: len(DND_PREFIX)].casefold() == DND_PREFIX:
            extension = device[len(DND_PREFIX) :].rpartition("_")[2]
            before = self._dnd.get(extension)
            self._dnd[extension] = (before or at) if DEVICE_STATES.get(state) in _DND_ON else None
            return
        phone = self.ties.saw_device(device)
        if phone:
            self._device(phone, state, at)

    def _device(self, endpoint: str, state: str, at: int, *, is_hinted: bool = False) -> None:
        phone = self.phone(endpoint)
        if is_hinted and phone.device is not None and not phone.is_hinted:
            return  # the phone's own device tells
        told = DEVICE_STATES.get(state)
        phone.is_hinted = is_hinted
        if told is phone.device:
            return
        was_away = phone.is_away
        phone.device = told
        if not (was_away and phone.is_away):
            phone.device_since = at
        if not phone.is_away:
            phone.is_lost = False

    # --- members of queues

    def _hint(self, event: AmiEvent, _at: int) -> None:
        self.ties.saw_hint(event.get("Exten"), event.get("Context"), event.get("Hint"))

    def _dial(self, event: AmiEvent, _at: int) -> None:
        dialler = event.get("Channel") or ""
        if dialler.startswith("Local/"):
            self.ties.saw_dial(dialler, event.get("DestChannel") or "", event.get("DialString") or "")

    def _member(self, event: AmiEvent, at: int) -> None:
        place, state_interface = _place_of(event)
        if not all(place):
            return
        self.settle()
        before = self._members.get(place)
        now = Membership(*place, member=event.get("MemberName") or event.get("Name") or "")
        now.state_interface, now.last_pause = state_interface, event.get("LastPause") or ""
        if event.get("Paused") == "1":
            self._pause(event, before, now, at)
        else:
            now.unpaused_at = at
        if before is not None and before.state_interface != state_interface:
            self._take_from_phones(place)
        self._members[place] = now
        was_on_break = {one.endpoint for one in self._phones_of(now) if one.is_on_break}
        self._put_at_phones(place, now)
        for phone in self._phones_of(now):
            if phone.endpoint in was_on_break and not phone.is_on_break:
                phone.unpaused_at = at
        self._member_state(event, now, at)
        if self._listed is not None:
            self._listed.add(place)

    def _pause(self, event: AmiEvent, before: Membership | None, now: Membership, at: int) -> None:
        """A pause that was seen and is told again, with another reason maybe, is the same one; of one that began while
        nobody watched the switch tells the second."""
        now.reason = clean_reason(event.get("PausedReason") or "")
        now.unpaused_at = before.unpaused_at if before is not None else None
        is_same = before is not None and before.is_paused and (self.is_current or before.last_pause == now.last_pause)
        if is_same and before is not None:
            now.began = before.began
        else:
            free_at, behind = now.unpaused_at, self._behind_us
            now.began = pause_began(event, at, unpaused_at=free_at, is_live=self.is_current, behind_us=behind)

    def _member_state(self, event: AmiEvent, member: Membership, at: int) -> None:
        """A member's status is its phone's, or of the hint that watches it: that one where nothing else tells."""
        status = MEMBER_STATUS.get(event.get("Status") or "")
        if status is None:
            return
        of = member.state_interface or member.interface
        phone = self.ties.phone(of)
        if phone:
            self._device(phone, status, at)
            return
        tie = self.ties.behind(member.interface, member.state_interface)
        if len(tie.phones) == 1 and tie.is_seat and status != "INVALID" and not is_local(of):
            self._device(tie.phones[0], status, at, is_hinted=True)

    def _member_removed(self, event: AmiEvent, at: int) -> None:
        place, _ = _place_of(event)
        member = self._members.pop(place, None)
        if member is not None:
            for phone in self._phones_of(member):
                phone.unpaused_at = at
            self._take_from_phones(place)

    def _phones_of(self, member: Membership) -> list[Phone]:
        return [self.phone(one) for one in self.ties.behind(member.interface, member.state_interface).phones]

    def _put_at_phones(self, place: Place, member: Membership) -> None:
        tie = self.ties.behind(member.interface, member.state_interface)
        for endpoint in tie.phones:
            phone = self.phone(endpoint)
            (phone.members if tie.is_seat else phone.groups)[place] = member
            if tie.is_seat and len(tie.phones) > 1:
                phone.seat = tie.phones

    def _take_from_phones(self, place: Place) -> None:
        for phone in self.phones.values():
            phone.members.pop(place, None)
            phone.groups.pop(place, None)

    def _user_event(self, event: AmiEvent, at: int) -> None:
        if event.get("UserEvent") == BREAK_EVENT:
            endpoint = self.ties.phone((event.get("Channel") or "").rpartition("-")[0])
            if endpoint in self.phones:
                self.expect(endpoint, BreakSource.FEATURE_CODE, "", at)

    def expect(self, endpoint: str, source: BreakSource, by: str, at: int) -> None:
        """A break that begins now was asked for in this way, by this person."""
        self.phone(endpoint).expected = (source, by, at)

    # --- the link

    def _link(self, event: AmiEvent, _at: int) -> None:
        if event.get("State") != "up":
            self.is_current = False
            self._listed = None

    def _snapshot(self, event: AmiEvent, at: int) -> None:
        if event.get("State") == "begin":
            self._listed, self.is_current = set(), False
            self._dnd.clear()
            for phone in self.phones.values():  # what holds now is told now; since when, nobody saw
                phone.device, phone.device_since = None, at
            return
        if self._listed is None:
            return
        listed, self._listed = self._listed, None
        for place in [one for one in self._members if one not in listed]:
            del self._members[place]
            self._take_from_phones(place)
        self.settle()
        self.is_whole = event.get("Complete") == "1" and not event.get("Missing")
        self.is_current = True


def _place_of(event: AmiEvent) -> tuple[Place, str]:
    """A member's queue and how it is called there, and whose state its queue looks at."""
    state_interface = event.get("StateInterface") or ""
    interface = event.get("Interface") or event.get("Location") or state_interface
    return (event.get("Queue") or "", interface), state_interface
