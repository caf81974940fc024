"""What a link tells people: its state at a glance, and few log lines, each said once."""

from dataclasses import dataclass

import structlog

from voicedesk.clock import MICROSECONDS
from voicedesk.errors import AmiError

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """How a link stands now; instants by our clock, None where there was none yet.

    `lag_us` is how long the last event was under way by the two clocks, so it also shows their difference; `waiting`
    events are read and not yet taken; the counts are over all links since the client was made.
    """

    pbx: str
    state: str
    boot: str
    version: str
    connected_since_us: int | None
    last_event_us: int | None
    lag_us: int | None
    waiting: int
    links: int
    dropped: int
    distrusted: int
    oversized: int
    listener_errors: int
    last_error: str | None


class LinkReports:
    """The log lines of one link; texts of the switch come without control characters."""

    def __init__(self, pbx: str) -> None:
        self._pbx = pbx
        self._told: set[str] = set()
        self._missing = ""
        self._is_up = False

    def up(self, version: str, restarted: bool) -> None:
        """The link is there (again)."""
        if not self._is_up:
            _log.info("ami_link_up", pbx=self._pbx, version=version, restarted=restarted)
        self._is_up = True
        self._told.clear()

    def lost(self, error: AmiError) -> None:
        """One line per outage and kind of cause: more tries say nothing new, another cause wants another cure."""
        self._is_up = False
        kind = type(error).__name__
        if kind not in self._told:
            self._told.add(kind)
            _log.warning("ami_link_lost", pbx=self._pbx, kind=kind, reason=str(error))

    def lists_missing(self, missing: str) -> None:
        """Some lists were refused or not answered; said once as long as they are the same."""
        if missing and missing != self._missing:
            _log.warning("ami_lists_missing", pbx=self._pbx, lists=missing, cure="give this user write=reporting")
        self._missing = missing

    def dropped(self, count: int) -> None:
        """Events were dropped because the hand-over was full."""
        _log.warning("ami_events_dropped", pbx=self._pbx, count=count)

    def clock_set(self, ahead_us: int) -> None:
        """Our own clock went ahead (or back) by itself."""
        _log.warning("our_clock_set", pbx=self._pbx, ahead_seconds=round(ahead_us / MICROSECONDS, 1))

    def listener_failed(self, event_name: str) -> None:
        """A foreign listener raised; call it where the exception is at hand."""
        _log.exception("ami_listener_failed", pbx=self._pbx, ami_event=event_name)
