"""Rows of the channel log, as `dialplans/voicedesk-cel_custom.conf` writes them, and what they tell of each channel."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from voicedesk.clock import from_datetime
from voicedesk.switch_logs.logged import in_our_years, read_cells, read_epoch

COLUMNS = 9
_WAITING_ROOMS = frozenset({"holding_bridge"})
_PLACED_BY_SWITCH = "AppDial2"
"""The application of a channel that the switch itself dialled for nobody: Originate, a call file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: what happened when, and to which channel."""

    kind: str
    at: int
    number: str
    extension: str
    channel: str
    application: str
    uniqueid: str
    linkedid: str
    more: dict[str, object]

    @property
    def source(self) -> str:
        """Who hung up, as far as the switch knows; empty: it does not."""
        return _text(self.more.get("hangupsource"))

    @property
    def cause(self) -> int | None:
        """The Q.850 cause of a hang-up; None where the row does not tell."""
        cause = self.more.get("hangupcause")
        return cause if isinstance(cause, int) and 0 <= cause <= 127 else None

    @property
    def dial_status(self) -> str:
        """How the last dial of the channel ended."""
        return _text(self.more.get("dialstatus"))

    @property
    def joins_a_talk(self) -> bool:
        """True if the channel enters a bridge in which people hear each other."""
        return self.kind == "BRIDGE_ENTER" and _text(self.more.get("bridge_technology")) not in _WAITING_ROOMS


@dataclass(slots=True)
class ChannelStory:
    """What the whole log tells of one channel."""

    name: str
    started: Row | None = None
    answered_at: int | None = None
    hung: Row | None = None
    ended: Row | None = None
    last_at: int = 0
    number: str = ""
    linkedids: dict[str, None] = field(default_factory=dict)
    talks: list[tuple[int, int | None]] = field(default_factory=list)
    is_placed_by_switch: bool = False

    @property
    def is_dialled(self) -> bool:
        """True if the switch dialled it for a channel that was there before."""
        return self.started is not None and self.started.uniqueid != self.started.linkedid

    def note(self, row: Row) -> None:
        """Takes in the next row of this channel."""
        self.last_at = row.at
        self.linkedids[row.linkedid] = None
        self.number = self.number or row.number
        self.is_placed_by_switch = self.is_placed_by_switch or row.application == _PLACED_BY_SWITCH
        if row.kind == "CHAN_START" and self.started is None:
            self.started = row
            self.is_placed_by_switch |= row.uniqueid == row.linkedid and row.channel.startswith("Local/")
        elif row.kind == "ANSWER" and self.answered_at is None:
            self.answered_at = row.at
        elif row.kind == "HANGUP" and self.hung is None:
            self.hung = row
        elif row.kind == "CHAN_END" and self.ended is None:
            self.ended = row
        elif row.joins_a_talk:
            self.talks.append((row.at, None))
        elif row.kind == "BRIDGE_EXIT" and self.talks and self.talks[-1][1] is None:
            self.talks[-1] = (self.talks[-1][0], row.at)

    def talking_from(self, at: int) -> int | None:
        """From when on, at or after an instant, it was in a bridge with others; None: never."""
        return next((max(at, begin) for begin, end in self.talks if end is None or end > at), None)


@dataclass(frozen=True, slots=True)
class Stories:
    """All channels by Uniqueid, and what was done to the calls of a linkedid."""

    channels: dict[str, ChannelStory]
    handed_over: frozenset[str]
    bridges_since: int | None
    asks_since: int | None

    def first_of(self, linkedid: str) -> ChannelStory | None:
        """The channel that began the call."""
        return self.channels.get(linkedid)


def stories_of(rows: Iterable[Row]) -> Stories:
    """What rows in their order tell together."""
    channels: dict[str, ChannelStory] = {}
    handed_over: set[str] = set()
    bridges_since: int | None = None
    asks_since: int | None = None
    for row in rows:
        channels.setdefault(row.uniqueid, ChannelStory(row.channel)).note(row)
        if row.kind in ("PICKUP", "BLINDTRANSFER", "ATTENDEDTRANSFER"):
            handed_over.add(row.linkedid)
        elif row.kind == "BRIDGE_ENTER" and bridges_since is None:
            bridges_since = row.at
        elif row.kind == "APP_START" and asks_since is None:
            asks_since = row.at
    return Stories(channels, frozenset(handed_over), bridges_since, asks_since)


def read_row(line: str, zone: tzinfo) -> Row | None:
    """A whole row; None where it is damaged. `zone`: of times without one."""
    cells = read_cells(line, COLUMNS)
    if cells is None:
        return None
    kind, when, number, extension, channel, application, uniqueid, linkedid, extra = cells
    at = read_time(when, zone)
    if at is None or not uniqueid or not linkedid or "/" not in channel:
        return None
    return Row(
        kind=kind,
        at=at,
        number=number,
        extension=extension,
        channel=channel,
        application=application,
        uniqueid=uniqueid,
        linkedid=linkedid,
        more=_more(extra),
    )


def read_time(text: str, zone: tzinfo) -> int | None:
    """Microseconds of "1795454912.445116", "1795454912", or of "2026-11-23 17:28:32.445116", with or without an offset.

    `zone` is that of times without an offset. None where it is no time.
    """
    epoch = read_epoch(text)
    if epoch is not None:
        return epoch
    try:
        moment = datetime.fromisoformat(text)
        return in_our_years(from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone)))
    except (ValueError, OverflowError, OSError):
        return None


def _more(extra: str) -> dict[str, object]:
    try:
        found = json.loads(extra) if extra else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
