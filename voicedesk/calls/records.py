"""What is gathered of a call while it lasts: mutable records that `facts` freezes into values.

Each field holds what one kind of event said, so that the order in which events of different channels arrive does not
matter and a repeated event changes nothing: the first one wins.
"""

from dataclasses import replace

from voicedesk.calls.dial_strings import endpoint_of, outside_number
from voicedesk.calls.model import Gap, PhoneState, StartSource
from voicedesk.calls.q850 import REDIRECTED_TO_NEW_DESTINATION

MOST_GAPS = 100
"""Chosen: no call that is followed in earnest lives through so many."""
CALLBACK_PREFIX = "vd-"
"""Our own calls carry a channel id of ours; Asterisk takes it over as Uniqueid and Linkedid."""


def local_base(name: str) -> str:
    """What the two halves of a Local channel have in common: the name without ";1" or ";2"."""
    return name.rpartition(";")[0] or name


class Stay:
    """A stretch that a channel spent in a bridge; `to_at` None: nobody told that it left."""

    __slots__ = ("bridge", "from_at", "to_at")

    def __init__(self, bridge: str, from_at: int, to_at: int | None = None) -> None:
        self.bridge = bridge
        self.from_at = from_at
        self.to_at = to_at

    def overlaps(self, other: "Stay") -> bool:
        """True if both were there at one time."""
        return (self.to_at is None or other.from_at <= self.to_at) and (
            other.to_at is None or self.from_at <= other.to_at
        )


class Channel:
    """A channel of the switch; `leg` is set if the switch dialled it.

    `dialled_at` is when it first dialled another, `joined_at` when it entered a queue. It left that queue unanswered at
    `abandoned_at`; the dialplan says at `ran_out_at` that this was the queue's doing. At `cut_off_at` somebody, or the
    switch, asked for its end; at `hangup_requested_at` its own far end did. `rings_at_extension`: it said Ringing while
    it stood in the dialplan, which a channel that the switch rings does not.
    `calls_as_itself`: its number was its name.
    """

    __slots__ = (
        "abandoned_at",
        "call",
        "calls_as_itself",
        "cut_off_at",
        "dialled_at",
        "endpoint",
        "extension",
        "hangup_cause",
        "hangup_requested_at",
        "hung_at",
        "hung_unseen",
        "is_local",
        "joined_at",
        "leg",
        "linkedid",
        "name",
        "number",
        "number_rank",
        "ran_out_at",
        "rings_at_extension",
        "stays",
        "uniqueid",
        "up_at",
        "up_unseen",
    )

    def __init__(self, uniqueid: str, name: str, linkedid: str, call: "CallRecord") -> None:
        self.uniqueid = uniqueid
        self.name = name
        self.linkedid = linkedid
        self.call = call
        self.is_local = name.startswith("Local/") and name[-2:-1] == ";"  # a half, not a queue's member of that name
        self.endpoint = endpoint_of(name)
        self.leg: Leg | None = None
        self.extension: str | None = None
        self.number: str | None = None
        self.calls_as_itself = False
        self.number_rank = -1
        self.up_at: int | None = None
        self.up_unseen = False
        self.stays: list[Stay] = []
        self.dialled_at: int | None = None
        self.joined_at: int | None = None
        self.abandoned_at: int | None = None
        self.ran_out_at: int | None = None
        self.rings_at_extension = False
        self.cut_off_at: int | None = None
        self.hangup_requested_at: int | None = None
        self.hung_at: int | None = None
        self.hung_unseen = False
        self.hangup_cause: int | None = None


class Leg:
    """One ringing of one phone, as each kind of event told it."""

    __slots__ = (
        "agent_called_at",
        "channel",
        "connected_at",
        "dial_begin_at",
        "dial_end_at",
        "dial_ringing_at",
        "dial_status",
        "dial_string",
        "dialler",
        "from_log",
        "in_whole_seconds",
        "is_alive",
        "member",
        "picked_up",
        "queue_gave_up_at",
        "ringing_at",
        "sent_on",
        "state_before",
        "was_dumped",
    )

    def __init__(self, channel: Channel, state_before: PhoneState) -> None:
        self.channel = channel
        self.state_before = state_before
        self.dialler: Channel | None = None
        self.dial_string = ""
        self.is_alive = False
        self.from_log = False
        self.in_whole_seconds = False
        self.member: str | None = None
        self.ringing_at: int | None = None
        self.dial_ringing_at: int | None = None
        self.dial_begin_at: int | None = None
        self.agent_called_at: int | None = None
        self.dial_end_at: int | None = None
        self.dial_status: str | None = None
        self.connected_at: int | None = None
        self.queue_gave_up_at: int | None = None
        self.picked_up = False
        self.sent_on = False
        self.was_dumped = False

    @property
    def lifted_at(self) -> int | None:
        """When the phone was lifted: its channel went up, else the dial ended in ANSWER, else the queue connected it.

        That is an answer only once somebody was connected with it (`legs.answered_at`).
        """
        if self.picked_up:
            return None
        if self.channel.up_at is not None:
            return self.channel.up_at
        if self.dial_status == "ANSWER":
            return self.dial_end_at
        return self.connected_at

    @property
    def is_accepted(self) -> bool:
        """The switch says that the call was taken, or says nothing; a dial may end otherwise although it was lifted."""
        if self.connected_at is not None:
            return True
        return not self.was_dumped and self.dial_status in (None, "ANSWER")

    @property
    def accepted_at(self) -> int | None:
        """When the switch said that the call was taken, else when the phone was lifted."""
        said = [at for at in (self.dial_end_at, self.connected_at) if at is not None]
        return min(said, default=self.lifted_at)

    @property
    def was_forwarded(self) -> bool:
        """The phone sent the call on to another number (SIP 302).

        The end of its dial says so. The cause of its hang-up may: where the switch takes the channel away before the
        phone's own hang-up was worked off, the cause is 0.
        """
        return self.sent_on or self.channel.hangup_cause == REDIRECTED_TO_NEW_DESTINATION

    @property
    def outside_number(self) -> str | None:
        """The number that was dialled through a trunk; None for a phone of the house."""
        return outside_number(self.dial_string, self.channel.name.partition("/")[0])

    @property
    def dialled_at(self) -> int | None:
        """When the switch dialled it."""
        return self.dial_begin_at if self.dial_begin_at is not None else self.agent_called_at


