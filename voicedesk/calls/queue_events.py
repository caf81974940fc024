"""What the switch says of its queues: callers who join and leave, and the members that are called for them."""

from collections.abc import Callable

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.callers import CLEANED, Callers
from voicedesk.calls.dial_events import DialEvents
from voicedesk.calls.records import Leg, local_base
from voicedesk.calls.registry import SELF, Registry
from voicedesk.calls.waiting import Waiting


class QueueEvents:
    """Handlers of queue events."""

    def __init__(self, registry: Registry, waiting: Waiting, callers: Callers, dials: DialEvents) -> None:
        self._registry = registry
        self._waiting = waiting
        self._describe = callers.describe
        self._dialled = dials.dialled
        self._lifted = dials.lifted
        self.handlers: dict[str, Callable[[AmiEvent, int], None]] = {
            "AgentCalled": self._agent_called,
            "AgentConnect": self._agent_connect,
            "AgentDump": self._agent_dump,
            "AgentRingNoAnswer": self._agent_ring_no_answer,
            "QueueCallerAbandon": self._queue_abandon,
            "QueueCallerJoin": self._queue_join,
            "QueueCallerLeave": self._queue_leave,
        }

    def _queue_join(self, event: AmiEvent, at: int) -> None:
        channel = self._registry.channel(event, SELF, at)
        if channel is None:
            return
        record = channel.call
        record.queue = event.get("Queue") or record.queue
        channel.joined_at = max(at, channel.joined_at or at)
        if record.queue_left_at is not None and at >= record.queue_left_at:  # not the same join told again
            record.queue_left_at = None
        self._describe(channel, event, CLEANED)
        self._waiting.ask(channel.call, at)

    def _queue_leave(self, event: AmiEvent, at: int) -> None:
        channel = self._registry.channel(event, SELF, at)
        if channel is not None:
            channel.call.queue_left_at = max(at, channel.call.queue_left_at or at)
            self._registry.waiting.discard(channel.call)

    def _queue_abandon(self, event: AmiEvent, at: int) -> None:
        channel = self._registry.channel(event, SELF, at)
        if channel is not None:
            channel.abandoned_at = max(at, channel.abandoned_at or at)

    def _agent_called(self, event: AmiEvent, at: int) -> None:
        leg = self._dialled(event, at)
        if leg is not None:
            leg.agent_called_at = at if leg.agent_called_at is None else leg.agent_called_at
            self._name_member(leg, event)

    def _agent_connect(self, event: AmiEvent, at: int) -> None:
        leg = self._dialled(event, at)
        if leg is not None and leg.connected_at is None:
            leg.connected_at = at
            self._name_member(leg, event)
            if leg.channel.up_at is None:
                self._lifted(leg.channel, accepted=True)

    def _name_member(self, leg: Leg, event: AmiEvent) -> None:
        """A member reached over a Local channel is the member of the phone behind it."""
        if leg.member is not None:
            return
        member = event.get("MemberName")
        if not leg.channel.is_local:
            leg.member = member
        elif member:
            leg.channel.call.local_members[local_base(leg.channel.name)] = member

    def _agent_dump(self, event: AmiEvent, at: int) -> None:
        """The member hung up while the queue's announcement was played to them: the caller waits on."""
        leg = self._dialled(event, at)
        if leg is not None:
            leg.was_dumped = True
            self._registry.changed[leg.channel.call] = None

    def _agent_ring_no_answer(self, event: AmiEvent, at: int) -> None:
        leg = self._dialled(event, at)
        if leg is not None and leg.queue_gave_up_at is None:
            leg.queue_gave_up_at = at
