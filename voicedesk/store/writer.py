"""The one writer of the running service: collects what belongs together and commits it at most 100 ms later.

A batch is an entry of the journal with the calls that follow from it, committed whole or not at all. While the database
cannot be written, batches wait in memory, up to a limit; beyond it events are dropped, counted and marked.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import Gap, JudgedCall
from voicedesk.clock import NowUs
from voicedesk.errors import StoreError
from voicedesk.store.calls import merge_calls, save_calls
from voicedesk.store.engine import Database
from voicedesk.store.journal import Entry, append_entry, save_gap
from voicedesk.store.packing import reduce_event

COMMIT_EVERY_SECONDS = 0.1
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
MAX_WAITING_BYTES = 64 * 1024 * 1024

_log = structlog.get_logger()


@dataclass(slots=True)
class _Batch:
    """What one PBX's call log handed over since the last commit."""

    pbx: str
    sequence: int
    resume_from: int
    first_at: int
    last_at: int
    reduced: list[bytes] = field(default_factory=list)
    calls: dict[str, JudgedCall] = field(default_factory=dict)
    merged: list[tuple[str, str]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def entry(self) -> Entry:
        return Entry(
            pbx=self.pbx,
            sequence=self.sequence,
            resume_from=self.resume_from,
            first_at=self.first_at,
            last_at=self.last_at,
            reduced=tuple(self.reduced),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterStatus:
    """How the writer stands: batches and bytes that wait, events dropped for want of room, and what is wrong."""

    waiting_batches: int
    waiting_bytes: int
    dropped_events: int
    committed: int
    trouble: str | None


class Writer:
    """Takes batches from call logs; `run` commits them."""

    def __init__(self, database: Database, now: NowUs) -> None:
        self._database = database
        self._now = now
        self._sequences: dict[str, int] = {}
        self._open: dict[str, _Batch] = {}
        self._waiting: deque[_Batch] = deque()
        self._bytes = 0
        self._dropped = 0
        self._committed = 0
        self._trouble: str | None = None
        self._work = asyncio.Event()
        self._committing = asyncio.Lock()

    def begin(self, pbx: str, last_sequence: int) -> None:
        """The journal of a PBX goes on after this entry."""
        self._sequences[pbx] = last_sequence

    def sequence(self, pbx: str) -> int:
        """The entry that what is added now will belong to."""
        return self._batch(pbx).sequence

    def add(
        self,
        pbx: str,
        *,
        resume_from: int,
        events: Iterable[AmiEvent] = (),
        calls: Iterable[JudgedCall] = (),
        merged: Iterable[tuple[str, str]] = (),
        gaps: Iterable[Gap] = (),
    ) -> None:
        """Takes what belongs together; never waits."""
        batch = self._batch(pbx)
        batch.resume_from = resume_from
        batch.last_at = self._now()
        for event in events:
            self._take_event(batch, reduce_event(event))
        for call in calls:
            batch.calls[call.facts.id] = call
        for gone, kept in merged:
            batch.calls.pop(gone, None)
            batch.merged.append((gone, kept))
        batch.gaps += gaps
        self._work.set()

    def status(self) -> WriterStatus:
        """How the writer stands now."""
        return WriterStatus(
            waiting_batches=len(self._waiting) + len(self._open),
            waiting_bytes=self._bytes,
            dropped_events=self._dropped,
            committed=self._committed,
            trouble=self._trouble,
        )

    async def run(self) -> None:
        """Commits what was added until cancelled; then commits what is left, if the database lets it."""
        try:
            while True:
                await self._work.wait()
                await asyncio.sleep(COMMIT_EVERY_SECONDS)
                await self._commit_in_time()
        finally:
            with contextlib.suppress(StoreError):
                await asyncio.shield(self.flush())

    async def flush(self) -> None:
        """Commits everything that was added; raises StoreError if the database refuses, and keeps it then."""
        async with self._committing:
            self._work.clear()
            self._waiting += self._open.values()
            self._open = {}
            batches = list(self._waiting)
            if not batches:
                return
            async with self._database.write() as connection:
                for batch in batches:
                    await append_entry(connection, batch.entry())
                    await save_calls(connection, batch.calls.values())
                    await merge_calls(connection, batch.merged)
                    for gap in batch.gaps:
                        await save_gap(connection, batch.pbx, gap)
            for batch in batches:
                self._waiting.popleft()
                self._bytes -= sum(map(len, batch.reduced))
            self._committed += len(batches)

    async def _commit_in_time(self) -> None:
        """Tries until the database takes it; says so once when trouble begins and once when it ends."""
        tries = 0
        while True:
            try:
                await self.flush()
            except StoreError as error:
                if self._trouble is None:
                    _log.error("store_unavailable", reason=str(error))
                self._trouble = str(error)
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
                tries += 1
            else:
                if self._trouble is not None:
                    _log.info("store_available", dropped_events=self._dropped)
                    self._trouble = None
                return

    def _batch(self, pbx: str) -> _Batch:
        batch = self._open.get(pbx)
        if batch is None:
            sequence = self._sequences[pbx] = self._sequences.get(pbx, 0) + 1
            now = self._now()
            batch = _Batch(pbx=pbx, sequence=sequence, resume_from=sequence, first_at=now, last_at=now)
            self._open[pbx] = batch
        return batch

    def _take_event(self, batch: _Batch, reduced: bytes) -> None:
        if self._bytes + len(reduced) > MAX_WAITING_BYTES:
            self._dropped += 1
            return
        batch.reduced.append(reduced)
        self._bytes += len(reduced)
