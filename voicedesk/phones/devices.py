"""The devices of one switch's phones: reachable or not, ringing or not, and set to do-not-disturb."""

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.members import Ties
from voicedesk.calls.model import PhoneState
from voicedesk.calls.phones import DEVICE_STATES
from voicedesk.phones.phone import Phone, phone_at

DND_PREFIX = "custom:dnd"
"""FreePBX keeps a phone's do-not-disturb in a device of this name and the phone's extension."""
_DND_ON = frozenset({PhoneState.IN_USE, PhoneState.RINGING})


class Devices:
    """What the switch says of devices goes into `phones`; do-not-disturb is kept here, by extension."""

    def __init__(self, phones: dict[str, Phone], ties: Ties) -> None:
        self._phones = phones
        self.ties = ties
        self._dnd: dict[str, int | None] = {}

    def dnd_since(self, extension: str | None) -> int | None:
        """Since when the phone of an extension is set to do-not-disturb; None: it is not, or nobody tells."""
        return self._dnd.get(extension or "")

    def tells_dnd(self, extension: str | None) -> bool:
        """Whether this switch keeps a do-not-disturb state of that extension."""
        return (extension or "") in self._dnd

    def begin_list(self, at: int) -> None:
        """Forgets what was told: what holds now is told now. Nobody saw since when."""
        self._dnd.clear()
        for phone in self._phones.values():
            phone.device, phone.device_since = None, at

    def contact_status(self, event: AmiEvent, _at: int) -> None:
        """Says only why a phone is away; whether it is, its device tells: it may have another contact."""
        endpoint = f"PJSIP/{event.get('EndpointName') or ''}"
        status = event.get("ContactStatus")
        if status in ("Unreachable", "Removed", "Unregistered"):
            phone_at(self._phones, endpoint).is_lost = status == "Unreachable"

    def peer_status(self, event: AmiEvent, _at: int) -> None:
        """Says why a phone is away, as `contact_status`, for chan_sip and chan_iax2."""
        peer = self.ties.phone(event.get("Peer") or "")
        status = event.get("PeerStatus")
        if peer and status in ("Unreachable", "Unregistered"):
            phone_at(self._phones, peer).is_lost = status == "Unreachable"

    def state_change(self, event: AmiEvent, at: int) -> None:
        """A device has another state: that of a phone, or of FreePBX's do-not-disturb."""
        device, state = event.get("Device") or "", event.get("State") or ""
        if device[: len(DND_PREFIX)].casefold() == DND_PREFIX:
            extension = device[len(DND_PREFIX) :].rpartition("_")[2]
            before = self._dnd.get(extension)
            self._dnd[extension] = (before or at) if DEVICE_STATES.get(state) in _DND_ON else None
            return
        phone = self.ties.saw_device(device)
        if phone:
            self.told(phone, state, at)

    def told(self, endpoint: str, state: str, at: int, *, is_hinted: bool = False) -> None:
        """A phone's state, in the switch's word. `is_hinted`: a hint says so, which its own device overrules."""
        phone = phone_at(self._phones, endpoint)
        if is_hinted and phone.device is not None and not phone.is_hinted:
            return
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
