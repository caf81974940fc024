"""The day so far: the rate of calls answered within three rings with both its numbers, and one mark for each call."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from voicedesk.access.roles import Thing
from voicedesk.calls.model import Direction, Verdict
from voicedesk.calls.words import VERDICTS
from voicedesk.clock import MICROSECONDS
from voicedesk.desk.labels import label
from voicedesk.desk.lists import Counted
from voicedesk.desk.moments import day_of
from voicedesk.desk.viewer import Viewer
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.calls import CallMark
from voicedesk.store.store import Store
from voicedesk.work_calendar import WorkCalendar

MOST_MARKS = 20_000
"""A hall of a hundred phones has fewer calls on a day; what is beyond is counted as not shown."""
LEAST_FOR_PERCENT = 10
"""Of fewer calls than these no percentage is given: one call more or less would move it by ten points."""
_HOUR_US = 3600 * MICROSECONDS
_USUAL_HOURS = (8, 18)
_JUDGED = (Verdict.ON_TIME, Verdict.LATE, Verdict.MISSED)

Span = tuple[int, int]
"""From when to when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many calls were answered within three rings, of how many that were judged; and what was left out, by verdict.

    `by_people`: so many of all these verdicts are a person's decision.
    """

    on_time: int
    judged: int
    left_out: tuple[Counted, ...]
    by_people: int

    @property
    def percent(self) -> float | None:
        """The rate; None where there are too few calls for one."""
        return round(100 * self.on_time / self.judged, 1) if self.judged >= LEAST_FOR_PERCENT else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayGap:
    """A time of which nothing is known, within the day; `to_at` None: it is not over. `is_filled`: from the logs."""

    from_at: int
    to_at: int | None
    is_filled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The day from `from_at` to `to_at`, whole hours. `off_duty`: no line is on duty; `not_shown`: the oldest calls.

    `yesterday` is there only while no call of today is judged.
    """

    from_at: int
    to_at: int
    marks: tuple[CallMark, ...]
    counts: tuple[Counted, ...]
    not_shown: int
    duty: tuple[Span, ...]
    off_duty: tuple[Span, ...]
    gaps: tuple[DayGap, ...]
    rate: Rate
    yesterday: Rate | None

    @property
    def total(self) -> int:
        """How many calls came in."""
        return sum(one.count for one in self.counts) + self.not_shown


async def day(store: Store, settings: Settings, calendar: WorkCalendar, viewer: Viewer, *, now: int) -> Day:
    """Calls that came in today, as far as this viewer sees calls. Raises InputError where they see none at all."""
    only = viewer.only(Thing.CALL) if not viewer.sees_of(Thing.FIGURES, ()) else None
    begins, zone = day_of(now, settings.hall.zone), settings.hall.zone
    which = CallFilter(direction=Direction.INBOUND, from_at=begins, concerns=only)
    found = await store.calls.marks(which, MOST_MARKS)
    there = await store.calls.count(which) if len(found) == MOST_MARKS else len(found)
    marks = tuple(one for one in found if one.is_told)
    rate = rate_of(marks)
    yesterday = None
    if not rate.judged:
        before = replace(which, from_at=day_of(now, zone, 1), to_at=begins)
        yesterday = rate_of(await store.calls.marks(before, MOST_MARKS))
    duty = _duty(settings, calendar, now)
    from_at, to_at = _shown(begins, now, duty, [one.at for one in found])
    return Day(
        from_at=from_at,
        to_at=to_at,
        marks=marks,
        counts=_counted(marks, tuple(Verdict)),
        not_shown=there - len(found),
        duty=duty,
        off_duty=tuple(_between(duty, from_at, to_at)) if settings.lines else (),
        gaps=await _gaps(store, from_at, min(to_at, now)),
        rate=rate,
        yesterday=yesterday if yesterday and yesterday.judged else None,
    )


def rate_of(marks: Sequence[CallMark]) -> Rate:
    """The rate of these calls; those that go on count nowhere."""
    told = [one for one in marks if one.is_told]
    found = Counter(one.verdict for one in told)
    return Rate(
        on_time=found[Verdict.ON_TIME],
        judged=sum(found[one] for one in _JUDGED),
        left_out=_counted(told, tuple(one for one in Verdict if one not in _JUDGED)),
        by_people=sum(one.by_person for one in told),
    )


def _counted(marks: Iterable[CallMark], verdicts: tuple[Verdict, ...]) -> tuple[Counted, ...]:
    found = Counter(one.verdict for one in marks)
    return tuple(Counted(value=one.value, label=label(VERDICTS, one), count=found[one]) for one in verdicts)


def _duty(settings: Settings, calendar: WorkCalendar, now: int) -> tuple[Span, ...]:
    """The hours of today in which any line is on duty, joined where they touch."""
    spans = sorted({span for line in settings.lines for span in calendar.spans(line.duty, now)})
    joined: list[Span] = []
    for begins, ends in spans:
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(ends, joined[-1][1]))
        else:
            joined.append((begins, ends))
    return tuple(joined)


def _shown(begins: int, now: int, duty: tuple[Span, ...], calls: Sequence[int]) -> Span:
    """The whole hours that are drawn: those of duty, widened to now and to every call; without duty, office hours."""
    first, last = (begins + hour * _HOUR_US for hour in _USUAL_HOURS)
    if duty and duty[-1][1] - duty[0][0] < 24 * _HOUR_US:
        first, last = duty[0][0], duty[-1][1]
    first = min(first, now, *calls[:1]) - begins
    last = max(last, now, *calls[-1:]) - begins
    return begins + first // _HOUR_US * _HOUR_US, begins - (-last // _HOUR_US) * _HOUR_US


def _between(duty: tuple[Span, ...], from_at: int, to_at: int) -> Iterable[Span]:
    """What duty leaves free of the time that is drawn."""
    reached = from_at
    for begins, ends in duty:
        if begins > reached:
            yield reached, min(begins, to_at)
        reached = max(reached, ends)
    if reached < to_at:
        yield reached, to_at


async def _gaps(store: Store, from_at: int, to_at: int) -> tuple[DayGap, ...]:
    found = await store.journal.gaps_between(from_at, to_at)
    return tuple(
        DayGap(from_at=max(one.gap.from_at, from_at), to_at=one.gap.to_at, is_filled=one.repaired_at is not None)
        for one in found
    )
