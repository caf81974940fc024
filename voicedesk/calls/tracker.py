"""Events of one PBX in, calls out.

Works from the events of a user with the fewest rights and takes more without harm. State is keyed by Uniqueid, so
events of different channels may come in any order, twice, or not at all; the same events give the same calls, live or
replayed. Local channels are seen through: they are no phones.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.bridge_events import BridgeEvents
from voicedesk.calls.callers import Callers
from voicedesk.calls.channel_events import ChannelEvents
from voicedesk.calls.dial_events import DialEvents
from voicedesk.calls.facts import freeze
from voicedesk.calls.gap_marks import GapMarks
from voicedesk.calls.link_events import CHECKPOINT, OWN_EVENTS, LinkEvents
from voicedesk.calls.members import Ties
from voicedesk.calls.model import CallFacts, Gap, GapReason, Hall
from voicedesk.calls.queue_events import QueueEvents
from voicedesk.calls.records import CallRecord, Channel
from voicedesk.calls.registry import Registry
from voicedesk.calls.waiting import Waiting
from voicedesk.switch_logs.logged import WAITED

_NOT_A_BEGINNING = frozenset(
    {"BridgeEnter", "BridgeLeave", "Hangup", "HangupRequest", "Newstate", "QueueCallerAbandon", "QueueCallerLeave"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed since it was last asked: calls as they stand now, and calls that became part of another.

    `merged` pairs the id of the call that is gone with the id of the call that holds it now. `failed` are ids of calls
    of which no facts could be made, with the fault: from then on a gap lies over such a call.
    """

    calls: list[CallFacts] = field(default_factory=list)
    merged: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, Exception]] = field(default_factory=list)


