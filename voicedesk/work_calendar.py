"""When the hall is on duty: weekly hours per line, the state's holidays and made-up work days, the hall's own days.

A line's hours are entries such as "Mon-Fri 09:00-12:00" or "周一至周五 09:00-12:00"; no entry means always.
What an entry means on a given day:
  * "daily" (每天) holds on every day of the year, holidays included;
  * a named weekday holds unless that date is a holiday;
  * a Saturday or Sunday worked instead (调休) has its own hours if an entry names it, otherwise Monday's.
A year that the state has not published yet follows the plain week and is listed in `unconfirmed_years`.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, Self
from zoneinfo import ZoneInfo

from voicedesk.errors import SettingsError, reason_of
from voicedesk.plain_files import read_plain

Duty = tuple[str, ...]
_US = 1_000_000
_CACHED_DAYS = 4096
_LONGEST_REST_DAYS = 400
_LAST_SECOND = 253_339_228_799
"""The last of the year 9997: there are still so many days after it."""
_DAYS = {name: day for day, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_DAYS |= {f"{week}{name}": day for week in ("周", "星期") for day, name in enumerate("一二三四五六日")}
_DAYS |= {"周天": 6, "星期天": 6}
_EVERY_DAY = frozenset({"daily", "每天", "每日"})
_ENTRY = re.compile(r"(?P<days>\S.*?)\s+(?P<from>\d{1,2}[:\uff1a]\d{2})\s*[-~–—至到]\s*(?P<to>\d{1,2}[:\uff1a]\d{2})")
_RANGE = re.compile(r"\s*[-~–—至到]\s*")
_KINDS = {"work": "work", "rest": "rest", "班": "work", "休": "rest"}
_HINT = 'write it as "Mon-Fri 09:00-12:00" or "周一至周五 09:00-12:00"'


class DayKind(StrEnum):
    """What the calendar says of a date, beyond its weekday."""

    ORDINARY = "ordinary"
    WORK = "work"
    REST = "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyHours:
    """One entry: on these weekdays (0 is Monday) from minute to minute of the day; `daily` ignores holidays."""

    weekdays: frozenset[int]
    daily: bool
    from_minute: int
    to_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDay:
    """A date that the hall's own calendar file decides."""

    kind: DayKind
    note: str


class CalendarSettings(Protocol):
    """The part of the settings' [calendar] that is read here."""

    @property
    def file(self) -> Path | None: ...


class HallSettings(Protocol):
    """The part of the settings' [hall] that is read here."""

    @property
    def timezone(self) -> str: ...


class HasCalendar(Protocol):
    """Settings as far as this module knows them."""

    @property
    def hall(self) -> HallSettings: ...
    @property
    def calendar(self) -> CalendarSettings: ...


@lru_cache(maxsize=256)
def parse_duty(text: str) -> DutyHours:
    """The hours that an entry means. Raises ValueError with the cure."""
    match = _ENTRY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not duty hours: {_HINT}")
    start, end = _minute(match["from"], text), _minute(match["to"], text)
    if end <= start:
        raise ValueError(f"{text!r} ends before it begins: for a night write two entries, to 24:00 and from 00:00")
    days = match["days"].lower()
    daily = days in _EVERY_DAY
    weekdays = frozenset(range(7)) if daily else _weekdays(days, text)
    return DutyHours(weekdays=weekdays, daily=daily, from_minute=start, to_minute=end)


def _minute(text: str, entry: str) -> int:
    hour, minute = (int(part) for part in re.split(r"[:\uff1a]", text))
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise ValueError(f"{entry!r}: {text} is no time of day: use 00:00 to 24:00")
    return hour * 60 + minute


def _weekdays(text: str, entry: str) -> frozenset[int]:
    """Days of "mon-fri", "mon,wed", "周一至周五", "周六、周日"; a range may pass over the week's end."""
    found: set[int] = set()
    for part in re.split(r"\s*[,\uff0c、]\s*", text):
        ends = [_DAYS.get(name) for name in _RANGE.split(part)]
        first, last = ends[0], ends[-1]
        if first is None or last is None or len(ends) > 2:
            raise ValueError(f"{entry!r}: {part!r} is no weekday: {_HINT}")
        found.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return frozenset(found)


