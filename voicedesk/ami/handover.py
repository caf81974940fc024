"""The bounded hand-over between the reader, which never waits, and a consumer that may be slow.

When it is full, new events are dropped and counted. As soon as there is room again, one mark says how many are missing,
in the place where they are missing. Marks themselves are never dropped.
"""

from collections import deque
from collections.abc import Callable
from itertools import accumulate

from voicedesk.ami.message import AmiEvent, Origin


class HandOver:
    """First in, first out; at most `max_events` events of `max_bytes` in all.

    `mark_dropped(count)` makes the event that stands for what is missing. While it is held (`hold`), live events
    wait behind everything that is put `now`; `release` lets them follow.
    """

    def __init__(self, max_events: int, max_bytes: int, mark_dropped: Callable[[int], AmiEvent]) -> None:
        self.dropped_total = 0
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._mark_dropped = mark_dropped
        self._ready: deque[AmiEvent] = deque()
        self._held: deque[AmiEvent] | None = None
        self._bytes = 0
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._ready) + len(self._held or ())

    @property
    def has_ready(self) -> bool:
        """Whether `take` would give anything."""
        return bool(self._ready)

    def hold(self) -> None:
        """Keep live events back until `release`."""
        if self._held is None:
            self._held = deque()

    def release(self, origin: Origin) -> None:
        """Let the events that were kept back follow; they bear `origin`, which was not known when they came."""
        held, self._held = self._held or (), None
        for event in held:
            event.origin = origin
        self._ready += held

    def discard_held(self) -> None:
        """Forget what is kept back: the link it came over never came up."""
        for event in self._held or ():
            self._bytes -= len(event.raw)
        self._held = None

    def put(self, events: list[AmiEvent]) -> None:
        """Take live events, or count them as dropped."""
        self._take_in(events, self._ready if self._held is None else self._held)

    def put_now(self, events: list[AmiEvent]) -> bool:
        """Take events ahead of those held back; False where some had to be dropped."""
        return self._take_in(events, self._ready)

    def put_mark(self, event: AmiEvent) -> None:
        """Take an event that must not be lost, ahead of those held back."""
        self._tell_dropped()
        self._ready.append(event)
        self._bytes += len(event.raw)

    def take(self, limit: int) -> list[AmiEvent]:
        """The oldest events, at most `limit`."""
        ready = self._ready
        taken = [ready.popleft() for _ in range(min(limit, len(ready)))]
        self._bytes -= sum([len(event.raw) for event in taken])
        self._tell_dropped()
        return taken

    def _take_in(self, events: list[AmiEvent], target: deque[AmiEvent]) -> bool:
        size = sum([len(event.raw) for event in events])
        fits = len(self) + len(events) <= self._max_events and self._bytes + size <= self._max_bytes
        if self._dropped or not fits:
            self._take_some(events, target)
            return False
        target += events
        self._bytes += size
        return True

    def _take_some(self, events: list[AmiEvent], target: deque[AmiEvent]) -> None:
        """As many as there is room for; once one was dropped all are, so that no order is broken."""
        fitting = [] if self._dropped else events[: self._count_fitting(events)]
        target += fitting
        self._bytes += sum([len(event.raw) for event in fitting])
        self._dropped += len(events) - len(fitting)
        self.dropped_total += len(events) - len(fitting)

    def _count_fitting(self, events: list[AmiEvent]) -> int:
        room = max(self._max_events - len(self), 0)
        sizes = accumulate(len(event.raw) for event in events[:room])
        return sum(self._bytes + size <= self._max_bytes for size in sizes)

    def _tell_dropped(self) -> None:
        """While events are held back, what was dropped came behind them, and so does its mark."""
        if self._dropped:
            mark = self._mark_dropped(self._dropped)
            self._dropped = 0
            (self._ready if self._held is None else self._held).append(mark)
            self._bytes += len(mark.raw)
