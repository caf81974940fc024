"""Callers who wait for a person, and what the phones due to ring were doing meanwhile: causes depend on it (S1)."""

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.facts import direction_of
from voicedesk.calls.members import Ties
from voicedesk.calls.model import Direction, PhoneState
from voicedesk.calls.phones import PHONE_EVENTS, Phones
from voicedesk.calls.records import CallRecord, Channel, Leg
from voicedesk.calls.registry import Registry

_FIRST = (
    PhoneState.TALKING,
    PhoneState.PAUSED,
    PhoneState.IN_USE,
    PhoneState.RINGING,
    PhoneState.FREE,
    PhoneState.UNKNOWN,
    PhoneState.UNREACHABLE,
    PhoneState.UNREGISTERED,
)
"""Of the phones of one seat, the state that holds of the seat: the first of these."""


class Waiting:
    """Watches the phones of the lines and queues that callers wait for."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.phones = Phones(Ties(registry.hall))
        self.handlers = dict.fromkeys(PHONE_EVENTS, self._phone_event)
        self._watched: set[str] = set()  # every phone that somebody who waits is due for, and perhaps a few more

    def ask(self, record: CallRecord, at: int) -> None:
        """The caller asked for a person: from now on the phones due to ring are watched."""
        if record.asked_at is not None:
            record.asked_at = min(record.asked_at, at)
            return
        record.asked_at = at
        first = record.first_channel
        line = self._registry.hall.line_of(first.extension if first else None, record.queue)
        due = (*(line.phones if line else ()), *self.phones.members(record.queue))
        record.due = tuple(dict.fromkeys(sorted(due)))
        if not self._registry.waiting:
            self._watched.clear()
        self._watched.update(record.due)
        for endpoint in record.due:
            record.states_seen[endpoint] = [self._at_seat(endpoint, record.queue, record)]
        self._registry.waiting.add(record)
        self._registry.changed[record] = None

    def watch(self, endpoint: str) -> None:
        """Something may have changed at a phone: notes it for every caller who waits for it and is not ringing it."""
        seat = self.phones.beside(endpoint)
        for one in seat if endpoint in seat else (endpoint, *seat):
            self._watch(one, seat)

    def _watch(self, endpoint: str, seat: tuple[str, ...]) -> None:
        if endpoint not in self._watched:
            return
        due = [record for record in self._registry.waiting if endpoint in record.states_seen]
        reached = {channel.call for one in seat for channel in self._registry.presence.at_phone(one)}
        states: dict[str | None, PhoneState] = {}  # the same for everybody who waits in the same queue
        for record in due:
            if record in reached:
                continue
            seen = record.states_seen[endpoint]
            state = states.get(record.queue)
            if state is None:
                state = states[record.queue] = self._at_seat(endpoint, record.queue)
            if seen[-1] is not state:
                seen.append(state)

    def state(self, endpoint: str, record: CallRecord) -> PhoneState:
        """What a phone is doing, other than what it does for this call."""
        return self._state(endpoint, record.queue, record)

    def dialled(self, leg: Leg) -> None:
        """The switch dialled: where a Local channel did, this may tell which phone is behind it."""
        if leg.dialler is None or not leg.dialler.is_local:
            return
        before = self.phones.ties.version
        self.phones.ties.saw_dial(leg.dialler.name, leg.channel.name, leg.dial_string)
        if self.phones.ties.version != before:
            self.tied()

    def tied(self) -> None:
        """Other phones may be behind the members that callers wait for: they are watched under the phones' names."""
        for record in self._registry.waiting:
            for name in [one for one in record.states_seen if not self.phones.ties.phone(one)]:
                phones = self.phones.beside(name)
                if phones == (name,):
                    continue
                seen = record.states_seen.pop(name)
                self._watched.update(phones)
                for phone in phones:
                    record.states_seen.setdefault(phone, list(seen))
                    self.watch(phone)

    def _at_seat(self, name: str, queue: str | None, without: CallRecord | None = None) -> PhoneState:
        """What is done at a seat: who talks at one of its phones is not free at the others."""
        states = [self._state(one, queue, without) for one in self.phones.beside(name)]
        return states[0] if len(states) == 1 else min(states, key=_FIRST.index)

    def _state(self, endpoint: str, queue: str | None, without: CallRecord | None) -> PhoneState:
        channels = [channel for channel in self._registry.presence.at_phone(endpoint) if channel.call is not without]
        return self.phones.state(
            endpoint,
            queue,
            talking=any(_is_up(channel) and self._with_caller(channel) for channel in channels),
            ringing=any(channel.leg is not None and not _is_up(channel) for channel in channels),
        )

    def _with_caller(self, channel: Channel) -> bool:
        """Whether it is in a call of the hotline; the channel that a call came in on is a line, no phone that talks."""
        direction = direction_of(channel.call, self._registry.hall)
        if direction is Direction.INBOUND:
            return channel is not channel.call.first_channel
        return direction is Direction.CALLBACK

    def _phone_event(self, event: AmiEvent, _at: int) -> None:
        before = self.phones.ties.version
        names = self.phones.receive(event)
        if not self._registry.waiting:
            return
        if self.phones.ties.version != before:
            self.tied()
        for name in names:
            self.watch(name)


def _is_up(channel: Channel) -> bool:
    return channel.up_at is not None or (channel.leg is not None and channel.leg.lifted_at is not None)
