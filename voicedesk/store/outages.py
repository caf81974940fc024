"""Outages that are, or were, announced to callers (S10)."""

import secrets
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from voicedesk.store.engine import Database
from voicedesk.store.tables import outages


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One outage. `line` None: it concerns all lines. `ended_at` None: it is announced now."""

    id: str
    line: str | None
    text: str
    started_at: int
    started_by: str
    ended_at: int | None = None
    ended_by: str | None = None


class OutageLog:
    """Queries over outages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, text: str, *, line: str | None, at: int, by: str) -> Outage:
        """Begins an outage."""
        outage = Outage(id=secrets.token_hex(6), line=line, text=text, started_at=at, started_by=by)
        async with self._database.write() as connection:
            await connection.execute(insert(outages), {name: getattr(outage, name) for name in Outage.__slots__})
        return outage

    async def stop(self, *, line: str | None, at: int, by: str) -> list[Outage]:
        """Ends the outages that are announced on a line (None: on every line). Returns them."""
        ended = [one for one in await self.current() if line is None or one.line == line]
        ids = [one.id for one in ended]
        async with self._database.write() as connection:
            await connection.execute(update(outages).where(outages.c.id.in_(ids)).values(ended_at=at, ended_by=by))
        return ended

    async def current(self) -> list[Outage]:
        """The outages that are announced now, oldest first."""
        query = select(outages).where(outages.c.ended_at.is_(None)).order_by(outages.c.started_at)
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return self._database.unread.whole(outages, rows, lambda row: Outage(**row._mapping))
