"""What the switch says of its bridges: which channels are in one, and when each came and left."""

from collections.abc import Callable

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.records import Channel, Stay
from voicedesk.calls.registry import SELF, Registry


class BridgeEvents:
    """Handlers of channels that enter and leave bridges."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.handlers: dict[str, Callable[[AmiEvent, int], None]] = {
            "BridgeEnter": self._bridge_enter,
            "BridgeLeave": self._bridge_leave,
        }

    def _bridge_enter(self, event: AmiEvent, at: int) -> None:
        """Sound goes between the channels of a bridge, but for those that only wait there (parking, music)."""
        bridge = event.get("BridgeUniqueid")
        channel = self._registry.moved_channel(event, SELF, at)
        if channel is None or not bridge or event.get("BridgeTechnology") == "holding_bridge":
            return
        if self.in_bridge(channel, bridge, at):
            self._met(channel, self._registry.presence.enter_bridge(bridge, channel))

    def _met(self, channel: Channel, others: list[Channel]) -> None:
        """Calls that meet in a bridge are one matter, or guests of each other."""
        registry = self._registry
        registry.tells_bridges = True
        for other in others:
            if other.call is not channel.call:
                registry.join(other.call, channel.call)
        if others:
            registry.changed[channel.call] = None

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
        self._registry.presence.leave_bridge(bridge, channel)
