"""Reads the switch's logs around some stretches of time; rebuilds calls from them alone, or with a journal."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.caller_numbers import caller_number
from voicedesk.calls.link_events import OWN_EVENTS
from voicedesk.calls.model import CallFacts, Gap, Hall
from voicedesk.calls.tracker import Tracker
from voicedesk.clock import MICROSECONDS
from voicedesk.jobs.following.journal_replay import mark_all, receive_stand_ins
from voicedesk.switch_logs.cdr import COLUMNS as CDR_COLUMNS
from voicedesk.switch_logs.cdr import CdrReader
from voicedesk.switch_logs.cel import CelReader
from voicedesk.switch_logs.cel_rows import COLUMNS as CEL_COLUMNS
from voicedesk.switch_logs.files import LogPaths, read_lines
from voicedesk.switch_logs.logged import LoggedEvent, split_cells
from voicedesk.switch_logs.queue_log import QueueLogReader

_IDS = ("Linkedid", "Uniqueid", "DestLinkedid", "DestUniqueid")

MOMENT_US = 100_000
"""The manager tells of a moment this much later than the channel log at most."""
Span = tuple[int, int]
"""From one instant to another, both inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchLogs:
    """What the logs say within some spans, in order of time.

    `complete_since`: from this instant on the channel log tells of every call; None where there is none. `problems`:
    what is wrong with a log as a whole, and what to do. `unforeseen`: the first of the lines at which something was
    raised that nobody foresaw.
    """

    events: tuple[LoggedEvent, ...]
    complete_since: int | None
    bad_lines: int
    problems: tuple[str, ...] = ()
    off_us: int = 0
    unforeseen: tuple[tuple[str, Exception], ...] = ()

    def of_gap(self, gap: Gap) -> list[LoggedEvent]:
        """The events of a gap, and those just before it: of one moment, the log's row is the earlier one.

        What queue_log has in the very second in which the gap began may have been in it: it is told from then on.
        """
        near = self.within((gap.from_at - MICROSECONDS, gap.to_at or gap.from_at))
        told = (one.retimed(gap.from_at) if one.is_in_whole_seconds and one.at < gap.from_at else one for one in near)
        return [one for one in told if one.at >= gap.from_at - MOMENT_US]

    def covers(self, gap: Gap) -> bool:
        """True if the channel log tells of every call in a gap."""
        return self.complete_since is not None and self.complete_since <= gap.from_at

    def within(self, span: Span) -> list[LoggedEvent]:
        """The events of a span."""
        return [one for one in self.events if span[0] <= one.at <= span[1]]


def read_logs(paths: LogPaths, spans: Iterable[Span], zone: tzinfo, *, off_us: int = 0) -> SwitchLogs:
    """Reads the logs whole and keeps what lies in `spans`. Raises InputError where one cannot be read.

    `off_us`: by so much the switch's clock was behind the hall's time, in which all is told here.
    """
    wanted = sorted((start - off_us, end - off_us) for start, end in spans)
    cel = CelReader(zone)
    found = [*cel.read(_lines(paths.cel))]
    complete_since = min((one.at for one in found), default=None)
    if not paths.queue_log:
        found += cel.perhaps_asked
    queue_log = QueueLogReader(_ids(found))
    found += queue_log.read(_lines(paths.queue_log))
    cdr = CdrReader(_ids(found), _numbered(found))
    found += cdr.read(_lines(paths.cdr))
    kept = [one for one in found if any(start <= one.at <= end for start, end in wanted)]
    return SwitchLogs(
        events=tuple(one.moved(off_us) for one in sorted(kept, key=lambda one: one.at)),
        complete_since=None if complete_since is None else complete_since + off_us,
        off_us=off_us,
        bad_lines=cel.bad_lines + queue_log.bad_lines + cdr.bad_lines,
        problems=tuple(_problems(paths, cel, queue_log, cdr)),
        unforeseen=tuple(bad for reader in (cel, queue_log, cdr) for bad in reader.unforeseen.kept),
    )


def _lines(paths: Iterable[Path]) -> Iterator[str]:
    return (line for path in dict.fromkeys(paths) for line in read_lines(path))


