"""What the switch says of dialling: the legs it begins, how each dial goes, and which phone was lifted."""

from collections.abc import Callable

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.callers import CLEANED, Callers
from voicedesk.calls.facts import direction_of, role_of
from voicedesk.calls.model import Direction, PhoneState, Role
from voicedesk.calls.records import Channel, Leg
from voicedesk.calls.registry import DEST, SELF, Registry
from voicedesk.calls.waiting import Waiting


class DialEvents:
    """Handlers of dials, and the legs of channels for whoever else hears of them."""

    def __init__(self, registry: Registry, waiting: Waiting, callers: Callers) -> None:
        self._registry = registry
        self._waiting = waiting
        self._describe = callers.describe
        self.handlers: dict[str, Callable[[AmiEvent, int], None]] = {
            "DialBegin": self._dial_begin,
            "DialEnd": self._dial_end,
            "DialState": self._dial_state,
            "Pickup": self._pickup,
        }

    # --- legs

    def leg(self, channel: Channel) -> Leg:
        """The leg of a channel that the switch dialled, begun if it is new."""
        if channel.leg is None:
            is_local = channel.is_local
            before = PhoneState.UNKNOWN if is_local else self._waiting.state(channel.endpoint, channel.call)
            channel.leg = Leg(channel, before)
        return channel.leg

    def dialled(self, event: AmiEvent, at: int) -> Leg | None:
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
            if dialler.number_rank < CLEANED and not dialler.is_local:
                self._describe(dialler, event, CLEANED)
        return leg

    def went_up(self, channel: Channel, at: int, *, seen: bool = True) -> None:
        """The channel was answered; not `seen` if it was only found answered later."""
        if channel.up_at is None:
            channel.up_at = at
            channel.up_unseen = not seen
            self.lifted(channel, accepted=not self._registry.tells_bridges)

    def lifted(self, channel: Channel, *, accepted: bool) -> None:
        """A phone was lifted; where bridges are told, the caller waits on until one of them connects the two."""
        record = channel.call
        record.switch_tells_bridges = record.switch_tells_bridges or self._registry.tells_bridges
        if channel.leg is None or accepted:  # a phone's lifting alone changes nothing yet
            self._registry.changed[record] = None
            if channel.leg is not None and not channel.is_local:
                self._registry.waiting.discard(record)
        if self._registry.waiting:
            self._waiting.watch(channel.endpoint)

    # --- events

    def _dial_begin(self, event: AmiEvent, at: int) -> None:
        leg = self.dialled(event, at)
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
        leg = self.dialled(event, at)
        if leg is None:
            return
        leg.is_alive = True
        if leg.dial_ringing_at is None and leg.ringing_at is None and event.get("DialStatus") == "RINGING":
            leg.dial_ringing_at = at
            self._registry.changed[leg.channel.call] = None

    def _dial_end(self, event: AmiEvent, at: int) -> None:
        leg = self.dialled(event, at)
        if leg is None:
            return
        if leg.dial_end_at is not None:
            if leg.dial_status == "ANSWER" and leg.connected_at is None and event.get("DialStatus") != "ANSWER":
                leg.dial_status = event.get("DialStatus")  # taken back: the caller left before the two were connected
            return
        leg.dial_end_at = at
        leg.dial_status = event.get("DialStatus")
        leg.sent_on = leg.dial_status != "ANSWER" and bool(event.get("Forward"))
        self._registry.changed[leg.channel.call] = None
        if leg.dial_status == "ANSWER" and leg.channel.up_at is None:
            self.lifted(leg.channel, accepted=True)

    def _pickup(self, event: AmiEvent, _at: int) -> None:
        """A colleague takes the call: the phone that rang did not answer it."""
        channel = self._registry.channels.get(event.get("TargetUniqueid") or "")
        if channel is not None and channel.leg is not None:
            channel.leg.picked_up = True
            self._registry.changed[channel.call] = None
