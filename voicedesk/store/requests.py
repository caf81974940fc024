"""What other processes ask of the running service: rows, each carried out once at most, whose outcome is written back.

queued ──start──► running ──finish──► done | failed | unknown
   │                 │
   └─withdrawn─► failed └─whoever ran it is gone─► unknown

A row that ran is never run again: `unknown` says that nobody knows what came of it, and a person looks.
"""

import asyncio
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    bindparam,
    cast,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    tuple_,
    update,
)

from voicedesk.clock import LAST_INSTANT_US, MICROSECONDS, NowUs
from voicedesk.number_masking import beginning
from voicedesk.step_rows import MAX_ROW_BYTES
from voicedesk.store.awaiting import Awaiting
from voicedesk.store.engine import Database
from voicedesk.store.leases import Leases
from voicedesk.store.tables import leases, requests

LEADER = "service"
"""The lease that the running service holds."""
MAX_OUTCOME = 4000
RUNNER_GONE = "the service ended while it carried this out: what came of it is not known"
WITHDRAWN = "not carried out: withdrawn, the service did not begin with it in time"
UNREADABLE = "what is asked cannot be read: it is no text in UTF-8"


class RequestState(StrEnum):
    """How far a request is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it, but for what a service that was taken for gone may still tell."""
        return self not in (RequestState.QUEUED, RequestState.RUNNING)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request."""

    request_id: str
    state: RequestState
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Something asked of the service. `payload` is JSON as it stands in the row; `outcome` says what came of it."""

    id: str
    kind: str
    payload: str
    asked_by: str
    state: RequestState
    outcome: str | None = None
    asked_at: int = 0


