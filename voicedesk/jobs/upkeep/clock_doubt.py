"""Whether our clock can be believed, by what the switches' clocks said lately: nothing is deleted by one that cannot.

Two clocks that agree are believed. A switch whose clock has been wrong for weeks, always as much, contradicts nobody.
"""

from dataclasses import dataclass

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.link_events import OWN_EVENTS
from voicedesk.clock import MICROSECONDS
from voicedesk.errors import InputError
from voicedesk.store.call_filter import CallFilter
from voicedesk.store.store import Store

DAY_US = 24 * 3600 * MICROSECONDS
AGREE_US = DAY_US
"""What is kept is kept for days: clocks that differ by less do no harm."""
QUIET_US = 10 * DAY_US
"""For so long a hall may be closed and its switch off; after more its switch must be heard again first."""
HABIT_US = (14 * DAY_US, 60 * DAY_US)
"""A switch that was as far from our clock between so long and so long before is just wrong."""
ALONE_US = 45 * DAY_US
"""No switch was ever heard: so long after the newest call our clock is believed alone."""
_ENTRIES = 20
_NEVER_STAMPED = OWN_EVENTS | {"FullyBooted"}


@dataclass(frozen=True, slots=True)
class _Heard:
    """One event of a switch: when it came by our clock, and when it happened by the switch's own, if that was said."""

    arrived: int
    stamp: int | None

    @property
    def lag(self) -> int | None:
        return None if self.stamp is None else self.arrived - self.stamp

    def is_as_far_as(self, other: "_Heard") -> bool:
        """Whether the two clocks were as far apart then; both times none was told is alike."""
        if self.lag is None or other.lag is None:
            return self.lag is other.lag
        return abs(self.lag - other.lag) <= AGREE_US


async def raise_if_doubtful(store: Store, now: int) -> None:
    """Returns if `now` may be believed. Raises InputError with what to do where it may not, StoreError."""
    doubt = await doubt_of(store, now)
    if doubt is not None:
        raise InputError(
            f"nothing was deleted, since this machine's clock may be wrong: {doubt}. Compare it with a watch (`date`), "
            "and let a time service set it (`timedatectl`). If it is right: voicedesk db prune --now-is-right"
        )


async def doubt_of(store: Store, now: int) -> str | None:
    """Why `now` cannot be believed; None if it can. Raises StoreError."""
    newest = {name: one for name in await store.journal.names() if (one := await _newest(store, name)) is not None}
    agreed = [one.stamp for one in newest.values() if one.lag is not None and abs(one.lag) <= AGREE_US]
    known = [at for at in agreed if at is not None]
    if known:
        quiet = now - max(known)
        return None if quiet <= QUIET_US else f"no switch was heard for {quiet // DAY_US} days"
    for name, one in newest.items():
        if now - one.arrived <= QUIET_US and await _is_habit(store, name, one):
            return None
    if newest:
        apart = max(abs(one.lag) if one.lag is not None else now - one.arrived for one in newest.values())
        return f"it and the switch's clock differ by {apart // DAY_US} days, and have not done so for long"
    calls = await store.calls.list(CallFilter(), limit=1)
    alone = now - calls[0].call.facts.started_at if calls else 0
    return None if alone <= ALONE_US else f"the newest call is {alone // DAY_US} days old"


async def _is_habit(store: Store, pbx: str, newest: _Heard) -> bool:
    """Whether the switch's clock was as far from ours weeks ago (or told no time then), and ours did not jump."""
    least, most = (newest.arrived - span for span in HABIT_US)
    earlier: _Heard | None = None
    first: _Heard | None = None
    async for _, event in store.journal.events(pbx, since=await store.journal.start_before(pbx, most)):
        heard = _heard(event)
        if heard is None:
            continue
        if heard.arrived >= most:
            first = heard
            break
        earlier = heard
    if first is None or first.arrived > least or not first.is_as_far_as(newest):
        return False
    if earlier is None or first.arrived - earlier.arrived <= ALONE_US:
        return True
    return newest.lag is not None and earlier.is_as_far_as(newest)


async def _newest(store: Store, pbx: str) -> _Heard | None:
    """The last that was heard of a switch; what bears no stamp counts only where nothing bears one."""
    position = await store.journal.position(pbx)
    found: _Heard | None = None
    if position is not None:
        async for _, event in store.journal.events(pbx, since=max(position.sequence - _ENTRIES, 0)):
            heard = _heard(event)
            if heard is not None and (heard.stamp is not None or found is None or found.stamp is None):
                found = heard
    return found


def _heard(event: AmiEvent) -> _Heard | None:
    """Marks of our own, what a switch says as it greets, and the items of lists, tell of no clock but ours."""
    if event.name in _NEVER_STAMPED or not event.arrived_us or event.get("ActionID") is not None:
        return None
    return _Heard(event.arrived_us, event.timestamp_us)
