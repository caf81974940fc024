"""What one switch told of its phones: reachable or not, paused in which queues since when, do-not-disturb, calls.

Only states, and since when they hold; what follows from them is in `conditions`. While the link is lost, and until the
lists that follow it are whole, nothing here is current, and what no list told is unknown.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import CallFacts, PhoneState
from voicedesk.calls.phones import DEVICE_STATES, MEMBER_STATUS
from voicedesk.clock import MICROSECONDS
from voicedesk.phones.model import BreakSource
from voicedesk.phones.talk import Sign, Talk, signs_of, talks_of

BREAK_EVENT = "VoicedeskBreak"
"""User event: a feature code is about to pause the phone whose channel it names."""
DND_PREFIX = "Custom:DND"
"""FreePBX keeps a phone's do-not-disturb in a device of this name and the phone's extension."""
MOST_REFUSALS = 50
EXPECTED_US = 15 * MICROSECONDS
"""So soon after somebody asked for a break the switch tells of it."""
MOST_REASON = 40
_NUMBER = re.compile(r"\d[\d \-]{3,}\d")
_AWAY = frozenset({PhoneState.UNREGISTERED, PhoneState.UNREACHABLE})


@dataclass(slots=True)
class Membership:
    """A phone in a queue: `interface` is what the queue calls it. `since`: of the pause, None if nobody told."""

    interface: str
    member: str
    is_paused: bool = False
    since: int | None = None
    reason: str = ""


@dataclass(slots=True)
class Phone:
    """One phone as its switch told of it; `device` None: unknown."""

    endpoint: str
    device: PhoneState | None = None
    device_since: int = 0
    is_lost: bool = False
    queues: dict[str, Membership] = field(default_factory=dict)
    unpaused_at: int | None = None
    talks: dict[str, Talk] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    alive_at: int = 0
    expected: tuple[BreakSource, str, int] | None = None

    @property
    def is_known(self) -> bool:
        """True if its switch ever said anything of it."""
        return self.device is not None or bool(self.queues)

    @property
    def is_on_break(self) -> bool:
        """Paused in every queue that it serves."""
        return bool(self.queues) and all(one.is_paused for one in self.queues.values())

    @property
    def break_since(self) -> int | None:
        """When the last of its queues was paused; None if it is not on a break, or nobody told since when."""
        told = [one.since for one in self.queues.values() if one.since is not None]
        return max(told, default=None) if self.is_on_break else None

    @property
    def reason(self) -> str:
        """The reason that was given with the pause."""
        return next((one.reason for one in self.queues.values() if one.is_paused and one.reason), "")

    @property
    def member(self) -> str | None:
        """The name it is signed on to a queue with."""
        return next((one.member for one in self.queues.values() if one.member), None)

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


class Switch:
    """The phones of one PBX; feed it events and calls in the order in which they come."""

    def __init__(self, pbx: str) -> None:
        self.pbx = pbx
        self.is_current = False
        self.phones: dict[str, Phone] = {}
        self._dnd: dict[str, int | None] = {}
        self._in_calls: dict[str, frozenset[str]] = {}
        self.is_whole = False  # the lists were: what they do not name is not there
        self._listed: set[tuple[str, str]] | None = None
        self._handlers: dict[str, Callable[[AmiEvent, int], None]] = {
            "ContactStatus": self._contact,
            "DeviceStateChange": self._device_event,
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
        handler(event, event.timestamp_us or event.arrived_us)
        return True

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

    def _device_event(self, event: AmiEvent, at: int) -> None:
        device, state = event.get("Device") or "", event.get("State") or ""
        if device.startswith(DND_PREFIX):
            extension = device.removeprefix(DND_PREFIX)
            before = self._dnd.get(extension)
            self._dnd[extension] = (before or at) if state == "INUSE" else None
        elif "/" in device and not device.startswith("Local/"):
            self._device(device, state, at)

    def _device(self, endpoint: str, state: str, at: int) -> None:
        phone = self.phone(endpoint)
        told = DEVICE_STATES.get(state)
        if told is phone.device:
            return
        was_away = phone.is_away
        phone.device = told
        if not (was_away and phone.is_away):
            phone.device_since = at
        if not phone.is_away:
            phone.is_lost = False

    def _member(self, event: AmiEvent, at: int) -> None:
        endpoint, queue = _endpoint_of(event), event.get("Queue") or ""
        if not endpoint or not queue:
            return
        interface = event.get("Interface") or event.get("Location") or endpoint
        phone = self.phone(endpoint)
        before, was_on_break = phone.queues.get(queue), phone.is_on_break
        is_paused = event.get("Paused") == "1"
        now = Membership(interface=interface, member=event.get("MemberName") or event.get("Name") or "")
        if is_paused:
            now.is_paused, now.reason = True, clean_reason(event.get("PausedReason") or "")
            now.since = self._pause_began(event, before, at)
        phone.queues[queue] = now
        if was_on_break and not phone.is_on_break:
            phone.unpaused_at = at
        status = MEMBER_STATUS.get(event.get("Status") or "")
        if status is not None:
            self._device(endpoint, status, at)
        if self._listed is not None:
            self._listed.add((queue, endpoint))

    def _pause_began(self, event: AmiEvent, before: Membership | None, at: int) -> int | None:
        """When a pause began. A pause that was seen and is told again, with another reason maybe, is the same one; of
        one that began while nobody watched the switch tells the second."""
        if self.is_current and before is not None and before.is_paused:
            return before.since
        told = event.get("LastPause") or ""
        seconds = int(told) if told.isdecimal() else 0
        if seconds:
            return seconds * MICROSECONDS
        return at if self.is_current else None

    def _member_removed(self, event: AmiEvent, at: int) -> None:
        endpoint, queue = _endpoint_of(event), event.get("Queue") or ""
        if endpoint in self.phones and self.phones[endpoint].queues.pop(queue, None) is not None:
            self.phones[endpoint].unpaused_at = at

    def _user_event(self, event: AmiEvent, at: int) -> None:
        if event.get("UserEvent") == BREAK_EVENT:
            endpoint = (event.get("Channel") or "").rpartition("-")[0]
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
        members, self._listed = self._listed, None
        for phone in self.phones.values():
            for queue in [one for one in phone.queues if (one, phone.endpoint) not in members]:
                del phone.queues[queue]
        self.is_whole = event.get("Complete") == "1" and not event.get("Missing")
        self.is_current = True


def clean_reason(text: str) -> str:
    """A reason as it is kept: one short line, and nobody's number in it."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return _NUMBER.sub("…", printable).strip()[:MOST_REASON]


def _endpoint_of(event: AmiEvent) -> str:
    endpoint = event.get("StateInterface") or event.get("Location") or event.get("Interface") or ""
    return "" if endpoint.startswith("Local/") or "/" not in endpoint else endpoint
