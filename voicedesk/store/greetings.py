"""Greetings in the database: what staff said on one phone of one call, what was heard of it, and the verdict."""

import json
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from voicedesk.errors import InputError
from voicedesk.greeting.evidence import Evidence, evidence_as_json, evidence_from_json
from voicedesk.store.beginnings import rows_of_id
from voicedesk.store.columns import unindexed
from voicedesk.store.decisions import HUMAN, prune_of_greetings
from voicedesk.store.engine import Database, upsert
from voicedesk.store.packing import readable
from voicedesk.store.tables import greetings

STEP = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingDecision:
    """What a person decided of a greeting. `forbidden`: whether a forbidden phrase was truly said; None: not told."""

    verdict: str
    by: str
    reason: str
    at: int
    forbidden: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGreeting:
    """One recording of a staff phone in a call. `uniqueid` is the phone's channel's, `answered_at` its answer.

    `verdict` None: nothing was heard yet. Until `is_final` it may change while the call goes on. `forbidden` counts
    phrases; `recording` is the file in the recordings' folder. `evidence` is what the judgement was made from, and what
    it says.

    `human` is what a person decided and holds, `appeal_open` that somebody appealed: `save` changes neither.
    """

    pbx: str
    uniqueid: str
    call_id: str
    endpoint: str
    answered_at: int
    line: str | None = None
    agent: str | None = None
    verdict: str | None = None
    reason: str | None = None
    needs_review: bool = False
    forbidden: int = 0
    is_final: bool = False
    rules_version: str | None = None
    model: str | None = None
    recording: str | None = None
    evidence: Evidence = field(default_factory=Evidence)
    human: GreetingDecision | None = None
    appeal_open: bool = False

    @property
    def to_review(self) -> bool:
        """Whether a person must look at it: nobody decided what is in doubt, or somebody appealed."""
        return self.appeal_open or (self.needs_review and self.human is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedGreeting:
    """What the rules and a person say of a greeting; `human_forbidden` None: the person said nothing of phrases."""

    verdict: str
    human: str
    has_forbidden: bool
    human_forbidden: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingFilter:
    """Which greetings to list; None means any. `from_at` is inside, `to_at` is not.

    `needs_review` is what the rules say, `to_review` what is left of it for a person, appeals included; `decided`:
    a person's decision holds.
    """

    call_id: str | None = None
    line: str | None = None
    agent: str | None = None
    verdict: str | None = None
    needs_review: bool | None = None
    to_review: bool | None = None
    decided: bool | None = None
    has_forbidden: bool | None = None
    from_at: int | None = None
    to_at: int | None = None


class Greetings:
    """Queries over greetings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, greeting: StoredGreeting) -> None:
        """Saves one; what was saved of it before is replaced, but for what a person decided."""
        async with self._database.write() as connection:
            await connection.execute(upsert(connection, greetings, keep=HUMAN), [_row(greeting)])

    async def get(self, pbx: str, uniqueid: str) -> StoredGreeting | None:
        """The greeting on a channel."""
        query = select(greetings).where(greetings.c.pbx == pbx, greetings.c.uniqueid == uniqueid)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        return _stored(row) if row is not None else None

    async def call_of(self, beginning: str, *, agent: str | None = None) -> str | None:
        """The only call with greetings (`agent`: of this person) whose id begins so; None where there is none.

        Raises InputError where there are more.
        """
        theirs = _matching(select(greetings.c.call_id), GreetingFilter(agent=agent)).distinct()
        async with self._database.read() as connection:
            found = [row[0] for row in await rows_of_id(connection, theirs, greetings.c.call_id, beginning)]
        if len(found) > 1:
            raise InputError(f"more than one call begins with {beginning!r}: give more of its id")
        return found[0] if found else None

    async def forget_recordings(self, before: int) -> list[str]:
        """Notes that recordings older than an instant are gone; their names, for the files to be deleted."""
        old = (greetings.c.answered_at < before) & greetings.c.recording.is_not(None)
        async with self._database.write() as connection:
            names = list((await connection.execute(select(greetings.c.recording).where(old))).scalars())
            await connection.execute(update(greetings).where(old).values(recording=None))
        return names

    async def prune(self, before: int) -> int:
        """Deletes greetings older than an instant; how many. Their recordings are forgotten first."""
        async with self._database.write() as connection:
            gone = (await connection.execute(delete(greetings).where(greetings.c.answered_at < before))).rowcount
            await prune_of_greetings(connection)
        return gone

    async def forget_call(self, call_id: str) -> list[str]:
        """Removes what was heard in a call, not the verdicts; the names of its recordings, to be deleted."""
        names = []
        for one in await self.list(GreetingFilter(call_id=call_id)):
            names += [one.recording] if one.recording else []
            await self.save(replace(one, recording=None, evidence=Evidence(task=one.evidence.task)))
        return names

    async def list(
        self, which: GreetingFilter, *, limit: int = 100, after: tuple[int, str, str] | None = None
    ) -> list[StoredGreeting]:
        """Greetings, newest first; `after` is the (answer, pbx, uniqueid) of the last one seen, for the next page."""
        rows_after = partial(self._rows, which)
        return await self._database.unread.page(greetings, rows_after, _stored, key=_place, limit=limit, after=after)

    async def _rows(self, which: GreetingFilter, limit: int, after: tuple[int, str, str] | None) -> Sequence[Row[Any]]:
        key = tuple_(greetings.c.answered_at, greetings.c.pbx, greetings.c.uniqueid)
        query = _matching(select(greetings), which).limit(limit).order_by(*(column.desc() for column in key.clauses))
        if after is not None:
            query = query.where(key < after)
        async with self._database.read() as connection:
            found: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return found

    async def count(self, which: GreetingFilter) -> int:
        """How many greetings match."""
        async with self._database.read() as connection:
            query = _matching(select(func.count()).select_from(greetings), which)
            return int((await connection.execute(query)).scalar_one())

    async def tally(self, which: GreetingFilter, column: str) -> dict[str | None, int]:
        """How many of the greetings that match have each value of a column ("verdict", "line", "agent")."""
        value = greetings.c[column]
        query = _matching(select(value, func.count()).select_from(greetings), which).group_by(value)
        async with self._database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def decided(self, which: GreetingFilter) -> Counter[DecidedGreeting]:
        """How many of the greetings that match, were heard to their end and were decided by a person stand how."""
        one = greetings.c
        values = (one.verdict, one.human_verdict, one.forbidden > 0, one.human_forbidden)
        query = _matching(select(*values, func.count()), replace(which, decided=True)).group_by(*values)
        counted: Counter[DecidedGreeting] = Counter()
        async with self._database.read() as connection:
            for row in await connection.execute(query.where(one.is_final, one.verdict.is_not(None))):
                verdict, human, has_forbidden, was_said, count = row
                said = None if was_said is None else bool(was_said)
                stands = DecidedGreeting(
                    verdict=verdict, human=human, has_forbidden=bool(has_forbidden), human_forbidden=said
                )
                counted[stands] += count
        return counted

    async def known(self, column: str) -> set[str]:
        """Every value of a column ("line", "agent") that some greeting has."""
        query = select(greetings.c[column]).distinct().where(greetings.c[column].is_not(None))
        async with self._database.read() as connection:
            return set((await connection.execute(query)).scalars())

    async def each(self, which: GreetingFilter, *, page: int = STEP) -> AsyncIterator[StoredGreeting]:
        """Every matching greeting, newest first, a page at a time."""
        after: tuple[int, str, str] | None = None
        while True:
            rows = await self._rows(which, page, after)
            for one in self._database.unread.whole(greetings, rows, _stored):
                yield one
            if len(rows) < page or _place(rows[-1]) == after:
                return
            after = _place(rows[-1])


async def move_greetings(connection: AsyncConnection, merged: Iterable[tuple[str, str]]) -> None:
    """Moves the greetings of calls that became part of another call: pairs of (gone, kept), in order."""
    for gone, kept in merged:
        await connection.execute(update(greetings).where(greetings.c.call_id == gone).values(call_id=kept))


def _matching(query: Select[Any], which: GreetingFilter) -> Select[Any]:
    for column in ("call_id", "line", "verdict", "needs_review"):
        value = getattr(which, column)
        if value is not None:
            query = query.where(greetings.c[column] == value)
    if which.agent is not None:
        agent = greetings.c.agent if which.call_id is None else unindexed(greetings.c.agent)
        query = query.where(agent == which.agent)
    if which.to_review is not None:
        undecided = greetings.c.needs_review & greetings.c.human_verdict.is_(None)
        query = query.where((greetings.c.appeal_open | undecided) == which.to_review)
    if which.decided is not None:
        decided = greetings.c.human_verdict.is_not(None)
        query = query.where(decided if which.decided else ~decided)
    if which.has_forbidden is not None:
        query = query.where((greetings.c.forbidden > 0) == which.has_forbidden)
    if which.from_at is not None:
        query = query.where(greetings.c.answered_at >= which.from_at)
    if which.to_at is not None:
        query = query.where(greetings.c.answered_at < which.to_at)
    return query


def _row(greeting: StoredGreeting) -> dict[str, object]:
    values = {name: getattr(greeting, name) for name in greeting.__slots__ if name not in ("human", "appeal_open")}
    text = json.dumps(evidence_as_json(greeting.evidence), ensure_ascii=False, separators=(",", ":"))
    return {**values, "evidence": zlib.compress(text.encode())}


def _place(row: Row[Any]) -> tuple[int, str, str]:
    return row.answered_at, row.pbx, row.uniqueid


def _stored(row: Row[Any]) -> StoredGreeting:
    values = {name: value for name, value in row._mapping.items() if not name.startswith("human_")}
    human: GreetingDecision | None = None
    if row.human_verdict is not None:
        human = GreetingDecision(
            verdict=row.human_verdict,
            by=row.human_by,
            reason=row.human_reason,
            at=row.human_at,
            forbidden=row.human_forbidden,
        )
    with readable(f"the greeting of {row.uniqueid}"):
        evidence = evidence_from_json(json.loads(zlib.decompress(values["evidence"])))
    return StoredGreeting(**{**values, "evidence": evidence, "human": human})
