"""Marks the calls of which events may be missing: a gap concerns every call that was open in it."""

from collections import deque
from collections.abc import Iterable

from voicedesk.calls.model import Gap
from voicedesk.calls.registry import Registry

STRAGGLER_US = 10_000
"""Events of one moment may lie on both sides of a gap's beginning. Measured: stamps out of order by 0.75 ms at most."""


class GapMarks:
    """Puts gaps on calls. `filled` are gaps of which the missing events were found elsewhere: they are none."""

    def __init__(self, registry: Registry, filled: Iterable[Gap] = ()) -> None:
        self._registry = registry
        self._filled = frozenset((gap.from_at, gap.reason) for gap in filled)

    @property
    def are_some_filled(self) -> bool:
        """Whether there is a gap of which the missing events were found elsewhere."""
        return bool(self._filled)

    def note(self, gap: Gap) -> None:
        """Events of this PBX may be missing, and every open call is concerned, unless they were found elsewhere."""
        if (gap.from_at, gap.reason) in self._filled:
            return
        self._registry.gaps.append(gap)
        self.mark_open(gap)

    def mark_open(self, gap: Gap) -> None:
        """Marks a gap on every open call."""
        for record in self._registry.open_records():
            record.mark_gap(gap)
            self._registry.changed[record] = None

    def mark_recent(self, gap: Gap) -> None:
        """Marks a gap on every open call, and on those that seemed to end when it began."""
        self.mark_open(gap)
        for record in self._registry.closed.recent():
            if (record.closed_at or 0) > gap.from_at - STRAGGLER_US:
                record.mark_gap(gap)
                self._registry.changed[record] = None

    def change(self, before: Gap, after: Gap) -> None:
        """A gap is known better now, wherever it is marked."""
        registry = self._registry
        registry.gaps = deque([after if gap == before else gap for gap in registry.gaps], maxlen=registry.gaps.maxlen)
        for record in registry.records():
            if before in record.gaps:
                record.gaps[record.gaps.index(before)] = after
                registry.changed[record] = None
