"""A table for people: columns with their kind, rows of plain cells; whether it goes into a page or a file is open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from voicedesk.clock import MICROSECONDS, to_datetime
from voicedesk.language.translate import worded
from voicedesk.words import Said, aside, in_one

Cell = str | int | float | datetime | None
"""A text, a count, seconds, or a time of day as the hall's clocks show it (without a zone)."""
YES = Said("是", "yes")


class Kind(StrEnum):
    """What a column holds; a `TEXT` stays a text though it may look like a number (phone numbers, ids, codes)."""

    TEXT = "text"
    TIME = "time"
    SECONDS = "seconds"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title in the reader's language, what it holds, and how wide it wants to be, in letters."""

    title: str
    kind: Kind = Kind.TEXT
    width: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table: every row has a cell for every column."""

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[Cell, ...]]


def time_cell(us: int | None, zone: tzinfo) -> datetime | None:
    """An instant as the hall's clocks show it, to the second below."""
    return None if us is None else to_datetime(us).astimezone(zone).replace(tzinfo=None, microsecond=0)


def seconds_cell(us: int | None) -> float | None:
    """A span in seconds, to the millisecond."""
    return None if us is None else round(us / MICROSECONDS, 3)


def yes_cell(is_so: bool) -> str:
    """A yes where it is so; nothing where it is not, so that what is so stands out."""
    return in_one(YES) if is_so else ""


def time_title(title: str, zone: tzinfo) -> str:
    """The title of a column of times, given in English, with the zone whose clocks show them."""
    return f"{worded(title)}{aside(str(zone))}"
