"""When something happened at a switch: by its own clock, unless that clock is wrong."""

from voicedesk.ami.message import AmiEvent
from voicedesk.clock import MICROSECONDS

CLOCK_US = 60 * MICROSECONDS
"""A switch's clock is wrong if it is this far from ours; nothing takes so long to arrive."""


class SwitchClock:
    """Knows how far a switch's clock is behind ours; 0 while it is not wrong. By a wrong clock breaks seem too long."""

    def __init__(self) -> None:
        self.behind_us = 0

    def instant_of(self, event: AmiEvent) -> int:
        """When an event happened, in microseconds of our clock."""
        stamp, arrived = event.timestamp_us, event.arrived_us
        if stamp is None:
            return arrived
        if arrived:
            self.behind_us = arrived - stamp if abs(arrived - stamp) > CLOCK_US else 0
        return stamp + self.behind_us
