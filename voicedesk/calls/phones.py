"""What each staff phone is doing, as device, queue and registration events tell it.

Whether a phone talks to a caller of the hall is not told by the switch: the tracker knows that, and passes it in.
"""

from typing import Any

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import PhoneState

PHONE_EVENTS = frozenset(
    {
        "ContactStatus",
        "DeviceStateChange",
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
_CONTACT = {
    "Unreachable": PhoneState.UNREACHABLE,
    "Removed": PhoneState.UNREGISTERED,
    "Unregistered": PhoneState.UNREGISTERED,
    "Reachable": None,
    "Registered": None,
    "Created": None,
    "NonQualified": None,
    "Updated": None,
}


class Phones:
    """The states of phones and the queues they serve."""

    def __init__(self) -> None:
        self._device: dict[str, PhoneState] = {}
        self._contact: dict[str, PhoneState] = {}
        self._queues: dict[str, dict[str, bool]] = {}

    def receive(self, event: AmiEvent) -> str | None:
        """Takes in one of PHONE_EVENTS; returns the endpoint it was about, if any."""
        name = event.name
        if name == "DeviceStateChange":
            return self._device_changed(event.get("Device"), event.get("State"))
        if name.startswith("QueueMember"):
            return self._member_changed(event, removed=name == "QueueMemberRemoved")
        if name == "ContactStatus":
            return self._contact_changed(f"PJSIP/{event.get('EndpointName') or ''}", event.get("ContactStatus"))
        return self._contact_changed(event.get("Peer") or "", event.get("PeerStatus"))

    def known(self) -> dict[str, dict[str, Any]]:
        """All that is known, as plain values that `assume` takes."""
        return {"device": dict(self._device), "contact": dict(self._contact), "queues": self._queues}

    def assume(self, known: dict[str, dict[str, Any]]) -> None:
        """Takes what was known at this point for what nothing was heard of yet."""
        for endpoint, state in known["device"].items():
            self._device.setdefault(endpoint, PhoneState(state))
        for endpoint, state in known["contact"].items():
            self._contact.setdefault(endpoint, PhoneState(state))
        for queue, members in known["queues"].items():
            for endpoint, paused in members.items():
                self._queues.setdefault(queue, {}).setdefault(endpoint, paused)

    def members(self, queue: str | None) -> tuple[str, ...]:
        """The endpoints that serve a queue, as far as the switch has told."""
        return tuple(sorted(self._queues.get(queue or "", ())))

    def state(self, endpoint: str, queue: str | None, *, talking: bool, ringing: bool) -> PhoneState:
        """What the phone is doing; `talking` and `ringing` as the tracker sees it in other calls of the hall."""
        if talking:
            return PhoneState.TALKING
        if self._is_paused(endpoint, queue):
            return PhoneState.PAUSED
        device = self._device.get(endpoint, PhoneState.UNKNOWN)
        if device is PhoneState.UNREGISTERED:
            return self._contact.get(endpoint, PhoneState.UNREGISTERED)
        if device is PhoneState.UNKNOWN and endpoint in self._contact:
            return self._contact[endpoint]  # of a phone with two contacts one may go: the device knows better
        return PhoneState.RINGING if ringing else device

    def _is_paused(self, endpoint: str, queue: str | None) -> bool:
        if queue is not None and endpoint in self._queues.get(queue, ()):
            return self._queues[queue][endpoint]
        paused = [members[endpoint] for members in self._queues.values() if endpoint in members]
        return bool(paused) and all(paused)

    def _device_changed(self, device: str | None, state: str | None) -> str | None:
        if not device or "/" not in device or state is None:
            return None
        self._device[device] = DEVICE_STATES.get(state, PhoneState.UNKNOWN)
        if self._device[device] not in (PhoneState.UNKNOWN, PhoneState.UNREGISTERED):
            self._contact.pop(device, None)
        return device

    def _member_changed(self, event: AmiEvent, *, removed: bool) -> str | None:
        endpoint = event.get("StateInterface") or event.get("Location") or event.get("Interface") or ""
        queue = event.get("Queue")
        if not queue or not endpoint or endpoint.startswith("Local/"):
            return None
        members = self._queues.setdefault(queue, {})
        if removed:
            members.pop(endpoint, None)
            return endpoint
        members[endpoint] = event.get("Paused", "0") == "1"
        status = MEMBER_STATUS.get(event.get("Status") or "")
        if status:
            self._device_changed(endpoint, status)
        return endpoint

    def _contact_changed(self, endpoint: str, status: str | None) -> str | None:
        if status not in _CONTACT or not endpoint.partition("/")[2]:
            return None
        state = _CONTACT[status]
        if state is None:
            self._contact.pop(endpoint, None)
        else:
            self._contact[endpoint] = state
        return endpoint
