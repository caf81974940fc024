"""The calls and channels of one PBX that are known right now: opened, joined, closed and forgotten.

A call is ours: it holds one or more linkedids, since an attended transfer moves a channel from one to another. It is
opened by the first event that names one of its channels, closed when its last channel hangs up, kept a little longer
for stragglers and then forgotten; its ids are remembered so that a late repeat opens nothing.
"""

from collections import OrderedDict, deque
from collections.abc import Collection, Iterable
from hashlib import blake2b

from voicedesk.ami.message import AmiEvent
from voicedesk.bounds import whole_number
from voicedesk.calls.closed import ClosedCalls
from voicedesk.calls.facts import has_caller, is_citizen
from voicedesk.calls.model import Gap, GapReason, Hall
from voicedesk.calls.presence import Presence
from voicedesk.calls.records import CallRecord, Channel, local_base
from voicedesk.calls.silence import Silence
from voicedesk.calls.switch_clock import SwitchClock
from voicedesk.clock import MICROSECONDS

MAX_OPEN_CALLS = 5000
"""A bound for memory, chosen: a hall has some dozens of calls at a time; only wrong events make more."""
MAX_REMEMBERED = 4_000
"""So many ids of ended channels are remembered, so that a late repeat opens no call. Chosen, as a bound for memory."""
BORN_BEFORE_US = 7 * 24 * 3600 * MICROSECONDS
BORN_AFTER_US = 24 * 3600 * MICROSECONDS
"""A channel was made at most a week before it was seen, and by its id's clock at most a day after: else the id tells no
time. Chosen: an agent may stay signed on for days, and a clock may be set."""
_FEWEST_SECONDS = 100_000_000
"""A smaller number in an id cannot be seconds since the epoch: they would be before 1973."""

_PSEUDO_TECHNOLOGIES = ("Announcer/", "Bridge/", "CBAnn/", "CBRec/", "Message/", "Recorder/", "Snoop/", "Surrogate/")
"""Channels that Asterisk makes for itself: there is no phone behind them. The names are those of its channel
technologies.

Announcer and Recorder play and record in bridges, CBAnn and CBRec in ConfBridge; Message carries texts; Snoop listens
in; Surrogate stands for a channel that is pulled out of an application; Bridge is their forerunner in old releases.
"""
_BEGINNINGS = frozenset({"CoreShowChannel", "Newchannel"})
_ENDS = frozenset({"DialEnd", "Hangup"})  # before them others must have been

Keys = tuple[str, str, str]
SELF: Keys = ("Uniqueid", "Linkedid", "Channel")
DEST: Keys = ("DestUniqueid", "DestLinkedid", "DestChannel")
TRANSFER: tuple[Keys, ...] = tuple(
    (f"{who}Uniqueid", f"{who}Linkedid", f"{who}Channel")
    for who in ("OrigTransferer", "SecondTransferer", "Transferee", "TransferTarget")
)


