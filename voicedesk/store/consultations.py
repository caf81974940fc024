"""The telephone-enquiry ledger (咨询台账): what each caller was told by the IVR, and what was asked of the desk.

Everything is found by the code that the caller took away.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.errors import StoreError
from voicedesk.ivr.model import (
    Consultation,
    DeskRequest,
    Entry,
    Exit,
    KeyPressed,
    NoticeHeard,
    PartHeard,
    RequestKind,
    State,
)
from voicedesk.store.engine import Database, upsert
from voicedesk.store.tables import consultations, desk_requests, notices

_SETTLED = frozenset({"settled_at", "outcome"})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    """Something asked of the desk, and what came of it; `number` counts the requests of one code from 0."""

    code: str
    number: int
    asked: DeskRequest
    settled_at: int | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConsultation:
    """One walk through the IVR. `caller_number` is the caller's in its one form; None: withheld, or forgotten."""

    pbx: str
    uniqueid: str
    line: str | None
    caller_number: str | None
    consultation: Consultation
    requests: tuple[StoredRequest, ...] = ()
    call_id: str | None = None
    sms_outcome: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultationFilter:
    """Which to list; None means any. `from_at` is inside, `to_at` is not."""

    line: str | None = None
    item: str | None = None
    call_id: str | None = None
    caller_numbers: tuple[str, ...] | None = None
    from_at: int | None = None
    to_at: int | None = None


