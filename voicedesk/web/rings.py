"""The one drawing of a ringing: a block for each ring, a bar for the time that it rang, a line at the limit."""

from dataclasses import dataclass

from voicedesk.calls.model import CallFacts

_RINGS = 4
"""The drawing ends behind the fourth ring: whoever rang longer is past every limit, and has an arrow."""
WIDTH = 120.0
_BLOCK = 0.2
"""A ring lasts a fifth of its period: 1 s of 5 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rings:
    """Blocks (from where, and whether that ring was heard), the bar's length, the limit's place, an arrow or none."""

    blocks: tuple[tuple[float, bool], ...]
    block: float
    bar: float
    limit: float
    is_over: bool
    count: int
    seconds: float


def rings_of(facts: CallFacts, ring_us: int | None) -> Rings | None:
    """The drawing of a call; None where it did not ring."""
    if ring_us is None or facts.ring_period_us <= 0:
        return None
    whole = facts.ring_period_us * _RINGS
    count = ring_us // facts.ring_period_us + 1
    return Rings(
        blocks=tuple((round(WIDTH * n / _RINGS, 1), n < count) for n in range(_RINGS)),
        block=round(WIDTH / _RINGS * _BLOCK, 1),
        bar=round(min(WIDTH, WIDTH * ring_us / whole), 1),
        limit=round(min(WIDTH, WIDTH * facts.limit_us / whole), 1),
        is_over=ring_us >= whole,
        count=count,
        seconds=round(ring_us / 1_000_000, 1),
    )
