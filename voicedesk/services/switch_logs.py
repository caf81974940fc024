"""Reads the switch's logs around some stretches of time, and rebuilds calls from them alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from voicedesk.calls.model import CallFacts, Hall
from voicedesk.calls.tracker import Tracker
from voicedesk.switch_logs.cdr import CdrReader
from voicedesk.switch_logs.cel import CelReader
from voicedesk.switch_logs.files import read_lines
from voicedesk.switch_logs.logged import LoggedEvent
from voicedesk.switch_logs.queue_log import QueueLogReader

Span = tuple[int, int]
"""From one instant to another, both inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPaths:
    """Where one PBX's logs lie; rotated files beside them are read too."""

    cel: tuple[Path, ...] = ()
    cdr: tuple[Path, ...] = ()
    queue_log: tuple[Path, ...] = ()

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file."""
        return (*self.cel, *self.cdr, *self.queue_log)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchLogs:
    """What the logs say within some spans, in order of time.

    `complete_since`: from this instant on the channel log tells of every call; None where there is none.
    """

    events: tuple[LoggedEvent, ...]
    complete_since: int | None
    bad_lines: int

    def within(self, span: Span) -> list[LoggedEvent]:
        """The events of a span."""
        return [one for one in self.events if span[0] <= one.at <= span[1]]


def read_logs(paths: LogPaths, spans: Iterable[Span], zone: tzinfo) -> SwitchLogs:
    """Reads the logs whole and keeps what lies in `spans`. Raises InputError where one cannot be read."""
    wanted = sorted(spans)
    cel = CelReader(zone)
    found = [one for path in paths.cel for one in cel.read(read_lines(path))]
    complete_since = min((one.at for one in found), default=None)
    known = frozenset(one.event.linkedid or one.event.get("DestLinkedid") or "" for one in found)
    queue_log = QueueLogReader(known)
    found += [one for path in paths.queue_log for one in queue_log.read(read_lines(path))]
    known |= frozenset(one.event.linkedid or "" for one in found)
    cdr = CdrReader(known)
    found += [one for path in paths.cdr for one in cdr.read(read_lines(path))]
    kept = [one for one in found if any(start <= one.at <= end for start, end in wanted)]
    return SwitchLogs(
        events=tuple(sorted(kept, key=lambda one: one.at)),
        complete_since=complete_since,
        bad_lines=cel.bad_lines + queue_log.bad_lines + cdr.bad_lines,
    )


def rebuild(pbx: str, hall: Hall, events: Iterable[LoggedEvent]) -> list[CallFacts]:
    """The calls that the logs alone tell of."""
    tracker = Tracker(pbx, hall)
    for one in events:
        tracker.receive_logged(one.event)
    return tracker.take_changes().calls
