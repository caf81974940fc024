"""Calls in the database: saved as facts, read back with the judgement that the row's version of the rule makes."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, delete, exists, func, insert, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.calls.model import Cause, JudgedCall, Reason, Verdict
from voicedesk.calls.three_rings import RULES
from voicedesk.clock import is_instant
from voicedesk.errors import InputError, ValueRefused
from voicedesk.phone_numbers import national_digits
from voicedesk.store.beginnings import rows_beginning, rows_of_id
from voicedesk.store.call_filter import CallFilter, in_span, matching, path_for, path_to_count, rang
from voicedesk.store.columns import grouped
from voicedesk.store.decisions import HUMAN, Kind, Move, Step, Subject, append
from voicedesk.store.engine import Database, upsert
from voicedesk.store.packing import pack_facts, readable, unpack_facts
from voicedesk.store.tables import calls, legs
from voicedesk.store.values import values_of

AT_ONCE = 50
_VERDICTS = frozenset(one.value for one in Verdict)
_COUNT: ColumnElement[Any] = func.count()
_NAMED = {"line": calls.c.line, "agent": legs.c.agent, "endpoint": legs.c.endpoint}
"""Where names that people filter by stand, each with an index."""


class CallOrder(StrEnum):
    """How a list of calls is sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanDecision:
    """What a person decided of a call, beside the automatic verdict."""

    verdict: Verdict
    by: str
    reason: str
    at: int
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """A call as it stands in the database; `verdict` is the one its row says, for queries.

    `human` is what a person decided and holds; `appeal_open`: somebody appealed against it, or against a leg of it.
    """

    call: JudgedCall
    verdict: str
    human: HumanDecision | None = None
    appeal_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMark:
    """What a drawing of many calls needs of one. `verdict` is the one that holds: a person's, else the automatic one.

    `is_told` False: the call goes on, and nothing is judged yet.
    """

    at: int
    verdict: str
    by_person: bool
    is_told: bool


