"""What waits for a person's verdict: read from columns alone, in a span of time, so that a long history costs nothing.

What waits is found by indexes that hold nothing else; only the sample looks through the calls of its few days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, union

from voicedesk.calls.model import Verdict
from voicedesk.greeting.model import GreetingVerdict
from voicedesk.store.call_filter import rang
from voicedesk.store.decisions import Kind, Move
from voicedesk.store.engine import Database
from voicedesk.store.tables import calls, decisions, greetings

CALL_ENDINGS = ("00", "33", "66", "99", "cc")
GREETING_ENDINGS = ("11", "44", "77", "aa", "dd")
"""A call's id is a hash in hexadecimal digits: five of its 256 endings choose one in 51, for everybody the same ones.

Greetings are chosen by other endings, so that one call is not looked at twice while another never is.
"""
_JUDGED = [one.value for one in (Verdict.ON_TIME, Verdict.LATE, Verdict.MISSED, Verdict.LEFT_EARLY)]
_UNJUDGED = [one.value for one in (GreetingVerdict.CANNOT_TELL, GreetingVerdict.NOT_JUDGED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A call or a greeting (by the channel `uniqueid`) that a person is to look at. `forbidden` counts phrases."""

    kind: Kind
    call_id: str
    at: int
    verdict: str
    line: str | None = None
    agent: str | None = None
    uniqueid: str = ""
    endpoint: str = ""
    cause: str | None = None
    forbidden: int = 0


class Reviews:
    """Queries over what waits for a person. `but`: nothing that concerns this person, who judges nothing of theirs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def appealed(self) -> list[str]:
        """The ids of the calls with an open appeal: against the call, a leg of it, or a greeting in it."""
        of_calls = select(calls.c.id).where(calls.c.appeal_open)
        of_greetings = select(greetings.c.call_id).where(greetings.c.appeal_open)
        async with self._database.read() as connection:
            return list((await connection.execute(union(of_calls, of_greetings))).scalars())

    async def calls_untold(self, since: int, *, but: str | None, limit: int) -> list[Waiting]:
        """Calls that are over and cannot be told, the newest first."""
        query = _calls(since, but).where(calls.c.verdict == literal(Verdict.CANNOT_TELL.value, literal_execute=True))
        return [_call(row) for row in await self._rows(query.limit(limit))]

    async def greetings_in_doubt(self, since: int, *, but: str | None, limit: int) -> list[Waiting]:
        """Greetings that count for nobody until a person has looked at them, the newest first."""
        query = _greetings(since, but).where(greetings.c.needs_review)
        return [_greeting(row) for row in await self._rows(query.limit(limit))]

    async def sample(self, since: int, *, but: str | None, limit: int) -> list[Waiting]:
        """One in 51 of the verdicts that stand and that nobody ever decided, the newest of each kind first."""
        query = _calls(since, but).where(_ends(calls.c.id, CALL_ENDINGS), calls.c.verdict.in_(_JUDGED))
        of_call = (decisions.c.call_id == calls.c.id) & (decisions.c.kind == Kind.CALL.value)
        found = [_call(row) for row in await self._rows(query.where(~exists().where(of_call)).limit(limit))]
        query = _greetings(since, but).where(
            _ends(greetings.c.call_id, GREETING_ENDINGS),
            greetings.c.verdict.not_in(_UNJUDGED),
            ~greetings.c.needs_review,
        )
        same = (decisions.c.pbx == greetings.c.pbx) & (decisions.c.uniqueid == greetings.c.uniqueid)
        query = query.where(~exists().where(same, decisions.c.kind == Kind.GREETING.value))
        return found + [_greeting(row) for row in await self._rows(query.limit(limit))]

    async def decided_by(self, who: str, since: int) -> int:
        """How many verdicts a person gave from an instant on."""
        query = select(func.count()).select_from(decisions)
        theirs = (decisions.c.by == who) & (decisions.c.move == Move.DECIDE.value) & (decisions.c.at >= since)
        async with self._database.read() as connection:
            return int((await connection.execute(query.where(theirs))).scalar_one())

    async def _rows(self, query: Select[Any]) -> Sequence[Any]:
        async with self._database.read() as connection:
            found: Sequence[Any] = (await connection.execute(query)).all()
            return found


def _ends(column: ColumnElement[str], endings: tuple[str, ...]) -> ColumnElement[bool]:
    return or_(*(column.endswith(one) for one in endings))


def _calls(since: int, but: str | None) -> Select[Any]:
    """Calls that are over, that nobody decided and against which nobody appealed."""
    query = select(calls.c.id, calls.c.started_at, calls.c.line, calls.c.agent, calls.c.verdict, calls.c.cause)
    query = query.where(calls.c.started_at >= since, calls.c.ended_at.is_not(None))
    query = query.where(calls.c.human_verdict.is_(None), ~calls.c.appeal_open)
    if but is not None:
        rang_them = rang(but)
        nobody_took_it = func.coalesce(calls.c.agent, "") == ""
        query = query.where(func.coalesce(calls.c.agent, "") != but, ~and_(nobody_took_it, rang_them))
    return query.order_by(calls.c.started_at.desc(), calls.c.id.desc())


def _greetings(since: int, but: str | None) -> Select[Any]:
    """Greetings whose verdict is final, that nobody decided and against which nobody appealed."""
    one = greetings.c
    query = select(
        one.uniqueid, one.call_id, one.endpoint, one.answered_at, one.line, one.agent, one.verdict, one.forbidden
    )
    query = query.where(one.answered_at >= since, one.is_final, one.verdict.is_not(None))
    query = query.where(one.human_verdict.is_(None), ~one.appeal_open)
    if but is not None:
        query = query.where(func.coalesce(one.agent, "") != but)
    return query.order_by(one.answered_at.desc(), one.pbx.desc(), one.uniqueid.desc())


def _call(row: Any) -> Waiting:
    return Waiting(
        kind=Kind.CALL,
        call_id=row.id,
        at=row.started_at,
        verdict=row.verdict,
        line=row.line,
        agent=row.agent,
        cause=row.cause,
    )


def _greeting(row: Any) -> Waiting:
    return Waiting(
        kind=Kind.GREETING,
        call_id=row.call_id,
        at=row.answered_at,
        verdict=row.verdict,
        line=row.line,
        agent=row.agent,
        uniqueid=row.uniqueid,
        endpoint=row.endpoint,
        forbidden=row.forbidden,
    )
