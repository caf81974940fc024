"""Our clock may jump by years: the desks' time goes on evenly until a switch says which of the two is right."""

import pytest
import structlog
from voicedesk.clock import MICROSECONDS
from voicedesk.jobs.upkeep.our_clock import OurClock

START = 1_795_500_000 * MICROSECONDS
SECOND, HOUR, DAY = MICROSECONDS, 3600 * MICROSECONDS, 24 * 3600 * MICROSECONDS
YEARS = 365 * DAY


class Machine:
    """A machine whose clock can be set; it has been up for a while."""

    def __init__(self):
        self.passed, self.ahead = 0, 0
        self.clock = OurClock(lambda: START + self.passed + self.ahead, lambda: 5 * HOUR + self.passed)

    def after(self, passed: int, *, ahead: int | None = None) -> int:
        """The desks' time after so long, with the machine's clock ahead by so much."""
        self.passed += passed
        self.ahead = self.ahead if ahead is None else ahead
        return self.clock.now() - START

    def hear(self, *, behind: int = 0):
        """A switch tells the time; its own clock is right, or so much behind."""
        self.clock.heard(START + self.passed - behind, START + self.passed + self.ahead)


@pytest.mark.parametrize("jump", [10 * YEARS, -10 * YEARS, 8 * HOUR, -61 * SECOND, 61 * SECOND])
def test_a_clock_that_jumps_is_not_followed_while_the_switch_speaks_against_it(jump):
    machine = Machine()
    assert machine.after(SECOND) == SECOND
    with structlog.testing.capture_logs() as logs:
        assert machine.after(SECOND, ahead=jump) == 2 * SECOND
        for _ in range(100):
            machine.hear()
            assert machine.after(HOUR, ahead=jump) == machine.passed
    assert [(one["event"], one["ahead_seconds"]) for one in logs] == [("our_clock_not_followed", jump // SECOND)]
    assert machine.clock.is_held
    assert machine.after(SECOND, ahead=0) == machine.passed
    assert not machine.clock.is_held


def test_a_clock_that_is_put_right_is_followed_as_soon_as_a_switch_agrees():
    machine = Machine()
    machine.after(SECOND, ahead=8 * HOUR)
    assert machine.after(SECOND) == 2 * SECOND  # not followed yet
    machine.hear(behind=-8 * HOUR)
    assert machine.after(SECOND) == 3 * SECOND + 8 * HOUR
    assert not machine.clock.is_held


def test_a_clock_that_nobody_speaks_for_or_against_is_followed_after_an_hour():
    machine = Machine()
    machine.after(SECOND, ahead=8 * HOUR)
    machine.hear(behind=3 * YEARS)  # this switch's clock says nothing about either
    assert machine.after(HOUR) == machine.passed
    assert machine.after(2 * SECOND) == machine.passed + 8 * HOUR


def test_small_steps_and_a_slow_drift_are_followed_at_once():
    machine = Machine()
    for n in range(1, 200):
        assert machine.after(SECOND, ahead=n * 30 * SECOND) == machine.passed + machine.ahead


@pytest.mark.parametrize(
    ("stopped", "held"), [(8 * HOUR, 0), (9 * DAY, 0), (11 * DAY, 1), (10 * YEARS, 1), (-2 * HOUR, 0), (-YEARS, 0)]
)
def test_after_a_start_the_time_goes_on_from_what_was_stored_last(stopped, held):
    machine = Machine()
    machine.clock.begin(START - stopped)
    machine.clock.begin(START - 20 * YEARS)  # another switch, that is gone since long
    assert machine.after(SECOND) == SECOND - stopped * held
    machine.hear()
    assert machine.after(SECOND) == 2 * SECOND


def test_what_bears_no_stamp_vouches_for_nothing():
    machine = Machine()
    machine.after(SECOND, ahead=YEARS)
    machine.clock.heard(None, START + YEARS)
    machine.clock.heard(START, 0)
    assert machine.after(SECOND) == 2 * SECOND
