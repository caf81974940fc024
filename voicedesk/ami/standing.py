"""How a link stands, over all the connections that were made for it."""

from dataclasses import dataclass

from voicedesk.ami.link import Link
from voicedesk.ami.reports import LinkStatus
from voicedesk.ami.stream import EventStream


@dataclass(slots=True, kw_only=True)
class Standing:
    """What a client knows of its link; the counts are over all connections that have ended, `links` over all made.

    `state` is "connecting", "up", "lost" or "closed".
    """

    state: str = "connecting"
    version: str = ""
    connected_us: int | None = None
    links: int = 0
    distrusted: int = 0
    oversized: int = 0
    last_error: str | None = None

    def came_up(self, version: str) -> None:
        """The switch has answered."""
        self.version = version
        self.state, self.last_error = "up", None

    def ended(self, link: Link | None) -> None:
        """A connection has ended: its counts are kept."""
        self.connected_us = None
        if link is not None:
            self.distrusted += link.distrusted
            self.oversized += link.oversized

    def status(self, stream: EventStream, link: Link | None, listener_errors: int) -> LinkStatus:
        """How the link stands now."""
        return LinkStatus(
            pbx=stream.origin.pbx,
            state=self.state,
            boot=stream.origin.boot,
            version=self.version,
            connected_since_us=self.connected_us,
            last_event_us=stream.last_event_us,
            lag_us=stream.lag_us,
            waiting=stream.waiting,
            links=self.links,
            dropped=stream.dropped,
            distrusted=self.distrusted + (link.distrusted if link else 0),
            oversized=self.oversized + (link.oversized if link else 0),
            listener_errors=listener_errors,
            last_error=self.last_error,
        )