class Consultations:
    """Queries over the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, stored: StoredConsultation) -> bool:
        """Enters a new one; False if its code is taken."""
        code = stored.consultation.code
        async with self._database.write() as connection:
            taken = await connection.execute(select(consultations.c.code).where(consultations.c.code == code))
            if taken.first() is not None:
                return False
            await connection.execute(insert(consultations), _row(stored))
        return True

    async def save(self, stored: StoredConsultation) -> None:
        """Saves what there is of one by now; what came of its requests stays."""
        code = stored.consultation.code
        told = [_notice_row(code, n, one) for n, one in enumerate(stored.consultation.notices)]
        asked = [_request_row(code, n, one) for n, one in enumerate(stored.consultation.requests)]
        async with self._database.write() as connection:
            keep = frozenset({"sms_outcome"}) | (frozenset({"call_id"}) if stored.call_id is None else frozenset())
            await connection.execute(upsert(connection, consultations, keep=keep), _row(stored))
            await connection.execute(delete(notices).where(notices.c.code == code))
            if told:
                await connection.execute(insert(notices), told)
            if asked:
                await connection.execute(upsert(connection, desk_requests, keep=_SETTLED), asked)

    async def get(self, code: str) -> StoredConsultation | None:
        """The one of a code."""
        query = select(consultations).where(consultations.c.code == code)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
            found = await self._whole(connection, rows)
        if rows and not found:
            raise StoreError(f"consultation {code} is damaged in the database: put it back from a backup")
        return found[0] if found else None

    async def open_requests(self) -> list[StoredRequest]:
        """The requests of callers that are not settled, oldest first."""
        query = select(desk_requests).where(desk_requests.c.settled_at.is_(None)).order_by(desk_requests.c.asked_at)
        async with self._database.read() as connection:
            return self._database.unread.whole(desk_requests, await connection.execute(query), _request)

    async def settle(self, code: str, number: int, at: int, outcome: str) -> None:
        """A request is settled, and how."""
        one = (desk_requests.c.code == code) & (desk_requests.c.number == number)
        async with self._database.write() as connection:
            await connection.execute(update(desk_requests).where(one).values(settled_at=at, outcome=outcome))

    async def note_sms(self, code: str, outcome: str) -> None:
        """What became of the text message."""
        async with self._database.write() as connection:
            await connection.execute(
                update(consultations).where(consultations.c.code == code).values(sms_outcome=outcome)
            )

    async def forget_recordings(self, before: int) -> list[str]:
        """Notes that messages older than an instant are gone; their files' names, to be deleted."""
        old = (desk_requests.c.asked_at < before) & desk_requests.c.recording.is_not(None)
        async with self._database.write() as connection:
            names = [*(await connection.execute(select(desk_requests.c.recording).where(old))).scalars()]
            await connection.execute(update(desk_requests).where(old).values(recording=None))
        return names

    async def forget_messages(self, is_theirs: Callable[[str], bool]) -> list[str]:
        """Notes that the messages of a caller are gone; their files' names, to be deleted."""
        async with self._database.write() as connection:
            numbers = (await connection.execute(select(consultations.c.caller_number).distinct())).scalars()
            theirs = [number for number in numbers if number and is_theirs(number)]
            codes = select(consultations.c.code).where(consultations.c.caller_number.in_(theirs))
            found = desk_requests.c.code.in_(codes) & desk_requests.c.recording.is_not(None)
            names = [*(await connection.execute(select(desk_requests.c.recording).where(found))).scalars()]
            await connection.execute(update(desk_requests).where(found).values(recording=None))
        return names

    async def prune(self, before: int) -> int:
        """Deletes what began before an instant and has nothing open; how many consultations went."""
        open_codes = select(desk_requests.c.code).where(desk_requests.c.settled_at.is_(None))
        old = (consultations.c.started_at < before) & consultations.c.code.not_in(open_codes)
        async with self._database.write() as connection:
            codes = [*(await connection.execute(select(consultations.c.code).where(old))).scalars()]
            for some in (codes[at : at + 500] for at in range(0, len(codes), 500)):
                for table in (notices, desk_requests, consultations):
                    await connection.execute(delete(table).where(table.c.code.in_(some)))
        return len(codes)

    async def list(
        self, which: ConsultationFilter, *, limit: int = 100, after: tuple[int, str] | None = None
    ) -> list[StoredConsultation]:
        """Consultations, newest first; `after` is the (start, code) of the last one seen, for the next page."""
        key = tuple_(consultations.c.started_at, consultations.c.code)
        query = _matching(select(consultations), which).order_by(*(column.desc() for column in key.clauses))
        found: list[StoredConsultation] = []
        async with self._database.read() as connection:
            while len(found) < limit:
                wanted = limit - len(found)
                page = query.where(key < after) if after is not None else query
                rows = (await connection.execute(page.limit(wanted))).all()
                found += await self._whole(connection, rows)
                if len(rows) < wanted or (rows[-1].started_at, rows[-1].code) == after:
                    break
                after = (rows[-1].started_at, rows[-1].code)
        return found

    async def _whole(self, connection: AsyncConnection, rows: Sequence[Row[Any]]) -> Sequence[StoredConsultation]:
        """Rows with their notices and requests; a damaged one is left out, of its notices and requests too."""
        codes = [row.code for row in rows]
        told: dict[str, list[NoticeHeard]] = {code: [] for code in codes}
        asked: dict[str, list[StoredRequest]] = {code: [] for code in codes}
        whole = self._database.unread.whole
        query = select(notices).where(notices.c.code.in_(codes)).order_by(notices.c.number)
        for code, notice in whole(notices, await connection.execute(query), lambda row: (row.code, _notice(row))):
            told[code].append(notice)
        query = select(desk_requests).where(desk_requests.c.code.in_(codes)).order_by(desk_requests.c.number)
        for one in whole(desk_requests, await connection.execute(query), _request):
            asked[one.code].append(one)
        return whole(consultations, rows, lambda row: _stored(row, told[row.code], asked[row.code]))

    async def count(self, which: ConsultationFilter) -> int:
        """How many consultations match."""
        async with self._database.read() as connection:
            query = _matching(select(func.count()).select_from(consultations), which)
            return int((await connection.execute(query)).scalar_one())

    async def known(self, column: str) -> set[str]:
        """Every value of a column ("line") that some consultation has."""
        query = select(consultations.c[column]).distinct().where(consultations.c[column].is_not(None))
        async with self._database.read() as connection:
            return set((await connection.execute(query)).scalars())

    async def items(self) -> set[str]:
        """The ids of all items that callers were told of."""
        async with self._database.read() as connection:
            return set((await connection.execute(select(notices.c.item).distinct())).scalars())