class Registry:
    """Calls by linkedid, channels by Uniqueid, live channels by endpoint; bounded in memory."""

    def __init__(self, pbx: str, hall: Hall) -> None:
        self.pbx = pbx
        self.hall = hall
        self.clock = SwitchClock()
        self.boot: str | None = None
        self.channels: dict[str, Channel] = {}
        self.presence = Presence()
        self.gaps: deque[Gap] = deque(maxlen=1000)
        self.changed: dict[CallRecord, None] = {}
        self.merged: list[tuple[str, str]] = []
        self.waiting: set[CallRecord] = set()
        self.swept = 0
        self.tells_bridges = False
        self.tells_beginnings = False
        self.reads_log = False
        self._calls: dict[str, CallRecord] = {}
        self.closed = ClosedCalls()
        self._silence = Silence()
        self._remembered: OrderedDict[str, None] = OrderedDict()

    def records(self) -> list[CallRecord]:
        """The calls that are known, those that are over too, oldest first."""
        return list(dict.fromkeys(self._calls.values()))

    def open_records(self) -> list[CallRecord]:
        """The calls that are not over, oldest first."""
        records = {id(record): record for record in self._calls.values() if record.closed_at is None}
        return list(records.values())

    # --- opening

    def channel(self, event: AmiEvent, keys: Keys, at: int) -> Channel | None:
        """The channel an event names, opened if it is new; None for what is no phone call."""
        uniqueid = event.uniqueid if keys is SELF else event.get(keys[0])
        channel = self.channels.get(uniqueid) if uniqueid else None
        if channel is None:
            return self._open_channel(event, keys, uniqueid, at)
        record = channel.call
        if record.closed_at is not None:  # a straggler may still tell how it ended
            self.changed[record] = None
        if at > record.last_at:  # noqa: PLR1730  # max() is a call, and this is done for every event
            record.last_at = at
        return channel

    def moved_channel(self, event: AmiEvent, keys: Keys, at: int) -> Channel | None:
        """As `channel`, for events at which a channel may turn out to belong to another call by now."""
        channel = self.channel(event, keys, at)
        if channel is not None:
            linkedid = event.linkedid if keys is SELF else event.get(keys[1])
            if linkedid and linkedid != channel.linkedid:
                self._move(channel, linkedid)
        return channel

    def _open_channel(self, event: AmiEvent, keys: Keys, uniqueid: str | None, at: int) -> Channel | None:
        name = event.get(keys[2])
        linkedid = event.get(keys[1]) or uniqueid
        if not uniqueid or not linkedid or not name or "/" not in name or name.startswith(_PSEUDO_TECHNOLOGIES):
            return None
        if uniqueid in self._remembered:
            return None
        record = self._calls.get(linkedid) or self._open_call(linkedid, at, had_begun=_had_begun(self, event))
        channel = Channel(uniqueid, name, linkedid, record)
        record.add(channel)
        record.live += 1
        record.closed_at = None
        record.last_at = max(record.last_at, at)
        record.first_at = min(record.first_at, at)
        self.channels[uniqueid] = channel
        self.presence.opened(channel)
        return channel

    def _open_call(self, linkedid: str, at: int, *, had_begun: bool) -> CallRecord:
        """Opens a call. Its id tells the second in which it began. If a gap ends in the same second, the call was
        surely touched by it only if it had begun before the first event that was seen of it."""
        if len(self._calls) >= MAX_OPEN_CALLS:
            self._drop_oldest()
        record = CallRecord(self._call_id(linkedid), self.boot, linkedid, at, switch_tells_bridges=self.tells_bridges)
        self._calls[linkedid] = record
        self.changed[record] = None
        born = self.born_at(linkedid, at) if self.gaps else None
        if born is not None:
            _mark_touched(record, self.gaps, born, had_begun=had_begun)
        return record

    def born_at(self, uniqueid: str, seen_at: int) -> int | None:
        """The second in which a channel that was seen at an instant was made; both in the hall's time."""
        born = born_us(uniqueid, seen_at - self.clock.off_us)
        return None if born is None else born + self.clock.off_us

    def _call_id(self, linkedid: str) -> str:
        """Our id of a call: the same for the same PBX, boot and linkedid, live or replayed."""
        key = "\0".join((self.pbx, self.boot or "", linkedid))
        return blake2b(key.encode(), digest_size=10).hexdigest()

    # --- joining

    def _move(self, channel: Channel, linkedid: str) -> None:
        """The channel's linkedid changed: its call and the other one are one matter, and keep the older's id."""
        channel.linkedid = linkedid
        here, there = channel.call, self._calls.get(linkedid)
        if there is here:
            return
        if there is None:
            here.linkedids.append(linkedid)
            self._calls[linkedid] = here
        else:
            self.join(here, there)

    def join(self, one: CallRecord, other: CallRecord) -> None:
        """Two calls turned out to be one matter: the older one holds both.

        But a caller's matter never becomes part of another: not of another caller's, nor of a call that the staff began
        before (a room that callers are brought into, an agent who stays signed on). Then each only hears the other's.
        """
        older, younger = _by_age(one, other)
        if has_caller(younger, self.hall):
            self._meet(older, younger)
        else:
            self._merge(older, younger)

    def dialled_for(self, channel: Channel, record: CallRecord) -> None:
        """The channel was dialled for this call, whatever call its linkedid names."""
        if channel is channel.call.first_channel:  # a colleague picked the call up from a phone of their own
            self._merge(*_by_age(channel.call, record))
            return
        self.join(record, channel.call)
        if channel.call is not record and record.channels:
            self._adopt(channel, record)

    def _meet(self, one: CallRecord, other: CallRecord) -> None:
        for record, guest in ((one, other), (other, one)):
            record.guests |= {
                uniqueid: channel for uniqueid, channel in guest.channels.items() if not is_citizen(channel, self.hall)
            }
            self.changed[record] = None

    def _adopt(self, channel: Channel, record: CallRecord) -> None:
        """Moves a channel (with its other half, if it has one) to this call."""
        before = channel.call
        base = local_base(channel.name)
        for one in [*before.channels.values()]:
            if one is channel or (one.is_local and local_base(one.name) == base):
                before.give_away(one, record)
        if record.live:
            record.closed_at = None
        self._close_if_over(before)
        self.changed[before] = self.changed[record] = None

    def _merge(self, kept: CallRecord, gone: CallRecord) -> None:
        for linkedid in gone.linkedids:
            self._calls[linkedid] = kept
        kept.take_over(gone)
        if gone.closed_at is not None:
            self.closed.drop(gone)
        self.waiting.discard(gone)
        self.changed.pop(gone, None)
        self.changed[kept] = None
        self.merged.append((gone.id, kept.id))

    # --- closing

    def hang_up(self, channel: Channel, at: int) -> None:
        """The channel is gone; its call closes with its last one."""
        channel.hung_at = at
        self.presence.gone(channel)
        channel.call.live -= 1
        self._close_if_over(channel.call)

    def _close_if_over(self, record: CallRecord) -> None:
        channels = () if record.live else record.channels.values()
        ends = [channel.hung_at for channel in channels if channel.hung_at is not None]
        if ends:
            record.closed_at = max(ends)
            self.waiting.discard(record)
            self.closed.add(record, record.closed_at)
            self.changed[record] = None

    def hang_up_unseen(self, channel: Channel, at: int) -> None:
        """The channel is gone by now, and nobody saw it go."""
        channel.hung_unseen = True
        self.hang_up(channel, at)

    def close_unseen(self, record: CallRecord, gap: Gap) -> None:
        """Ends a call whose end lies somewhere in a gap."""
        record.mark_gap(gap)
        for channel in list(record.channels.values()):
            if channel.hung_at is None:
                self.hang_up_unseen(channel, gap.to_at or gap.from_at + 1)

    def forget_closed(self, now: int) -> None:
        """Forgets calls that closed long enough ago."""
        for record in self.closed.take_due(now):
            self._forget(record)

    def forget_boot(self, gap: Gap) -> None:
        """The PBX was restarted: its calls ended unseen, and its ids may come again."""
        for record in self.open_records():
            self.close_unseen(record, gap)
        for record in self.records():
            self._forget(record)
        self._remembered.clear()
        self.closed.clear()

    def forget_others(self, kept: Collection[str]) -> None:
        """Forgets every call whose id is not among `kept`: it was over, and what is known of it here is not whole."""
        for record in self.records():
            if record.id not in kept:
                for channel in record.channels.values():
                    self.presence.gone(channel)
                self._forget(record)
                self.changed.pop(record, None)
                self.waiting.discard(record)
        self.closed.keep_only(kept)

    def _drop_oldest(self) -> None:
        """Ends the open call of which nothing was heard for longest; where none is open, lets go of a closed one."""
        oldest = self._silence.longest(self.open_records)
        if oldest is not None:
            self.close_unseen(oldest, Gap(from_at=oldest.last_at, to_at=None, reason=GapReason.SWEPT))
            self._forget(oldest)
            self.swept += 1
            return
        over = self.closed.take_oldest()
        if over is not None:
            self._forget(over)

    def _forget(self, record: CallRecord) -> None:
        for linkedid in record.linkedids:
            self._calls.pop(linkedid, None)
        for uniqueid in record.channels:
            self.channels.pop(uniqueid, None)
            self._remembered[uniqueid] = None
        record.forgotten = True
        if record not in self.changed:
            record.let_go()
        while len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)


