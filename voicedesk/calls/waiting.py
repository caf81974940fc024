"""Callers who wait for a person, and what the phones due to ring were doing meanwhile: causes depend on it (S1)."""

from collections.abc import Collection

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.facts import direction_of
from voicedesk.calls.model import Direction, PhoneState
from voicedesk.calls.phones import PHONE_EVENTS, Phones
from voicedesk.calls.records import CallRecord, Channel
from voicedesk.calls.registry import Registry


class Waiting:
    """Watches the phones of the lines and queues that callers wait for."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.phones = Phones()
        self.handlers = dict.fromkeys(PHONE_EVENTS, self._phone_event)

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
        for endpoint in record.due:
            record.states_seen[endpoint] = [self.state(endpoint, record)]
        self._registry.waiting.add(record)
        self._registry.changed[record] = None

    def watch(self, endpoint: str) -> None:
        """Something may have changed at a phone: notes it for every caller who waits for it and is not ringing it."""
        channels = self._registry.at_phone(endpoint)
        reached = {channel.call for channel in channels}
        states: dict[str | None, PhoneState] = {}  # the same for everybody who waits in the same queue
        for record in self._registry.waiting:
            seen = record.states_seen.get(endpoint)
            if seen is None or record in reached:
                continue
            state = states.get(record.queue)
            if state is None:
                state = states[record.queue] = self._state(endpoint, record.queue, channels)
            if seen[-1] is not state:
                seen.append(state)

    def state(self, endpoint: str, record: CallRecord) -> PhoneState:
        """What a phone is doing, other than what it does for this call."""
        others = [channel for channel in self._registry.at_phone(endpoint) if channel.call is not record]
        return self._state(endpoint, record.queue, others)

    def _state(self, endpoint: str, queue: str | None, channels: Collection[Channel]) -> PhoneState:
        return self.phones.state(
            endpoint,
            queue,
            talking=any(_is_up(channel) and self._with_caller(channel.call) for channel in channels),
            ringing=any(channel.leg is not None and not _is_up(channel) for channel in channels),
        )

    def _with_caller(self, record: CallRecord) -> bool:
        return direction_of(record, self._registry.hall) in (Direction.INBOUND, Direction.CALLBACK)

    def _phone_event(self, event: AmiEvent, _at: int) -> None:
        endpoint = self.phones.receive(event)
        if endpoint is not None and self._registry.waiting:
            self.watch(endpoint)


def _is_up(channel: Channel) -> bool:
    return channel.up_at is not None or (channel.leg is not None and channel.leg.lifted_at is not None)
