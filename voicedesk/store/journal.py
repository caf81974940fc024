"""The journal: every event that mattered, in order, so that calls can be made again from what was received."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.ami.message import AmiEvent
from voicedesk.calls.model import Gap
from voicedesk.store.engine import Database, upsert
from voicedesk.store.packing import pack_events, restore_event, unpack_events
from voicedesk.store.tables import gaps, journal, pbxs

PAGE = 200


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
        """The events of a PBX from entry `since` on, in order, each with the entry it stands in."""
        while True:
            query = select(journal.c.sequence, journal.c.payload).order_by(journal.c.sequence).limit(PAGE)
            query = query.where(journal.c.pbx == pbx, journal.c.sequence >= since)
            async with self._database.read() as connection:
                rows = (await connection.execute(query)).all()
            for row in rows:
                for raw in unpack_events(row.payload):
                    yield row.sequence, restore_event(raw)
            if len(rows) < PAGE:
                return
            since = rows[-1].sequence + 1

    async def names(self) -> list[str]:
        """The PBXs that have a journal."""
        async with self._database.read() as connection:
            return [row.pbx for row in await connection.execute(select(pbxs.c.pbx).order_by(pbxs.c.pbx))]


async def append_entry(connection: AsyncConnection, entry: Entry) -> None:
    """Adds an entry within a transaction; the same entry again changes nothing."""
    if entry.reduced:
        row = {
            "pbx": entry.pbx,
            "sequence": entry.sequence,
            "first_at": entry.first_at,
            "last_at": entry.last_at,
            "events": len(entry.reduced),
            "payload": await asyncio.to_thread(pack_events, entry.reduced),
        }
        await connection.execute(upsert(journal), row)
    position = {
        "pbx": entry.pbx,
        "sequence": entry.sequence,
        "resume_from": entry.resume_from,
        "last_at": entry.last_at,
    }
    await connection.execute(upsert(pbxs), position)


async def save_gap(connection: AsyncConnection, pbx: str, gap: Gap) -> None:
    """Keeps a gap within a transaction."""
    row = {"pbx": pbx, "from_at": gap.from_at, "reason": gap.reason.value, "to_at": gap.to_at}
    await connection.execute(upsert(gaps), row)
