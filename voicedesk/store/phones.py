"""Breaks, findings and the present states of the staff's phones, as they are stored.

What one look found is written whole. `told` counts what people were told of a finding: 0 nothing, 1 that it began, 2
that it is over; it is written after they were told, so that a crash in between tells them again under the same id.
No number is in any of it: there is nothing to forget.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import Row, Select, delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.calls.model import PhoneState
from voicedesk.phones.model import Break, BreakSource, FindingKind, PhoneFinding, PhoneStanding
from voicedesk.store.engine import Database, upsert
from voicedesk.store.tables import phone_breaks, phone_findings, phone_states

NOTHING, BEGUN, OVER = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFinding:
    """A finding, and what people were told of it."""

    finding: PhoneFinding
    told: int = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPhone:
    """How a phone stands, and what its ringings told of it: refusals by uniqueid, and its last sign of life."""

    standing: PhoneStanding
    member: str | None = None
    refusals: Mapping[str, int] = field(default_factory=dict)
    alive_at: int = 0


class Phones:
    """Queries over breaks, findings and states."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(
        self,
        *,
        breaks: Sequence[Break] = (),
        findings: Sequence[StoredFinding] = (),
        phones: Sequence[StoredPhone] = (),
    ) -> None:
        """Writes all of it or nothing. Rows that exist with the same id are replaced."""
        async with self._database.write() as connection:
            for table, rows in (
                (phone_breaks, [_break_row(one) for one in breaks]),
                (phone_findings, [_finding_row(one) for one in findings]),
                (phone_states, [_phone_row(one) for one in phones]),
            ):
                if rows:
                    await connection.execute(upsert(connection, table), rows)

    async def open_breaks(self) -> list[Break]:
        """The breaks without an end, oldest first."""
        query = select(phone_breaks).where(phone_breaks.c.to_at.is_(None))
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(phone_breaks.c.from_at, phone_breaks.c.id))
            return self._database.unread.whole(phone_breaks, rows, _break)

    async def breaks(
        self,
        *,
        since: int | None = None,
        until: int | None = None,
        limit: int = 100,
        after: tuple[int, str] | None = None,
    ) -> list[Break]:
        """Breaks that began in a period, the newest first; `after` is the (begin, id) of the last."""
        query = _begun(select(phone_breaks), since, until)
        query = query.order_by(phone_breaks.c.from_at.desc(), phone_breaks.c.id.desc())

        async def rows_after(count: int, last: tuple[int, str] | None) -> Sequence[Row[Any]]:
            key = tuple_(phone_breaks.c.from_at, phone_breaks.c.id)
            page = query.where(key < last) if last is not None else query
            async with self._database.read() as connection:
                found: Sequence[Row[Any]] = (await connection.execute(page.limit(count))).all()
                return found

        unread = self._database.unread
        return await unread.page(phone_breaks, rows_after, _break, key=_place, limit=limit, after=after)

    async def count_breaks(self, *, since: int | None = None, until: int | None = None) -> int:
        """How many breaks began in a period."""
        async with self._database.read() as connection:
            query = _begun(select(func.count()).select_from(phone_breaks), since, until)
            return int((await connection.execute(query)).scalar_one())

    async def open_findings(self) -> list[StoredFinding]:
        """The findings without an end, and those of whose end people were not told yet."""
        due = or_(phone_findings.c.to_at.is_(None), phone_findings.c.told < OVER)
        query = select(phone_findings).where(due).order_by(phone_findings.c.from_at, phone_findings.c.id)
        async with self._database.read() as connection:
            return self._database.unread.whole(phone_findings, await connection.execute(query), _finding)

    async def findings_now(self) -> list[PhoneFinding]:
        """The findings without an end: few, and found by their index."""
        query = select(phone_findings).where(phone_findings.c.to_at.is_(None))
        query = query.order_by(phone_findings.c.from_at, phone_findings.c.id)
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [one.finding for one in self._database.unread.whole(phone_findings, rows, _finding)]

    async def findings(self, *, since: int | None = None, limit: int = 100) -> list[PhoneFinding]:
        """Findings that began from an instant on, the newest first."""
        query = select(phone_findings).order_by(phone_findings.c.from_at.desc(), phone_findings.c.id).limit(limit)
        if since is not None:
            query = query.where(phone_findings.c.from_at >= since)
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [one.finding for one in self._database.unread.whole(phone_findings, rows, _finding)]

    async def phones(self) -> list[StoredPhone]:
        """How every phone stands, as it was last written down."""
        query = select(phone_states).order_by(phone_states.c.pbx, phone_states.c.endpoint)
        async with self._database.read() as connection:
            return self._database.unread.whole(phone_states, await connection.execute(query), _phone)

    async def forget_phones(self, gone: Iterable[tuple[str, str]]) -> None:
        """Removes the states of phones that the settings do not name any more."""
        async with self._database.write() as connection:
            for pbx, endpoint in gone:
                here = (phone_states.c.pbx == pbx) & (phone_states.c.endpoint == endpoint)
                await connection.execute(delete(phone_states).where(here))


async def prune_phones(connection: AsyncConnection, before: int) -> None:
    """Deletes breaks and findings that ended before an instant."""
    for table in (phone_breaks, phone_findings):
        await connection.execute(delete(table).where(table.c.to_at < before))


def _place(row: Row[Any]) -> tuple[int, str]:
    return row.from_at, row.id


def _begun(query: Select[Any], since: int | None, until: int | None) -> Select[Any]:
    if since is not None:
        query = query.where(phone_breaks.c.from_at >= since)
    return query if until is None else query.where(phone_breaks.c.from_at < until)


def _break_row(one: Break) -> dict[str, Any]:
    names = ("id", "pbx", "endpoint", "from_at", "to_at", "reason", "agent", "end_seen")
    return {**{name: getattr(one, name) for name in names}, "source": one.source.value, "asked_by": one.by}


def _break(row: Row[Any]) -> Break:
    names = ("pbx", "endpoint", "from_at", "to_at", "reason", "agent", "end_seen")
    values = {name: getattr(row, name) for name in names}
    return Break(**values, source=BreakSource(row.source), by=row.asked_by)


_FINDING = tuple(one.name for one in fields(PhoneFinding) if one.name != "kind")


def _finding_row(stored: StoredFinding) -> dict[str, Any]:
    one = stored.finding
    own = {name: getattr(one, name) for name in _FINDING}
    return {"id": one.id, "kind": one.kind.value, "told": stored.told, **own}


def _finding(row: Row[Any]) -> StoredFinding:
    own = {name: getattr(row, name) for name in _FINDING}
    return StoredFinding(finding=PhoneFinding(kind=FindingKind(row.kind), **own), told=row.told)


def _phone_row(stored: StoredPhone) -> dict[str, Any]:
    one = stored.standing
    own = {name: getattr(one, name) for name in PhoneStanding.__slots__ if name != "state"}
    signs = json.dumps({"refusals": dict(stored.refusals), "alive_at": stored.alive_at})
    return {**own, "state": one.state.value, "member": stored.member, "signs": signs}


def _phone(row: Row[Any]) -> StoredPhone:
    own = {name: getattr(row, name) for name in PhoneStanding.__slots__ if name != "state"}
    signs = json.loads(row.signs)
    return StoredPhone(
        standing=PhoneStanding(state=PhoneState(row.state), **own),
        member=row.member,
        refusals=signs["refusals"],
        alive_at=signs["alive_at"],
    )
