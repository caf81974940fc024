"""The ruler of a call: its legs drawn on the call's own time, with a mark for each ring and a line at the limit."""

from dataclasses import dataclass

from voicedesk.clock import MICROSECONDS
from voicedesk.desk.call_page import CallPage, LegShown

UNITS = 100
"""Units of the drawing in a second."""
_LEAST_SECONDS, _MOST_SECONDS = 20, 120
_STEPS = (5, 10, 20, 30)
_MARKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LegDrawn:
    """One leg. `rings` are where a ring begins, `run` from where how far it rang; `end` is where it was answered.

    `is_cut`: it goes on beyond the drawing.
    """

    leg: LegShown
    rings: tuple[int, ...]
    run_from: int
    run: int
    end: int | None
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """The drawing, in UNITS a second. `marks` are the seconds written below it; `block` is how long one ring sounds."""

    width: int
    limit: int
    block: int
    marks: tuple[int, ...]
    legs: tuple[LegDrawn, ...]


def ruler_of(page: CallPage) -> Ruler:
    """The drawing of a call's legs."""
    facts = page.facts
    last = max(((leg.from_us or 0) + (leg.judged.ring_us or 0) for leg in page.legs), default=0) / MICROSECONDS
    least = max(_LEAST_SECONDS, facts.limit_us / MICROSECONDS + 5)
    seconds = min(_MOST_SECONDS, max(least, last + 2))
    step = next((one for one in _STEPS if seconds / one <= _MARKS), _STEPS[-1])
    width = int(-(-seconds // step) * step * UNITS)
    period = max(1, facts.ring_period_us)
    return Ruler(
        width=width,
        limit=min(width, facts.limit_us * UNITS // MICROSECONDS),
        block=period * UNITS // MICROSECONDS // 5,
        marks=tuple(range(0, width // UNITS + 1, step)),
        legs=tuple(_drawn(leg, width, period) for leg in page.legs),
    )


def _drawn(leg: LegShown, width: int, period_us: int) -> LegDrawn:
    begins, rang = leg.from_us, leg.judged.ring_us
    if begins is None:
        return LegDrawn(leg=leg, rings=(), run_from=0, run=0, end=None, is_cut=False)
    start = min(width, begins * UNITS // MICROSECONDS)
    end = (begins + (rang or 0)) * UNITS // MICROSECONDS
    heard = leg.judged.rings_heard or 0
    rings = [(begins + n * period_us) * UNITS // MICROSECONDS for n in range(min(heard, width))]
    return LegDrawn(
        leg=leg,
        rings=tuple(x for x in rings if x < width),
        run_from=start,
        run=max(0, min(width, end) - start),
        end=min(width, end) if leg.facts.answered_at is not None and rang is not None else None,
        is_cut=end > width,
    )
