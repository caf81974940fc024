"""Calls that are over, kept a little longer for events that come late."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator

from voicedesk.calls.records import CallRecord
from voicedesk.clock import MICROSECONDS

LINGER_US = 2 * MICROSECONDS
"""How long a closed call is kept for late events. Chosen: events were measured to arrive 2.5 ms after their stamp at
most."""


class ClosedCalls:
    """Closed calls, the first closed first. `forget_at` is when the first of them may be forgotten, None: never."""

    def __init__(self) -> None:
        self.forget_at: int | None = None
        self._records: deque[CallRecord] = deque()

    def add(self, record: CallRecord, closed_at: int) -> None:
        """The call is over."""
        self._records.append(record)
        self.forget_at = self.forget_at or closed_at + LINGER_US

    def recent(self) -> Iterable[CallRecord]:
        """The calls that are over and still kept."""
        return (record for record in self._records if record.closed_at is not None and record.linkedids)

    def take_due(self, now: int) -> Iterator[CallRecord]:
        """Gives the calls that closed long enough ago and that no late event opened again; they are kept no longer."""
        while self._records and (self._records[0].closed_at or 0) + LINGER_US < now:
            record = self._records.popleft()
            if record.live == 0:
                yield record
        self.forget_at = (self._records[0].closed_at or 0) + LINGER_US if self._records else None

    def take_oldest(self) -> CallRecord | None:
        """Gives the call that closed first; None where there is none."""
        return self._records.popleft() if self._records else None

    def drop(self, gone: CallRecord) -> None:
        """The call became part of another."""
        self._records = deque(record for record in self._records if record is not gone)

    def keep_only(self, ids: Collection[str]) -> None:
        """Keeps no other calls than these."""
        self._records = deque(record for record in self._records if record.id in ids)

    def clear(self) -> None:
        """Keeps none."""
        self._records.clear()
        self.forget_at = None