def _ids(events: Iterable[LoggedEvent]) -> frozenset[str]:
    """Calls and channels of which some events tell."""
    told = (one.event.get(key) for one in events for key in _IDS)
    return frozenset(one for one in told if one)


def _numbered(events: Iterable[LoggedEvent]) -> frozenset[str]:
    """Channels of which some event tells the number."""
    told = ((one.event.uniqueid, one.event.get("CallerIDNum") or "") for one in events)
    return frozenset(uniqueid for uniqueid, number in told if uniqueid and caller_number(number)[0] is not None)


def _problems(paths: LogPaths, cel: CelReader, queue_log: QueueLogReader, cdr: CdrReader) -> Iterator[str]:
    """A log of which no line at all could be read is a foreign one: its lines are not damaged, but others."""
    for names, reader, columns, what in (
        (paths.cel, cel, CEL_COLUMNS, "dialplans/voicedesk-cel_custom.conf"),
        (paths.cdr, cdr, CDR_COLUMNS, "dialplans/voicedesk-cdr_custom.conf"),
        (paths.queue_log, queue_log, None, ""),
    ):
        if reader.good_lines or not reader.bad_lines:
            continue
        listed = ", ".join(str(path) for path in names)
        if columns is None:
            yield f"{listed}: none of its {reader.bad_lines} lines is one of Asterisk's queue_log: is it another file?"
            continue
        first = next((cells for line in _lines(names) if line.strip() and (cells := split_cells(line))), [])
        yield (
            f"{listed}: none of its {reader.bad_lines} rows has the {columns} columns of {what} (the first has "
            f"{len(first)}): add that file's one line to the switch's [mappings], and name the file it writes"
        )


def rebuild(pbx: str, hall: Hall, events: Iterable[LoggedEvent]) -> list[CallFacts]:
    """The calls that the logs alone tell of."""
    tracker = Tracker(pbx, hall)
    for one in events:
        _receive(tracker, one.event, tracker.receive_logged)
    return tracker.take_changes().calls


def retell(
    pbx: str, hall: Hall, journal: Iterable[AmiEvent], gaps: tuple[Gap, ...], logs: SwitchLogs, *, until: int
) -> list[CallFacts]:
    """The calls of a journal up to an instant, with what the logs say of its gaps in its place.

    A gap that the logs do not cover stays one: what they tell of it is told, and more may have been.
    """
    tracker = Tracker(pbx, hall, filled=[gap for gap in gaps if logs.covers(gap)])
    logged = deque(one for gap in gaps for one in logs.of_gap(gap))
    unseen: set[str] = set()
    for event in journal:
        stamp = event.timestamp_us
        at = event.arrived_us if stamp is None else stamp + (0 if event.name in OWN_EVENTS else logs.off_us)
        if at > until:
            break
        while logged and logged[0].at <= at and not _is_loss(event):
            _receive_logged(tracker, logged.popleft(), unseen)
        _receive(tracker, event, tracker.receive)
    for one in logged:
        _receive_logged(tracker, one, unseen)
    return tracker.take_changes().calls


def _receive_logged(tracker: Tracker, one: LoggedEvent, unseen: set[str]) -> None:
    """What was perhaps before a gap is told of channels alone that nobody saw before it, `unseen`."""
    channel = one.event.uniqueid or ""
    if one.is_retimed and channel not in unseen:
        if tracker.call_of(channel) is not None:
            return
        unseen.add(channel)
    _receive(tracker, one.event, tracker.receive_logged)


def _receive(tracker: Tracker, event: AmiEvent, receive: Callable[[AmiEvent], None]) -> None:
    """An event that the tracker cannot take leaves the calls it names doubtful, and all that are open in a gap."""
    try:
        receive(event)
    except Exception:  # noqa: BLE001  # it costs this event: it was set aside when it came, or is when the log is read
        receive_stand_ins(tracker, event)
        mark_all(tracker)


def _is_loss(event: AmiEvent) -> bool:
    """The mark of a loss stands by our own clock: it is no place in the switch's time."""
    return event.name == "VoicedeskLink" and event.get("State") != "up"
