"""The demonstration's days: full whenever it is shown, all over by then, and made of what the package carries."""

import tomllib
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from voicedesk.clock import MICROSECONDS
from voicedesk.demo.day import DAYS_BEFORE, Planner, in_order, zone_of_a_full_day
from voicedesk.demo.hall import LINES
from voicedesk.demo.material import CONVERSATIONS, GREETINGS, conversation_file, greeting_file

HOUR = 3600 * MICROSECONDS
NOON_IN_CHINA = 1_796_011_200 * MICROSECONDS
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("hours", [0, 4, 11, 12, 20])
def test_at_any_hour_the_day_is_well_on_and_has_its_calls(hours):
    now = NOON_IN_CHINA + hours * HOUR
    zone = ZoneInfo(zone_of_a_full_day(now))
    here = datetime.fromtimestamp(now / MICROSECONDS, zone)
    assert here.hour >= 12
    days = Counter(datetime.fromtimestamp(one.at / MICROSECONDS, zone).date() for one in Planner(1).past(now, zone))
    assert days[here.date()] > 80
    assert len(days) == DAYS_BEFORE + 1


def test_every_call_of_the_past_is_over_now():
    zone = ZoneInfo("Asia/Shanghai")
    calls = Planner(3).past(NOON_IN_CHINA, zone)
    events = in_order([one.told() for one in calls])
    assert max(event.arrived_us for event in events) < NOON_IN_CHINA
    assert [event.arrived_us for event in events] == sorted(event.arrived_us for event in events)


def test_the_same_seed_makes_the_same_day_and_no_two_calls_have_one_number():
    zone = ZoneInfo("Asia/Shanghai")
    first, again, other = (Planner(seed).past(NOON_IN_CHINA, zone) for seed in (1, 1, 2))
    assert first == again != other
    assert len({one.cast.number for one in first}) == len(first)


def test_a_full_day_has_what_the_desk_is_there_for():
    calls = Planner(1).past(NOON_IN_CHINA, ZoneInfo("Asia/Shanghai"))
    assert {one.scene for one in calls} == set(CONVERSATIONS)
    assert {one.line for one in calls} == set(LINES)
    assert any(one.greeting for one in calls)


def test_the_wheel_carries_everything_that_is_retold():
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    there = {source for source, target in packed["force-include"].items() if target.startswith("voicedesk/_demo/")}
    files = [conversation_file(name) for name in CONVERSATIONS]
    files += [greeting_file(name) for names in GREETINGS.values() for name in names]
    assert there == {str(file.relative_to(ROOT)) for file in files}
    assert all(file.is_file() for file in files)
    assert {line.department for line in LINES} == set(GREETINGS)
