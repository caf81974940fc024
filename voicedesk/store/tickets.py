"""Tickets in the database, the calls placed for them, and finished calls that wait for the desk to look at them.

What a call changes and that it was looked at are written together, so that a crash neither loses nor doubles anything;
the database itself lets no number have two open callbacks in one line group, and no call be in two tickets.
"""

import json
import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.calls.model import JudgedCall
from voicedesk.errors import InputError, StoreError, StoreUnavailable
from voicedesk.phone_traces import PhoneTraces
from voicedesk.store.beginnings import rows_beginning, rows_of_id
from voicedesk.store.calls import spellings
from voicedesk.store.engine import Database, upsert
from voicedesk.store.packing import readable
from voicedesk.store.tables import attempts, desk_inbox, ticket_sources, tickets
from voicedesk.tickets.model import Entry, Kind, Move, Outcome, State, Ticket

AT_ONCE = 500
FORGOTTEN = "data deleted on request"
_TICKET = TypeAdapter(Ticket)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTicket:
    """A ticket and how often it was saved; 0: never."""

    ticket: Ticket
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call that the hall placed for a ticket; `id` is its channel's, `extension` the staff phone's.

    `result` None: nothing is known yet of what became of it.
    """

    id: str
    ticket_id: str
    pbx: str
    number: str | None
    extension: str
    placed_by: str
    placed_at: int
    result: str | None = None
    cause: str | None = None
    call_id: str | None = None
    ended_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """Which tickets to list; None means any. `is_closed` None: both. `opened_from` is inside, `opened_to` is not."""

    kind: Kind | None = None
    group: str | None = None
    owner: str | None = None
    state: State | None = None
    is_closed: bool | None = None
    numbers: tuple[str, ...] | None = None
    number_ends: str | None = None
    opened_from: int | None = None
    opened_to: int | None = None
    closed_from: int | None = None
    complaints_of: str | None = None
    """Of complaints only those that this person owns; other tickets all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All that is written together. `sources` are pairs (call or request, ticket); the calls of `looked_at` leave the
    inbox."""

    tickets: Sequence[StoredTicket] = ()
    sources: Sequence[tuple[str, str]] = ()
    attempts: Sequence[Attempt] = ()
    looked_at: Sequence[str] = ()


class Tickets:
    """Queries over tickets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(
        self, ticket_id: str, *, complaints_of: str | None = None, is_whole: bool = False
    ) -> StoredTicket | None:
        """The ticket of an id, or (unless it `is_whole`) of the only id that begins so.

        `complaints_of` as in a filter.
        """
        query = _matching(select(tickets), TicketFilter(complaints_of=complaints_of))
        async with self._database.read() as connection:
            rows = await rows_of_id(connection, query, tickets.c.id, ticket_id, is_whole=is_whole)
        if len(rows) > 1:
            raise InputError(f"more than one ticket begins with {ticket_id!r}: give more of its id")
        return _stored(rows[0]) if rows else None

    async def beginning(self, typed: str, *, limit: int, complaints_of: str | None = None) -> "list[Ticket]":
        """Tickets whose id is or begins with what somebody typed; `complaints_of` as in a filter."""
        query = _matching(select(tickets), TicketFilter(complaints_of=complaints_of))
        async with self._database.read() as connection:
            rows = await rows_beginning(connection, query, tickets.c.id, typed, limit)
            return [one.ticket for one in self._database.unread.whole(tickets, rows, _stored)]

    async def reach(self, most: int) -> int | None:
        """When the last of the newest `most` tickets was opened; None where there are fewer."""
        newest = select(tickets.c.opened_at).order_by(tickets.c.opened_at.desc(), tickets.c.id.desc())
        async with self._database.read() as connection:
            found: int | None = (await connection.execute(newest.limit(1).offset(most - 1))).scalar()
        return found

    async def spellings(self, digits: str, area_code: str = "") -> tuple[str, ...]:
        """How a citizen's number (national digits, without prefixes) is spelled in the tickets."""
        async with self._database.read() as connection:
            return await spellings(connection, digits, area_code, tickets.c.number)

    async def live(self) -> list[StoredTicket]:
        """Every ticket without an end."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(tickets).where(tickets.c.closed_at.is_(None)))
            return self._database.unread.whole(tickets, rows, _stored)

    async def each(self, which: TicketFilter) -> AsyncIterator[Ticket]:
        """Every matching ticket, a page at a time."""
        after: tuple[int, str] | None = None
        while True:
            found = await self.list(which, limit=AT_ONCE, after=after)
            for ticket in found:
                yield ticket
            if len(found) < AT_ONCE:
                return
            after = (found[-1].due_at, found[-1].id)

    async def change(self, what: Change) -> list[StoredTicket]:
        """Writes all of it or nothing; the tickets as they are stored now.

        Raises StoreUnavailable where a ticket was changed by somebody else since it was read: read it again.
        """
        async with self._database.write() as connection:
            saved = [await _save(connection, one) for one in what.tickets]
            for table, rows in (
                (ticket_sources, [{"source": source, "ticket_id": of} for source, of in what.sources]),
                (attempts, [{name: getattr(one, name) for name in Attempt.__slots__} for one in what.attempts]),
            ):
                if rows:
                    await connection.execute(upsert(connection, table), rows)
            for some in (what.looked_at[at : at + AT_ONCE] for at in range(0, len(what.looked_at), AT_ONCE)):
                await connection.execute(delete(desk_inbox).where(desk_inbox.c.call_id.in_(some)))
        return saved

    async def inbox(self, limit: int) -> list[str]:
        """The ids of finished calls that nobody has looked at, oldest first."""
        query = select(desk_inbox.c.call_id).order_by(desk_inbox.c.ended_at, desk_inbox.c.call_id).limit(limit)
        async with self._database.read() as connection:
            return [*(await connection.execute(query)).scalars()]

    async def ticket_of(self, source: str) -> str | None:
        """The ticket that a call or a request is in."""
        query = select(ticket_sources.c.ticket_id).where(ticket_sources.c.source == source)
        async with self._database.read() as connection:
            found: str | None = (await connection.execute(query)).scalar()
        return found

    async def attempt(self, attempt_id: str) -> Attempt | None:
        """One call that was placed."""
        found = await self._attempts(select(attempts).where(attempts.c.id == attempt_id))
        return found[0] if found else None

    async def attempts(self, ticket_id: str) -> list[Attempt]:
        """The calls placed for a ticket, in their order."""
        return await self._attempts(
            select(attempts).where(attempts.c.ticket_id == ticket_id).order_by(attempts.c.placed_at, attempts.c.id)
        )

    async def attempts_since(self, at: int) -> list[Attempt]:
        """All calls placed from an instant on, in their order."""
        query = select(attempts).where(attempts.c.placed_at >= at).order_by(attempts.c.placed_at, attempts.c.id)
        return await self._attempts(query)

    async def open_attempts(self) -> list[Attempt]:
        """The calls of which nothing is known yet."""
        return await self._attempts(select(attempts).where(attempts.c.result.is_(None)))

    async def _attempts(self, query: Select[Any]) -> list[Attempt]:
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return self._database.unread.whole(attempts, rows, lambda row: Attempt(**row._mapping))

    async def list(
        self, which: TicketFilter, *, limit: int = 100, after: tuple[int, str] | None = None
    ) -> list[Ticket]:
        """Tickets, what is due first in front; `after` is the (due, id) of the last one seen, for the next page."""
        query = _matching(select(tickets), which).order_by(tickets.c.due_at, tickets.c.id)

        async def rows_after(count: int, last: tuple[int, str] | None) -> Sequence[Row[Any]]:
            key = tuple_(tickets.c.due_at, tickets.c.id)
            page = query.where(key > last) if last is not None else query
            async with self._database.read() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(page.limit(count))).all()
                return rows

        found = await self._database.unread.page(tickets, rows_after, _stored, key=_place, limit=limit, after=after)
        return [one.ticket for one in found]

    async def tally(self, which: TicketFilter, column: str) -> dict[str | None, int]:
        """How many of the tickets that match have each value of a column ("state", "kind", "line_group", "owner")."""
        value = tickets.c[column]
        query = _matching(select(value, func.count()).select_from(tickets), which).group_by(value)
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def known(self, column: str) -> set[str]:
        """Every value of a column ("line_group", "owner") that some ticket has."""
        query = select(tickets.c[column]).distinct().where(tickets.c[column].is_not(None))
        async with self._database.read() as connection:
            return set((await connection.execute(query)).scalars())

    async def count(self, which: TicketFilter) -> int:
        """How many tickets match."""
        async with self._database.read() as connection:
            query = _matching(select(func.count()).select_from(tickets), which)
            return int((await connection.execute(query)).scalar_one())


async def tell_desk(connection: AsyncConnection, judged: Iterable[JudgedCall]) -> None:
    """Has the desk look at the calls that are over."""
    ended = ((one.facts.id, one.facts.ended_at) for one in judged)
    over = [{"call_id": call_id, "ended_at": at} for call_id, at in ended if at is not None]
    if over:
        await connection.execute(upsert(connection, desk_inbox), over)


async def prune_tickets(connection: AsyncConnection, before: int) -> int:
    """Deletes tickets that were closed before an instant, with their attempts; how many."""
    ids = [*(await connection.execute(select(tickets.c.id).where(tickets.c.closed_at < before))).scalars()]
    for some in (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE)):
        await connection.execute(delete(attempts).where(attempts.c.ticket_id.in_(some)))
        await connection.execute(delete(ticket_sources).where(ticket_sources.c.ticket_id.in_(some)))
        await connection.execute(delete(tickets).where(tickets.c.id.in_(some)))
    return len(ids)


async def forget_in_tickets(connection: AsyncConnection, traces: PhoneTraces, at: int) -> int:
    """Removes a citizen's number, name and matter; a ticket still open is closed with that reason. How many."""
    known = (await connection.execute(select(tickets.c.number).distinct())).scalars()
    theirs = [number for number in known if traces.is_it(number)]
    rows = (await connection.execute(select(tickets).where(tickets.c.number.in_(theirs)))).all()
    for row in rows:
        try:
            stored = _stored(row)
        except StoreError:  # nothing of it can be kept but its figures
            ended = {"state": State.CLOSED.value, "closed_at": row.closed_at or at, "number": None, "open_key": None}
            here = tickets.c.id == row.id
            await connection.execute(update(tickets).where(here).values(packed=b"", **ended))
            continue
        await _save(connection, replace(stored, ticket=_nameless(stored.ticket, at)))
    return len(rows)