class Tracker:
    """Follows the calls of one PBX; feed it events in the order in which they came from that PBX."""

    def __init__(self, pbx: str, hall: Hall, *, filled: Iterable[Gap] = ()) -> None:
        """`filled` are gaps of which the missing events will be fed too: they are none."""
        self.ignored_untimed = 0
        self.ignored_absurd = 0
        self._registry = registry = Registry(pbx, hall)
        self._marks = GapMarks(registry, filled)
        self._clock = registry.clock
        self._closed = registry.closed
        self._waiting = waiting = Waiting(registry)
        callers, bridges = Callers(registry), BridgeEvents(registry)
        dials = DialEvents(registry, waiting, callers)
        self._link = LinkEvents(registry, self._marks, waiting.phones, callers=callers, dials=dials, bridges=bridges)
        self._handlers: dict[str, Callable[[AmiEvent, int], None]] = {
            **waiting.handlers,
            **callers.handlers,
            **dials.handlers,
            **bridges.handlers,
            **QueueEvents(registry, waiting, callers, dials).handlers,
            **ChannelEvents(registry, waiting, callers, dials).handlers,
            **self._link.handlers,
        }

    def change_hall(self, hall: Hall) -> None:
        """From now on the hall is another: calls still open are read by it too."""
        self._registry.hall = hall
        self._waiting.phones.ties.hall = hall
        self._waiting.tied()

    @property
    def ties(self) -> Ties:
        """What is known of the phones behind the members of queues."""
        return self._waiting.phones.ties

    def receive(self, event: AmiEvent) -> None:
        """Takes in one event; names that do not matter are ignored.

        Instants are the PBX's `Timestamp` in the hall's time; without it the arrival, marked as such.
        """
        handler = self._handlers.get(event.name)
        if handler is None:
            return
        if not event.names_fit:
            self.ignored_absurd += 1
            self._link.doubt(event, event.arrived_us)  # of a call that is known, it may have told anything
            return
        at, is_own = event.timestamp_us, event.name in OWN_EVENTS
        if at is None:
            at = self._arrival(event)
            if at is None:
                self.ignored_untimed += 1
                return
        elif not is_own:
            at, step = self._clock.take(at, event.arrived_us)
            if step is not None or self._link.ended is not None:
                self._link.heard(at, step, is_live=bool(event.arrived_us))
        handler(event, at)
        if event.doubtful:
            self._link.doubt(event, at)
        forget_at = self._closed.forget_at
        if forget_at is not None and forget_at < at and not is_own:
            self._registry.forget_closed(at)

    def _arrival(self, event: AmiEvent) -> int | None:
        """When an event came that tells no instant of its own."""
        return self._clock.hall_time(event.arrived_us) if event.arrived_us else self._clock.last_at

    def receive_logged(self, event: AmiEvent) -> None:
        """Takes in an event told by a log of the switch, in place of one that was missed: its call is repaired.

        What ends or answers a channel that nothing told of before tells of no call. `Presumed`: the log only supposes
        it, and what was seen live knows better. `Unseen`: the answer was some time between this and the end.
        """
        channels = self._registry.channels
        uniqueid = event.get("DestUniqueid") or event.get("Uniqueid") or ""
        before = channels.get(uniqueid)
        if before is None and event.name in _NOT_A_BEGINNING:
            return
        if before is not None and event.get("Presumed") and not before.name.startswith(WAITED):
            return
        had_leg, was_up = (before.leg is not None, before.up_at is not None) if before is not None else (False, False)
        self._registry.reads_log = True
        try:
            self.receive(event)
        finally:
            self._registry.reads_log = False
        channel = channels.get(uniqueid)
        if channel is None:
            return
        channel.call.repaired = True
        if channel.leg is not None:
            channel.leg.from_log = channel.leg.from_log or not had_leg
            if event.name in ("AgentConnect", "AgentRingNoAnswer"):
                channel.leg.in_whole_seconds = True
        if event.get("Unseen") and not was_up:
            channel.up_unseen = True

    def take_changes(self) -> Changes:
        """The calls that changed since the last time, as facts, in the order in which they first changed."""
        registry = self._registry
        changes = Changes(merged=registry.merged)
        for record in registry.changed:
            if not record.linkedids:  # it became part of another
                continue
            try:
                changes.calls.append(self._freeze(record))
            except Exception as error:  # noqa: BLE001  # it costs this call, and no other
                changes.failed.append((record.id, error))
                record.mark_gap(Gap(from_at=record.last_at, to_at=None, reason=GapReason.EVENTS_DROPPED))
        for record in registry.changed:
            if record.forgotten:
                record.let_go()
        registry.changed = {}
        registry.merged = []
        return changes

    @property
    def has_changes(self) -> bool:
        """True if `take_changes` would give anything."""
        return bool(self._registry.changed or self._registry.merged)

    def open_ids(self) -> list[str]:
        """The ids of the calls that are not over, oldest first."""
        return [record.id for record in self._registry.open_records()]

    def open_calls(self) -> list[CallFacts]:
        """The calls that are not over, oldest first; without those of which no facts can be made."""
        frozen = (self._freeze_or_none(record) for record in self._registry.open_records())
        return [facts for facts in frozen if facts is not None]

    def call_of(self, uniqueid: str) -> CallFacts | None:
        """The call that a channel belongs to; None once it is forgotten, or if it was never known.

        None also where no facts can be made of it: `take_changes` says why.
        """
        channel = self._registry.channels.get(uniqueid)
        return self._freeze_or_none(channel.call) if channel is not None else None

    def knows(self, uniqueid: str) -> bool:
        """Whether a channel is known now."""
        return uniqueid in self._registry.channels

    def channels_with(self, is_meant: Callable[[str], bool]) -> set[str]:
        """The Uniqueids and Linkedids of each call that goes on and of which a channel's name or number is meant."""
        channels = [one for one in self._registry.channels.values() if one.call.closed_at is None]
        calls = {one.call for one in channels if any(is_meant(text) for text in _texts_of(one))}
        return {name for one in channels if one.call in calls for name in (one.uniqueid, one.linkedid)}

    def is_up(self, channels: Collection[str]) -> bool:
        """Whether a call with one of these channels is not over."""
        known = (self._registry.channels.get(one) for one in channels)
        return any(one is not None and one.call.closed_at is None for one in known)

    def checkpoint(self, at: int) -> AmiEvent:
        """An event that tells a tracker which begins here what this one knows beside the calls."""
        return self._link.checkpoint(at)

    def forget_others(self, kept: Collection[str]) -> None:
        """Forgets every call but those of these ids, and what changed of it; late events do not open it again."""
        self._registry.forget_others(kept)

    def gaps(self) -> list[Gap]:
        """The stretches in which events of this PBX may be missing, oldest first."""
        return list(self._registry.gaps)

    def end_of_events(self, reason: GapReason = GapReason.CAPTURE_END) -> None:
        """No more events will come: calls still open end in a gap; what was decided stays decided."""
        last = self._registry.clock.last_at
        if last is not None:
            self._marks.mark_open(Gap(from_at=last, to_at=None, reason=reason))

    def heard(self) -> dict[str, int]:
        """When each open call was last heard of, by its id."""
        return {record.id: record.last_at for record in self._registry.open_records()}

    def hall_time(self, ours: int) -> int | None:
        """An instant of our clock in the hall's time; None while nobody knows how the switch's clock stands."""
        clock = self._registry.clock
        return clock.hall_time(ours) if clock.is_known or clock.last_at is None else None

    def end_stuck(self, ids: Collection[str], at: int) -> None:
        """Ends calls of which nothing is heard any more, at an instant of our clock at the latest."""
        stuck = [record for record in self._registry.open_records() if record.id in ids]
        for record in stuck:
            to_at = max(self._registry.clock.hall_time(at), record.last_at + 1)
            self._registry.close_unseen(record, Gap(from_at=record.last_at, to_at=to_at, reason=GapReason.SWEPT))
            self._registry.swept += 1

    @property
    def swept(self) -> int:
        """How many calls were ended because nothing was heard of them, or because there were too many."""
        return self._registry.swept

    def _freeze_or_none(self, record: CallRecord) -> CallFacts | None:
        try:
            return self._freeze(record)
        except Exception:  # noqa: BLE001  # `take_changes` tells of it
            return None

    def _freeze(self, record: CallRecord) -> CallFacts:
        return freeze(record, self._registry.hall, self._registry.pbx)


def _texts_of(channel: Channel) -> list[str]:
    """What a channel is called, and whom it names."""
    dialled = channel.leg.dial_string if channel.leg is not None else ""
    return [channel.name, channel.number or "", channel.extension or "", dialled]


__all__ = ["CHECKPOINT", "WANTED_EVENTS", "Changes", "Tracker"]
WANTED_EVENTS = frozenset(Tracker("", Hall())._handlers) - {"ExtensionStatus"}
"""The names of the events that matter to a tracker; all others may be dropped unread.

A hint's devices are told with every state it takes, which is often, and do not change: the list of hints that each link
begins with tells them too.
"""