def _had_begun(registry: Registry, event: AmiEvent) -> bool:
    """Whether others must have been before this event of a call that nothing told of before.

    A switch that tells `Newchannel` tells it first; a list tells what is there, however old it is, and a log may leave
    anything out.
    """
    if event.name in _ENDS:
        return True
    return registry.tells_beginnings and not registry.reads_log and event.name not in _BEGINNINGS


def _mark_touched(record: CallRecord, gaps: Iterable[Gap], born: int, *, had_begun: bool) -> None:
    """Marks the gaps that a call, born within this second, is sure to have been touched by."""
    for gap in gaps:
        dropped = gap.reason is GapReason.EVENTS_DROPPED  # no list tells what was there when it ended
        sure = 0 if dropped or had_begun else MICROSECONDS
        if gap.to_at is not None and born + sure <= gap.to_at:
            record.mark_gap(gap)


def _by_age(one: CallRecord, other: CallRecord) -> tuple[CallRecord, CallRecord]:
    return (other, one) if other.first_at <= one.first_at else (one, other)


def born_us(uniqueid: str, seen_at: int | None = None) -> int | None:
    """The second in which a channel was made, from its Uniqueid ("systemname-1795421286.6"), in microseconds.

    None if the id is another program's own choice: then the number is too small for seconds, or, for a channel that was
    seen at an instant of the same clock, its time lies long before or after.
    """
    seconds = whole_number(uniqueid.rpartition("-")[2].partition(".")[0], most_digits=10)
    if seconds is None or seconds < _FEWEST_SECONDS:
        return None
    born = seconds * MICROSECONDS
    if seen_at is not None and not seen_at - BORN_BEFORE_US <= born <= seen_at + BORN_AFTER_US:
        return None
    return born