class CallRecord:
    """One caller's matter while it lasts. `guests` are channels of other calls that it may have met in a bridge.

    `first_channel` is the one that began it: Asterisk names the call after it.
    """

    __slots__ = (
        "asked_at",
        "attended",
        "boot",
        "channels",
        "closed_at",
        "doubtful",
        "due",
        "first_at",
        "first_channel",
        "forgotten",
        "gaps",
        "guests",
        "id",
        "last_at",
        "line_hint",
        "linkedids",
        "live",
        "local_members",
        "notice_heard",
        "queue",
        "queue_left_at",
        "repaired",
        "start_at",
        "start_source",
        "states_seen",
        "switch_tells_bridges",
        "transfers",
    )

    def __init__(
        self, call_id: str, boot: str | None, linkedid: str, at: int, *, switch_tells_bridges: bool = False
    ) -> None:
        self.id = call_id
        self.boot = boot
        self.linkedids = [linkedid]
        self.channels: dict[str, Channel] = {}
        self.first_channel: Channel | None = None
        self.guests: dict[str, Channel] = {}
        self.live = 0
        self.forgotten = False
        self.first_at = at
        self.last_at = at
        self.start_at: int | None = None
        self.start_source = StartSource.FIRST_EVENT
        self.closed_at: int | None = None
        self.asked_at: int | None = None
        self.queue: str | None = None
        self.queue_left_at: int | None = None
        self.line_hint: str | None = None
        self.notice_heard = False
        self.switch_tells_bridges = switch_tells_bridges
        self.doubtful = False
        self.repaired = False
        self.due: tuple[str, ...] = ()
        self.states_seen: dict[str, list[PhoneState]] = {}
        self.local_members: dict[str, str] = {}
        self.transfers: list[tuple[int, str]] = []
        self.attended: list[tuple[int, str]] = []
        self.gaps: list[Gap] = []

    def add(self, channel: Channel) -> None:
        """The channel is part of this call."""
        channel.call = self
        self.channels[channel.uniqueid] = channel
        if channel.uniqueid == self.linkedids[0]:
            self.first_channel = channel

    def give_away(self, channel: Channel, other: "CallRecord") -> None:
        """The channel is part of another call."""
        del self.channels[channel.uniqueid]
        self.first_channel = self.channels.get(self.linkedids[0])
        other.add(channel)
        if channel.hung_at is None:
            self.live -= 1
            other.live += 1

    def legs(self) -> list[Leg]:
        """Legs in the order in which the switch dialled them."""
        legs = [channel.leg for channel in self.channels.values() if channel.leg and not channel.is_local]
        return legs if len(legs) < 2 else sorted(legs, key=lambda leg: (leg.dialled_at or 0, leg.channel.uniqueid))

    @property
    def tells_bridges(self) -> bool:
        """The switch tells of bridges: of this call's, or of those of a call before it."""
        return self.switch_tells_bridges or any(channel.stays for channel in self.channels.values())

    def let_go(self) -> None:
        """Nobody will read it again: drops the references that form circles, so that its memory is free at once."""
        for channel in self.channels.values():
            channel.leg = None
        self.channels, self.guests, self.first_channel = {}, {}, None

    def mark_gap(self, gap: Gap) -> None:
        """Notes that events may be missing, once per stretch.

        A stretch that lies in one without an end tells nothing new. Many stretches become one, from the last that is
        kept on: a flood of faults neither fills the memory nor makes each further fault dearer.
        """
        if gap in self.gaps:
            return
        is_full = len(self.gaps) >= MOST_GAPS
        endless = [one for one in self.gaps if one.to_at is None and (is_full or one.reason is gap.reason)]
        if (gap.to_at is None or is_full) and any(one.from_at <= gap.from_at for one in endless):
            return
        if is_full:
            gap = replace(gap, from_at=min(self.gaps.pop().from_at, gap.from_at), to_at=None)
        self.gaps.append(gap)

    def take_over(self, other: "CallRecord") -> None:
        """The other call turned out to be part of this one."""
        self.linkedids.extend(other.linkedids)
        for channel in other.channels.values():
            self.add(channel)
        self.live += other.live
        self.last_at = max(self.last_at, other.last_at)
        self.transfers.extend(other.transfers)
        self.attended.extend(other.attended)
        self.local_members |= other.local_members
        self.guests |= other.guests
        self.doubtful = self.doubtful or other.doubtful
        self.repaired = self.repaired or other.repaired
        self.switch_tells_bridges = self.switch_tells_bridges or other.switch_tells_bridges
        for gap in other.gaps:
            self.mark_gap(gap)
        if self.live:
            self.closed_at = None
        other.channels, other.linkedids, other.first_channel = {}, [], None
