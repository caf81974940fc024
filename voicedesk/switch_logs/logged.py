"""What a log of the switch says, as an event in the manager interface's own words, and how its rows are read."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.clock import MICROSECONDS, format_epoch, parse_epoch

WAITED = "Queue/"
"""What the channel of a caller is called of whom nothing but queue_log tells."""
LONGEST_LINE = 65_536
_LONGEST = 150
"""A name is cut at so many characters: the switch cuts its own at 80, and an event with a longer one is of no call."""
MOST_KEPT = 50
_TIMESTAMP = re.compile(rb"\r\nTimestamp: [0-9.]+")
_EARLIEST_US = 946_684_800 * MICROSECONDS
_LATEST_US = 4_102_444_800 * MICROSECONDS
"""The years 2000 to 2099: no switch has logged a call outside of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """Something a log says happened at an instant. `is_retimed`: within that second, maybe somewhat earlier."""

    at: int
    event: AmiEvent
    is_retimed: bool = False

    @property
    def is_in_whole_seconds(self) -> bool:
        """True if queue_log tells it: it was at some time in that second."""
        return (self.event.get("Channel") or "").startswith(WAITED)

    def moved(self, by_us: int) -> "LoggedEvent":
        """The same in the hall's time, where the switch's clock is so much behind it."""
        return replace(self.retimed(self.at + by_us), is_retimed=self.is_retimed) if by_us else self

    def retimed(self, at: int) -> "LoggedEvent":
        """The same at another instant of its second."""
        raw = _TIMESTAMP.sub(b"\r\nTimestamp: " + format_epoch(at).encode(), self.event.raw, count=1)
        event = AmiEvent.from_bytes(raw)
        event.doubtful = self.event.doubtful
        return LoggedEvent(at=at, event=event, is_retimed=True)


@dataclass(slots=True)
class BadLines:
    """Lines at which something was raised that nobody foresaw; each costs itself. The first of them are kept."""

    count: int = 0
    kept: list[tuple[str, Exception]] = field(default_factory=list)

    @contextmanager
    def skipping(self, line: object) -> Iterator[None]:
        """What is done with one line: whatever it raises, the next is read."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # it costs this line
            self.count += 1
            if len(self.kept) < MOST_KEPT:
                self.kept.append((str(line)[:LONGEST_LINE], error))


def logged(name: str, at: int, headers: Mapping[str, object], *, doubtful: bool = False) -> LoggedEvent:
    """An event as the switch would have said it live at that instant; it arrived nowhere.

    `doubtful`: the log does not say it for certain, so that nobody is accused on it.
    """
    kept = {key: value[:_LONGEST] if isinstance(value, str) else value for key, value in headers.items()}
    event = make_event(name, {"Timestamp": format_epoch(at), **kept}, arrived_us=0)
    event.doubtful = doubtful
    return LoggedEvent(at=at, event=event)


def whole_lines(lines: Iterable[str]) -> Iterator[str]:
    """The lines that say something, each once: a file that was copied when it was rotated tells its lines twice."""
    return (line for line in dict.fromkeys(lines) if line.strip())


def read_cells(line: str, columns: int) -> list[str] | None:
    """The cells of a whole row of so many columns; None where it is none."""
    cells = split_cells(line)
    return cells if cells is not None and len(cells) == columns else None


def split_cells(line: str) -> list[str] | None:
    """The cells of a row of CSV; None where it is none, or longer than any switch writes."""
    if len(line) > LONGEST_LINE or "\0" in line:
        return None
    try:
        return next(csv.reader([line], strict=True))
    except (csv.Error, StopIteration):
        return None


def read_epoch(text: str) -> int | None:
    """Microseconds of "1795454912.445116" or "1795454912"; None where it is none, or in no year of ours."""
    return in_our_years(parse_epoch(text))


def in_our_years(at: int | None) -> int | None:
    """The same instant; None for one at which no switch has logged a call."""
    return at if at is not None and _EARLIEST_US <= at < _LATEST_US else None
