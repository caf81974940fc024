"""One switch's clock beside ours: puts its stamps on the hall's time, and notices when either clock is set.

The hall's time is the switch's own where it is within a minute of ours. A clock that is further off (one that keeps
local time, a flat battery) is put right by as much as it is off when the link comes up, and whenever it is set: what
was one second after another stays so. Ours decides, unless what was heard before shows that ours is the wrong one.
"""

from dataclasses import dataclass

from voicedesk.clock import MICROSECONDS

APART_US = 60 * MICROSECONDS
"""Two clocks that differ by more do not agree: nothing takes so long to arrive, and nobody sets one so badly."""
CLOCK_STEP_US = 2 * MICROSECONDS
"""A jump larger than this makes the durations across it unknown."""
BACK_US = 3600 * MICROSECONDS
"""A clock may be set back by an hour, as at the end of summer time, and is still believed."""
QUIET_US = 60 * 24 * 3600 * MICROSECONDS
"""A clock goes on from the newest instant known, and no house is quiet for longer: else it is wrong."""
EARLIEST_US = 1_767_225_600 * MICROSECONDS
"""This program is younger than 2026: a clock that says otherwise is wrong."""


@dataclass(frozen=True, slots=True)
class Step:
    """The switch's clock was set somewhere between two instants of the hall's time."""

    earlier: int
    later: int


class SwitchClock:
    """What is known of the clock of one switch; `last_at` is the hall's instant of the newest stamped event.

    `off_us` is what is added to a stamp to have the hall's time. `is_known`: it was compared since the link came up.
    """

    def __init__(self) -> None:
        self.last_at: int | None = None
        self.off_us = 0
        self.is_known = False
        self._least_lag: int | None = None
        self._arrived = 0
        self._ahead = 0  # by so much ours was set since the newest stamp

    def hall_time(self, ours: int) -> int:
        """An instant of our clock in the hall's time, as far as the lag tells: the event that came soonest."""
        return ours - self._ahead - (self._least_lag or 0)

    def known(self) -> list[int | None]:
        """The values that a replay from here on must begin with."""
        return [self.last_at, self.off_us, self._least_lag]

    def assume(self, known: list[int | None] | None) -> None:
        """Takes over what `known` gave, unless more is known."""
        if known is not None and self.last_at is None:
            self.last_at, off, self._least_lag = known
            self.off_us = off or 0
            self.is_known = self._least_lag is not None

    def ours_was_set(self, ahead: int) -> None:
        """Our clock was set ahead (or back) by so much: later events seem to arrive that much later."""
        self._ahead += ahead

    def link_up(self) -> None:
        """Either clock may have been set meanwhile: the next stamp tells how they stand."""
        self.is_known = False

    def take(self, stamp: int, arrived: int) -> tuple[int, Step | None]:
        """The hall's instant of an event, and whether a clock was set before it.

        `arrived` 0: it came over no link, but from a file that tells the hall's time already.

        What arrives later happened later, but for moments. Delay can only add to the lag: a lag that is smaller than
        ever means that the switch's clock was set ahead.
        """
        last = self.last_at
        if not arrived:
            self.last_at = stamp if last is None else max(last, stamp)
            return stamp, None
        at = stamp + self.off_us
        if self._ahead:
            self._take_ahead(arrived - at)
        lag, least = arrived - at, self._least_lag
        if last is not None and least is not None and at >= last and lag >= least and self.is_known:  # noqa: SIM102
            if not self.off_us or arrived - stamp > APART_US or stamp - arrived > APART_US:
                self.last_at, self._arrived = at, arrived
                return at, None
        step = None
        if not self.is_known:
            self.is_known = True
            at, step = self._compare(stamp, arrived)
        elif self._is_set(stamp, at, arrived):
            self._set(stamp, arrived)
            at = stamp + self.off_us
            step = Step(*sorted((last if last is not None else at, at)))
        lag = arrived - at
        self._least_lag = lag if self._least_lag is None else min(lag, self._least_lag)
        self.last_at, self._arrived = at, arrived
        return at, step

    def _take_ahead(self, lag: int) -> None:
        """Our clock was set: events now seem to come so much later, unless the switch's clock was set together with
        ours.

        A small step ahead looks like delay, and does as little harm.
        """
        ahead, self._ahead = self._ahead, 0
        if self._least_lag is None or abs(lag - self._least_lag) <= CLOCK_STEP_US or 0 < ahead <= APART_US:
            return
        self._least_lag += ahead
        self._arrived += ahead

    def _is_set(self, stamp: int, at: int, arrived: int) -> bool:
        """Whether the switch's clock was set, or the two agree again."""
        if self.off_us and abs(arrived - stamp) <= APART_US:
            return True
        last, least = self.last_at, self._least_lag
        if last is not None and at < last - CLOCK_STEP_US:
            return True
        if least is None or arrived - at >= least - CLOCK_STEP_US:
            return False
        if arrived >= self._arrived - CLOCK_STEP_US:
            return True
        self._least_lag = None  # it was ours that was put back
        return False

    def _compare(self, stamp: int, arrived: int) -> tuple[int, Step | None]:
        """The first stamp since the link came up: how far is this clock off now."""
        last, before = self.last_at, self.off_us
        self._set(stamp, arrived)
        at = stamp + self.off_us
        went_back = last is not None and at < last - CLOCK_STEP_US
        if last is None or not (went_back or abs(self.off_us - before) > CLOCK_STEP_US):
            return at, None
        return at, Step(*sorted((last, at)))

    def _set(self, stamp: int, arrived: int) -> None:
        off = arrived - stamp
        self.off_us = 0 if abs(off) <= APART_US or self._is_ours_wrong(stamp, arrived) else off
        self._least_lag = None

    def _is_ours_wrong(self, stamp: int, arrived: int) -> bool:
        last = self.last_at
        if last is None:
            return arrived < EARLIEST_US <= stamp
        return not _goes_on(last, arrived) and _goes_on(last, stamp)


def _goes_on(last: int, now: int) -> bool:
    return -BACK_US <= now - last <= QUIET_US
