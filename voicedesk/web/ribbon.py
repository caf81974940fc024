"""The drawings of the first page: the day as a ribbon with a mark for each call, and the ring that sounds now."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import tzinfo

from voicedesk.calls.model import Verdict
from voicedesk.clock import MICROSECONDS, to_datetime
from voicedesk.desk.day import Day
from voicedesk.desk.ringing import OpenCall
from voicedesk.desk.today import Link

WIDTH, BASE, TOP, BOTTOM = 1476, 72, 24, 94
_EDGE = 2
_HEIGHTS = {
    Verdict.ON_TIME: -20,
    Verdict.LATE: -36,
    Verdict.MISSED: 16,
    Verdict.LEFT_EARLY: 10,
    Verdict.NOT_JUDGED: -7,
    Verdict.CANNOT_TELL: -28,
}
"""Up is answered, down is not; tall is what needs a look. The shape at the end tells them apart without colour."""
_HOUR_US = 3600 * MICROSECONDS
_MOST_LABELS = 10
_TEXT_WIDTH = 120
UNITS = 100
"""Units of a ring's drawing in a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strokes:
    """All marks of one verdict as one path, and the shapes at their ends as another."""

    verdict: str
    lines: str
    caps: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A stretch of the drawing: from x on so wide. `from_at` and `to_at` are told where there is room for words."""

    x: float
    width: float
    from_at: int
    to_at: int | None
    is_filled: bool = False
    has_room: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ribbon:
    """The drawing. `hours` are places and times of the axis; `now` is a place, `now_is_late`: words go to its left."""

    strokes: tuple[Strokes, ...]
    off_duty: tuple[Band, ...]
    gaps: tuple[Band, ...]
    hours: tuple[tuple[float, str], ...]
    now: float
    now_is_late: bool


def ribbon_of(day: Day, link: Link, *, now: int, zone: tzinfo) -> Ribbon:
    """The drawing of a day; what nobody knows because the service does not run is a gap too."""
    scale = (WIDTH - 2 * _EDGE) / max(1, day.to_at - day.from_at)

    def x_of(at: int) -> float:
        return round(_EDGE + (min(max(at, day.from_at), day.to_at) - day.from_at) * scale, 1)

    def band(from_at: int, to_at: int | None, *, is_filled: bool = False) -> Band:
        x, end = x_of(from_at), x_of(now if to_at is None else to_at)
        return Band(x=x, width=max(4.0, round(end - x, 1)), from_at=from_at, to_at=to_at, is_filled=is_filled)

    gaps = [band(one.from_at, one.to_at, is_filled=one.is_filled) for one in day.gaps]
    if link.lost_since is not None and not any(one.to_at is None for one in day.gaps) and now > day.from_at:
        gaps.append(band(max(link.lost_since, day.from_at), None))
    off_duty = tuple(band(begins, ends) for begins, ends in day.off_duty)
    return Ribbon(
        strokes=tuple(_strokes(verdict, _places(day, verdict, x_of)) for verdict in _HEIGHTS),
        off_duty=off_duty,
        gaps=tuple(_with_room(gaps)),
        hours=tuple((x_of(at), to_datetime(at).astimezone(zone).strftime("%H:%M")) for at in _hours(day)),
        now=x_of(now),
        now_is_late=x_of(now) > WIDTH - _TEXT_WIDTH,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ringing:
    """The ring of a call that is not answered, in UNITS a second: a block for each ring, the bar, and the limit."""

    width: int
    blocks: tuple[tuple[int, bool], ...]
    block: int
    run: int
    limit: int
    is_over: bool


def ringing_of(call: OpenCall) -> Ringing:
    """The drawing of a call that rings: it ends five seconds behind the limit, and whoever rings longer stays there."""
    facts = call.facts
    period, limit = max(1, facts.ring_period_us), max(1, facts.limit_us)
    width = -(-(limit + 5 * MICROSECONDS) // (5 * MICROSECONDS)) * 5 * UNITS
    count = min(40, -(-width * MICROSECONDS // UNITS // period))
    return Ringing(
        width=width,
        blocks=tuple((n * period * UNITS // MICROSECONDS, n < call.ring) for n in range(count)),
        block=max(20, period * UNITS // MICROSECONDS // 5),
        run=min(width, call.rings_us * UNITS // MICROSECONDS),
        limit=limit * UNITS // MICROSECONDS,
        is_over=call.rings_us >= limit,
    )


def _places(day: Day, verdict: Verdict, x_of: Callable[[int], float]) -> list[float]:
    """Where marks of a verdict stand; two that fall on the same place are one stroke, which the words count."""
    return list(dict.fromkeys(x_of(one.at) for one in day.marks if one.verdict == verdict.value))


def _strokes(verdict: Verdict, places: Iterable[float]) -> Strokes:
    found, height = list(places), _HEIGHTS[verdict]
    end = BASE + height
    caps = {
        Verdict.LATE: lambda x: f"M{x - 4:g} {end - 3}a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
        Verdict.MISSED: lambda x: f"M{x - 4:g} {end - 3}h8v8h-8z",
        Verdict.CANNOT_TELL: lambda x: f"M{x - 5:g} {end - 3}l5-5 5 5-5 5z",
    }.get(verdict)
    return Strokes(
        verdict=verdict.value,
        lines="".join(f"M{x:g} {BASE}v{height}" for x in found),
        caps="".join(map(caps, found)) if caps else "",
    )


def _hours(day: Day) -> Iterable[int]:
    """The hours that are written: every one, or every second or third of a long day."""
    hours = (day.to_at - day.from_at) // _HOUR_US
    step = next(n for n in (1, 2, 3, 4) if hours / n <= _MOST_LABELS or n == 4)
    return range(day.from_at, day.to_at + 1, step * _HOUR_US)


def _with_room(gaps: Iterable[Band]) -> Iterable[Band]:
    """Words stand above a gap only where the words of the one before it have ended."""
    free_from = 0.0
    for one in sorted(gaps, key=lambda band: band.x):
        has_room = one.x >= free_from
        if has_room:
            free_from = one.x + 2 * _TEXT_WIDTH
        yield replace(one, has_room=has_room)