class Calls:
    """Queries over calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, call_id: str, *, concerns: str | None = None, is_whole: bool = False) -> StoredCall | None:
        """The call of an id, or (unless the id `is_whole`) of the only id that begins with it; `concerns`: among this
        person's calls."""
        query = select(calls)
        if concerns is not None:
            query = query.where(rang(concerns))
        async with self._database.read() as connection:
            rows = await rows_of_id(connection, query, calls.c.id, call_id, is_whole=is_whole)
        if len(rows) > 1:
            raise InputError(f"more than one call begins with {call_id!r}: give more of its id")
        return _stored(rows[0]) if rows else None

    async def beginning(self, typed: str, *, limit: int, concerns: str | None = None) -> "list[StoredCall]":
        """Calls whose id is or begins with what somebody typed; `concerns`: among this person's calls."""
        query = select(calls) if concerns is None else select(calls).where(rang(concerns))
        async with self._database.read() as connection:
            rows = await rows_beginning(connection, query, calls.c.id, typed, limit)
            return self._database.unread.whole(calls, rows, _stored)

    async def of_ids(self, ids: Sequence[str]) -> "list[StoredCall]":
        """The calls of these whole ids, as many as there are."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(calls).where(calls.c.id.in_(ids)))
            return self._database.unread.whole(calls, rows, _stored)

    async def around(self, pbx: str, at: int, *, within_us: int, from_at: int) -> "list[StoredCall]":
        """The calls of a PBX that began, or rang a phone, within so much of an instant, and not before `from_at`.

        Only these are unpacked, however many calls there were.
        """
        first, last = at - within_us, at + within_us
        rang_then = exists().where(legs.c.call_id == calls.c.id, legs.c.at.between(first, last))
        query = select(calls).where(calls.c.pbx == pbx, calls.c.started_at >= from_at, calls.c.started_at <= last)
        query = query.where(or_(calls.c.started_at >= first, rang_then)).order_by(calls.c.started_at, calls.c.id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return self._database.unread.whole(calls, rows, _stored)

    async def spellings(self, digits: str, area_code: str = "") -> tuple[str, ...]:
        """How a caller's number (national digits, without prefixes) is spelled in the calls: +86…, 0…, as it came."""
        async with self._database.read() as connection:
            return await spellings(connection, digits, area_code)

    async def list(
        self,
        which: CallFilter,
        *,
        order: CallOrder = CallOrder.NEWEST,
        limit: int = 100,
        after: tuple[int, str] | None = None,
    ) -> list[StoredCall]:
        """Calls by their start; `after` is the (start, id) of the last one seen, for the next page."""
        rows_after = partial(self._rows, which, order)
        return await self._database.unread.page(calls, rows_after, _stored, key=_place, limit=limit, after=after)

    async def ids(self, which: CallFilter, limit: int) -> Sequence[str]:
        """The ids of the newest matching calls."""
        path = path_for(which)
        query = matching(select(calls.c.id), which).order_by(path.started_at.desc(), path.id.desc()).limit(limit)
        async with self._database.read() as connection:
            found: Sequence[str] = (await connection.execute(query)).scalars().all()
            return found

    async def _rows(
        self, which: CallFilter, order: CallOrder, limit: int, after: tuple[int, str] | None
    ) -> Sequence[Row[Any]]:
        path = path_for(which)
        key = tuple_(path.started_at, path.id)
        query = matching(select(calls), which).limit(limit)
        if order is CallOrder.NEWEST:
            query = query.order_by(path.started_at.desc(), path.id.desc())
            query = query.where(key < after) if after else query
        else:
            query = query.order_by(path.started_at, path.id)
            query = query.where(key > after) if after else query
        async with self._database.read() as connection:
            found: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return found

    async def marks(self, which: CallFilter, limit: int) -> Sequence[CallMark]:
        """The newest matching calls, oldest first, without their facts."""
        columns = (calls.c.started_at, calls.c.verdict, calls.c.human_verdict, calls.c.reason)
        path = path_for(which)
        query = matching(select(*columns), which).order_by(path.started_at.desc(), path.id.desc()).limit(limit)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        found = [
            CallMark(
                at=row.started_at,
                verdict=row.human_verdict or row.verdict,
                by_person=row.human_verdict is not None,
                is_told=row.human_verdict is not None or row.reason != Reason.STILL_OPEN.value,
            )
            for row in rows
            if is_instant(row.started_at) and (row.human_verdict or row.verdict) in _VERDICTS
        ]
        return found[::-1]

    async def reach(self, which: CallFilter, most: int, after: tuple[int, str] | None = None) -> int | None:
        """When the last of the newest `most` calls began that lie in the span of a filter and are of its person, phone
        or number, whatever else it asks; None where there are fewer. `after` as in `list`."""
        path = path_for(which)
        moment: list[ColumnElement[Any]] = [path.started_at, path.id]
        query = in_span(select(*moment).select_from(path.index).distinct(), which, path)
        if path.theirs is not None:
            query = query.where(path.theirs)
        elif which.caller_numbers is not None:
            query = query.where(calls.c.caller_number.in_(which.caller_numbers))
        if after is not None:
            query = query.where(tuple_(path.started_at, path.id) < after)
        query = query.order_by(path.started_at.desc(), path.id.desc()).limit(1).offset(most - 1)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return row[0] if row is not None and is_instant(row[0]) else None

    async def count(self, which: CallFilter, *, most: int | None = None) -> int:
        """How many calls match; `most`: counted no further than that."""
        query = matching(select(func.count()), which)
        if most is not None:
            query = select(func.count()).select_from(matching(select(calls.c.id), which).limit(most).subquery())
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def tally(self, which: CallFilter, columns: Sequence[str]) -> Counter[tuple[str | None, ...]]:
        """How many of the calls that match have each combination of values of these columns, in one reading."""
        values: list[ColumnElement[Any]] = [grouped(calls.c[column]) for column in columns]
        query = matching(select(*values, _COUNT), which, path_to_count(which)).group_by(*values)
        async with self._database.read() as connection:
            return Counter({tuple(row[:-1]): row[-1] for row in await connection.execute(query)})

    async def is_known(self, column: str, value: str) -> bool:
        """Whether some call has this value ("line", "agent", "endpoint" of a ringing)."""
        async with self._database.read() as connection:
            query = select(_NAMED[column]).where(_NAMED[column] == value).limit(1)
            return (await connection.execute(query)).first() is not None

    async def known(self, column: str) -> set[str]:
        """Every value of a column ("line", "agent", "endpoint" of a ringing) that some call has."""
        async with self._database.read() as connection:
            return await values_of(connection, _NAMED[column])

    async def each(self, which: CallFilter, *, page: int = 500) -> AsyncIterator[StoredCall]:
        """Every matching call, oldest first, a page at a time."""
        after: tuple[int, str] | None = None
        while True:
            rows = await self._rows(which, CallOrder.OLDEST, page, after)
            for stored in self._database.unread.whole(calls, rows, _stored):
                yield stored
            if len(rows) < page or _place(rows[-1]) == after:
                return
            after = _place(rows[-1])

    async def open_ids(self, pbx: str) -> set[str]:
        """The ids of the calls of a PBX that are not over."""
        query = select(calls.c.id).where(calls.c.pbx == pbx, calls.c.ended_at.is_(None))
        async with self._database.read() as connection:
            return set((await connection.execute(query)).scalars())

    async def save(self, judged: Iterable[JudgedCall]) -> None:
        """Saves calls; a human decision stays as it is."""
        async with self._database.write() as connection:
            await save_calls(connection, judged)

    async def decide(self, call_id: str, decision: HumanDecision) -> None:
        """Keeps a person's decision beside the automatic verdict; those before it stay in the history."""
        async with self._database.write() as connection:
            row = (await connection.execute(select(calls).where(calls.c.id == call_id))).first()
            if row is None:
                raise InputError(f"there is no call {call_id!r}")
            step = Step(
                move=Move.DECIDE,
                verdict=decision.verdict.value,
                cause=decision.cause.value if decision.cause else None,
                reason=decision.reason,
                by=decision.by,
                at=decision.at,
                automatic=row.verdict,
                automatic_cause=row.cause,
                rules_version=row.rules_version,
            )
            await append(connection, Subject(kind=Kind.CALL, call_id=call_id, pbx=row.pbx), step)


