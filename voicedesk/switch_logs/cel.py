"""Channel events with microseconds, as `dialplans/voicedesk-cel_custom.conf` writes them, told as manager events.

The log knows when a channel was made, answered and hung up, and by whom. It does not know when a phone rang: a phone's
clock runs from when it was dialled, which overstates, and S1 judges such a start with care (`ring_start_uncertain`).
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from voicedesk.clock import from_datetime, parse_epoch
from voicedesk.switch_logs.logged import LoggedEvent, logged, read_cells

COLUMNS = 9
_MADE_BY_SWITCH = ("Message/", "Bridge/", "CBAnn/", "CBRec/", "Surrogate/")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    kind: str
    at: int
    number: str
    extension: str
    channel: str
    uniqueid: str
    linkedid: str
    more: dict[str, object]


class CelReader:
    """Lines of the log in, events out; `bad_lines` counts those that say nothing. `zone`: of times without one."""

    def __init__(self, zone: tzinfo) -> None:
        self.bad_lines = 0
        self._zone = zone

    def read(self, lines: Iterable[str]) -> Iterator[LoggedEvent]:
        """The events of whole lines, in their order."""
        for line in lines:
            row = self._row(line)
            if row is None:
                self.bad_lines += bool(line.strip())
            elif not row.channel.startswith(_MADE_BY_SWITCH):
                yield from _told(row)

    def _row(self, line: str) -> _Row | None:
        cells = read_cells(line, COLUMNS)
        if cells is None:
            return None
        kind, when, number, extension, channel, _, uniqueid, linkedid, extra = cells
        at = read_time(when, self._zone)
        if at is None or not uniqueid or not linkedid or "/" not in channel:
            return None
        return _Row(
            kind=kind,
            at=at,
            number=number,
            extension=extension,
            channel=channel,
            uniqueid=uniqueid,
            linkedid=linkedid,
            more=_more(extra),
        )


def read_time(text: str, zone: tzinfo) -> int | None:
    """Microseconds of "1795454912.445116", or of "2026-11-23 17:28:32.445116" in a zone; None where it is neither."""
    try:
        return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone))
    except (ValueError, OverflowError, OSError):
        return parse_epoch(text)


def _more(extra: str) -> dict[str, object]:
    try:
        found = json.loads(extra) if extra else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _told(row: _Row) -> Iterator[LoggedEvent]:
    """What the switch would have said of it live."""
    channel = {"Channel": row.channel, "Uniqueid": row.uniqueid, "Linkedid": row.linkedid}
    match row.kind:
        case "CHAN_START" if row.uniqueid == row.linkedid:
            yield logged("Newchannel", row.at, {**channel, "CallerIDNum": row.number, "Exten": row.extension})
        case "CHAN_START":
            dialled = {"DestChannel": row.channel, "DestUniqueid": row.uniqueid, "DestLinkedid": row.linkedid}
            yield logged("DialBegin", row.at, {"Uniqueid": row.linkedid, "Linkedid": row.linkedid, **dialled})
        case "ANSWER":
            yield logged("Newstate", row.at, {**channel, "ChannelStateDesc": "Up"})
        case "HANGUP":
            if row.more.get("hangupsource") == row.channel:
                yield logged("HangupRequest", row.at, channel)
            yield logged("Hangup", row.at, {**channel, "Cause": row.more.get("hangupcause")})
            if row.uniqueid == row.linkedid and not row.more.get("hangupcause") and not row.more.get("hangupsource"):
                yield logged("Shutdown", row.at, {})  # a caller goes without cause or hand only where the switch stops
        case "BLINDTRANSFER":
            yield logged("BlindTransfer", row.at, {"TransfererUniqueid": row.uniqueid})
        case "PICKUP":
            yield logged("Pickup", row.at, {"TargetUniqueid": row.uniqueid})
            yield logged("DialEnd", row.at, {**_picked_up_by(row), "DialStatus": "ANSWER"})


def _picked_up_by(row: _Row) -> dict[str, object]:
    """The channel that took a call over, as the one that was dialled in the end."""
    return {
        "Uniqueid": row.linkedid,
        "Linkedid": row.linkedid,
        "DestChannel": row.more.get("pickup_channel"),
        "DestUniqueid": row.more.get("pickup_channel_uniqueid"),
        "DestLinkedid": row.linkedid,
    }
