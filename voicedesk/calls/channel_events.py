"""What the switch says of a channel: it rings, is up, hangs up, or is transferred."""

from collections.abc import Callable

from voicedesk.ami.message import AmiEvent
from voicedesk.bounds import whole_number
from voicedesk.calls.callers import SEEN, Callers, extension_of
from voicedesk.calls.dial_events import DialEvents
from voicedesk.calls.facts import direction_of
from voicedesk.calls.model import Direction
from voicedesk.calls.q850 import NOBODY_TO_DIAL
from voicedesk.calls.records import Channel
from voicedesk.calls.registry import SELF, TRANSFER, Registry
from voicedesk.calls.waiting import Waiting


class ChannelEvents:
    """Handlers of what happens to one channel."""

    def __init__(self, registry: Registry, waiting: Waiting, callers: Callers, dials: DialEvents) -> None:
        self._registry = registry
        self._waiting = waiting
        self._describe = callers.describe
        self._leg = dials.leg
        self._went_up = dials.went_up
        self.handlers: dict[str, Callable[[AmiEvent, int], None]] = {
            "AttendedTransfer": self._attended_transfer,
            "BlindTransfer": self._blind_transfer,
            "Hangup": self._hangup,
            "HangupRequest": self._hangup_request,
            "Newstate": self._newstate,
            "SoftHangupRequest": self._cut_off,
        }

    def _newstate(self, event: AmiEvent, at: int) -> None:
        channel = self._registry.moved_channel(event, SELF, at)
        if channel is None:
            return
        state = event.get("ChannelStateDesc")
        if state == "Ringing":
            if channel is channel.call.first_channel and channel.leg is None and extension_of(event):
                channel.rings_at_extension = True
            leg = self._leg(channel)
            if leg.ringing_at is None:
                leg.ringing_at = at
                self._registry.changed[channel.call] = None
        elif state == "Up":
            self._went_up(channel, at)
        if channel.number_rank < SEEN and channel.leg is None:
            self._describe(channel, event, SEEN)

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
        elif channel.number_rank < SEEN:  # where nothing could be dialled, its end is all there is of a call
            self._describe(channel, event, SEEN)
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