def _nameless(ticket: Ticket, at: int) -> Ticket:
    history = tuple(replace(entry, note="") for entry in ticket.history)
    bare = replace(ticket, number=None, citizen="", unit="", matter="", recording=None, codes=(), history=history)
    if ticket.is_closed:
        return bare
    end = Entry(at=at, move=Move.CLOSE, note=FORGOTTEN)
    return replace(
        bare,
        state=State.CLOSED,
        outcome=Outcome.GIVEN_UP,
        closed_at=at,
        lease_until=None,
        history=(*history, end),
    )


async def _save(connection: AsyncConnection, stored: StoredTicket) -> StoredTicket:
    row = _row(stored)
    if stored.version == 0:
        await connection.execute(insert(tickets), row)
    else:
        mine = (tickets.c.id == stored.ticket.id) & (tickets.c.version == stored.version)
        if (await connection.execute(update(tickets).where(mine).values(row))).rowcount != 1:
            raise StoreUnavailable(f"ticket {stored.ticket.id} was changed by somebody else: look at it again")
    return replace(stored, version=row["version"])


def _matching(query: Select[Any], which: TicketFilter) -> Select[Any]:
    for column, value in (
        ("kind", which.kind),
        ("line_group", which.group),
        ("owner", which.owner),
        ("state", which.state),
    ):
        if value is not None:
            query = query.where(tickets.c[column] == value)
    if which.is_closed is not None:
        closed = tickets.c.closed_at.is_not(None)
        query = query.where(closed if which.is_closed else ~closed)
    if which.complaints_of is not None:
        query = query.where((tickets.c.kind != Kind.COMPLAINT.value) | (tickets.c.owner == which.complaints_of))
    if which.numbers is not None:
        query = query.where(tickets.c.number.in_(which.numbers))
    if which.number_ends is not None:
        query = query.where(tickets.c.number.endswith(which.number_ends, autoescape=True))
    if which.opened_from is not None:
        query = query.where(tickets.c.opened_at >= which.opened_from)
    if which.closed_from is not None:
        query = query.where(tickets.c.closed_at >= which.closed_from)
    if which.opened_to is not None:
        query = query.where(tickets.c.opened_at < which.opened_to)
    return query


def _row(stored: StoredTicket) -> dict[str, Any]:
    ticket = stored.ticket
    is_only = ticket.kind is Kind.CALLBACK and ticket.number is not None and not ticket.is_closed
    return {
        "id": ticket.id,
        "kind": ticket.kind.value,
        "line_group": ticket.group,
        "number": ticket.number,
        "state": ticket.state.value,
        "owner": ticket.owner,
        "opened_at": ticket.opened_at,
        "due_at": ticket.due_at,
        "closed_at": ticket.closed_at,
        "outcome": ticket.outcome.value if ticket.outcome else None,
        "open_key": json.dumps([ticket.number, ticket.group], ensure_ascii=False) if is_only else None,
        "version": stored.version + 1,
        "packed": zlib.compress(_TICKET.dump_json(ticket)),
    }


def _place(row: Row[Any]) -> tuple[int, str]:
    return row.due_at, row.id


def _stored(row: Row[Any]) -> StoredTicket:
    with readable(f"ticket {row.id}"):
        ticket = _TICKET.validate_json(zlib.decompress(row.packed))
    return StoredTicket(ticket=ticket, version=row.version)
