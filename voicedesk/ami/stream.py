"""What the consumer of one PBX is given: its events in order, and among them marks of what happened to the link."""

import asyncio
from collections.abc import Callable

from voicedesk.ami.handover import HandOver
from voicedesk.ami.message import AmiEvent, Origin, make_mark
from voicedesk.ami.reports import LinkReports
from voicedesk.clock import MICROSECONDS, NowUs

CLOCK_SET_US = 2 * MICROSECONDS
"""Our clock was set if it is suddenly further than this from one that nobody sets."""


class EventStream:
    """The events of one PBX for one consumer, in order, bounded in memory.

    A mark (`VoicedeskLink`, `VoicedeskSnapshot`, `VoicedeskClock`) is an event of our own and is never dropped.
    `look_again` is called when events had to be dropped: the lists of what is there must be asked for again.
    `now` is our clock, `steady` one that nobody sets.
    """

    def __init__(
        self,
        pbx: str,
        reports: LinkReports,
        look_again: Callable[[], None],
        *,
        max_events: int,
        max_bytes: int,
        now: NowUs,
        steady: NowUs,
    ) -> None:
        self.origin = Origin(pbx=pbx)
        self.is_over = False
        self.last_event_us: int | None = None
        self.lag_us: int | None = None
        self._reports = reports
        self._look_again = look_again
        self._handover = HandOver(max_events, max_bytes, self._dropped_mark)
        self._arrived = asyncio.Event()
        self._wall, self._steady = now, steady
        self._apart = now() - steady()

    @property
    def waiting(self) -> int:
        """How many events are read and not yet taken."""
        return len(self._handover)

    @property
    def dropped(self) -> int:
        """How many events were dropped because the consumer was too slow."""
        return self._handover.dropped_total

    async def next_batch(self, limit: int) -> list[AmiEvent] | None:
        """The oldest events, at most `limit`, as soon as there are any; None when the stream is over."""
        while not self._handover.has_ready:
            if self.is_over:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        return self._handover.take(limit)

    def receive(self, events: list[AmiEvent]) -> None:
        """Takes the live events of one read."""
        last = events[-1]
        stamp = last.timestamp_us
        self.last_event_us = last.arrived_us
        self.lag_us = None if stamp is None else last.arrived_us - stamp
        self._handover.put(events)
        self._arrived.set()

    def hold(self) -> None:
        """Keeps live events back from now on, until `release`."""
        self._handover.hold()

    def give_listed(self, events: list[AmiEvent]) -> bool:
        """Gives the items of lists ahead of the live events kept back; False where some had to be dropped."""
        for event in events:
            event.origin = self.origin
        return self._handover.put_now(events)

    def release(self) -> None:
        """Lets the live events that were kept back follow."""
        self._handover.release(self.origin)
        self._arrived.set()

    def discard_held(self) -> None:
        """Forgets the live events kept back: the link they came over never came up."""
        self._handover.discard_held()

    def end(self) -> None:
        """The last word in the stream."""
        self.discard_held()
        self.is_over = True
        self.mark("VoicedeskLink", "closed")

    def mark(self, name: str, state: str, **headers: object) -> None:
        """Puts a mark into the stream, as of now."""
        self.mark_at(self.now(), name, state, **headers)

    def mark_at(self, at: int, name: str, state: str, **headers: object) -> None:
        """Puts a mark into the stream, as of an instant of our clock."""
        self._handover.put_mark(make_mark(name, state, at, origin=self.origin, **headers))
        self._arrived.set()

    def now(self) -> int:
        """Our clock; where somebody set it, a mark says so before what comes next."""
        now = self._wall()
        apart = now - self._steady()
        ahead, self._apart = apart - self._apart, apart
        if abs(ahead) > CLOCK_SET_US:
            self.mark_at(now, "VoicedeskClock", "set", Ahead=ahead)
            self._reports.clock_set(ahead)
        return now

    def _dropped_mark(self, count: int) -> AmiEvent:
        self._reports.dropped(count)
        self._look_again()
        return make_mark("VoicedeskLink", "dropped", self.now(), origin=self.origin, Dropped=count)
