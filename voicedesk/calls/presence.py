"""Which channels are there now: at each phone, and in each bridge."""

from collections.abc import Collection

from voicedesk.calls.records import Channel


class Presence:
    """The live channels of one PBX, by phone and by bridge. Local channels are at no phone."""

    def __init__(self) -> None:
        self._at_phone: dict[str, set[Channel]] = {}
        self._in_bridge: dict[str, set[Channel]] = {}

    def at_phone(self, endpoint: str) -> Collection[Channel]:
        """The live channels of a phone."""
        return self._at_phone.get(endpoint, ())

    def opened(self, channel: Channel) -> None:
        """The channel is there from now on."""
        if not channel.is_local:
            self._at_phone.setdefault(channel.endpoint, set()).add(channel)

    def gone(self, channel: Channel) -> None:
        """The channel is there no more."""
        for stay in channel.stays:
            self.leave_bridge(stay.bridge, channel)
        at_phone = self._at_phone.get(channel.endpoint)
        if at_phone:
            at_phone.discard(channel)
            if not at_phone:
                del self._at_phone[channel.endpoint]

    def enter_bridge(self, bridge: str, channel: Channel) -> list[Channel]:
        """The channel is in a bridge from now on; returns who was there before, the oldest call's first."""
        there = self._in_bridge.get(bridge)
        if there is None:
            self._in_bridge[bridge] = {channel}
            return []
        others = list(there) if len(there) == 1 else sorted(there, key=lambda one: (one.call.first_at, one.uniqueid))
        there.add(channel)
        return others

    def leave_bridge(self, bridge: str, channel: Channel) -> None:
        """The channel is no longer in that bridge."""
        there = self._in_bridge.get(bridge)
        if there:
            there.discard(channel)
            if not there:
                del self._in_bridge[bridge]
