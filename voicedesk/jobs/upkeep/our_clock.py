"""Our own clock as the desks may go by it: one that jumps is not followed until a switch says that it is right.

Deadlines, reminders, calls to citizens and the age of news go by it. A machine's clock is set by a time service, by a
person, or by a hypervisor, now and then to nonsense; meanwhile the time goes on evenly from where it was.
"""

import structlog

from voicedesk.clock import MICROSECONDS, NowUs, steady_us

_log = structlog.get_logger()

JUMP_US = 60 * MICROSECONDS
"""A clock that is set by less is followed at once: nothing here goes by seconds."""
AGREE_US = 60 * MICROSECONDS
CLOSED_US = 10 * 24 * 3600 * MICROSECONDS
"""After a stop the time goes on from what was stored last, if that is longer ago than a hall is closed."""
PATIENCE_US = 3600 * MICROSECONDS
"""So long a clock that nobody speaks for, and nobody against, is not followed."""


class OurClock:
    """The machine's clock, but for jumps; `steady` is one that nobody sets."""

    def __init__(self, wall: NowUs, steady: NowUs = steady_us) -> None:
        self._wall, self._steady = wall, steady
        self._apart = wall() - steady()
        self._newest = 0
        self._held_since: int | None = None
        self._is_contradicted = False

    @property
    def is_held(self) -> bool:
        """Whether the machine's clock is not followed now."""
        return self._held_since is not None

    def now(self) -> int:
        """The present instant: the machine's, or where that one jumped, evenly on from before."""
        wall, steady = self._wall(), self._steady()
        apart = wall - steady
        if abs(apart - self._apart) <= JUMP_US:
            self._follow(apart)
        elif self._held_since is None:
            self._held_since, self._is_contradicted = steady, False
            ahead = (apart - self._apart) // MICROSECONDS
            _log.warning("our_clock_not_followed", ahead_seconds=ahead, until="a switch's clock agrees with it")
        elif not self._is_contradicted and steady - self._held_since > PATIENCE_US:
            self._follow(apart)
        return steady + self._apart

    def begin(self, newest: int) -> None:
        """What was stored last, at an instant of the machine's clock of then; of several switches the newest counts.

        A clock that stands before it is followed: too early a time makes nothing due.
        """
        self._newest = max(self._newest, newest)
        wall = self._wall()
        self._apart = (wall if wall - self._newest <= CLOSED_US else self._newest) - self._steady()

    def heard(self, stamp: int | None, arrived: int) -> None:
        """A switch told the time at an instant of the machine's clock; two that agree are right."""
        if self._held_since is None or stamp is None or not arrived:
            return
        if abs(arrived - stamp) <= AGREE_US:
            self._follow(self._wall() - self._steady())
        elif abs(self._steady() + self._apart - stamp) <= AGREE_US:
            self._is_contradicted = True

    def _follow(self, apart: int) -> None:
        if self._held_since is not None:
            _log.warning("our_clock_followed_again")
        self._apart, self._held_since = apart, None
