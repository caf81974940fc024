"""What concerns one person: their ringings, greetings and appeals, from columns alone and by an index of their own.

A month is counted by the database; only the newest ringings, and those that people decided, are read one by one.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, select

from voicedesk.store.columns import unindexed
from voicedesk.store.decisions import Move
from voicedesk.store.engine import Database
from voicedesk.store.tables import decisions, greetings, legs

_LEGS = select(legs.c.call_id, legs.c.number, legs.c.at, legs.c.endpoint, legs.c.verdict, legs.c.ring_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLeg:
    """One ringing where this person sat. `number` counts the legs of its call from 1."""

    call_id: str
    number: int
    at: int
    endpoint: str
    verdict: str
    ring_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GreetingState:
    """How a greeting stands. `is_doubted`: it counts for nobody until a person has looked at it."""

    verdict: str | None
    human: str | None
    is_final: bool
    is_doubted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnGreeting:
    """One greeting of this person."""

    call_id: str
    endpoint: str
    uniqueid: str
    state: GreetingState


class OwnThings:
    """Queries over what concerns one person; nothing of anybody else is read. `since` is when a call began."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest_legs(self, agent: str, since: int, limit: int) -> list[OwnLeg]:
        """Their newest ringings, the newest first."""
        one = legs.c
        query = _LEGS.where(one.agent == agent, one.started_at >= since)
        return await self._legs(
            query.order_by(one.started_at.desc(), one.call_id.desc(), one.number.desc()).limit(limit)
        )

    async def legs_of(self, agent: str, call_ids: Collection[str]) -> list[OwnLeg]:
        """Their ringings in these calls."""
        query = _LEGS.where(legs.c.call_id.in_(call_ids), unindexed(legs.c.agent) == agent)
        return await self._legs(query) if call_ids else []

    async def _legs(self, query: Select[Any]) -> list[OwnLeg]:
        async with self._database.read() as connection:
            return [
                OwnLeg(
                    call_id=row.call_id,
                    number=row.number + 1,
                    at=row.at,
                    endpoint=row.endpoint,
                    verdict=row.verdict,
                    ring_us=row.ring_us,
                )
                for row in await connection.execute(query)
            ]

    async def leg_verdicts(self, agent: str, since: int) -> Counter[str]:
        """How many of their ringings have each verdict of the rules."""
        here = (legs.c.agent == agent) & (legs.c.started_at >= since)
        query = select(legs.c.verdict, func.count()).where(here).group_by(legs.c.verdict)
        async with self._database.read() as connection:
            return Counter({row[0]: row[1] for row in await connection.execute(query)})

    async def decided_calls(self, agent: str, since: int) -> list[str]:
        """The ids of the calls that rang them of which, or of a greeting in which, people said something since then."""
        rang_them = exists().where(legs.c.call_id == decisions.c.call_id, unindexed(legs.c.agent) == agent)
        query = select(decisions.c.call_id).where(decisions.c.at >= since, rang_them)
        async with self._database.read() as connection:
            return sorted(set((await connection.execute(query)).scalars()))

    async def greeting_states(self, agent: str, since: int) -> Counter[GreetingState]:
        """How many of their greetings stand how."""
        one = greetings.c
        values = (one.verdict, one.human_verdict, one.is_final, one.needs_review)
        query = select(*values, func.count()).where(one.agent == agent, one.answered_at >= since).group_by(*values)
        counted: Counter[GreetingState] = Counter()
        async with self._database.read() as connection:
            for row in await connection.execute(query):
                counted[_state(row)] += row[-1]
        return counted

    async def greetings_of(self, agent: str, call_ids: Collection[str]) -> list[OwnGreeting]:
        """Their greetings in these calls, the last one first."""
        one = greetings.c
        query = select(
            *(one.call_id, one.endpoint, one.uniqueid),
            *(one.verdict, one.human_verdict, one.is_final, one.needs_review),
        )
        query = query.where(one.call_id.in_(call_ids), unindexed(one.agent) == agent).order_by(one.answered_at.desc())
        async with self._database.read() as connection:
            return [
                OwnGreeting(call_id=row.call_id, endpoint=row.endpoint, uniqueid=row.uniqueid, state=_state(row))
                for row in await connection.execute(query)
            ]

    async def appealed(self, by: str, since: int) -> list[str]:
        """The ids of the calls about which they appealed from an instant on."""
        theirs = (decisions.c.by == by) & (decisions.c.move == Move.APPEAL.value) & (decisions.c.at >= since)
        async with self._database.read() as connection:
            return sorted(set((await connection.execute(select(decisions.c.call_id).where(theirs))).scalars()))


def _state(row: Any) -> GreetingState:
    return GreetingState(
        verdict=row.verdict,
        human=row.human_verdict,
        is_final=bool(row.is_final),
        is_doubted=bool(row.needs_review) and row.human_verdict is None,
    )