async def move_consultations(connection: AsyncConnection, merged: Iterable[tuple[str, str]]) -> None:
    """Moves the consultations of calls that became part of another call: pairs of (gone, kept), in order."""
    for gone, kept in merged:
        await connection.execute(update(consultations).where(consultations.c.call_id == gone).values(call_id=kept))


def _matching(query: Select[Any], which: ConsultationFilter) -> Select[Any]:
    if which.line is not None:
        query = query.where(consultations.c.line == which.line)
    if which.call_id is not None:
        query = query.where(consultations.c.call_id == which.call_id)
    if which.caller_numbers is not None:
        query = query.where(consultations.c.caller_number.in_(which.caller_numbers))
    if which.item is not None:
        query = query.where(consultations.c.code.in_(select(notices.c.code).where(notices.c.item == which.item)))
    if which.from_at is not None:
        query = query.where(consultations.c.started_at >= which.from_at)
    if which.to_at is not None:
        query = query.where(consultations.c.started_at < which.to_at)
    return query


def _row(stored: StoredConsultation) -> dict[str, object]:
    walk = stored.consultation
    keys = json.dumps([[key.at, key.state, key.key] for key in walk.keys], separators=(",", ":"))
    return {
        "code": walk.code,
        "pbx": stored.pbx,
        "uniqueid": stored.uniqueid,
        "call_id": stored.call_id,
        "line": stored.line,
        "caller_number": stored.caller_number,
        "entry": walk.entry,
        "started_at": walk.started_at,
        "ended_at": walk.ended_at,
        "language": walk.language,
        "state": walk.state,
        "exit": walk.exit,
        "sms_to": walk.sms_to,
        "sms_outcome": stored.sms_outcome,
        "keys": zlib.compress(keys.encode()),
    }


def _notice_row(code: str, number: int, notice: NoticeHeard) -> dict[str, object]:
    return {
        "code": code,
        "number": number,
        "item": notice.item_id,
        "name": notice.name,
        "version": notice.version,
        "started_at": notice.started_at,
        "ended_at": notice.ended_at,
        "is_complete": notice.is_complete,
        "slow": notice.slow,
        "parts": json.dumps([asdict(part) for part in notice.parts], ensure_ascii=False, separators=(",", ":")),
    }


def _request_row(code: str, number: int, asked: DeskRequest) -> dict[str, object]:
    return {
        "code": code,
        "number": number,
        "kind": asked.kind,
        "asked_at": asked.at,
        "call_back_number": asked.number,
        "recording": asked.file,
        "seconds": asked.seconds,
        "earlier": asked.earlier,
    }


def _notice(row: Row[Any]) -> NoticeHeard:
    return NoticeHeard(
        item_id=row.item,
        name=row.name,
        version=row.version,
        started_at=row.started_at,
        ended_at=row.ended_at,
        parts=tuple(PartHeard(**part) for part in json.loads(row.parts)),
        slow=row.slow,
    )


def _request(row: Row[Any]) -> StoredRequest:
    asked = DeskRequest(
        kind=RequestKind(row.kind),
        at=row.asked_at,
        number=row.call_back_number,
        file=row.recording,
        seconds=row.seconds,
        earlier=row.earlier,
    )
    return StoredRequest(code=row.code, number=row.number, asked=asked, settled_at=row.settled_at, outcome=row.outcome)


def _stored(row: Row[Any], told: list[NoticeHeard], asked: list[StoredRequest]) -> StoredConsultation:
    keys = json.loads(zlib.decompress(row.keys))
    walk = Consultation(
        code=row.code,
        entry=Entry(row.entry),
        started_at=row.started_at,
        ended_at=row.ended_at,
        language=row.language,
        state=State(row.state),
        exit=Exit(row.exit) if row.exit else None,
        notices=tuple(told),
        requests=tuple(one.asked for one in asked),
        keys=tuple(KeyPressed(at=at, state=State(state), key=key) for at, state, key in keys),
        sms_to=row.sms_to,
    )
    return StoredConsultation(
        pbx=row.pbx,
        uniqueid=row.uniqueid,
        line=row.line,
        caller_number=row.caller_number,
        consultation=walk,
        requests=tuple(asked),
        call_id=row.call_id,
        sms_outcome=row.sms_outcome,
    )
