"""Of which open call nothing was heard for longest: the first to go where there are too many."""

from collections import deque
from collections.abc import Callable

from voicedesk.calls.records import CallRecord


class Silence:
    """The open calls in the order in which they were last heard of; sorted once for many that must go."""

    def __init__(self) -> None:
        self._in_order: deque[tuple[int, CallRecord]] = deque()

    def longest(self, open_records: Callable[[], list[CallRecord]]) -> CallRecord | None:
        """The open call of which nothing was heard for longest; None where no call is open.

        A call that was heard of since the last sorting is younger than all the others: it is passed over.
        """
        for _ in range(2):
            while self._in_order:
                last_at, record = self._in_order.popleft()
                if record.closed_at is None and record.last_at == last_at and record.linkedids:
                    return record
            in_order = sorted(open_records(), key=lambda record: record.last_at)
            self._in_order.extend((record.last_at, record) for record in in_order)
        return None
