"""What a log of the switch says, as an event in the manager interface's own words, and how a row of CSV is read."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from voicedesk.ami.message import AmiEvent, make_event
from voicedesk.clock import format_epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """Something a log says happened at an instant."""

    at: int
    event: AmiEvent


def logged(name: str, at: int, headers: Mapping[str, object]) -> LoggedEvent:
    """An event as the switch would have said it live at that instant."""
    return LoggedEvent(at=at, event=make_event(name, {"Timestamp": format_epoch(at), **headers}, arrived_us=at))


def read_cells(line: str, columns: int) -> list[str] | None:
    """The cells of a whole row of so many columns; None where it is none."""
    try:
        cells = next(csv.reader([line], strict=True))
    except (csv.Error, StopIteration):
        return None
    return cells if len(cells) == columns else None