class WorkCalendar:
    """Says whether a line is on duty at an instant, in the hall's time zone; `own_days` win over the state's."""

    def __init__(self, timezone: str = "Asia/Shanghai", own_days: dict[date, OwnDay] | None = None) -> None:
        self._zone = ZoneInfo(timezone)
        self._own_days = own_days or {}
        self._own_years = {day.year for day in self._own_days}
        self._unconfirmed: set[int] = set()
        self._day: tuple[int, int, date] = (0, 0, date.min)
        self._spans: dict[tuple[Duty, date], tuple[tuple[int, int], ...]] = {}

    @classmethod
    def of(cls, settings: HasCalendar) -> Self:
        """The calendar that the settings describe. Raises SettingsError if its file cannot be used."""
        file = settings.calendar.file
        return cls(settings.hall.timezone, read_own_days(file) if file else None)

    @property
    def unconfirmed_years(self) -> frozenset[int]:
        """Years asked about so far whose holidays nobody has published: there the plain week was applied."""
        return frozenset(self._unconfirmed)

    def is_on_duty(self, duty: Duty, at_us: int) -> bool:
        """True if `at_us` (microseconds since the epoch) lies in a line's duty hours; no hours means always."""
        if not duty:
            return True
        start, end, day = self._day
        if not start <= at_us < end:
            start, end, day = self._day = self._local_day(at_us)
        spans = self._spans.get((duty, day))
        if spans is None:
            spans = self._spans_of(duty, day)
        return any(begin <= at_us < stop for begin, stop in spans)

    def spans(self, duty: Duty, at_us: int) -> tuple[tuple[int, int], ...]:
        """The duty hours of the day of an instant, each from when to when; no hours means the whole day."""
        start, end, day = self._local_day(at_us)
        return self._spans_of(duty, day) if duty else ((start, end),)

    def after(self, duty: Duty, at_us: int, span_us: int) -> int:
        """The instant by which `span_us` (more than 0) of duty time has passed since `at_us`; no hours means always.

        Hours that never come (no duty day in 400 days) count as plain time: a deadline there always is.
        """
        if not duty:
            return at_us + span_us
        left, reached = span_us, at_us
        day, idle = self._local_day(at_us)[2], 0
        while idle < _LONGEST_REST_DAYS:
            spans = self._spans.get((duty, day))
            for begin, stop in sorted(self._spans_of(duty, day) if spans is None else spans):
                here = max(stop - max(begin, reached), 0)
                if here >= left:
                    return max(begin, reached) + left
                left, reached = left - here, max(reached, stop)
                idle = 0 if here else idle
            day, idle = day + timedelta(days=1), idle + 1
        return at_us + span_us

    def kind_of(self, day: date) -> DayKind:
        """What the hall's own file, otherwise the state's calendar, says of a date."""
        own = self._own_days.get(day)
        if own is not None:
            return own.kind
        kind = _state_kind(day)
        if kind is None and day.year not in self._own_years:
            self._unconfirmed.add(day.year)
        return kind or DayKind.ORDINARY

    def hours_on(self, duty: Duty, day: date) -> tuple[DutyHours, ...]:
        """The entries of `duty` that hold on a date."""
        entries = tuple(parse_duty(text) for text in duty)
        kind, weekday = self.kind_of(day), day.weekday()
        if kind is DayKind.REST:
            return tuple(entry for entry in entries if entry.daily)
        named = tuple(entry for entry in entries if weekday in entry.weekdays)
        if kind is DayKind.WORK and all(entry.daily for entry in named):
            return tuple(entry for entry in entries if 0 in entry.weekdays)
        return named

    def _spans_of(self, duty: Duty, day: date) -> tuple[tuple[int, int], ...]:
        if len(self._spans) >= _CACHED_DAYS:
            self._spans.clear()
        hours = self.hours_on(duty, day)
        spans = tuple((self._instant(day, one.from_minute), self._instant(day, one.to_minute)) for one in hours)
        self._spans[duty, day] = spans
        return spans

    def _local_day(self, at_us: int) -> tuple[int, int, date]:
        day = datetime.fromtimestamp(min(max(at_us // _US, 0), _LAST_SECOND), self._zone).date()
        return self._instant(day, 0), self._instant(day, 24 * 60), day

    def _instant(self, day: date, minute: int) -> int:
        """A wall-clock time of a day as an instant; minute 1440 is the next day's beginning."""
        if minute == 24 * 60:
            day, minute = day + timedelta(days=1), 0
        wall = datetime.combine(day, time(minute // 60, minute % 60), self._zone)
        return int(wall.timestamp()) * _US


def _state_kind(day: date) -> DayKind | None:
    """What the state's published calendar says; None for a year it does not know."""
    import chinese_calendar

    try:
        is_rest, holiday = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    if is_rest:
        return DayKind.REST if holiday else DayKind.ORDINARY
    return DayKind.WORK if day.weekday() >= 5 else DayKind.ORDINARY


def read_own_days(file: Path) -> dict[date, OwnDay]:
    """The hall's own days from a CSV file of `date,kind,note` (kind: work or rest; 班 or 休), with or without a head.

    UTF-8, or GB 18030 as spreadsheets save it. Raises SettingsError that names the line.
    """
    try:
        raw = read_plain(file)
    except OSError as error:
        raise SettingsError(f"calendar.file {file} cannot be read ({reason_of(error)}): correct its path") from error
    days: dict[date, OwnDay] = {}
    rows = csv.reader(io.StringIO(_decoded(raw, file)))
    for row in _each(rows, file):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#") or (not days and cells[0].lower() in {"date", "日期"}):
            continue
        day, own = _own_day(cells, f"{file}, line {rows.line_num}")
        if day in days:
            raise SettingsError(f"{file}, line {rows.line_num}: {day} is there twice: remove one of the two")
        days[day] = own
    return days


def _each(rows: Any, file: Path) -> Iterator[list[str]]:
    """The rows of a csv.reader. Raises SettingsError where there is none, as after a mark that is never closed."""
    try:
        yield from rows
    except csv.Error as error:
        place = f"{file}, from line {rows.line_num} on"
        raise SettingsError(f"{place}: is no CSV ({error}): is a quotation mark missing there?") from error


def _own_day(cells: list[str], place: str) -> tuple[date, OwnDay]:
    try:
        year, month, day = (int(part) for part in re.split("[-/.]", cells[0]))
        when = date(year, month, day)
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"{place}: {cells[0][:80]!r} is no date: write it as 2027-01-01") from error
    kind = _KINDS.get(cells[1].lower()) if len(cells) > 1 else None
    if kind is None:
        raise SettingsError(f"{place}: the second column must be work or rest (班 or 休)")
    return when, OwnDay(kind=DayKind(kind), note=cells[2] if len(cells) > 2 else "")


def _decoded(raw: bytes, file: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SettingsError(f"calendar.file {file} is neither UTF-8 nor GB 18030: save it as UTF-8")
