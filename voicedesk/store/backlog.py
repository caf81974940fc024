"""What waits to be committed, in its order: batches in flight, those in the spill file alone, those in memory.

Pure bookkeeping, bounded in memory: touches neither file nor database.
"""

from collections import deque
from collections.abc import Iterable
from itertools import takewhile

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import Gap, GapReason, JudgedCall
from voicedesk.clock import NowUs
from voicedesk.store.batch import CALL_BYTES, Batch, Place, dropped_mark
from voicedesk.store.packing import reduce_event, stamps_near

MAX_WAITING_BYTES = 64 * 1024 * 1024
KEEP_BYTES = 16 * 1024 * 1024
CHUNK_BYTES = 4 * 1024 * 1024


class Backlog:
    """Batches from their first event to their commit."""

    def __init__(self, now: NowUs) -> None:
        self.in_flight: list[Batch] = []
        self.on_file: Place | None = None
        self.bytes = 0
        self.dropped_events = 0
        self.dropped_calls = 0
        self._now = now
        self._sequences: dict[str, int] = {}
        self._resume_from: dict[str, int] = {}
        self._open: dict[str, Batch] = {}
        self._sealed: deque[Batch] = deque()
        self._lost: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self.in_flight) + len(self._sealed) + len(self._open)

    # --- taking

    def begin(self, pbx: str, last_sequence: int) -> None:
        """The journal of a PBX goes on after this entry."""
        self._sequences[pbx] = last_sequence

    def batch(self, pbx: str, born: float) -> Batch:
        """The batch of a PBX that is open; it is as old as `born` if it was opened for this."""
        batch = self._open.get(pbx)
        if batch is None:
            sequence = self._sequences[pbx] = self._sequences.get(pbx, 0) + 1
            now = self._now()
            resume_from = self._resume_from.get(pbx, sequence)
            batch = Batch(pbx=pbx, sequence=sequence, resume_from=resume_from, first_at=now, last_at=now, born=born)
            self._open[pbx] = batch
        return batch

    def take(
        self,
        batch: Batch,
        *,
        resume_from: int,
        events: Iterable[AmiEvent],
        calls: Iterable[JudgedCall],
        merged: Iterable[tuple[str, str]],
        gaps: Iterable[Gap],
    ) -> None:
        """Adds to an open batch. Events that find no room are counted, and a mark stands where they are missing."""
        batch.resume_from = self._resume_from[batch.pbx] = resume_from
        batch.last_at = self._now()
        for event in events:
            self._take_event(batch, reduce_event(event))
        for call in calls:
            self._take_call(batch, call)
        for gone, kept in merged:
            if batch.calls.pop(gone, None) is not None:
                self.bytes -= CALL_BYTES
            batch.merged.append((gone, kept))
        batch.gaps += gaps

    def tell_all_lost(self, born: float) -> None:
        """Marks what was dropped last, for want of a later event at which to do so."""
        for pbx in list(self._lost):
            self._tell_lost(self.batch(pbx, born))

    def _take_event(self, batch: Batch, reduced: bytes) -> None:
        if self.bytes + len(reduced) > MAX_WAITING_BYTES:
            self.dropped_events += 1
            now = self._now()
            since, count = self._lost.get(batch.pbx) or (min(stamps_near([reduced], now), default=now), 0)
            self._lost[batch.pbx] = since, count + 1
            return
        if batch.pbx in self._lost:
            self._tell_lost(batch)
        batch.reduced.append(reduced)
        self.bytes += len(reduced)

    def _tell_lost(self, batch: Batch) -> None:
        """Says in the journal how many events are missing here, and in the gaps since when."""
        since, count = self._lost.pop(batch.pbx)
        now = self._now()
        mark = reduce_event(dropped_mark(count, now))
        batch.reduced.append(mark)
        batch.gaps.append(Gap(from_at=since, to_at=now, reason=GapReason.EVENTS_DROPPED))
        self.bytes += len(mark)

    def _take_call(self, batch: Batch, call: JudgedCall) -> None:
        """Calls have as much room again as events: they say more."""
        if call.facts.id not in batch.calls:
            if self.bytes + CALL_BYTES > 2 * MAX_WAITING_BYTES:
                self.dropped_calls += 1
                return
            self.bytes += CALL_BYTES
        batch.calls[call.facts.id] = call

    # --- handing on

    def seal(self) -> None:
        """Nothing more is added to what is open."""
        self._sealed += self._open.values()
        self._open = {}

    def next_in_memory(self) -> list[Batch]:
        """Takes out the oldest sealed batches, as many as one transaction should hold."""
        chunk: list[Batch] = []
        size = 0
        while self._sealed and size < CHUNK_BYTES:
            chunk.append(self._sealed.popleft())
            size += chunk[-1].size
        return chunk

    def read_back(self, batches: list[Batch]) -> None:
        """These were read from where `on_file` begins; none means there are no more."""
        if not batches or self.on_file is None:
            self.on_file = None
            return
        place = batches[-1].place
        self.on_file = Place(start=place.end, end=self.on_file.end) if place else None
        self.bytes += sum(batch.size for batch in batches)

    def put_back(self) -> None:
        """Puts the batches that were being committed back to the front. They are kept in the file alone if the batches
        behind them are."""
        batches, self.in_flight = self.in_flight, []
        first, on_file = batches[0].place, self.on_file
        if first is not None and on_file is not None:
            self.on_file = Place(start=first.start, end=on_file.end)
            self.bytes -= sum(batch.size for batch in batches)
        else:
            self._sealed.extendleft(reversed(batches))

    def oldest(self) -> Batch | None:
        """The first sealed batch that is in memory."""
        return next(iter(self.in_flight or self._sealed), None)

    def unspilled(self) -> list[Batch]:
        """The batches that are in memory alone, oldest first: all that are newer than the newest in the file."""
        found = list(takewhile(_is_unspilled, reversed(self._sealed)))
        if len(found) == len(self._sealed) and self.on_file is None:
            found += takewhile(_is_unspilled, reversed(self.in_flight))
        return [*reversed(found), *self._open.values()]

    def trim(self) -> None:
        """Lets go of the oldest that is in the file as well, so that memory holds only a part."""
        while self.bytes > KEEP_BYTES and self._sealed and (place := self._sealed[0].place) is not None:
            start = self.on_file.start if self.on_file else place.start
            self.on_file = Place(start=start, end=place.end)
            self.bytes -= self._sealed.popleft().size

    def needs_file(self) -> bool:
        """Whether anything in the spill file is still to be committed."""
        return self.on_file is not None or any(batch.place for batch in (*self.in_flight, *self._sealed))


def _is_unspilled(batch: Batch) -> bool:
    return batch.place is None
