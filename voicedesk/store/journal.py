"""The journal: every event that mattered, in order, so that calls can be made again from what was received."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.ami.message import AmiEvent, make_mark
from voicedesk.calls.model import Gap, GapReason
from voicedesk.clock import LAST_INSTANT_US, is_instant
from voicedesk.errors import StoreError
from voicedesk.store.engine import Database, upsert
from voicedesk.store.packing import heard_until, pack_events, restore_event, unpack_events
from voicedesk.store.tables import gaps, journal, pbxs

PAGE = 200
ENTRIES_BACK = 500
_MOST = 2**62
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
        async with self._database.read() as connection:
            return await position_of(connection, pbx)

    async def events(self, pbx: str, *, since: int = 0) -> AsyncIterator[tuple[int, AmiEvent]]:
        """The events of a PBX from entry `since` on, in order, each with the entry it stands in.

        A damaged entry is replaced by the mark that events are missing.
        """
        while True:
            query = (
                select(journal.c.pbx, journal.c.sequence, journal.c.payload, journal.c.last_at)
                .order_by(journal.c.sequence)
                .limit(PAGE)
            )
            query = query.where(journal.c.pbx == pbx, journal.c.sequence >= since)
            async with self._database.read() as connection:
                rows = (await connection.execute(query)).all()
            for row in rows:
                for event in self._events(row):
                    yield row.sequence, event
            if len(rows) < PAGE:
                return
            since = rows[-1].sequence + 1

    def _events(self, row: Any) -> list[AmiEvent]:
        """The events of an entry; if it is damaged, the mark that events are missing."""
        found = self._database.unread.whole(
            journal, [row], lambda one: [restore_event(raw) for raw in unpack_events(one.payload)]
        )
        if found:
            return found[0]
        at = row.last_at if is_instant(row.last_at) else 0
        return [make_mark("VoicedeskLink", "dropped", at, Dropped=0)]

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
        """The first entry with an event of an instant or later. It may be a later entry, so that no more than the given
        number of events (or one entry) follow from there. None if there is no such entry."""
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
        return self._database.unread.whole(gaps, rows, _gap)

    async def gaps_between(self, from_at: int, to_at: int) -> list[StoredGap]:
        """The gaps of all PBXs that lie in a span, or reach into it, oldest first."""
        here = (gaps.c.from_at < to_at) & or_(gaps.c.to_at.is_(None), gaps.c.to_at > from_at)
        async with self._database.read() as connection:
            rows = (await connection.execute(select(gaps).where(here).order_by(gaps.c.from_at))).all()
        return self._database.unread.whole(gaps, rows, _gap)

    async def silent(self) -> dict[str, int]:
        """The PBXs that nothing is heard from now, each since when."""
        query = select(gaps.c.pbx, func.min(gaps.c.from_at)).where(gaps.c.to_at.is_(None)).group_by(gaps.c.pbx)
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query) if is_instant(row[1])}

    async def heard_until(self) -> int | None:
        """The last instant at which any PBX told something; None where none ever did."""
        async with self._database.read() as connection:
            at = (await connection.execute(select(func.max(pbxs.c.last_at)))).scalar()
        return at if _is_whole(at) and is_instant(at) else None

    async def names(self) -> list[str]:
        """The PBXs that have a journal."""
        async with self._database.read() as connection:
            return [row.pbx for row in await connection.execute(select(pbxs.c.pbx).order_by(pbxs.c.pbx))]


def _gap(row: Row[Any]) -> StoredGap:
    return StoredGap(
        gap=Gap(from_at=row.from_at, to_at=row.to_at, reason=GapReason(row.reason)),
        repaired_at=row.repaired_at,
        repaired_calls=row.repaired_calls,
        repaired_by=row.repaired_by,
    )


async def position_of(connection: AsyncConnection, pbx: str) -> Position | None:
    """How far the journal of a PBX has come; None if it has none. If the row that says so is damaged, it is made again
    from the journal itself: new entries follow the last one, and no instance is locked out."""
    row = (await connection.execute(select(pbxs).where(pbxs.c.pbx == pbx))).first()
    if row is None:
        return None
    if _is_whole(row.sequence) and _is_whole(row.resume_from) and _is_whole(row.last_at) and is_instant(row.last_at):
        return Position(sequence=row.sequence, resume_from=row.resume_from, last_at=row.last_at)
    _log.error("journal_position_damaged", pbx=pbx, cure="none is needed: it is made anew from the journal")
    query = select(func.max(journal.c.sequence)).where(journal.c.pbx == pbx, journal.c.sequence.between(0, _MOST))
    sequence = row.sequence if _is_whole(row.sequence) else (await connection.execute(query)).scalar() or 0
    newest = select(func.max(journal.c.last_at)).where(journal.c.pbx == pbx)
    newest = newest.where(journal.c.last_at.between(0, LAST_INSTANT_US - 1))
    is_time = _is_whole(row.last_at) and is_instant(row.last_at)
    last_at = row.last_at if is_time else (await connection.execute(newest)).scalar() or 0
    resume_from = row.resume_from if _is_whole(row.resume_from) else max(sequence - ENTRIES_BACK, 0)
    return Position(sequence=sequence, resume_from=resume_from, last_at=last_at)


async def last_heard(connection: AsyncConnection, pbx: str, position: Position) -> int:
    """Until when nothing is missing from the journal of a PBX, as far as its last entry tells."""
    here = (journal.c.pbx == pbx) & (journal.c.sequence == position.sequence)
    payload = (await connection.execute(select(journal.c.payload).where(here))).scalar()
    with suppress(StoreError):
        return heard_until(unpack_events(payload or b""), position.last_at)
    return position.last_at


def _is_whole(value: object) -> bool:
    """Whether it is a number that our own counting comes to: SQLite keeps anything in any column."""
    return isinstance(value, int) and 0 <= value <= _MOST


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
    for payload in payloads:
        try:
            reduced = unpack_events(payload)
        except StoreError:  # whoever reads the journal in its order says so
            continue
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
