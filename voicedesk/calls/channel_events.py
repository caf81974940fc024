"""What each event of a channel says: fills the records of the call it belongs to, whatever the order of events."""

from collections.abc import Callable

from voicedesk.ami.message import AmiEvent
from voicedesk.bounds import whole_number
from voicedesk.calls.caller_numbers import caller_number, is_of_the_hall
from voicedesk.calls.causes import NOBODY_TO_DIAL
from voicedesk.calls.facts import direction_of, role_of
from voicedesk.calls.model import Direction, PhoneState, Role, StartSource
from voicedesk.calls.records import CallRecord, Channel, Leg, Stay, local_base
from voicedesk.calls.registry import DEST, SELF, TRANSFER, Registry
from voicedesk.calls.waiting import Waiting
from voicedesk.clock import MICROSECONDS

_NO_EXTENSION = frozenset({"", "s", "h", "i", "t", "T", "e", "o", "a", "failed"})
_OURS, _UNCLEANED, _SEEN, _CLEANED, _ANNOUNCED = range(5)
"""How far a caller's number can be trusted: the hall's own is nobody's; before or after the dialplan cleaned it, or
announced by it."""


class ChannelEvents:
    """Handlers of channel, dial, queue and transfer events; each takes the event and its instant."""

    def __init__(self, registry: Registry, waiting: Waiting) -> None:
        self._registry = registry
        self._waiting = waiting
        self.handlers: dict[str, Callable[[AmiEvent, int], None]] = {
            "AgentCalled": self._agent_called,
            "AgentConnect": self._agent_connect,
            "AgentDump": self._agent_dump,
            "AgentRingNoAnswer": self._agent_ring_no_answer,
            "AttendedTransfer": self._attended_transfer,
            "BlindTransfer": self._blind_transfer,
            "BridgeEnter": self._bridge_enter,
            "BridgeLeave": self._bridge_leave,
            "DialBegin": self._dial_begin,
            "DialEnd": self._dial_end,
            "DialState": self._dial_state,
            "Hangup": self._hangup,
            "HangupRequest": self._hangup_request,
            "Newchannel": self._newchannel,
            "Newstate": self._newstate,
            "Pickup": self._pickup,
            "QueueCallerAbandon": self._queue_abandon,
            "QueueCallerJoin": self._queue_join,
            "QueueCallerLeave": self._queue_leave,
            "SoftHangupRequest": self._cut_off,
            "UserEvent": self._user_event,
        }

    # --- the channel that began the call

    def _newchannel(self, event: AmiEvent, at: int) -> None:
        channel = self._registry.channel(event, SELF, at)
        if channel is None:
            return
        record = channel.call
        if channel is record.first_channel:
            if record.start_source is not StartSource.USEREVENT:
                self._start(record, at, StartSource.NEWCHANNEL, event)
            self._describe(channel, event, _UNCLEANED)

    def _user_event(self, event: AmiEvent, at: int) -> None:
        name = event.get("UserEvent")
        if name not in ("VoicedeskCall", "VoicedeskNotice", "VoicedeskQueueEnd"):
            return
        channel = self._registry.channel(event, SELF, at)
        if channel is None:
            return
        if name == "VoicedeskCall":
            self._announced(channel, event, at)
        elif name == "VoicedeskQueueEnd":
            channel.ran_out_at = at
        elif event.get("Complete") == "1":
            channel.call.notice_heard = True

    def _announced(self, channel: Channel, event: AmiEvent, at: int) -> None:
        """The dialplan announces a call: its true start, its line and the cleaned number."""
        record = channel.call
        self._start(record, at, StartSource.USEREVENT, event)
        record.line_hint = record.line_hint or event.get("Line")
        self._describe(channel, event, _ANNOUNCED)
        number = _number(event.get("Number") or "", record, self._registry.hall.area_code)
        if number is not None:
            channel.number = number

    def _start(self, record: CallRecord, at: int, source: StartSource, event: AmiEvent) -> None:
        was_listed, record.start_source = record.start_source is StartSource.SNAPSHOT, source
        if event.timestamp_us is None:
            record.start_source = StartSource.ARRIVAL
        if was_listed and record.start_at is not None and record.start_at <= at < record.start_at + MICROSECONDS:
            # a list tells the second only; the call began while it was made, and nothing of it was missed
            record.start_at = at
            record.gaps = [gap for gap in record.gaps if gap.to_at is None or gap.to_at > at]
        else:
            record.start_at = at if record.start_at is None else min(record.start_at, at)

    def _describe(self, channel: Channel, event: AmiEvent, rank: int) -> None:
        """Keeps the number and the extension of a call's first channel, from the most trusted event that tells them.

        An event that tells no number, a withheld one, or one of the hall's says nothing against a number that was told.
        """
        if channel.extension is None:
            channel.extension = _extension(event)
        if rank > channel.number_rank:
            hall = self._registry.hall
            number = _number(event.get("CallerIDNum") or "", channel.call, hall.area_code)
            if number is None:
                return
            channel.calls_as_itself = channel.calls_as_itself or channel.endpoint.partition("/")[2] == number
            trust = _OURS if is_of_the_hall(number, hall) else rank
            if trust > channel.number_rank:
                channel.number, channel.number_rank = number, trust

    def describe_listed(self, channel: Channel, event: AmiEvent) -> None:
        """Number and extension of a channel found in a list."""
        self._describe(channel, event, _SEEN)

    # --- ringing and answer

    def _newstate(self, event: AmiEvent, at: int) -> None:
        channel = self._registry.moved_channel(event, SELF, at)
        if channel is None:
            return
        state = event.get("ChannelStateDesc")
        if state == "Ringing":
            if channel is channel.call.first_channel and channel.leg is None and _extension(event):
                channel.rings_at_extension = True
            leg = self.leg(channel)
            if leg.ringing_at is None:
                leg.ringing_at = at
                self._registry.changed[channel.call] = None
        elif state == "Up":
            self.went_up(channel, at)
        if channel.number_rank < _SEEN and channel.leg is None:
            self._describe(channel, event, _SEEN)

    def went_up(self, channel: Channel, at: int, *, seen: bool = True) -> None:
        """The channel was answered; not `seen` if it was only found answered later."""
        if channel.up_at is None:
            channel.up_at = at
            channel.up_unseen = not seen
            self._lifted(channel, accepted=not self._registry.tells_bridges)

    def _lifted(self, channel: Channel, *, accepted: bool) -> None:
        """A phone was lifted; where bridges are told, the caller waits on until one of them connects the two."""
        record = channel.call
        record.switch_tells_bridges = record.switch_tells_bridges or self._registry.tells_bridges
        if channel.leg is None or accepted:  # a phone's lifting alone changes nothing yet
            self._registry.changed[record] = None
            if channel.leg is not None and not channel.is_local:
                self._registry.waiting.discard(record)
        if self._registry.waiting:
            self._waiting.watch(channel.endpoint)

    def leg(self, channel: Channel) -> Leg:
        """The leg of a channel that the switch dialled, begun if it is new."""
        if channel.leg is None:
            is_local = channel.is_local
            before = PhoneState.UNKNOWN if is_local else self._waiting.state(channel.endpoint, channel.call)
            channel.leg = Leg(channel, before)
        return channel.leg

    def _dialled(self, event: AmiEvent, at: int) -> Leg | None:
        """The leg a Dial* or Agent* event is about, with who dialled it."""
        channel = self._registry.channels.get(event.get("DestUniqueid") or "")
        if channel is not None and channel.leg is not None and channel.leg.dialler is not None:
            return channel.leg
        dialler = self._registry.channel(event, SELF, at) if event.get("Uniqueid") else None
        channel = self._registry.channel(event, DEST, at)
        if channel is None:
            return None
        leg = self.leg(channel)
        if dialler is not None:
            leg.dialler = dialler
            dialler.dialled_at = at if dialler.dialled_at is None else dialler.dialled_at
            if dialler.call is not channel.call:
                self._registry.dialled_for(channel, dialler.call)
            if dialler.number_rank < _CLEANED and not dialler.is_local:
                self._describe(dialler, event, _CLEANED)
        return leg

    def _dial_begin(self, event: AmiEvent, at: int) -> None:
        leg = self._dialled(event, at)
        if leg is not None and leg.dial_begin_at is None:
            leg.dial_begin_at = at
            leg.dial_string = event.get("DialString") or ""
            self._waiting.dialled(leg)
            self.asked_by_dial(leg, at)

    def asked_by_dial(self, leg: Leg, at: int) -> None:
        """Dialling a phone for a caller, or a staff phone for anybody, means that they asked for a person."""
        channel, hall = leg.channel, self._registry.hall
        if channel.is_local or leg.dialler is None:
            return
        if role_of(leg, hall) is Role.STAFF or direction_of(channel.call, hall) is Direction.INBOUND:
            self._waiting.ask(channel.call, at)

    def _dial_state(self, event: AmiEvent, at: int) -> None:
        leg = self._dialled(event, at)
        if leg is None:
            return
        leg.is_alive = True
        if leg.dial_ringing_at is None and leg.ringing_at is None and event.get("DialStatus") == "RINGING":
            leg.dial_ringing_at = at
            self._registry.changed[leg.channel.call] = None

    def _dial_end(self, event: AmiEvent, at: int) -> None:
        leg = self._dialled(event, at)
        if leg is None:
            return
        if leg.dial_end_at is not None:
            if leg.dial_status == "ANSWER" and leg.connected_at is None and event.get("DialStatus") != "ANSWER":
                leg.dial_status = event.get("DialStatus")  # taken back: the caller left before the two were connected
            return
        leg.dial_end_at = at
        leg.dial_status = event.get("DialStatus")
        self._registry.changed[leg.channel.call] = None
        if leg.dial_status == "ANSWER" and leg.channel.up_at is None:
            self._lifted(leg.channel, accepted=True)

    # --- bridges

    def _bridge_enter(self, event: AmiEvent, at: int) -> None:
        """Sound goes between the channels of a bridge, but for those that only wait there (parking, music)."""
        bridge = event.get("BridgeUniqueid")
        channel = self._registry.moved_channel(event, SELF, at)
        if channel is None or not bridge or event.get("BridgeTechnology") == "holding_bridge":
            return
        if self.in_bridge(channel, bridge, at) and self._registry.enter_bridge(bridge, channel):
            self._registry.changed[channel.call] = None

    def in_bridge(self, channel: Channel, bridge: str, at: int) -> bool:
        """The channel is in a bridge since an instant; False if that was known."""
        for stay in channel.stays:
            if stay.bridge == bridge and (stay.from_at == at or stay.to_at is None):
                return False
        channel.stays.append(Stay(bridge, at))
        record = channel.call
        if channel is record.first_channel:
            self._registry.waiting.discard(record)
        return True

    def _bridge_leave(self, event: AmiEvent, at: int) -> None:
        bridge = event.get("BridgeUniqueid")
        channel = self._registry.channel(event, SELF, at)
        if channel is None or not bridge or event.get("BridgeTechnology") == "holding_bridge":
            return
        stay = next((stay for stay in channel.stays if stay.bridge == bridge and stay.to_at is None), None)
        if stay is not None:
            stay.to_at = at
        elif not any(stay.bridge == bridge and stay.to_at == at for stay in channel.stays):
            # nobody saw it enter: it was there since it was up, for all that is known
            channel.stays.append(Stay(bridge, channel.up_at if channel.up_at is not None else at, at))
        self._registry.leave_bridge(bridge, channel)

    # --- queues

    def _queue_join(self, event: AmiEvent, at: int) -> None:
        channel = self._registry.channel(event, SELF, at)
        if channel is None:
            return
        record = channel.call
        record.queue = event.get("Queue") or record.queue
        channel.joined_at = max(at, channel.joined_at or at)
        if record.queue_left_at is not None and at >= record.queue_left_at:  # not the same join told again
            record.queue_left_at = None
        self._describe(channel, event, _CLEANED)
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

    # --- the end, and transfers

    def _hangup_request(self, event: AmiEvent, at: int) -> None:
        channel = self._registry.channel(event, SELF, at)
        if channel is None or channel.hangup_requested_at is not None:
            return
        if channel.leg is not None or event.get("ChannelStateDesc") != "Busy":  # the switch gave the busy tone before
            channel.hangup_requested_at = at

    def _cut_off(self, event: AmiEvent, at: int) -> None:
        """A manager, the dialplan's end, or a time without sound ended the channel; only a caller's matters."""
        channel = self._registry.channels.get(event.uniqueid or "")
        if channel is not None and channel.leg is None and channel.cut_off_at is None:
            channel.cut_off_at = at

    def _hangup(self, event: AmiEvent, at: int) -> None:
        channel = self._registry.moved_channel(event, SELF, at)
        if channel is None or channel.hung_at is not None:
            return
        channel.hangup_cause = whole_number(event.get("Cause"))
        if channel.leg is not None:
            self._registry.changed[channel.call] = None
        elif channel.number_rank < _SEEN:  # where nothing could be dialled, its end is all there is of a call
            self._describe(channel, event, _SEEN)
        if channel.hangup_cause in NOBODY_TO_DIAL:
            self._turned_away(channel, at)
        self._registry.hang_up(channel, at)
        if self._registry.waiting:
            self._waiting.watch(channel.endpoint)

    def _turned_away(self, channel: Channel, at: int) -> None:
        """A caller of a line whose only phone is not there: nothing can be dialled, the end is all that is told."""
        record, hall = channel.call, self._registry.hall
        if record.asked_at is not None or channel is not record.first_channel or channel.up_at is not None:
            return
        if channel.hangup_requested_at is not None or any(one.leg for one in record.channels.values()):
            return
        is_line = hall.line_named(record.line_hint) or hall.line_of(channel.extension, None)
        if is_line and direction_of(record, hall) is Direction.INBOUND:
            self._waiting.ask(record, at)

    def _blind_transfer(self, event: AmiEvent, at: int) -> None:
        channel = self._registry.channels.get(event.get("TransfererUniqueid") or "")
        if channel is not None:
            channel.call.transfers.append((at, channel.endpoint))

    def _attended_transfer(self, event: AmiEvent, at: int) -> None:
        """A consultation becomes part of the caller's call: after this their channels have one linkedid."""
        for keys in TRANSFER:
            if event.get(keys[0]):
                self._registry.moved_channel(event, keys, at)
        transferer = self._registry.channels.get(event.get(TRANSFER[0][0]) or "")
        if transferer is not None:
            transferer.call.attended.append((at, transferer.endpoint))
            self._registry.changed[transferer.call] = None

    def _pickup(self, event: AmiEvent, _at: int) -> None:
        """A colleague takes the call: the phone that rang did not answer it."""
        channel = self._registry.channels.get(event.get("TargetUniqueid") or "")
        if channel is not None and channel.leg is not None:
            channel.leg.picked_up = True
            self._registry.changed[channel.call] = None


def _extension(event: AmiEvent) -> str | None:
    """The number that was dialled, without what a telephone adds to it ("4001;user=phone"); None for none."""
    extension = (event.get("Exten") or "").partition(";")[0]
    return None if extension in _NO_EXTENSION else extension


def _number(text: str, record: CallRecord, area_code: str) -> str | None:
    """A caller's number as it may be kept; what no number looks like makes the call doubtful."""
    number, is_none = caller_number(text, area_code)
    record.doubtful = record.doubtful or is_none
    return number