class Requests(Leases):
    """The rows by which processes talk to the service, and the lease by which one instance leads.

    Rows are asked and withdrawn through `asking`, where `database` was opened to read only.
    """

    def __init__(self, database: Database, now: NowUs, asking: Database | None = None) -> None:
        super().__init__(database, now)
        self._asking = asking or database
        self._awaiting = Awaiting(self._over)

    async def ask(self, kind: str, payload: dict[str, Any], asked_by: str) -> str:
        """Queues a request; returns its id."""
        request_id = secrets.token_hex(8)
        row = {
            "id": request_id,
            "kind": kind,
            "payload": json.dumps(payload, ensure_ascii=False),
            "asked_by": asked_by,
            "asked_at": self._now(),
            "state": RequestState.QUEUED.value,
        }
        async with self._asking.write() as connection:
            await connection.execute(insert(requests), row)
        return request_id

    async def wait_for(self, request_id: str, timeout_seconds: float) -> Request | None:
        """The request once it is over; None if that takes too long."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._awaiting.end_of(request_id)
                return await self.get(request_id)
        except TimeoutError:
            return None

    async def _over(self, ids: Collection[str]) -> set[str]:
        """Which of these are over."""
        states = [one.value for one in RequestState if one.is_over]
        query = select(requests.c.id).where(requests.c.id.in_(ids) & requests.c.state.in_(states))
        async with self._database.read() as connection:
            return set((await connection.execute(query)).scalars())

    async def get(self, request_id: str) -> Request | None:
        """The request of an id."""
        found, _ = await self._read(requests.c.id == request_id, 1)
        return found[0] if found else None

    async def withdraw(self, request_id: str) -> bool:
        """Takes back a request that was not begun; False if it was begun already."""
        values = {"state": RequestState.FAILED.value, "outcome": WITHDRAWN, "finished_at": self._now()}
        waiting = (requests.c.id == request_id) & (requests.c.state == RequestState.QUEUED.value)
        async with self._asking.write() as connection:
            return (await connection.execute(update(requests).where(waiting).values(values))).rowcount == 1

    # --- the service's side

    async def queued(self, limit: int) -> list[Request]:
        """What waits, the oldest first. A row that is no text is written back as failed, and left out."""
        waiting = requests.c.state == RequestState.QUEUED.value
        found, unreadable = await self._read(waiting, limit)
        if unreadable:
            values = {"state": RequestState.FAILED.value, "outcome": UNREADABLE, "finished_at": self._now()}
            async with self._database.write() as connection:
                these = waiting & _raw(connection.dialect.name, requests.c.id).in_(unreadable)
                await connection.execute(update(requests).where(these).values(values))
        return found

    async def start(self, ids: Collection[str], owner: str, lease_seconds: float) -> set[str]:
        """Has those that still wait run under `owner`, who must lead; which these are."""
        leads = exists().where(leases.c.owner == owner)
        waiting = requests.c.id.in_(ids) & (requests.c.state == RequestState.QUEUED.value) & leads
        async with self._database.write() as connection:
            taken = set((await connection.execute(select(requests.c.id).where(waiting))).scalars())
            if taken:
                values = {"state": RequestState.RUNNING.value, **self._lease(owner, lease_seconds)}
                await connection.execute(update(requests).where(requests.c.id.in_(taken)).values(values))
        return taken

    async def renew(self, ids: Collection[str], owner: str, lease_seconds: float) -> None:
        """Says that these are still being carried out."""
        running = requests.c.id.in_(ids) & _runs_under(owner)
        async with self._database.write() as connection:
            await connection.execute(update(requests).where(running).values(self._lease(owner, lease_seconds)))

    async def finish(self, request_id: str, state: RequestState, outcome: str, *, owner: str) -> None:
        """Writes back what came of a request that ran under `owner`; nothing where that is written already."""
        await self.finish_all([Answer(request_id, state, outcome)], owner=owner)

    async def finish_all(self, answers: Sequence[Answer], *, owner: str) -> None:
        """As `finish`, for several at once: all of them are written, or none."""
        theirs = (requests.c.id == bindparam("answered")) & (requests.c.lease_owner == owner)
        open_still = requests.c.state.in_((RequestState.RUNNING.value, RequestState.UNKNOWN.value))
        values = {"state": bindparam("end"), "outcome": bindparam("told"), "finished_at": self._now()}
        rows = [{"answered": one.request_id, "end": one.state.value, "told": _as_kept(one.outcome)} for one in answers]
        async with self._database.write() as connection:
            await connection.execute(update(requests).where(theirs & open_still).values(values), rows)

    async def give_up(self, owner: str, *, running: Collection[str] = ()) -> list[Request]:
        """What should run and does not: `owner`, who leads, only carries out `running`, and others are gone.

        Nobody knows what came of it; it is given as it was.
        """
        theirs = or_(requests.c.lease_owner.is_(None), requests.c.lease_owner != owner, requests.c.id.not_in(running))
        others = (requests.c.state == RequestState.RUNNING.value) & theirs
        found, unreadable = await self._read(others, -1)
        if found or unreadable:
            values = {"state": RequestState.UNKNOWN.value, "outcome": RUNNER_GONE, "finished_at": self._now()}
            async with self._database.write() as connection:
                await connection.execute(update(requests).where(others).values(values))
        return found

    async def unknown(self, since: int, limit: int) -> list[Request]:
        """The requests since an instant whose outcome is not known, and those that seem to run although their runner is
        silent."""
        silent = (requests.c.state == RequestState.RUNNING.value) & (requests.c.lease_until < self._now())
        ended = (requests.c.state == RequestState.UNKNOWN.value) & (requests.c.finished_at >= since)
        return (await self._read(or_(silent, ended), limit))[0]

    async def newest(self, *, limit: int = 100, after: tuple[int, str] | None = None) -> list[Request]:
        """What was asked, the newest first; `after` is the (asked, id) of the last one seen, for the next page.

        A text that is none is shown as far as it goes. An instant that is none comes first, as the database sorts it.
        """
        query_after = tuple_(requests.c.asked_at, requests.c.id) < after if after is not None else true()
        async with self._database.read() as connection:
            query = _rows(connection.dialect.name).where(query_after).order_by(None)
            query = query.order_by(requests.c.asked_at.desc(), requests.c.id.desc()).limit(limit)
            return [_request(row, errors="replace") for row in await connection.execute(query)]

    async def count(self) -> int:
        """How many requests there are."""
        async with self._database.read() as connection:
            return int((await connection.execute(select(func.count()).select_from(requests))).scalar_one())

    def _lease(self, owner: str, lease_seconds: float) -> dict[str, Any]:
        return {"lease_owner": owner, "lease_until": self._now() + round(lease_seconds * MICROSECONDS)}

    async def _read(self, which: ColumnElement[bool], limit: int) -> tuple[list[Request], list[bytes]]:
        """Requests, the oldest first, and the ids of those that are no text (another program may write anything)."""
        async with self._database.read() as connection:
            query = _rows(connection.dialect.name).where(which)
            rows: Sequence[Any] = (await connection.execute(query.limit(limit) if limit >= 0 else query)).all()
        found, unreadable = [], []
        for row in rows:
            try:
                found.append(_request(row))
            except ValueError:
                unreadable.append(row.id)
        return found, unreadable


def _request(row: Any, errors: str = "strict") -> Request:
    """Raises ValueError if one of its texts is not a text; not so with `errors` "replace"."""
    read = partial(_text, errors=errors)
    state = read(row.state)
    return Request(
        id=read(row.id),
        kind=read(row.kind),
        payload=read(row.payload),
        asked_by=read(row.asked_by),
        state=RequestState(state) if errors == "strict" or state in set(RequestState) else RequestState.UNKNOWN,
        outcome=None if row.outcome is None else read(row.outcome),
        asked_at=row.asked_at if isinstance(row.asked_at, int) else LAST_INSTANT_US,
    )


def _as_kept(outcome: str) -> str:
    """A text that every database takes."""
    return beginning(outcome.replace("\0", "").encode("utf-8", "replace").decode(), MAX_OUTCOME)


def _text(value: bytes | None, errors: str = "strict") -> str:
    """Raises ValueError; what was cut for its length may end within a letter. SQLite gives an empty one as NULL."""
    whole = value or b""
    return whole.decode(errors="replace" if len(whole) > MAX_ROW_BYTES else errors)


def _runs_under(owner: str) -> ColumnElement[bool]:
    return (requests.c.state == RequestState.RUNNING.value) & (requests.c.lease_owner == owner)


@cache
def _rows(dialect: str) -> Select[Any]:
    """Every request, the oldest first; made once, since it costs more than the look at the few rows that wait."""
    names = ("id", "kind", "payload", "asked_by", "state", "outcome")
    columns = [_raw(dialect, getattr(requests.c, name)).label(name) for name in names]
    return select().add_columns(*columns, requests.c.asked_at).order_by(requests.c.asked_at, requests.c.id)


def _raw(dialect: str, column: ColumnElement[str]) -> ColumnElement[bytes]:
    """A text's bytes, no more than one can be long: SQLite keeps as text what is none, and it would fail every read."""
    if dialect == "postgresql":
        return func.substr(func.convert_to(column, "UTF8"), 1, MAX_ROW_BYTES + 1, type_=LargeBinary)
    return func.substr(cast(column, LargeBinary), 1, MAX_ROW_BYTES + 1, type_=LargeBinary)
