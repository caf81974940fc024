"""When the next message goes to a receiver, whether alone or in a digest, and when one is given up. Pure.

- Order is kept: while the oldest that waits may not be tried again, nothing overtakes it.
- No more than `a_minute` in any minute. What then waits goes as one digest, rather than one by one for half an hour.
- After a failure it is tried again after 5 s, 30 s, 2 min, 10 min, then hourly; after a day it is a dead letter. One
  that the receiver refused is given up after five tries: it would hold up the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from voicedesk.clock import MICROSECONDS

WAITS_SECONDS = (5, 30, 120, 600, 3600)
PATIENCE_US = 24 * 3600 * MICROSECONDS
REFUSALS = 5
MINUTE_US = 60 * MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What to do now: send the `count` oldest (one alone, more as a digest), or none and look again at `wait_until`."""

    count: int = 0
    wait_until: int | None = None


def wait_us(tries: int) -> int:
    """How long to wait after so many tries that failed (from 1)."""
    return WAITS_SECONDS[min(max(tries, 1), len(WAITS_SECONDS)) - 1] * MICROSECONDS


def next_try(*, tries: int, queued_at: int, now: int, refused: bool) -> int | None:
    """When to try again after the last of `tries` tries failed at `now`; None: it is given up."""
    if (refused and tries >= REFUSALS) or now - queued_at >= PATIENCE_US:
        return None
    return min(now + wait_us(tries), max(now, queued_at + PATIENCE_US))


def next_step(*, waiting: int, oldest_next_at: int, sent_at: Sequence[int], a_minute: int, now: int) -> Step:
    """What to do for one receiver. `sent_at` are the instants of its last posts, oldest first; `waiting` > 0.

    A clock that was set back makes nobody wait for longer than the waits above: instants to come count as now.
    """
    if oldest_next_at > now and oldest_next_at - now <= WAITS_SECONDS[-1] * MICROSECONDS:
        return Step(wait_until=oldest_next_at)
    recent = [min(at, now) for at in sent_at if at > now - MINUTE_US]
    free = a_minute - len(recent)
    if free <= 0:
        return Step(wait_until=recent[-a_minute] + MINUTE_US)
    return Step(count=1 if waiting <= free else waiting)