async def spellings(
    connection: AsyncConnection, digits: str, area_code: str, column: Column[str] = calls.c.caller_number
) -> tuple[str, ...]:
    """How a number is spelled in a column; what only ends in the same digits is another's."""
    query = select(column).distinct().where(column.endswith(digits[-4:], autoescape=True))
    found = (await connection.execute(query)).scalars().all()
    return tuple(number for number in found if national_digits(number, area_code) == digits)


async def save_calls(connection: AsyncConnection, judged: Iterable[JudgedCall]) -> None:
    """Saves calls within a transaction, a few at a time, so that others may run in between."""
    for some in batched(judged, AT_ONCE):
        await connection.execute(upsert(connection, calls, keep=HUMAN), [_row(call) for call in some])
        await connection.execute(delete(legs).where(legs.c.call_id.in_([call.facts.id for call in some])))
        rows = [row for call in some for row in _leg_rows(call)]
        if rows:
            await connection.execute(insert(legs), rows)


def batched(items: Iterable[JudgedCall], size: int) -> Iterator[list[JudgedCall]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


async def remove_calls(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Removes the rows of calls that became part of another."""
    if ids:
        await connection.execute(delete(calls).where(calls.c.id.in_(ids)))
        await connection.execute(delete(legs).where(legs.c.call_id.in_(ids)))


def _row(call: JudgedCall) -> dict[str, object]:
    """Raises ValueRefused where the call is at no time that a list could show."""
    facts, judged = call.facts, call.judgement
    if not all(is_instant(at) for at in (facts.started_at, facts.ended_at or 0)):
        raise ValueRefused(f"a call from {facts.started_at} to {facts.ended_at} µs is at no time of a calendar")
    return {
        "id": facts.id,
        "pbx": facts.pbx,
        "started_at": facts.started_at,
        "ended_at": facts.ended_at,
        "line": facts.line,
        "direction": facts.direction.value,
        "caller_number": facts.caller_number,
        "disposition": facts.disposition.value if facts.disposition else None,
        "verdict": judged.verdict.value,
        "cause": judged.cause.value if judged.cause else None,
        "reason": judged.reason.value if judged.reason else None,
        "answered_by": judged.answered_by,
        "agent": judged.agent,
        "ring_us": judged.ring_us,
        "doubtful": facts.doubtful,
        "has_gap": bool(facts.gaps),
        "rules_version": judged.rules_version,
        "facts": pack_facts(facts),
    }


def _leg_rows(call: JudgedCall) -> list[dict[str, object]]:
    pairs = zip(call.facts.legs, call.judgement.legs, strict=True)
    return [
        {
            "call_id": call.facts.id,
            "number": number,
            "endpoint": leg.endpoint,
            "agent": leg.agent,
            "at": leg.ringing_at or leg.dialled_at or call.facts.started_at,
            "ring_us": judged.ring_us,
            "outcome": leg.outcome.value if leg.outcome else None,
            "verdict": judged.verdict.value,
            "started_at": call.facts.started_at,
        }
        for number, (leg, judged) in enumerate(pairs)
    ]


def _place(row: Row[Any]) -> tuple[int, str]:
    return row.started_at, row.id


def _stored(row: Row[Any]) -> StoredCall:
    with readable(f"call {row.id}"):
        return _read(row)


def _read(row: Row[Any]) -> StoredCall:
    facts = unpack_facts(row.facts)
    human = None
    if row.human_verdict is not None:
        human = HumanDecision(
            verdict=Verdict(row.human_verdict),
            by=row.human_by,
            reason=row.human_reason,
            at=row.human_at,
            cause=Cause(row.human_cause) if row.human_cause else None,
        )
    rule = RULES[row.rules_version]
    return StoredCall(
        call=JudgedCall(facts=facts, judgement=rule(facts)),
        verdict=row.verdict,
        human=human,
        appeal_open=row.appeal_open,
    )
