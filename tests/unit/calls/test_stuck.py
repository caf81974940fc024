"""A call is stuck when nothing was heard of it for four hours of looking, and by nothing that a clock says."""

import pytest
from voicedesk.calls.stuck import STUCK_AFTER_US, Stuck
from voicedesk.clock import MICROSECONDS

MINUTE, HOUR = 60 * MICROSECONDS, 3600 * MICROSECONDS
NOW = 1_800_000_000 * MICROSECONDS
YEARS = 365 * 24 * HOUR


def test_a_call_of_which_nothing_is_heard_for_four_hours_is_stuck():
    stuck = Stuck()
    found = [stuck.look(NOW + n * MINUTE, {"a": NOW}, NOW + n * MINUTE) for n in range(245)]
    assert [n for n, ids in enumerate(found) if ids] == [241, 242, 243, 244]


def test_a_call_that_is_heard_of_is_not_stuck():
    stuck = Stuck()
    for n in range(600):
        assert stuck.look(NOW + n * MINUTE, {"a": NOW + n // 200}, NOW + n * MINUTE) == []


@pytest.mark.parametrize("jump", [8 * HOUR, -8 * HOUR, 10 * YEARS, -10 * YEARS])
def test_no_clock_that_is_set_ends_a_call(jump):
    stuck = Stuck()
    for n in range(60):
        ours = NOW + n * MINUTE + (jump if n % 7 else 0)
        assert stuck.look(ours, {"a": NOW}, ours - jump * (n % 3)) == []


@pytest.mark.parametrize(
    ("hall_time", "found"), [(NOW + 5 * HOUR, ["a"]), (NOW + HOUR, []), (NOW - 9 * HOUR, []), (None, [])]
)
def test_at_the_first_look_the_hall_s_time_tells_if_anybody_knows_it(hall_time, found):
    assert Stuck().look(NOW, {"a": NOW}, hall_time) == found


def test_a_new_call_begins_with_no_quiet_behind_it():
    stuck = Stuck()
    stuck.look(NOW, {}, NOW)
    assert stuck.look(NOW + MINUTE, {"b": NOW - 2 * STUCK_AFTER_US}, NOW) == []
