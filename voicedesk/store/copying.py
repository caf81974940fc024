"""Moves a hall's data from one database to another, whatever kind each is, and proves that it arrived.

All is written in one transaction: an interruption leaves the target as empty as it was.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Table, func, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.errors import StoreError
from voicedesk.store import schema
from voicedesk.store.engine import Database
from voicedesk.store.tables import leases, metadata

TABLES = tuple(table for table in metadata.sorted_tables if table is not leases)
"""Everything but who leads at the moment."""
AT_ONCE = 500

Progress = Callable[[str, int, int], None]
"""Is told a table's name, how many of its rows are there by now, and how many there are in all."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedTable:
    """A table that was copied: its rows and their digest, which are the same on both sides."""

    name: str
    rows: int
    digest: str


async def copy_database(source: Database, target: Database, progress: Progress) -> list[CopiedTable]:
    """Copies every table and compares both sides before anything is committed.

    Raises StoreError, with the target unchanged, where the target holds data already, the source has another version
    than this program, or what arrived differs.
    """
    version = await schema.current_version(source)
    if version != schema.newest_version():
        raise StoreError(f"the database to copy: {schema.what_differs(version)}: {schema.how_to_mend(version)}")
    await schema.upgrade(target)
    async with source.read() as here, target.write() as there:
        for table in TABLES:
            if await _count(there, table):
                raise StoreError(f"the target holds data already ({table.name}): give an empty database")
        for table in TABLES:
            await _copy(here, there, table, progress)
        return [await _compared(here, there, table) for table in TABLES]


async def _copy(here: AsyncConnection, there: AsyncConnection, table: Table, progress: Progress) -> None:
    total, done = await _count(here, table), 0
    progress(table.name, done, total)
    async for rows in _pages(here, table):
        await there.execute(insert(table), rows)
        done += len(rows)
        progress(table.name, done, total)


async def _compared(here: AsyncConnection, there: AsyncConnection, table: Table) -> CopiedTable:
    rows, digest = await _digest(here, table)
    if (rows, digest) != await _digest(there, table):
        raise StoreError(f"what arrived in {table.name} differs from what was sent: nothing was kept, try again")
    return CopiedTable(name=table.name, rows=rows, digest=digest)


async def _digest(connection: AsyncConnection, table: Table) -> tuple[int, str]:
    """How many rows there are, and the sum of their hashes: the same whatever their order."""
    count = total = 0
    async for rows in _pages(connection, table):
        count += len(rows)
        for row in rows:
            total += int.from_bytes(blake2b(repr(sorted(row.items())).encode(), digest_size=16).digest())
    return count, f"{total % 2**128:032x}"


async def _pages(connection: AsyncConnection, table: Table) -> AsyncIterator[list[Row]]:
    """All rows, some at a time, by their key."""
    key = tuple(table.primary_key)
    query = select(table).order_by(*key).limit(AT_ONCE)
    after: tuple[object, ...] | None = None
    while True:
        page = query if after is None else query.where(tuple_(*key) > tuple_(*after))
        rows = [dict(row) for row in (await connection.execute(page)).mappings()]
        if rows:
            yield rows
        if len(rows) < AT_ONCE:
            return
        after = tuple(rows[-1][column.name] for column in key)


async def _count(connection: AsyncConnection, table: Table) -> int:
    return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
