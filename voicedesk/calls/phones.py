"""What each staff phone is doing, as device, queue and registration events tell it.

Whether a phone talks to a caller of the hall is not told by the switch: the tracker knows that, and passes it in.
"""

from collections.abc import Sequence
from typing import Any

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.members import Ties, is_local
from voicedesk.calls.model import PhoneState

PHONE_EVENTS = frozenset(
    {
        "ContactStatus",
        "DeviceStateChange",
        "ExtensionStatus",
        "PeerStatus",
        "QueueMember",
        "QueueMemberAdded",
        "QueueMemberPause",
        "QueueMemberRemoved",
        "QueueMemberStatus",
    }
)

DEVICE_STATES = {
    "NOT_INUSE": PhoneState.FREE,
    "INUSE": PhoneState.IN_USE,
    "BUSY": PhoneState.IN_USE,
    "ONHOLD": PhoneState.IN_USE,
    "RINGING": PhoneState.RINGING,
    "RINGINUSE": PhoneState.IN_USE,
    "UNAVAILABLE": PhoneState.UNREGISTERED,
    "INVALID": PhoneState.UNREGISTERED,
}
"""What the switch says of a device, as a state of a phone."""
MEMBER_STATUS = {
    "1": "NOT_INUSE",
    "2": "INUSE",
    "3": "BUSY",
    "4": "INVALID",
    "5": "UNAVAILABLE",
    "6": "RINGING",
    "7": "RINGINUSE",
    "8": "ONHOLD",
}
"""The same said by a number, as queues do of their members."""
_MOST_CONTACTS = 20
"""A bound for memory, chosen: a phone registers from one or a few places."""
_UNSURE = frozenset({PhoneState.FREE, PhoneState.UNKNOWN})
_CONTACT = {
    "Unreachable": PhoneState.UNREACHABLE,
    "Removed": PhoneState.UNREGISTERED,
    "Unregistered": PhoneState.UNREGISTERED,
    "Reachable": None,
    "Lagged": None,
    "Registered": None,
    "Created": None,
    "NonQualified": None,
    "Updated": None,
}


class Seat:
    """A member of a queue as the switch told of it; `status` is of whatever its state interface names."""

    __slots__ = ("is_paused", "state_interface", "status")

    def __init__(self, state_interface: str, *, is_paused: bool, status: str = "") -> None:
        self.state_interface = state_interface
        self.is_paused = is_paused
        self.status = status


