"""The plan of the demonstration's days: which call is told when, of whom, and with which greeting."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from voicedesk.ami.message import AmiEvent
from voicedesk.clock import MICROSECONDS
from voicedesk.demo.hall import LINES, DemoLine
from voicedesk.demo.material import AS_IT_SHOULD_BE, GREETINGS, conversation
from voicedesk.demo.retelling import Cast, Told, retold

SECOND = MICROSECONDS
DAYS_BEFORE = 6
_HOME, _FULL, _AFTERNOON = "Asia/Shanghai", 12, 16
_CALLS_BEFORE = 24
_EVERY_US = 4 * 60 * SECOND
_OPENS_HOURS, _HOURS = 9, 8
_CALLERS = 60
_TALK, _TALK_RECORDED = (15, 200), (12, 40)
"""In seconds. A switch's recording of three minutes has 17 MB."""
_HEARD = 0.6
"""So many of the answered calls of today were recorded: to hear all of a day takes a slow machine an hour."""
_SCENES = (
    ("queue_answered", 60, (-2.5, 9.0)),
    ("busy_then_colleague", 12, (-1.0, 6.0)),
    ("declined_603", 6, (0.0, 4.0)),
    ("queue_answered", 7, (11.5, 18.0)),
    ("abandoned_in_first_ring", 5, (-1.5, 0.5)),
    ("abandoned_past_the_limit", 6, (0.0, 12.0)),
    ("queue_times_out", 4, (0.0, 0.0)),
)
"""Which conversation, how often in a hundred calls, and between which bounds it rings longer, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """One call: its scene, who takes part, when it begins, and what the staff say; `greeting` None: not recorded."""

    at: int
    scene: str
    line: DemoLine
    cast: Cast
    more_ring_us: int
    more_talk_us: int
    greeting: str | None

    def told(self) -> Told:
        """The call as its switch tells it."""
        return retold(
            conversation(self.scene),
            self.cast,
            self.at,
            more_ring_us=self.more_ring_us,
            more_talk_us=self.more_talk_us,
        )


class Planner:
    """Makes calls by chance; the same `seed` makes the same ones. Each is another of the demonstration's calls."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # nothing secret
        self._number = 0

    def call(self, at: int, *, is_recorded: bool, is_answered: bool = False) -> PlannedCall:
        """A call that begins at an instant; with `is_answered` one that somebody takes."""
        chance = self._chance
        scenes = _SCENES[:-3] if is_answered else _SCENES
        scene, _, (least, most) = chance.choices(scenes, [often for _, often, _ in scenes])[0]
        line = chance.choice(LINES)
        first, second = chance.sample(line.phones, 2)
        greeting = self._greeting(line) if is_recorded and chance.random() < _HEARD else None
        self._number += 1
        cast = Cast(
            number=self._number,
            extension=line.extension,
            queue=line.queue,
            phones=(first, second),
            caller=f"1380013{8000 + chance.randrange(_CALLERS):04d}",
        )
        return PlannedCall(
            at=at,
            scene=scene,
            line=line,
            cast=cast,
            more_ring_us=round(chance.uniform(least, most) * SECOND),
            more_talk_us=round(chance.uniform(*(_TALK_RECORDED if greeting else _TALK)) * SECOND),
            greeting=greeting,
        )

    def _greeting(self, line: DemoLine) -> str:
        spoken = GREETINGS[line.department]
        should_be, others = spoken[:AS_IT_SHOULD_BE], spoken[AS_IT_SHOULD_BE:]
        return self._chance.choice(others if self._chance.random() < 0.2 else should_be)

    def past(self, now: int, zone: tzinfo) -> list[PlannedCall]:
        """The calls of the days before and of today until now, in order. Early in the morning today has few."""
        day = datetime.fromtimestamp(now / MICROSECONDS, zone).replace(hour=0, minute=0, second=0, microsecond=0)
        midnight = round(day.timestamp() * MICROSECONDS)
        found = [one for before in range(DAYS_BEFORE, 0, -1) for one in self._day(day - timedelta(days=before))]
        begins = max(midnight, now - _HOURS * 3600 * SECOND)
        for start in range(begins, now, _EVERY_US):
            found.append(self.call(start + self._chance.randrange(_EVERY_US // 2), is_recorded=True))
        return sorted((one for one in found if one.told().ended_at < now), key=lambda one: one.at)

    def _day(self, day: datetime) -> Iterator[PlannedCall]:
        opens = round((day + timedelta(hours=_OPENS_HOURS)).timestamp() * MICROSECONDS)
        for _ in range(_CALLS_BEFORE):
            at = opens + self._chance.randrange(_HOURS * 3600) * SECOND
            yield self.call(at, is_recorded=False, is_answered=self._chance.random() < 0.97)


def zone_of_a_full_day(now: int) -> str:
    """The time zone whose day is well on: the hall's own in China, or one in which it is afternoon now."""
    hour = datetime.fromtimestamp(now / MICROSECONDS, ZoneInfo(_HOME)).hour
    if hour >= _FULL:
        return _HOME
    ahead = (_AFTERNOON - datetime.fromtimestamp(now / MICROSECONDS, UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}" if ahead else "UTC"  # POSIX counts zones westward


def in_order(told: list[Told]) -> list[AmiEvent]:
    """The events of all calls as one switch tells them."""
    return sorted((event for one in told for event in one.events), key=lambda event: event.arrived_us)
