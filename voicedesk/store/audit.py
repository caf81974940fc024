"""The audit log as it is stored: entries are added, read and checked; nothing changes or deletes one."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.access.audit import BEGINNING, AuditEntry, Broken, Deed, Flaw, Happened, entry_behind, first_broken
from voicedesk.access.roles import Thing
from voicedesk.store.access_tables import audit
from voicedesk.store.engine import Database
from voicedesk.store.unread import must_fit

_AT_ONCE = 1000
_NO_NUMBER = 2**62
"""SQLite keeps a text in a column of numbers too, and takes it for more than any of them."""
_Part = tuple[list[AuditEntry], int | None]
"""Some entries, and the number of the damaged one behind them (0: it has none); None where none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found: how many entries are right, the last of them, and the first that is not (None: all are)."""

    entries: int
    last: AuditEntry | None
    broken: Broken | None


class AuditLog:
    """Reads the audit log, and adds to it through `asking` where the database was opened to read only."""

    def __init__(self, database: Database, asking: Database | None = None) -> None:
        self._database, self._writing = database, asking or database

    async def add(self, *happened: Happened) -> None:
        """Adds entries behind the last one."""
        async with self._writing.write() as connection:
            await append_to_audit(connection, happened)

    async def list(self, *, limit: int, before: int | None = None) -> list[AuditEntry]:
        """Entries, the newest first; with `before` those of smaller numbers. A damaged one is left out and noted."""
        query = select(audit).order_by(audit.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.number < before)
        async with self._database.read() as connection:
            return self._database.unread.whole(audit, await connection.execute(query), _entry)

    async def check(self, *, known: tuple[int, str] | None = None) -> Checked:
        """Follows the chain from its first entry. `known`: a number, and the hash that its entry had then."""
        right, last, missing = 0, None, None if known is None else known[0]
        async for found, damaged in self._parts():
            broken = first_broken(found, last)
            for entry in found:
                if broken is not None and entry.number >= broken.number:
                    break
                if known is not None and entry.number == known[0]:
                    if entry.hash != known[1]:
                        return Checked(entries=right, last=last, broken=Broken(entry.number, Flaw.REPLACED))
                    missing = None
                right, last = right + 1, entry
            if broken is None and damaged is not None:
                broken = Broken(damaged, Flaw.CHANGED)
            if broken is not None:
                return Checked(entries=right, last=last, broken=broken)
        gone = None if missing is None else Broken(missing, Flaw.MISSING)
        return Checked(entries=right, last=last, broken=gone)

    async def _parts(self) -> AsyncIterator[_Part]:
        """All entries, some at a time, up to the first that is damaged."""
        after: Any = None
        while True:
            query = select(audit).order_by(audit.c.number).limit(_AT_ONCE)
            async with self._database.read() as connection:
                page = query if after is None else query.where(audit.c.number > after)
                rows: Sequence[Any] = (await connection.execute(page)).all()
            found: list[AuditEntry] = []
            for row in rows:
                try:
                    must_fit(audit, row)
                    found.append(_entry(row))
                except (ValueError, TypeError):  # a value that no entry has
                    yield found, row.number if isinstance(row.number, int) else 0
                    return
            yield found, None
            if len(rows) < _AT_ONCE:
                return
            after = rows[-1].number


async def append_to_audit(connection: AsyncConnection, happened: Sequence[Happened]) -> None:
    """Adds entries within a transaction that writes: those follow each other, and so does the chain."""
    if not happened:
        return
    last = select(audit.c.number, audit.c.hash).where(audit.c.number < _NO_NUMBER)
    row = (await connection.execute(last.order_by(audit.c.number.desc()).limit(1))).first()
    number, before = (0, BEGINNING) if row is None else (row.number, str(row.hash))
    made = []
    for one in happened:
        entry = entry_behind(number, before, one)
        number, before = entry.number, entry.hash
        made.append(asdict(entry))
    await connection.execute(insert(audit), made)


def _entry(row: Any) -> AuditEntry:
    """Raises ValueError for a deed or thing that no version knows."""
    values = row._mapping
    known = {"deed": Deed(values["deed"]), "thing": Thing(values["thing"])}
    return AuditEntry(**{**{name: values[name] for name in AuditEntry.__slots__}, **known})
