"""The one writer of the running service: collects what belongs together and commits it at most 100 ms later.

A batch is an entry of the journal with the calls that follow from it, committed whole or not at all. What the database
has not taken in time is put into the spill file and stays there until the database has it: on disk within a fifth of a
second, whatever the database does. Memory holds a part of it. Where neither takes anything, events are dropped at a
limit, counted, and marked in the place where they are missing.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import structlog

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import Gap, JudgedCall
from voicedesk.clock import NowUs
from voicedesk.errors import JournalTaken, SpillRefused, StoreError
from voicedesk.store.backlog import CHUNK_BYTES, Backlog
from voicedesk.store.batch import Batch, Place, pack_batch, unpack_batch, unreadable_batch
from voicedesk.store.committing import commit
from voicedesk.store.engine import Database
from voicedesk.store.quarantine import Part, add_to_quarantine, set_aside
from voicedesk.store.spill import Spill

COMMIT_EVERY_SECONDS = 0.07
LATE_SECONDS = 0.12
LOOK_SECONDS = 0.02
SLOW_SECONDS = 1.0
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
SPILL_RETRY_SECONDS = 1.0
FINISH_SECONDS = 4.0
MAX_TOLD = 1000

P = ParamSpec("P")
T = TypeVar("T")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterStatus:
    """How the writer stands: batches and bytes that wait in memory, bytes in the spill file, what was dropped for want
    of room, how many were committed, and what is wrong."""

    waiting_batches: int
    waiting_bytes: int
    spilled_bytes: int
    dropped_events: int
    dropped_calls: int
    committed: int
    trouble: str | None


class Writer:
    """Takes batches from call logs; `run` commits them. Without a spill file they wait in memory alone."""

    def __init__(self, database: Database, now: NowUs, spill: Spill | None = None) -> None:
        self._database = database
        self._now = now
        self._spill = spill
        self._backlog = Backlog(now)
        self._committed = 0
        self._trouble: str | None = None
        self._spill_trouble: str | None = None
        self._told: set[str] = set()
        self._replaced = database.replaced
        self._work = asyncio.Event()
        self._committing = asyncio.Lock()
        self._filing = asyncio.Lock()

    async def take_up(self) -> None:
        """Commits what an earlier run left in the spill file; to be called before `begin`.

        Raises StoreError if the database refuses. Records of another journal are set aside.
        """
        if self._spill is None:
            return
        try:
            await asyncio.to_thread(self._spill.open)
        except SpillRefused as error:
            _log.error("spill_refused", reason=str(error))
            return
        if self._spill.used == 0:
            return
        self._backlog.on_file = Place(start=0, end=self._spill.used)
        try:
            await self.flush()
        except JournalTaken as error:
            self._backlog = Backlog(self._now)
            aside = await asyncio.to_thread(self._spill.set_aside, f"aside-{self._now()}")
            _log.error("spill_set_aside", reason=str(error), file=str(aside))
        else:
            _log.info("spill_taken_up", entries=self._committed, damaged=self._spill.damaged)

    def begin(self, pbx: str, last_sequence: int) -> None:
        """The journal of a PBX goes on after this entry."""
        self._backlog.begin(pbx, last_sequence)

    def sequence(self, pbx: str) -> int:
        """The entry that what is added now will belong to."""
        return self._backlog.batch(pbx, _clock()).sequence

    def seal(self) -> None:
        """Everything that is added after this belongs to later entries."""
        self._backlog.seal()

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
        batch = self._backlog.batch(pbx, _clock())
        self._backlog.take(batch, resume_from=resume_from, events=events, calls=calls, merged=merged, gaps=gaps)
        self._work.set()

    def status(self) -> WriterStatus:
        """How the writer stands now."""
        return WriterStatus(
            waiting_batches=len(self._backlog),
            waiting_bytes=self._backlog.bytes,
            spilled_bytes=self._spill.used if self._spill else 0,
            dropped_events=self._backlog.dropped_events,
            dropped_calls=self._backlog.dropped_calls,
            committed=self._committed,
            trouble=self._trouble,
        )

    async def run(self) -> None:
        """Commits what was added until it is cancelled; then puts the rest where it is safe.

        Raises JournalTaken where another instance writes the same journal.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._commit_always(), name="commits")
                if self._spill is not None:
                    tasks.create_task(self._look_always(self._spill), name="spill")
        except* JournalTaken as group:
            raise group.exceptions[0] from group
        finally:
            await asyncio.shield(self._finish())

    async def flush(self) -> None:
        """Commits everything that was added; raises StoreError if the database refuses, and keeps it then."""
        backlog = self._backlog
        async with self._committing:
            self._work.clear()
            backlog.seal()
            while True:
                backlog.in_flight = await self._next_chunk()
                if not backlog.in_flight:
                    break
                size = sum(batch.size for batch in backlog.in_flight)
                try:
                    await self._commit(backlog.in_flight)
                except BaseException:
                    backlog.put_back()
                    raise
                self._committed += len(backlog.in_flight)
                backlog.in_flight = []
                backlog.bytes -= size
            await self._clear_file()

    # --- committing

    async def _commit_always(self) -> None:
        while True:
            await self._work.wait()
            await asyncio.sleep(COMMIT_EVERY_SECONDS)
            await self._commit_in_time()

    async def _commit_in_time(self) -> None:
        """Tries until the database takes it; says so once when trouble begins and once when it ends."""
        tries = 0
        while True:
            begun = _clock()
            try:
                await self.flush()
            except JournalTaken:
                raise
            except Exception as error:  # noqa: BLE001  # also what nobody foresaw: what was received waits, and is in the spill file
                self._begin_trouble(str(error) if isinstance(error, StoreError) else repr(error))
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
                tries += 1
            else:
                if _clock() - begun < SLOW_SECONDS:
                    self._end_trouble()
                return

    async def _commit(self, batches: list[Batch]) -> None:
        """One transaction; says what had to be set aside, once for each thing."""
        for item in await commit(self._database, batches):
            if item.id in self._told:
                continue
            self._told.add(item.id)
            told = {"part": item.part.value, "about": item.about, "reason": item.reason, "id": item.id}
            _log.error("set_aside", pbx=item.pbx or None, **told)
        if len(self._told) > MAX_TOLD:
            self._told.clear()
        if self._database.replaced != self._replaced:
            await self._tell_replaced()

    async def _tell_replaced(self) -> None:
        about = f"the database {self._database.name}"
        reason = "another was found in its place: what only the one before it held is not in it"
        async with self._database.write() as connection:
            told = set_aside(Part.TASK, at_us=self._now(), about=about, reason=reason)
            await add_to_quarantine(connection, [told])
        self._replaced = self._database.replaced

    async def _next_chunk(self) -> list[Batch]:
        where = self._backlog.on_file
        if where is not None and self._spill is not None:
            async with self._filing:
                chunk = await _to_its_end(_read_chunk, self._spill, where, self._now())
                self._backlog.read_back(chunk)
            if chunk:
                return chunk
        return self._backlog.next_in_memory()

    # --- the spill file

    async def _look_always(self, spill: Spill) -> None:
        """Looks some times a second whether the database is late."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            oldest = self._backlog.oldest()
            if oldest is not None and _clock() - oldest.born > SLOW_SECONDS:
                self._begin_trouble(f"what is to be committed waits for more than {SLOW_SECONDS:g} s")
            unspilled = self._backlog.unspilled()
            late = bool(unspilled) and _clock() - unspilled[0].born >= LATE_SECONDS
            if late and not await self._spill_waiting(spill):
                await asyncio.sleep(SPILL_RETRY_SECONDS)

    async def _spill_waiting(self, spill: Spill) -> bool:
        """Puts on disk what is not there yet; False if that was refused."""
        async with self._filing:
            self._backlog.seal()
            batches = self._backlog.unspilled()
            try:
                await _to_its_end(_append, spill, batches)
            except SpillRefused as error:
                if self._spill_trouble is None:
                    _log.error("spill_refused", reason=str(error))
                self._spill_trouble = str(error)
                return False
            self._spill_trouble = None
            self._backlog.trim()
        return True

    async def _clear_file(self) -> None:
        """Empties the file once the database has everything that is in it."""
        async with self._filing:
            if self._spill is not None and self._spill.used and not self._backlog.needs_file():
                with contextlib.suppress(SpillRefused):  # what stays is known to be committed when it is read
                    await _to_its_end(self._spill.clear)

    # --- the end, and what is wrong

    async def _finish(self) -> None:
        """Commits what is left, or leaves it in the spill file for the next start."""
        self._backlog.tell_all_lost(_clock())
        if not await self._flushed_within(LATE_SECONDS):
            spilled = self._spill is not None and await self._spill_waiting(self._spill)
            if not await self._flushed_within(FINISH_SECONDS):
                tell = _log.warning if spilled else _log.error
                tell("left_uncommitted", in_spill_file=spilled, batches=len(self._backlog))
        if self._spill is not None:
            self._spill.close()

    async def _flushed_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.flush()
        except Exception as error:  # noqa: BLE001  # the end is reached in any case
            if not isinstance(error, StoreError | TimeoutError):
                _log.error("commit_failed", reason=repr(error))
            return False
        return True

    def _begin_trouble(self, reason: str) -> None:
        if self._trouble is None:
            _log.error("store_unavailable", reason=reason)
        self._trouble = reason

    def _end_trouble(self) -> None:
        if self._trouble is not None:
            dropped = {"dropped_events": self._backlog.dropped_events, "dropped_calls": self._backlog.dropped_calls}
            _log.info("store_available", **dropped)
            self._trouble = None


def _clock() -> float:
    """Spans are measured by the loop's own clock."""
    return asyncio.get_running_loop().time()


async def _to_its_end(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs in a thread; who is cancelled meanwhile still waits for it, so that the file has one user at a time."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    finally:
        await asyncio.wait({running})


def _append(spill: Spill, batches: list[Batch]) -> None:
    """Puts batches into the file and notes their places in them, even if the caller was cancelled meanwhile."""
    places = spill.append(pack_batch(batch) for batch in batches)
    for batch, place in zip(batches, places, strict=True):
        batch.place = place


def _read_chunk(spill: Spill, where: Place, at: int) -> list[Batch]:
    chunk: list[Batch] = []
    size = 0
    for place, payload in spill.records(where.start, where.end):
        try:
            chunk.append(unpack_batch(payload, place))
        except ValueError as error:
            spill.keep_unread(payload)
            chunk.append(unreadable_batch(payload, place, error, at))
        size += chunk[-1].size
        if size >= CHUNK_BYTES:
            break
    return chunk
