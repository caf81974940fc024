"""The journal: every event that mattered, in order, so that calls can be made again from what was received."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.ami.message import AmiEvent, make_mark
from voicedesk.calls.model import Gap, GapReason
from voicedesk.errors import StoreError
from voicedesk.store.engine import Database, upsert
from voicedesk.store.packing import pack_events, restore_event, unpack_events, whole_rows
from voicedesk.store.tables import gaps, journal, pbxs

PAGE = 200
ENTRIES_BACK = 500

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The events of one PBX that were committed together; `resume_from` is the entry a restart must replay from."""

    pbx: str
    sequence: int
    resume_from: int
    first_at: int
    last_at: int
    reduced: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a PBX's journal has come, and from where a restart must replay."""

    sequence: int
    resume_from: int
    last_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGap:
    """A gap as it is listed; `repaired_at` None: not filled from the switch's logs, or not whole.

    `repaired_calls` were told from them all the same; `repaired_by` is "service" or "command".
    """

    gap: Gap
    repaired_at: int | None
    repaired_calls: int | None
    repaired_by: str | None = None


class Journal:
    """Queries over the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def position(self, pbx: str) -> Position | None:
        """How far the journal of a PBX has come; None if it has none."""
        query = select(pbxs).where(pbxs.c.pbx == pbx)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return Position(sequence=row.sequence, resume_from=row.resume_from, last_at=row.last_at) if row else None

    async def events(self, pbx: str, *, since: int = 0) -> AsyncIterator[tuple[int, AmiEvent]]:
        """The events of a PBX from entry `since` on, in order, each with the entry it stands in.

        In place of an entry that is damaged stands the mark that events are missing.
        """
        while True:
            query = (
                select(journal.c.sequence, journal.c.payload, journal.c.last_at)
                .order_by(journal.c.sequence)
                .limit(PAGE)
            )
            query = query.where(journal.c.pbx == pbx, journal.c.sequence >= since)
            async with self._database.read() as connection:
                rows = (await connection.execute(query)).all()
            for row in rows:
                for event in _events(row):
                    yield row.sequence, event
            if len(rows) < PAGE:
                return
            since = rows[-1].sequence + 1

    async def linkedids_of(self, pbx: str, uniqueid: str, *, from_at: int, to_at: int) -> set[str]:
        """The linkedids that a channel had, by the events between two instants: to which call it belonged."""
        query = select(journal.c.payload).where(journal.c.pbx == pbx, journal.c.last_at >= from_at)
        query = query.where(journal.c.first_at <= to_at).order_by(journal.c.sequence)
        async with self._database.read() as connection:
            payloads = (await connection.execute(query)).scalars().all()
        return await asyncio.to_thread(_linkedids, payloads, uniqueid)

    async def start_before(self, pbx: str, at: int) -> int:
        """An entry from which on a replay knows what matters at an instant: checkpoints come more often."""
        query = select(func.max(journal.c.sequence)).where(journal.c.pbx == pbx, journal.c.last_at < at)
        async with self._database.read() as connection:
            last = (await connection.execute(query)).scalar()
        return max((last or 0) - ENTRIES_BACK, 0)

    async def first_since(self, pbx: str, at: int, *, most_events: int) -> int | None:
        """The first entry that holds something of an instant or later, or a later one: from there on come no more than
        so many events, or one entry. None if there is none."""
        here = (journal.c.pbx == pbx) & (journal.c.last_at >= at)
        query = select(journal.c.sequence, journal.c.events).where(here).order_by(journal.c.sequence.desc())
        first: int | None = None
        async with self._database.read() as connection:
            for row in await connection.execute(query.limit(most_events)):
                most_events -= row.events
                if first is not None and most_events < 0:
                    break
                first = row.sequence
        return first

    async def gaps(self, pbx: str) -> list[StoredGap]:
        """The gaps of a PBX, oldest first, the repaired ones too."""
        query = select(gaps).where(gaps.c.pbx == pbx).order_by(gaps.c.from_at)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [
            StoredGap(
                gap=Gap(from_at=row.from_at, to_at=row.to_at, reason=GapReason(row.reason)),
                repaired_at=row.repaired_at,
                repaired_calls=row.repaired_calls,
                repaired_by=row.repaired_by,
            )
            for row in rows
        ]

    async def names(self) -> list[str]:
        """The PBXs that have a journal."""
        async with self._database.read() as connection:
            return [row.pbx for row in await connection.execute(select(pbxs.c.pbx).order_by(pbxs.c.pbx))]


async def append_entries(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Adds entries within a transaction, in a few statements however many; the same entries again change nothing."""
    if rows := await asyncio.to_thread(_rows, entries):
        await connection.execute(upsert(connection, journal), rows)
    positions = {
        entry.pbx: {
            "pbx": entry.pbx,
            "sequence": entry.sequence,
            "resume_from": entry.resume_from,
            "last_at": entry.last_at,
        }
        for entry in entries
    }
    if positions:
        await connection.execute(upsert(connection, pbxs), list(positions.values()))


def _linkedids(payloads: Iterable[bytes], uniqueid: str) -> set[str]:
    found: set[str] = set()
    for reduced in whole_rows(payloads, unpack_events):
        for raw in reduced:
            if uniqueid.encode() not in raw:
                continue
            event = restore_event(raw)
            for one, linked in (("Uniqueid", "Linkedid"), ("DestUniqueid", "DestLinkedid")):
                linkedid = event.get(linked)
                if event.get(one) == uniqueid and linkedid:
                    found.add(linkedid)
    return found


def _rows(entries: Iterable[Entry]) -> list[dict[str, object]]:
    return [
        {
            "pbx": entry.pbx,
            "sequence": entry.sequence,
            "first_at": entry.first_at,
            "last_at": entry.last_at,
            "events": len(entry.reduced),
            "payload": pack_events(entry.reduced),
        }
        for entry in entries
        if entry.reduced
    ]


async def save_gaps(connection: AsyncConnection, of_pbxs: Iterable[tuple[str, Gap]]) -> None:
    """Keeps gaps within a transaction, each with its PBX; that one was repaired stays with it."""
    rows = [
        {"pbx": pbx, "from_at": gap.from_at, "reason": gap.reason.value, "to_at": gap.to_at} for pbx, gap in of_pbxs
    ]
    if rows:
        kept = frozenset({"repaired_at", "repaired_calls", "repaired_by"})
        await connection.execute(upsert(connection, gaps, keep=kept), rows)


async def mark_repaired(
    connection: AsyncConnection, pbx: str, gap: Gap, *, at: int | None, calls: int, by: str
) -> None:
    """Notes within a transaction that a gap was filled; `at` None: only some calls of it were told."""
    here = (gaps.c.pbx == pbx) & (gaps.c.from_at == gap.from_at) & (gaps.c.reason == gap.reason.value)
    await connection.execute(update(gaps).where(here).values(repaired_at=at, repaired_calls=calls, repaired_by=by))


def _events(row: Any) -> list[AmiEvent]:
    """The events of an entry; the mark that some are missing, where it is damaged."""
    try:
        return [restore_event(raw) for raw in unpack_events(row.payload)]
    except StoreError as error:
        _log.error("journal_entry_damaged", entry=row.sequence, reason=str(error))
        return [make_mark("VoicedeskLink", "dropped", row.last_at, Dropped=0)]