class Phones:
    """The states of phones and the queues they serve. `ties` knows which phones are behind a member."""

    def __init__(self, ties: Ties) -> None:
        self.ties = ties
        self._device: dict[str, PhoneState] = {}
        self._contact: dict[str, PhoneState] = {}
        self._there: dict[str, set[str]] = {}
        self._queues: dict[str, dict[str, Seat]] = {}
        self._listed: set[tuple[str, str]] | None = None
        self._seats: dict[str, list[tuple[str, str, Seat]]] = {}
        self._beside: dict[str, tuple[str, ...]] = {}
        self._placed = -1

    def receive(self, event: AmiEvent) -> tuple[str, ...]:
        """Takes in one of PHONE_EVENTS; returns what it was about: phones, or a member of which none is known."""
        name = event.name
        if name == "DeviceStateChange":
            return self._device_changed(self.ties.saw_device(event.get("Device") or ""), event.get("State"))
        if name.startswith("QueueMember"):
            return self._member_changed(event, removed=name == "QueueMemberRemoved")
        if name == "ExtensionStatus":
            self.ties.saw_hint(event.get("Exten"), event.get("Context"), event.get("Hint"))
            return ()
        if name == "ContactStatus":
            name, uri = f"PJSIP/{event.get('EndpointName') or ''}", event.get("URI") or ""
            return self._contact_changed(name, event.get("ContactStatus"), uri)
        return self._contact_changed(event.get("Peer") or "", event.get("PeerStatus"))

    def list_begins(self) -> None:
        """The switch is about to list the members of all its queues."""
        self._listed = set()

    def list_ended(self, *, is_whole: bool) -> None:
        """The list is over. If it came whole, a member that it does not name has left the queue."""
        listed, self._listed = self._listed, None
        if listed is None or not is_whole:
            return
        for queue, seats in self._queues.items():
            for interface in [one for one in seats if (queue, one) not in listed]:
                del seats[interface]
        self._placed = -1

    def known(self) -> dict[str, Any]:
        """All that is known, as plain values that `assume` takes."""
        members = {
            queue: {name: [seat.state_interface, seat.is_paused, seat.status] for name, seat in seats.items()}
            for queue, seats in self._queues.items()
        }
        return {
            "device": dict(self._device),
            "contact": dict(self._contact),
            "queues": {},
            "members": members,
            "ties": self.ties.known(),
        }

    def assume(self, known: dict[str, Any]) -> None:
        """Takes what was known at this point for what nothing was heard of yet; also as older versions told it."""
        for endpoint, state in known["device"].items():
            self._device.setdefault(endpoint, PhoneState(state))
            self.ties.saw_device(endpoint)
        for endpoint, state in known["contact"].items():
            self._contact.setdefault(endpoint, PhoneState(state))
        for queue, members in known["queues"].items():
            for endpoint, paused in members.items():
                self._queues.setdefault(queue, {}).setdefault(endpoint, Seat(endpoint, is_paused=paused))
        for queue, told in known.get("members", {}).items():
            for interface, (state_interface, paused, status) in told.items():
                seat = Seat(state_interface, is_paused=paused, status=status)
                self._queues.setdefault(queue, {}).setdefault(interface, seat)
        self.ties.assume(known.get("ties", {}))
        self._placed = -1

    def members(self, queue: str | None) -> tuple[str, ...]:
        """Who serves a queue, as far as the switch has told: phones, and the members behind which no phone is known."""
        found: set[str] = set()
        for interface, seat in self._queues.get(queue or "", {}).items():
            found.update(self.ties.behind(interface, seat.state_interface).phones or (interface,))
        return tuple(sorted(found))

    def beside(self, name: str) -> tuple[str, ...]:
        """The phones of one seat: of a phone itself and those rung with it, of a member those behind it if known."""
        self._place()
        return self._beside.get(name, (name,))

    def state(self, endpoint: str, queue: str | None, *, talking: bool, ringing: bool) -> PhoneState:
        """What the phone is doing; `talking` and `ringing` as the tracker sees it in other calls of the hall."""
        if talking:
            return PhoneState.TALKING
        self._place()
        seats = self._seats.get(endpoint, ())
        if seats and _is_paused(seats, queue):
            return PhoneState.PAUSED
        device = self._device.get(endpoint, PhoneState.UNKNOWN)
        if device is PhoneState.UNREGISTERED:
            return self._contact.get(endpoint, PhoneState.UNREGISTERED)
        if device is PhoneState.UNKNOWN and endpoint in self._contact:
            return self._contact[endpoint]  # of a phone with two contacts one may go: the device knows better
        if ringing:
            return PhoneState.RINGING
        return self._by_seat(endpoint, device, seats, queue) if seats and device in _UNSURE else device

    def _by_seat(
        self, name: str, device: PhoneState, seats: Sequence[tuple[str, str, Seat]], queue: str | None
    ) -> PhoneState:
        """A hint may know more than the phone's own device, do-not-disturb for one.

        Of a member without a phone it is all that is known; whether who talks there talks to a caller it does not tell.
        """
        is_unknown = device is PhoneState.UNKNOWN
        told = [self._told(interface, seat) for at, interface, seat in seats if is_unknown or at == queue]
        states = {state for state in told if state is not None}
        if len(states) != 1:
            return device
        (state,) = states
        if is_unknown:
            is_phone = bool(self.ties.phone(name))
            return state if is_phone or state in (PhoneState.FREE, PhoneState.UNREGISTERED) else device
        return state if state is PhoneState.IN_USE else device

    def _told(self, interface: str, seat: Seat) -> PhoneState | None:
        """What a member's state says that its phone's own device does not.

        The state of a Local channel says nothing of phones; the state INVALID says only that nobody keeps the device.
        """
        of = seat.state_interface or interface
        if is_local(of) or self.ties.phone(of) or seat.status == "INVALID":
            return None
        return DEVICE_STATES.get(seat.status)

    def _place(self) -> None:
        """Finds the phones of each member again, if members or phones changed."""
        if self._placed == self.ties.version:
            return
        self._placed = self.ties.version
        self._seats, self._beside = {}, {}
        for queue, seats in self._queues.items():
            for interface, seat in seats.items():
                tie = self.ties.behind(interface, seat.state_interface)
                for name in tie.phones or (interface,):
                    self._seats.setdefault(name, []).append((queue, interface, seat))
                if tie.is_seat and len(tie.phones) > 1:
                    self._beside.update(dict.fromkeys(tie.phones, tie.phones))
                if tie.phones:
                    self._beside[interface] = tie.phones

    def _device_changed(self, phone: str, state: str | None) -> tuple[str, ...]:
        if not phone or state is None:
            return ()
        self._device[phone] = DEVICE_STATES.get(state, PhoneState.UNKNOWN)
        if self._device[phone] not in (PhoneState.UNKNOWN, PhoneState.UNREGISTERED):
            self._contact.pop(phone, None)
        return (phone,)

    def _member_changed(self, event: AmiEvent, *, removed: bool) -> tuple[str, ...]:
        state_interface = event.get("StateInterface") or ""
        interface = event.get("Interface") or event.get("Location") or state_interface
        queue = event.get("Queue")
        if not queue or not interface:
            return ()
        seats = self._queues.setdefault(queue, {})
        if removed:
            seat = seats.pop(interface, None)
            self._placed = -1
            return self._named(interface, seat.state_interface if seat is not None else state_interface)
        if self._listed is not None:
            self._listed.add((queue, interface))
        seat = seats.get(interface)
        if seat is None or seat.state_interface != state_interface:
            seat = seats[interface] = Seat(state_interface, is_paused=False)
            for assumed in {state_interface, self.ties.phone(state_interface)} - {interface}:
                if assumed in seats and not seats[assumed].status:  # an older version's journal names it so
                    del seats[assumed]
            self._placed = -1
        seat.is_paused = event.get("Paused", "0") == "1"
        seat.status = MEMBER_STATUS.get(event.get("Status") or "", seat.status)
        phone = self.ties.phone(state_interface or interface)
        if phone and event.get("Status") in MEMBER_STATUS:
            self._device_changed(phone, seat.status)
        return self._named(interface, state_interface)

    def _named(self, interface: str, state_interface: str) -> tuple[str, ...]:
        return self.ties.behind(interface, state_interface).phones or (interface,)

    def _contact_changed(self, name: str, status: str | None, uri: str = "") -> tuple[str, ...]:
        """A contact that is gone says nothing while another contact is there, or while the device says that the phone
        is there."""
        phone = self.ties.phone(name)
        if status not in _CONTACT or not phone:
            return ()
        state = _CONTACT[status]
        there = self._there.setdefault(phone, set())
        if state is None:
            self._contact.pop(phone, None)
            if uri and len(there) < _MOST_CONTACTS:
                there.add(uri)
        else:
            there.discard(uri)
            if not there:
                self._contact[phone] = state
        return (phone,)


def _is_paused(seats: Sequence[tuple[str, str, Seat]], queue: str | None) -> bool:
    """Paused in this queue; of a phone that is not in it, in all those that it is in."""
    here = [seat.is_paused for in_queue, _, seat in seats if in_queue == queue]
    paused = here or [seat.is_paused for _, _, seat in seats]
    return bool(paused) and all(paused)
