"""What people will do, before the switch is asked: plans of calls, drawn from a tape of bytes.

A tape is what hypothesis gives: it shrinks by getting shorter and its bytes smaller, and the first choice everywhere
is the plainest, so that what is left of a finding is a short history of plain calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass

STEP = 10_000
"""Plans move in steps of 10 ms; calls lie 3 ms apart, so that no two of them act in the same millisecond."""
SECOND = 1_000_000
LIMIT = 15 * SECOND
PHONES = ("agent1", "agent2", "agent3", "agent4")
MEMBERS = PHONES[:3]
SPANS = (2, 6, 1, 3, 0.5, 4, 5, 9, 10, 12, 14.98, 14.99, 15, 15.01, 16, 16.99, 17.01, 19, 25, 40, 0.2, 0.03)
EDGES = (0, 0, 0, 0, 1, -1, 1000, -1000)


class Tape:
    """Choices, one byte each; an empty tape chooses the first of everything."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def pick(self, options: Sequence):
        return options[next(self._data, 0) % len(options)]

    def span(self) -> int:
        """A stretch of time in microseconds, often close to the limit, sometimes a microsecond beside it."""
        seconds = self.pick(SPANS)
        return round(seconds * SECOND) + (self.pick(EDGES) if seconds >= 14 else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What one phone does when dialled: `says` 180 (it rings), 183 (early media) or nothing; then, `after`, `acts`."""

    phone: str
    says: str
    delay: int
    acts: str
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """One call: `rounds` of phones dialled together, each for `ring_for`, `pause` between them."""

    start: int
    kind: str
    rounds: tuple[tuple[Reaction, ...], ...]
    ring_for: int
    pause: int
    patience: int | None
    menu: int
    talk: int
    then: str
    then_to: Reaction
    caller_ends: bool
    lingers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """What the phones are at the beginning, and the calls."""

    paused: frozenset[str]
    unregistered: frozenset[str]
    calls: tuple[CallPlan, ...]


KINDS = (
    "queue",
    "dial",
    "queue",
    "dial",
    "local",
    "internal",
    "outbound",
    "callback",
    "menu",
    "other_line",
    "queue",
    "dial",
)
ACTS = ("answers", "never", "answers", "declines", "never", "busy", "answers", "unreachable", "refuses", "picked_up")
THEN = ("ends", "ends", "ends", "blind", "attended", "ends")
NOBODY = (frozenset(), frozenset(), frozenset(), frozenset({"agent1"}), frozenset({"agent2", "agent3"}))


def draw_day(tape: Tape, most: int = 4) -> DayPlan:
    """A stretch of a hall's day with up to `most` calls, often at the same time."""
    count = tape.pick(range(1, most + 1))
    start, calls = SECOND, []
    for n in range(count):
        calls.append(draw_call(tape, start // STEP * STEP + 3000 * n))
        start += tape.pick((1, 4, 0, 9, 30, 70)) * SECOND
    return DayPlan(paused=tape.pick(NOBODY), unregistered=tape.pick(NOBODY), calls=tuple(calls))


def draw_call(tape: Tape, start: int) -> CallPlan:
    """One call that begins at `start`."""
    kind = tape.pick(KINDS)
    return CallPlan(
        start=start,
        kind=kind,
        rounds=tuple(_round(tape) for _ in range(tape.pick((1, 2, 1, 3, 4)))),
        ring_for=tape.pick((20, 30, 60, 5, 10, 15, 3)) * SECOND,
        pause=tape.pick((5, 1, 0)) * SECOND + STEP,
        patience=tape.pick((None, None, tape.span())),
        menu=tape.pick((0, 0, 4 * SECOND)),
        talk=tape.pick((8, 2, 30, 90)) * SECOND,
        then=tape.pick(THEN),
        then_to=_reaction(tape),
        caller_ends=tape.pick((True, False)),
        lingers=tape.pick((0, 200_000, 4 * SECOND)),
    )


def _round(tape: Tape) -> tuple[Reaction, ...]:
    reactions = (_reaction(tape) for _ in range(tape.pick((1, 1, 2, 3))))
    return tuple({reaction.phone: reaction for reaction in reactions}.values())


def _reaction(tape: Tape) -> Reaction:
    return Reaction(
        phone=tape.pick(PHONES),
        says=tape.pick(("180", "180", "180", "183", "nothing")),
        delay=tape.pick((0, 0, 100_000, 1_500_000)),
        acts=tape.pick(ACTS),
        after=tape.span(),
    )
