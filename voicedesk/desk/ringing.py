"""Calls of this moment: which ring and since when, by the same clock that judges them; which wait; which just fell."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from voicedesk.calls.call_clocks import ring_start
from voicedesk.calls.model import CallFacts, Direction, LegFacts, Role, Verdict
from voicedesk.clock import MICROSECONDS
from voicedesk.desk import calls as desk
from voicedesk.desk.calls import CallRow
from voicedesk.desk.names import people_of
from voicedesk.desk.viewer import Viewer
from voicedesk.settings import Settings
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.store import Store

FALL_US = 6 * MICROSECONDS
"""A call that was answered keeps its place so long, so that people see how it ended."""
MOST_READ = 200
MOST_SHOWN = 8
_LONGEST_US = 12 * 3600 * MICROSECONDS
"""What began earlier and is still open is a call whose end nobody saw, or one that no hall has."""


class Doing(StrEnum):
    """What an open call does."""

    RINGING = "ringing"
    WAITING = "waiting"
    FALLEN = "fallen"
    TALKING = "talking"
    MENU = "menu"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCall:
    """One call. `since`: since when it does that; `rings_us`: how long it rings or waits, or did until it was answered.

    `at` are the people or phones that ring.
    """

    row: CallRow
    doing: Doing
    since: int
    rings_us: int
    at: tuple[str, ...]

    @property
    def facts(self) -> CallFacts:
        """The call, as the viewer may see it."""
        return self.row.call.facts

    @property
    def ring(self) -> int:
        """Which ring sounds now, from one."""
        return self.rings_us // max(1, self.facts.ring_period_us) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCalls:
    """Calls of this moment. `shown` ring, wait or fell just now; the counts are of all that this viewer sees."""

    shown: tuple[OpenCall, ...]
    not_shown: int
    counts: Mapping[str, int]

    @property
    def look_again(self) -> bool:
        """Whether some place is about to become free, without any event that would tell."""
        return any(one.doing is Doing.FALLEN for one in self.shown)


async def open_calls(store: Store, settings: Settings, viewer: Viewer, *, now: int) -> OpenCalls:
    """Calls from outside that are not over, those of others left out where the viewer sees none of them."""
    which = CallFilter(direction=Direction.INBOUND, is_open=True, from_at=now - _LONGEST_US)
    listing = await desk.calls(store, settings, viewer, which, now=now)
    names = people_of(settings)
    found = [_open(listing.row(one), names, now) for one in await listing.read(MOST_READ, None)]
    order = list(Doing)
    placed = sorted((one for one in found if order.index(one.doing) < 3), key=lambda one: _place(one, order))
    return OpenCalls(
        shown=tuple(placed[:MOST_SHOWN]),
        not_shown=max(0, len(placed) - MOST_SHOWN),
        counts={doing.value: sum(one.doing is doing for one in found) for doing in Doing},
    )


def _place(one: OpenCall, order: list[Doing]) -> tuple[int, int, str]:
    return order.index(one.doing), one.since, one.facts.id


def _open(row: CallRow, names: Mapping[str, str], now: int) -> OpenCall:
    facts = row.call.facts
    start, answered_at = ring_start(facts), facts.person_answered_at
    begun = start.ringing_at if start is not None and start.ringing_at is not None else None
    ringing = [leg for leg in facts.legs if _rings(leg)]
    at = tuple(dict.fromkeys(names.get(leg.agent or "", "") or leg.endpoint for leg in ringing))
    if answered_at is not None:
        is_judged = row.call.judgement.verdict in {Verdict.ON_TIME, Verdict.LATE}
        doing = Doing.FALLEN if is_judged and 0 <= now - answered_at < FALL_US else Doing.TALKING
        rang = row.call.judgement.ring_us or 0
        return OpenCall(row=row, doing=doing, since=answered_at, rings_us=rang, at=())
    if ringing and begun is not None:
        doing, since = Doing.RINGING, begun
    elif facts.asked_at is not None:
        doing, since = Doing.WAITING, facts.asked_at
    else:
        doing, since = Doing.MENU, facts.started_at
    return OpenCall(row=row, doing=doing, since=since, rings_us=max(0, now - since), at=at)


def _rings(leg: LegFacts) -> bool:
    """Whether a phone of the hall rings now."""
    is_ours = leg.role is Role.STAFF and leg.ringing_at is not None
    return is_ours and leg.ring_ended_at is None and leg.ended_at is None and leg.answered_at is None
